"""manage.py load_demo: accounts to try the desk with, and a little history."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Office, Team
from servicedesk import env
from servicedesk.demo import accounts, history
from sla.calendars import default_calendar_id


class Command(BaseCommand):
    help = "Membuat akun contoh dan sedikit riwayat. Aman diulang. Jangan dipakai di server sungguhan."

    def handle(self, *args: Any, **options: Any) -> None:
        offices = {person.office for person in accounts.PEOPLE if person.office}
        found = Office.objects.filter(code__in=offices).count()
        if found < len(offices) or default_calendar_id() is None or not Team.objects.exists():
            raise CommandError("Data acuan belum ada. Jalankan dahulu: manage.py load_reference")
        given = env.text("DEMO_PASSWORD")
        changed, password = accounts.load(given)
        if changed and given:
            self.stdout.write(f"Akun {', '.join(changed)}: kata sandi dari DEMO_PASSWORD.")
        elif changed:
            self.stdout.write(f"Akun {', '.join(changed)}: kata sandi {password} (hanya ditampilkan sekali ini)")
        numbers = history.load()
        self.stdout.write(f"Riwayat contoh: {len(numbers)} tiket baru.")
