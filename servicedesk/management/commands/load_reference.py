"""manage.py load_reference: fill in calendars, policies, offices, services and assets."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from servicedesk.reference import (
    agreements,
    approvals,
    assets,
    catalogue,
    changes,
    offices,
    people,
    policies,
    problems,
    replies,
    worktime,
)
from servicedesk.reference.store import SHIPPED, Store


class Command(BaseCommand):
    help = "Mengisi data acuan. Aman diulang: baris yang sudah ada tidak diubah kecuali dengan --update."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--data", type=Path, default=SHIPPED, help="folder berkas pengganti data bawaan")
        parser.add_argument("--update", action="store_true", help="timpa baris yang ada dengan isi berkas")

    def handle(self, *args: Any, data: Path, update: bool, **options: Any) -> None:
        if not data.is_dir():
            raise CommandError(f"Folder {data} tidak ada.")
        store = Store(update=update, data=data)
        try:
            with transaction.atomic():
                load(store)
        except (KeyError, ValueError) as error:
            raise CommandError(f"Data acuan tidak dapat dimuat, tidak ada yang diubah: {error}") from error
        self.stdout.write("\n".join(store.summary()))


def load(store: Store) -> None:
    """Everything, in the order in which the rows need each other."""
    people.load_roles(store)
    offices.load(store)
    people.load_teams(store)
    catalogue.load(store)
    approvals.load(store)
    changes.load(store)
    assets.load(store)
    worktime.load(store)
    policies.load(store)
    agreements.load(store)
    replies.load(store)
    problems.load(store)
