"""manage.py receive_email --mailbox NAME < message: for an MTA's pipe."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error as DatabaseFailure

from channels_bot.email import inbound
from core import sqlite

EX_TEMPFAIL = 75
"""sysexits.h: the MTA keeps the message and tries again."""
CHUNK = 1024 * 1024


class Command(BaseCommand):
    help = "Menerima satu email (RFC 5322) dari stdin. Keluar 0 bila tersimpan, 75 bila harus dicoba lagi."
    # A pipe must not fail because of a check that only matters to people.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mailbox", default="", help="nama kotak surat, untuk tim dan jenis bawaan")

    def handle(self, *args: Any, mailbox: str, **options: Any) -> None:
        try:
            sqlite.use_little_memory()
            result = inbound.receive_raw(self._read(), mailbox)
            sqlite.settle()
        except (DatabaseFailure, OSError) as error:
            self.stderr.write(f"Gagal sementara: {error}")
            sys.exit(EX_TEMPFAIL)
        number = result.ticket.number if result.ticket else "-"
        self.stdout.write(f"{result.outcome} {number}")

    def _read(self) -> bytes:
        """Standard input up to just over the limit; the rest is drained, so that the MTA sees no broken pipe."""
        stream = sys.stdin.buffer
        raw = stream.read(inbound.MAX_BYTES + 1)
        while len(raw) > inbound.MAX_BYTES and stream.read(CHUNK):
            pass
        return raw
