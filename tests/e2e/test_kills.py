"""Two web processes and two workers, one of each killed with SIGKILL in the middle of the work."""

import re
import signal
from collections import Counter

import httpx
import pytest

from tests.e2e.desks import until
from tests.e2e.people import Chat, Correspondent

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
MAILS, CHATS, REPORTS = 24, 4, 6
LEASE_SECONDS = 150
"""A delivery the killed worker had in its hands is taken over once its lease of two minutes has run out."""


class Visitor:
    """Somebody who reports by web and tries again elsewhere when a page does not answer."""

    def __init__(self, urls: list[str], number: int) -> None:
        self.urls, self.number = urls, number
        self.client = httpx.Client(timeout=20, follow_redirects=True, trust_env=False)

    def report(self) -> str:
        """The words of the receipt, from whichever web process is alive."""
        form = self._ask("GET", "/lapor/?jenis=incident")
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form.text))
        words = {"subject": f"Web {self.number}", "text": f"Laporan web {self.number}", "name": "Warga"}
        words["email"] = f"warga{self.number}@contoh.example"
        return self._ask("POST", "/lapor/", data=hidden | words).text

    def _ask(self, method: str, path: str, **body: object) -> httpx.Response:
        for url in self.urls:
            try:
                answer = self.client.request(method, url + path, headers={"Referer": url + path}, **body)
            except httpx.TransportError:
                continue
            assert answer.status_code == 200, (answer.status_code, answer.text[:500])
            return answer
        raise AssertionError("no web process answers")


def test_nothing_is_lost_and_nothing_is_said_twice(scaled):
    desk, database = scaled
    writers = [Correspondent(desk.mail, f"asn{n}@contoh.example", f"ASN {n}") for n in range(MAILS)]
    chats = [Chat(desk.bot, f"Warga {n}") for n in range(CHATS)]
    for number, writer in enumerate(writers):
        writer.write(f"Surat {number}", f"Isi surat {number}")
    for number, chat in enumerate(chats):
        chat.say(f"Laporan telegram {number}")
    receipts = [Visitor(desk.urls, number).report() for number in range(REPORTS // 2)]

    until(lambda: _count(database) >= REPORTS // 2 + 3, 60, "the first mails")
    desk.processes["worker-a"].stop(signal.SIGKILL)
    desk.processes["web-a"].stop(signal.SIGKILL)

    receipts += [Visitor(desk.urls, number).report() for number in range(REPORTS // 2, REPORTS)]
    for chat in chats:
        chat.hears("Layanan apa", timeout=LEASE_SECONDS)
        chat.press("Lainnya")
    for chat in chats:
        chat.hears("Periksa laporan", timeout=LEASE_SECONDS)
        chat.press("Kirim")
    for chat in chats:
        chat.hears("Nomor tiket", timeout=LEASE_SECONDS)
    for writer in writers:
        writer.hears("Nomor tiket", timeout=LEASE_SECONDS)
    until(lambda: not _waiting(database), LEASE_SECONDS, "an empty outbox")

    # Each message is exactly one entry.
    texts = Counter(text for (text,) in database.rows("SELECT text FROM tickets_message WHERE direction = 'in'"))
    wanted = [f"Isi surat {n}" for n in range(MAILS)] + [f"Laporan web {n}" for n in range(REPORTS)]
    wanted += [f"Laporan telegram {n}" for n in range(CHATS)]
    new = {text: count for text, count in texts.items() if text in wanted}
    assert new == dict.fromkeys(wanted, 1)
    assert len(receipts) == REPORTS and all(re.search(r"GGN-\d{4}-\d{6}", receipt) for receipt in receipts)

    # Each person heard each thing once. A message in the hands of the killed worker may come again, under its own id.
    copies = Counter((m.recipients[0], m.message["Message-ID"]) for m in desk.mail.smtp.messages)
    people = Counter(address for address, _message_id in copies)
    ours = {writer.address for writer in writers} | {f"warga{n}@contoh.example" for n in range(REPORTS)}
    assert {address: count for address, count in people.items() if address in ours} == dict.fromkeys(ours, 1)
    assert sum(copies.values()) - len(copies) <= 1
    for chat in chats:
        said = Counter(message["text"] for message in desk.bot.messages_to(chat.id))
        assert sum(said.values()) - len(said) <= 1


def _count(database) -> int:
    arrived = (
        "SELECT count(*) FROM tickets_message WHERE starts_with(text, 'Isi surat') OR starts_with(text, 'Laporan web')"
    )
    return database.rows(arrived)[0][0]


def _waiting(database) -> int:
    return database.rows("SELECT count(*) FROM notify_delivery WHERE state IN ('queued', 'sending')")[0][0]
