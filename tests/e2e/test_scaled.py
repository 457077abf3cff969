"""Two web processes and two workers on PostgreSQL and Redis, one of each killed in the middle of its work."""

import re
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.desks import Database, Desk, until
from tests.e2e.people import NUMBER, Chat, Correspondent
from tests.e2e.reports import by_mail, by_telegram, by_web, handle, in_queue, see_each_other

pytestmark = [pytest.mark.postgres, pytest.mark.redis]

EACH = 10  # reports by each of the three ways
WAYS = ("email", "telegram", "web")
MARK = "Uji ketahanan"
RECOVERY_SECONDS = 240  # longer than any lease of a worker that died
ARRIVED = """FROM tickets_inboundrecord record JOIN tickets_message message ON message.id = record.message_id
  WHERE record.state = 'accepted' AND message.text LIKE %s"""
HIDDEN = re.compile(r'name="(csrfmiddlewaretoken|submission)" value="([^"]+)"')


def test_live_over_two_web_processes(scaled, open_scaled_window):
    """Reports that come in through one process show at once to an agent at the other, and are handled there."""
    desk, _database = scaled
    here, there = desk.urls
    agent = open_scaled_window(user="agen", base_url=there)
    queue = agent.go("/kerja/")
    cases = [
        by_web(open_scaled_window(360, base_url=here, is_phone=True)),
        by_mail(Correspondent(desk.mail, "asn@contoh.example", "Tri Handayani")),
        by_telegram(Chat(desk.bot, "Joko")),
    ]
    for case in cases:
        expect(in_queue(queue, case)).to_be_visible(timeout=30_000)
    for case in cases:
        handle(agent, case)
    case = by_mail(Correspondent(desk.mail, "ratna@contoh.example", "Ratna"))
    see_each_other(agent, open_scaled_window(user="koordinator", base_url=here), case)


def test_nothing_lost_and_nothing_twice_when_processes_are_killed(scaled, open_scaled_window):
    desk, database = scaled
    writers = [Correspondent(desk.mail, f"pelapor{n}@contoh.example", f"nomor {n}") for n in range(EACH)]
    chats = [Chat(desk.bot, f"Warga {n}") for n in range(EACH)]
    prepare(chats)
    send(writers[: EACH // 2], chats[: EACH // 2])
    until(lambda: stored(database, "email"), 30, "the first mail of the burst")
    with ThreadPoolExecutor(4) as pool:
        visits = [pool.submit(report_by_web, n, desk.urls) for n in range(EACH)]
        until(lambda: stored(database, "web") >= 2, 30, "the first web reports of the burst")
        send(writers[EACH // 2 :], chats[EACH // 2 :])
        kill(desk, database)
        left = [EACH - stored(database, way) for way in WAYS]
        numbers = [visit.result(timeout=60) for visit in visits]
    assert all(left), f"nothing was left to do at the kill by some way {left}: the test showed nothing"
    assert len(set(numbers)) == EACH
    until(lambda: is_done(database), RECOVERY_SECONDS, "every report stored and every answer sent")
    every_report_is_one_ticket(database)
    every_reporter_hears_once(desk, database, writers, chats)
    still_live(desk, open_scaled_window)


def prepare(chats: list[Chat]) -> None:
    """Bring all chats to the last question of the guided report."""
    for n, chat in enumerate(chats):
        chat.say(f"{MARK} obrolan nomor {n}.")
    for chat in chats:
        chat.hears("Benar?")
        chat.press("Ya, benar")
    for chat in chats:
        chat.hears("Layanan apa")
        chat.press("Lainnya")
    for chat in chats:
        chat.hears("Periksa laporan")


def send(writers: list[Correspondent], chats: list[Chat]) -> None:
    for writer, chat in zip(writers, chats, strict=True):
        writer.write(f"{MARK} dari {writer.name}", f"{MARK} surat {writer.name}.")
        chat.press("Kirim")


def report_by_web(n: int, urls: list[str]) -> str:
    """Report as a browser behind a balancer does: when a process is gone, the same form goes to the next one.

    Returns the ticket number of the receipt.
    """
    form: dict[str, str] = {}
    for url in cycle([urls[n % 2], urls[1 - n % 2]]):
        with httpx.Client(base_url=url, trust_env=False, timeout=20, follow_redirects=True) as client:
            try:
                fresh = dict(HIDDEN.findall(client.get("/lapor/", params={"jenis": "incident"}).text))
                form = fresh | {"submission": form.get("submission", fresh["submission"])}
                words = {"subject": f"{MARK} formulir {n}", "text": f"{MARK} formulir nomor {n}.", "name": "Sari"}
                answer = client.post("/lapor/", data={"jenis": "incident", **words, **form})
            except httpx.TransportError:
                continue
        assert answer.status_code == 200, answer.text
        found = NUMBER.search(answer.text)
        assert found, answer.text
        return found[0]
    raise AssertionError("unreachable")


def stored(database: Database, channel: str) -> int:
    return database.rows(f"SELECT count(*) {ARRIVED} AND record.channel = %s", f"{MARK}%", channel)[0][0]


def kill(desk: Desk, database: Database) -> None:
    """SIGKILL for the worker that reads the mailbox, and for a web process."""
    ((holder,),) = database.rows("SELECT holder FROM core_lease WHERE name = 'imap:utama'")
    worker = next(p for p in desk.processes.values() if holder.endswith(f":{p.popen.pid}"))
    for process in (worker, desk.processes["web-a"]):
        process.stop(signal.SIGKILL)


def is_done(database: Database) -> bool:
    waiting = database.rows("SELECT count(*) FROM notify_delivery WHERE state IN ('queued', 'sending')")[0][0]
    return not waiting and all(stored(database, way) >= EACH for way in WAYS)


def every_report_is_one_ticket(database: Database) -> None:
    said = database.rows("SELECT text, ticket_id FROM tickets_message WHERE text LIKE %s", f"{MARK}%")
    expected = {f"{MARK} {way} nomor {n}." for way in ("surat", "obrolan", "formulir") for n in range(EACH)}
    assert Counter(text for text, _ticket in said) == Counter(expected)
    assert len({ticket for _text, ticket in said}) == 3 * EACH
    assert database.rows(f"SELECT count(*) {ARRIVED}", f"{MARK}%")[0][0] == 3 * EACH


def every_reporter_hears_once(desk: Desk, database: Database, writers: list[Correspondent], chats: list[Chat]) -> None:
    """One receipt each. What was on its way when the worker died may come again, a mail then under the same id."""
    again = {who for (who,) in database.rows("SELECT recipient FROM notify_delivery WHERE attempts > 1")}
    assert len(again) <= 2, "a worker has at most two deliveries on their way at any moment"
    failed = database.rows("SELECT recipient, error FROM notify_delivery WHERE state NOT IN ('sent', 'suppressed')")
    assert failed == []
    for writer in writers:
        letters = [letter for letter in desk.mail.smtp.messages_to(writer.address) if "Kode akses" in letter.text]
        assert len({letter.message["Message-ID"] for letter in letters}) == 1
        assert len({letter.text for letter in letters}) == 1
        assert len(letters) == 1 or writer.address in again
    for chat in chats:
        texts = [message["text"] for message in desk.bot.messages_to(chat.id)]
        doubled = [text for text, times in Counter(texts).items() if times > 1]
        assert sum("Kode akses" in text for text in set(texts)) == 1
        assert not doubled or str(chat.id) in again


def still_live(desk: Desk, open_scaled_window) -> None:
    """With what is left, a new report still appears by itself."""
    agent = open_scaled_window(user="agen", base_url=desk.urls[1])
    queue = agent.go("/kerja/")
    case = by_mail(Correspondent(desk.mail, "sesudah@contoh.example", "Sesudah"))
    expect(in_queue(queue, case)).to_be_visible(timeout=30_000)
