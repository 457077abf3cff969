"""Desks for browser tests: the product's own commands as subprocesses on a folder of their own."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.servers.botapi import BotApiServer
from tests.servers.mail import MailHub

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "123:UJI"
PASSWORD = "Uji-coba-" + secrets.token_hex(4)
START_SECONDS = 60
T = TypeVar("T")


def until(condition: Callable[[], T], timeout: float = 20, what: str = "the condition") -> T:
    """The first true value of `condition`. Raises TimeoutError."""
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout} s")
        pause.wait(0.05)
    return value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """One running command whose output goes to a file."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self.name, self.log = name, log
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                arguments, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.popen.poll() is None:
            self.popen.send_signal(how)
            try:
                self.popen.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait(timeout=15)


class Desk:
    """A desk with the county's reference data and demonstration accounts, a mail server, and a Bot API server.

    `urls` are the addresses of its web processes; mail and bot are what its people write to and hear from.
    """

    def __init__(self, folder: Path, mail: MailHub, bot: BotApiServer, **variables: str) -> None:
        self.folder, self.mail, self.bot = folder, mail, bot
        self.urls: list[str] = []
        self.processes: dict[str, Process] = {}
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "VAR_DIR": str(folder / "var"),
            "EMAIL_URL": mail.smtp_url,
            "IMAP_URL": mail.imap_url,
            "TELEGRAM_API_BASE_URL": bot.url,
            "TELEGRAM_BOT_TOKEN": bot.token,
            "DEMO_PASSWORD": PASSWORD,
            **variables,
        }
        (folder / "var").mkdir(parents=True)

    @property
    def url(self) -> str:
        return self.urls[0]

    def manage(self, *arguments: str) -> None:
        """Run a management command to its end. Raises RuntimeError with its output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
        )
        if done.returncode:
            raise RuntimeError(f"manage.py {arguments[0]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")

    def fill(self) -> None:
        self.manage("migrate", "--verbosity", "0")
        self.manage("collectstatic", "--no-input", "--verbosity", "0")
        self.manage("load_reference")
        self.manage("load_demo")

    def start(self, name: str, *arguments: str, **variables: str) -> Process:
        process = Process(name, [sys.executable, *arguments], self.environment | variables, self.folder / f"{name}.log")
        self.processes[name] = process
        return process

    def add_web(self, port: int) -> str:
        """Note the address of a web process; the first one is where links in mails lead."""
        self.urls.append(f"http://127.0.0.1:{port}")
        self.environment.setdefault("BASE_URL", self.url)
        return self.urls[-1]

    def wait_ready(self) -> None:
        """Wait until every web process says that it is ready. Raises RuntimeError with the log when one ended."""
        for url in self.urls:
            until(lambda url=url: self._is_ready(url), START_SECONDS, f"{url}/readyz")

    def _is_ready(self, url: str) -> bool:
        for process in self.processes.values():
            if process.popen.poll() is not None:
                raise RuntimeError(f"{process.name} ended:\n{process.log.read_text()[-4000:]}")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(f"{url}/readyz", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        for process in self.processes.values():
            process.stop()

    def failures(self) -> list[str]:
        """What the processes logged as an error, apart from not being ready yet."""
        lines = [line for p in self.processes.values() for line in p.log.read_text(errors="replace").splitlines()]
        return [line for line in lines if re.search(r"^\S+ \S+ (ERROR|CRITICAL) (?!.*: /readyz$)", line)]


def single_desk(folder: Path, mail: MailHub, bot: BotApiServer) -> Desk:
    """The embedded default: SQLite, everything in one process."""
    desk = Desk(folder, mail, bot)
    port = free_port()
    desk.add_web(port)
    desk.fill()
    desk.start("serve", "manage.py", "serve", PORT=str(port))
    return desk


def scaled_desk(folder: Path, mail: MailHub, bot: BotApiServer, database_url: str, redis_url: str) -> Desk:
    """Two web processes and two workers on PostgreSQL and Redis."""
    variables = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "SECRET_KEY": secrets.token_hex(32)}
    desk = Desk(folder, mail, bot, **variables)
    ports = [free_port(), free_port()]
    for port in ports:
        desk.add_web(port)
    desk.fill()
    for name, port in zip("ab", ports, strict=True):
        desk.start(f"web-{name}", "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "servicedesk.asgi:application")
    for name in "ab":
        desk.start(f"worker-{name}", "manage.py", "worker")
    return desk


class Database:
    """A fresh PostgreSQL database on the server of TEST_DATABASE_URL."""

    def __init__(self, server_url: str) -> None:
        self._server = server_url
        self.name = f"layanan_e2e_{secrets.token_hex(4)}"
        self.url = urlunsplit(urlsplit(server_url)._replace(path=f"/{self.name}"))

    def create(self) -> None:
        self._on_server(f'CREATE DATABASE "{self.name}"')

    def drop(self) -> None:
        self._on_server(f'DROP DATABASE "{self.name}" WITH (FORCE)')

    def _on_server(self, statement: str) -> None:
        with psycopg.connect(self._server, autocommit=True, connect_timeout=10) as connection:
            connection.execute(statement)

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, connect_timeout=10) as connection:
            return connection.execute(query, parameters).fetchall()
