"""manage.py restore FILE"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from servicedesk import archive


class Command(BaseCommand):
    help = "Memulihkan arsip ke basis data kosong yang sudah di-migrate."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            manifest = archive.restore(file)
        except archive.ArchiveError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Dipulihkan: arsip {manifest['made_at']}, {manifest['files']} berkas.")
