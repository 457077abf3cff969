"""manage.py backup FILE"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from servicedesk import archive


class Command(BaseCommand):
    help = "Menyimpan seluruh data dan berkas ke satu arsip .tar.gz."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            manifest = archive.backup(file)
        except OSError as error:
            raise CommandError(f"Arsip tidak dapat ditulis: {error}") from error
        self.stdout.write(f"Tersimpan di {file}, {file.stat().st_size} byte, {manifest['files']} berkas.")
