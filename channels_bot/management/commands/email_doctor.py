"""manage.py email_doctor: is the mail set up well, and if not, what is to be done."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from channels_bot.email import doctor

MARKS = {"ok": "  baik  ", "warn": "  catat ", "fail": "  SALAH "}


class Command(BaseCommand):
    help = "Memeriksa surat masuk dan keluar tanpa mengirim apa pun. Keluar 0 bila baik, 1 bila ada yang salah."

    def handle(self, *args: Any, **options: Any) -> None:
        levels = []
        for finding in doctor.examine():
            levels.append(finding.level)
            self.stdout.write(f"{MARKS[finding.level]} {finding.about}")
            if finding.advice:
                self.stdout.write(f"         → {finding.advice}")
        wrong = levels.count("fail")
        self.stdout.write(f"\n{wrong} salah, {levels.count('warn')} catatan, {levels.count('ok')} baik.")
        if wrong:
            sys.exit(1)
