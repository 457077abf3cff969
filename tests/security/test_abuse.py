"""Abuse by somebody with an ordinary browser, mail program or chat: what they send does only what they may do.

Forged forms, redirects to elsewhere, scripts and headers inside words, repeated and borrowed keys, floods, forged
letters, and strangers who talk to the bot.
"""

import uuid
from email import message_from_bytes

import pytest
from django.test import Client

from accounts.contacts import Identity
from channels_bot.email.transport import build
from channels_bot.telegram import updates
from notify.models import Delivery
from tests import factories
from tests.api.conftest import Caller
from tests.security.helpers import CHAT, addresses, button, chat_message, chat_update, last_id, login, mail
from tickets import edits, messages, workflow
from tickets.attachments import Upload
from tickets.models import Ticket

pytestmark = pytest.mark.slow

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
PNG = b"\x89PNG\r\n\x1a\nxx"
FLOOD = 70
MOST_AN_HOUR = 60


# Forms, redirects and words in the browser


def test_every_address_refuses_a_forged_form(cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.admin)
    checked = [path for path, view in addresses() if not getattr(view, "csrf_exempt", False)]
    assert len(checked) > 100
    statuses = {path: client.post(path, {"text": "x"}).status_code for path in checked}
    assert {path: status for path, status in statuses.items() if status != 403} == {}


def test_an_address_without_the_early_check_refuses_too(cast):
    """Forms with files check the token after the size of the upload; programs prove themselves by a bearer token or
    the secret of the webhook."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.admin)
    exempt = [path for path, view in addresses() if getattr(view, "csrf_exempt", False)]
    assert exempt
    for path in exempt:
        assert client.post(path, {"text": "x"}).status_code in (401, 403, 404, 405), path


@pytest.mark.parametrize(
    "elsewhere", ["//evil.id", "https://evil.id", "/\\evil.id", "\tjavascript:alert('evil')", "https:///evil.id"]
)
def test_no_redirect_leads_elsewhere(cast, elsewhere):
    taken = login(cast.agen).post("/kerja/ambil/", {"kembali": elsewhere})
    assert "evil" not in taken["Location"]
    password = {"login": "agen", "password": factories.PASSWORD, "next": elsewhere}
    signed_in = Client().post("/akun/login/", password, query_params={"next": elsewhere})
    assert signed_in.status_code == 302 and "evil" not in signed_in["Location"]


def test_words_of_a_reporter_run_no_script(cast):
    files = (
        Upload('"><svg onload=alert(1)>.png', "image/png", PNG),
        Upload("gambar.svg", "image/svg+xml", b"<svg onload=alert(1)>"),
        Upload("halaman.html", "text/html", b"<script>"),
    )
    sender = Identity(name=SCRIPT, email="x@contoh.id")
    ticket = factories.ticket(text=SCRIPT, subject=SCRIPT, html=SCRIPT, sender=sender, uploads=files)
    assert ticket.messages.first().attachments.count() == 1
    client = login(cast.agen)
    for url in ("/kerja/", f"/kerja/tiket/{ticket.number}/", f"/kerja/tiket/{ticket.number}/ubah/", "/laporan/tiket/"):
        page = client.get(url).content.decode()
        assert not any(tag in page for tag in ("<script>alert", "<img src=x", "<svg onload")), url


# Repeated, borrowed and stale requests


def test_a_key_of_another_person_repeats_nothing(cast):
    body = {"kind": "incident", "subject": "Rahasia Sari", "description": "x"}
    answers = [Caller(who).post("tickets/", body, idempotency_key="k1") for who in (cast.warga, cast.orang_luar)]
    assert answers[0].json()["number"] != answers[1].json()["number"]


def test_a_repeated_answer_does_not_outlive_the_right(cast):
    ticket = factories.ticket("complaint")
    caller = Caller(cast.agen)
    body = {"complaint_class": "ordinary", "note": "Suap pengadaan"}
    assert caller.step(ticket, "verify", body, idempotency_key="k9").status_code == 200
    edits.change(ticket_id=ticket.pk, actor=cast.koordinator, confidentiality="secret")
    assert caller.ticket(ticket).status_code == 404
    assert caller.step(ticket, "verify", body, idempotency_key="k9").status_code == 404


def test_a_form_sent_twice_says_it_once(cast):
    ticket = factories.ticket(requester=cast.warga)
    requester, key = login(cast.warga), str(uuid.uuid4())
    for _ in range(2):
        requester.post(f"/tiket-saya/{ticket.number}/", {"text": "Halo lagi", "submission": key})
    ticket.refresh_from_db()
    agent, reply = login(cast.agen), {"text": "Siap", "visibility": "public", "version": ticket.version}
    for _ in range(2):
        agent.post(f"/kerja/tiket/{ticket.number}/balas/", reply)
    assert [ticket.messages.filter(text=text).count() for text in ("Halo lagi", "Siap")] == [1, 1]


def test_a_garbled_version_is_no_way_around_the_stale_check(cast):
    ticket = factories.ticket()
    workflow.perform(ticket.pk, "assign", cast.koordinator, assignee="agen")
    login(cast.agen).post(f"/kerja/tiket/{ticket.number}/langkah/start/", {"version": "x1"})
    ticket.refresh_from_db()
    assert ticket.state == "assigned"


# Mail


def letters(ticket):
    """What leaves us for this ticket, as bytes."""
    rows = Delivery.objects.filter(topic=f"ticket:{ticket.pk}")
    assert rows
    return [build(row).message().as_bytes() for row in rows]


@pytest.mark.parametrize(
    "subject",
    [
        "a\r\nBcc: x@y.id",
        "a\u2028Bcc: x@y.id",
        "a\x0bb",
        "a\x85Bcc: x",
        "\U0001f600" * 60,
        "a\x00b",
        "=?utf-8?q?=0D=0ABcc:_x=40y=2Eid?=",
    ],
)
def test_a_subject_adds_no_header(cast, subject):
    sender = Identity(name="Sari\r\nBcc: z@y.id", email="sari@contoh.id")
    for letter in letters(factories.ticket(channel="email", subject=subject, sender=sender)):
        assert "Bcc" not in message_from_bytes(letter)


STRANGE_IDS = ["aéb@x.id", "a b@x.id", "x" * 250, "a,b;c:@x", "=?utf-8?q?a?=@x", "a@[1.2.3", "\U0001f600@x"]
STRANGE_IDS += ["\u200b@x", "a\x80b@x", "(@x", '"@x', "a@x\\", "@", "a..b@@x", "\U0001f600" * 60]


@pytest.mark.parametrize("strange", STRANGE_IDS)
def test_a_strange_message_id_does_not_stop_answers(cast, strange):
    for letter in letters(factories.ticket(channel="email", external_id=strange)):
        assert all(len(line) < 998 for line in letter.splitlines())


@pytest.mark.parametrize("address", ["{case}anjir@contoh.id", "banjir+{number}@contoh.id"], ids=["case", "plus"])
def test_the_flood_guard_knows_one_sender_by_all_spellings(cast, address):
    for number in range(FLOOD):
        sender = address.format(case="Bb"[number % 2], number=number)
        mail(f"Banjir {number}", From=sender, Subject=f"x{number}")
    assert Ticket.objects.count() <= MOST_AN_HOUR


def test_a_forged_letter_redirects_no_answer(cast):
    ticket = factories.ticket(channel="email")
    mail("Halo", From="sari@contoh.id", Reply_To="jahat@x.id", Subject=f"[{ticket.number}]")
    mail("Halo", From="orang@x.id", Reply_To="jahat@x.id", Subject=f"[{ticket.number}]", In_Reply_To=last_id(ticket))
    workflow.perform(ticket.pk, "assign", cast.koordinator, assignee="agen")
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Jawaban kami")
    answers = Delivery.objects.filter(text__contains="Jawaban kami")
    assert set(answers.values_list("recipient", flat=True)) == {"sari@contoh.id"}


# The bot


@pytest.fixture
def chatted(cast):
    """A ticket of the chat 1."""
    return factories.ticket(sender=Identity(name="Sari", telegram="1", verified=True), channel="telegram", mailbox="1")


def test_the_bot_says_nothing_in_groups(chatted):
    before = Delivery.objects.count()
    asked = chat_message(1, text=f"/status {chatted.number}") | {"chat": {"id": -100, "type": "supergroup"}}
    updates.handle({"update_id": 1, "message": asked})
    assert Delivery.objects.count() == before


def test_the_bot_tells_a_stranger_nothing(chatted):
    updates.handle(chat_update(2, f"/status {chatted.number}"))
    updates.handle(button(3, f"tiket:{chatted.pk}"))
    said = Delivery.objects.filter(recipient=str(CHAT)).values_list("text", flat=True)
    assert len(said) == 2 and not any(chatted.subject in text for text in said)
