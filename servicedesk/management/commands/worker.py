"""manage.py worker: background work alone, for installations with several processes."""

import asyncio
import signal
from typing import Any

from django.core.management.base import BaseCommand

from servicedesk import worker


class Command(BaseCommand):
    help = "Menjalankan pekerjaan latar: kotak keluar, jam SLA, kotak surat, Telegram."

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        self.stdout.write("Pekerja berjalan. Ctrl+C untuk berhenti.")
        await worker.run(stop)
