"""manage.py serve: web, websockets and worker in one process."""

import asyncio
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


class Command(BaseCommand):
    help = "Menjalankan web, websocket, dan pekerjaan latar dalam satu proses."

    def handle(self, *args: Any, **options: Any) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("Basis data belum siap. Jalankan dahulu: manage.py migrate")
        if not (settings.STATIC_ROOT / "staticfiles.json").exists():
            call_command("collectstatic", interactive=False, verbosity=0)
        connection.close()
        self._serve()

    def _serve(self) -> None:
        # Importing daphne's server installs the asyncio reactor, which must come before anything else of Twisted.
        from daphne.server import Server
        from twisted.internet import reactor

        from servicedesk import worker
        from servicedesk.asgi import application

        loop: asyncio.AbstractEventLoop = reactor._asyncioEventloop
        stop = asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        def ready() -> None:
            tasks.add(loop.create_task(worker.run(stop)))
            self.stdout.write(f"Pusat layanan berjalan di http://{settings.HOST}:{settings.PORT}")

        reactor.addSystemEventTrigger("before", "shutdown", stop.set)  # type: ignore[arg-type]
        Server(
            application,
            endpoints=[f"tcp:port={settings.PORT}:interface={settings.HOST.replace(':', chr(92) + ':')}"],
            ready_callable=ready,
            server_name="layanan",
            # An upload over a thin line may take minutes; the limits are on size.
            http_timeout=300,
            websocket_timeout=-1,
            request_buffer_size=65536,
        ).run()
