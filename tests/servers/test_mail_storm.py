"""Mails while everything fails: the poller is killed, the server crashes, the network is cut.

`MAIL_STORM=50 pytest tests/servers/test_mail_storm.py` runs the long one: 50 threads, 500 mails, 20 kills.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from tests.servers.cable import Cable
from tests.servers.mail import DovecotServer, SmtpSink, dovecot_available

pytestmark = [
    pytest.mark.imap,
    pytest.mark.slow,
    pytest.mark.skipif(not dovecot_available(), reason="needs dovecot: apt-get install dovecot-imapd"),
]

THREADS, LENGTH = int(os.environ.get("MAIL_STORM", "10")), 10
KILLS = max(5, THREADS * 2 // 5)
MAILS = THREADS * LENGTH
PATIENCE = 60
WORKER = """
import django
django.setup()
from channels_bot.email import poller
from notify import outbox
# A dead worker's lease and a pause after a failure are short here, so that the storm is, too.
poller.LEASE_SECONDS, poller.MAX_PAUSE, poller.IDLE_SECONDS, poller.FETCH_COUNT = 2, 1, 1, 5
while True:
    poller.watch()
    outbox.send_due()
"""


def mail(thread, number):
    previous = f"References: <{thread}.{number - 1}@uji.invalid>\r\n" if number else ""
    return (
        f"From: Orang {thread} <orang{thread}@uji.invalid>\r\nTo: layanan@uji.invalid\r\nSubject: Gangguan {thread}\r\n"
        f"Message-ID: <{thread}.{number}@uji.invalid>\r\n{previous}\r\nPesan {number}\r\n"
    ).encode()


class Desk:
    """A desk of its own on SQLite, whose worker can be killed and started again."""

    def __init__(self, folder, **environment):
        self.database = folder / "db.sqlite3"
        self.environment = {
            **os.environ, "VAR_DIR": str(folder), "DATABASE_URL": "", "REDIS_URL": "", "SECRET_KEY": "x" * 40,
            "DJANGO_SETTINGS_MODULE": "servicedesk.settings", "LOG_LEVEL": "ERROR", **environment,
        }  # fmt: skip
        manage = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py")]
        for command in ("migrate", "load_reference"):
            subprocess.run([*manage, command], env=self.environment, check=True, capture_output=True)
        self.worker = None

    def start(self):
        self.worker = subprocess.Popen(
            [sys.executable, "-c", WORKER], env=self.environment, cwd=settings.BASE_DIR, stderr=subprocess.DEVNULL
        )

    def kill(self):
        self.worker.send_signal(signal.SIGKILL)
        self.worker.wait()

    def rows(self, query):
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def stored(self):
        return self.rows("SELECT count(*) FROM tickets_inboundrecord")[0][0]

    def wait_for(self, reached):
        """Until `reached()`; the worker must be alive meanwhile. Raises AssertionError after PATIENCE seconds."""
        deadline = time.monotonic() + PATIENCE
        while not reached():
            assert time.monotonic() < deadline, f"{self.stored()} stored"
            try:
                self.worker.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            pytest.fail("the worker ended by itself")


def test_every_mail_is_one_entry_in_order_whatever_fails(tmp_path):
    chance = random.Random(5)
    waiting = [mail(thread, number) for number in range(LENGTH) for thread in range(THREADS)]
    with DovecotServer() as server, Cable(server.port) as cable, SmtpSink() as sink:
        imap = f"imap://layanan:rahasia@127.0.0.1:{cable.port}/INBOX"
        desk = Desk(tmp_path, IMAP_URL=imap, EMAIL_URL=sink.url, EMAIL_FROM="layanan@uji.invalid")
        desk.start()
        try:
            for turn in range(KILLS):
                for raw in waiting[turn * MAILS // KILLS : (turn + 1) * MAILS // KILLS]:
                    server.deliver(raw)
                goal = desk.stored() + chance.randint(1, MAILS // KILLS // 2)
                desk.wait_for(lambda goal=goal: desk.stored() >= goal)
                if turn % 5 == 1:
                    cable.cut()
                    cable.mend()
                elif turn % 5 == 3:
                    server.kill()
                    server.restart()
                desk.kill()
                desk.start()
            desk.wait_for(lambda: desk.stored() >= MAILS)
            desk.wait_for(lambda: not list_inbox(server))
            desk.wait_for(lambda: len(receipts(sink)) >= THREADS)
        finally:
            desk.kill()
    assert desk.rows("SELECT state, count(*) FROM tickets_inboundrecord GROUP BY state") == [("accepted", MAILS)]
    said = desk.rows(
        "SELECT ticket_id, external_id FROM tickets_message WHERE direction = 'in' ORDER BY created_at, id"
    )
    by_ticket = {}
    for ticket, external_id in said:
        thread, _dot, rest = external_id.partition(".")
        by_ticket.setdefault(ticket, []).append((int(thread), int(rest.partition("@")[0])))
    assert sorted(by_ticket.values()) == [[(thread, number) for number in range(LENGTH)] for thread in range(THREADS)]
    assert len(receipts(sink)) == THREADS
    assert set(receipts(sink).values()) == {f"orang{thread}@uji.invalid" for thread in range(THREADS)}


def list_inbox(server):
    """Mails that still lie in the inbox; those that were read lie in the folder for them."""
    maildir = server.folder / "mail" / server.users[0] / "Maildir"
    return [*(maildir / "new").iterdir(), *(maildir / "cur").iterdir()]


def receipts(sink):
    """Message-ID → recipient: a mail may be sent again after a kill, then under the same id."""
    return {received.message["Message-ID"]: received.recipients[0] for received in sink.messages}
