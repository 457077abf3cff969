"""manage.py verify_audit: prove that no timeline entry was changed, removed or inserted."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tickets.audit import verify

STEP = 10_000


class Command(BaseCommand):
    help = "Memeriksa rantai riwayat tiket dan segel harian; menyebut entri atau segel pertama yang rusak."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--ticket", default="", metavar="NOMOR", help="hanya tiket ini, tanpa segel")
        parser.add_argument(
            "--since", type=date.fromisoformat, default=None, metavar="TTTT-BB-HH", help="hanya sejak tanggal ini"
        )

    def handle(self, *args: Any, ticket: str, since: date | None, **options: Any) -> None:
        try:
            report = verify.verify(number=ticket, since=since, progress=self._progress)
        except verify.UnknownTicket as error:
            raise CommandError(f"Tidak ada tiket bernomor {error}.") from error
        if report.broken is not None:
            raise CommandError(str(report.broken))
        self.stdout.write(f"Riwayat {report.tickets} tiket utuh: {report.entries} entri, {report.seals} segel harian.")

    def _progress(self, tickets: int) -> None:
        if tickets % STEP == 0:
            self.stderr.write(f"{tickets} tiket diperiksa …")
