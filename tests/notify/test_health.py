"""What administrators see of the mail, what agents see of one message, and what nobody sees."""

import json

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.contacts import Identity
from accounts.models import ContactPoint
from channels_bot.models import Mailbox
from notify import outbox
from notify.models import Delivery, Pace
from tests import factories
from tickets import messages

PAGE = "/kanal/surat/"


def dead(key, ticket=None, **kw):
    kw.setdefault("recipient", "sari@contoh.id")
    row = outbox.plan(
        key=key, channel="email", text="Kode akses RAHASIA", topic=f"ticket:{ticket.pk}" if ticket else "", **kw
    )
    Delivery.objects.filter(pk=row.pk).update(state="failed", error="550 tidak ada")
    return row


def test_the_page_tells_what_is_wrong_and_no_more(cast, client):
    Mailbox.objects.create(
        name="aduan", url="imap://a:sandi-kotak@x.id/", last_error="LoginError", last_poll_at=timezone.now()
    )
    Pace.objects.create(
        name="email", resume_at=timezone.now() + timezone.timedelta(minutes=5), error="ConnectionRefused"
    )
    ticket = factories.ticket()
    dead("a", ticket)
    client.force_login(cast.admin)
    page = client.get(PAGE).content.decode()
    assert "LoginError" in page and "ConnectionRefused" in page and ticket.number in page and "550 tidak ada" in page
    for secret in ("sari@contoh.id", "RAHASIA", "sandi-kotak"):
        assert secret not in page


@pytest.mark.parametrize("person", ["agen", "koordinator", "pimpinan", "inspektorat", "warga"])
def test_the_page_is_for_administrators(cast, client, person):
    row = dead("a")
    client.force_login(getattr(cast, person))
    assert client.get(PAGE).status_code == 403
    for name, args in (("mail_retry", [row.pk]), ("mail_retry_all", []), ("wording_use", ["receipt"])):
        assert client.post(reverse(f"channels:{name}", args=args)).status_code == 403
    row.refresh_from_db()
    assert row.state == "failed"


def test_what_is_secret_leaves_no_trace_there(cast, client):
    case = factories.ticket("complaint", confidentiality="whistleblowing")
    Delivery.objects.all().delete()
    row = dead("a", case)
    outbox.plan(key="b", channel="email", recipient="x@y.id", text="x", topic=f"ticket:{case.pk}")
    client.force_login(cast.admin)
    page = client.get(PAGE)
    assert case.number not in page.content.decode() and not page.context["letters"]
    assert page.context["health"].outgoing.waiting == "0"
    assert client.post(reverse("channels:mail_retry", args=[row.pk])).status_code == 404
    client.post(reverse("channels:mail_retry_all"))
    row.refresh_from_db()
    assert row.state == "failed"
    figures = client.get("/metrics").content.decode()
    assert "layanan_outbox_dead_letters 0.0" in figures and "layanan_outbox_waiting 0.0" in figures


def test_dead_letters_are_sent_again(cast, client):
    rows = [dead(str(number)) for number in range(3)]
    client.force_login(cast.admin)
    client.post(reverse("channels:mail_retry", args=[rows[0].pk]))
    assert Delivery.objects.filter(state="queued").count() == 1
    client.post(reverse("channels:mail_retry_all"))
    assert Delivery.objects.filter(state="queued").count() == 3


def test_the_page_costs_the_same_with_many_rows(cast, client):
    client.force_login(cast.admin)

    def cost(many):
        for number in range(many):
            dead(f"{many}:{number}", factories.ticket() if number < 1 else None)
            Mailbox.objects.create(name=f"kotak-{many}-{number}")
        with CaptureQueriesContext(connection) as found:
            assert client.get(PAGE).status_code == 200
        return len(found)

    cost(1)
    assert cost(3) == cost(30)


def test_metrics_name_mailboxes_and_nobody(cast, client):
    Mailbox.objects.create(name="aduan", url="imap://a:sandi-kotak@x.id/", last_poll_at=timezone.now(), last_error="x")
    dead("a", factories.ticket())
    text = client.get("/metrics").content.decode()
    assert 'layanan_mailbox_failing{mailbox="aduan"} 1.0' in text and "layanan_outbox_dead_letters 1.0" in text
    assert "sandi-kotak" not in text and "sari" not in text and "GGN" not in text


# One message


@pytest.fixture
def unreached(cast):
    """A reply that did not arrive, and its delivery."""
    ticket = factories.ticket(channel="email", sender=Identity(email="sari@contoh.id"))
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Kami periksa.")
    delivery = Delivery.objects.get(event="reply")
    outbox.undelivered(delivery, error="550 sari@contoh.id tidak ada", dead_address=True)
    return ticket, delivery


def resend(client, ticket, delivery):
    return client.post(reverse("agent:resend", args=[ticket.number, delivery.pk]), follow=True)


def test_an_agent_sees_why_and_sends_again(cast, client, unreached):
    ticket, delivery = unreached
    client.force_login(cast.agen)
    page = client.get(f"/kerja/tiket/{ticket.number}/").content.decode()
    assert "550 s•••@contoh.id tidak ada" in page and "Kirim ulang" in page
    resend(client, ticket, delivery)
    delivery.refresh_from_db()
    assert delivery.state == "queued" and ContactPoint.objects.get(value="sari@contoh.id").unreachable_at is None
    assert "tidak gagal lagi" in resend(client, ticket, delivery).content.decode()


def test_it_goes_to_the_address_that_reaches_the_person_now(cast, client, unreached):
    ticket, delivery = unreached
    ticket.requester.points.create(kind="email", value="sari@baru.id", is_verified=True)
    client.force_login(cast.agen)
    resend(client, ticket, delivery)
    delivery.refresh_from_db()
    assert (delivery.recipient, delivery.domain, delivery.state) == ("sari@baru.id", "baru.id", "queued")


def test_who_cannot_be_told_is_shown_and_told_once_there_is_an_address(cast, client, unreached):
    ticket, _delivery = unreached
    reply = messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Sudah selesai.")
    untold = Delivery.objects.get(cause=reply.cause)
    client.force_login(cast.agen)
    assert "tidak terjangkau" in client.get(f"/kerja/tiket/{ticket.number}/").content.decode()
    assert "Belum ada alamat" in resend(client, ticket, untold).content.decode()
    ticket.requester.points.create(kind="email", value="sari@baru.id", is_verified=True)
    resend(client, ticket, untold)
    outbox.send_due()
    assert [each.to for each in mail.outbox if "Sudah selesai." in each.body] == [["sari@baru.id"]]


@pytest.mark.parametrize(
    ("person", "status"),
    [("warga", 403), ("orang_luar", 403), ("pimpinan", 403), ("inspektorat", 404), ("penghubung", 404)],
)
def test_others_cannot_send_it_again(cast, client, unreached, person, status):
    ticket, delivery = unreached
    client.force_login(getattr(cast, person))
    assert client.post(reverse("agent:resend", args=[ticket.number, delivery.pk])).status_code == status
    delivery.refresh_from_db()
    assert delivery.state == "failed"


def test_only_deliveries_of_that_ticket(cast, client, unreached):
    _ticket, delivery = unreached
    other = factories.ticket()
    client.force_login(cast.agen)
    assert client.post(reverse("agent:resend", args=[other.number, delivery.pk])).status_code == 404


def test_nobody_is_alarmed_when_the_words_go_another_way(cast):
    """A blocked chat falls back to email: the history tells of it, the agent has nothing to do."""
    ticket = factories.ticket(channel="email", sender=Identity(email="sari@contoh.id"))
    reply = messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Kami periksa.")
    chat = outbox.plan(
        key="chat", channel="telegram", recipient="77", text="x", topic=f"ticket:{ticket.pk}", cause=reply.cause,
        contact=ticket.requester,
    )  # fmt: skip
    outbox.undelivered(chat, error="Forbidden: bot was blocked", dead_address=True)
    assert not Delivery.objects.filter(event="undelivered").exists()
    assert ticket.timeline.filter(code="delivery.failed").count() == 1
    outbox.undelivered(Delivery.objects.get(event="reply"), error="550", dead_address=True)
    assert Delivery.objects.filter(event="undelivered").exists()


def test_a_bounce_and_a_refusal_are_noted_once_by_the_same_function(cast, unreached):
    ticket, delivery = unreached
    assert not outbox.undelivered(delivery, error="lagi")
    assert outbox.undelivered(delivery, error="5.1.1", state=Delivery.State.BOUNCED)
    entries = ticket.timeline.filter(code="delivery.failed")
    assert entries.count() == 2 and "sari@contoh.id" not in json.dumps(list(entries.values_list("changes", flat=True)))


# The mail of the sign-in pages


def test_a_dead_server_does_not_break_the_page_that_asks_for_a_proof(cast, client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 2
    person = factories.user("baru", proven=False)
    client.force_login(person)
    assert client.post("/akun/email/", {"action_add": "", "email": "baru@contoh.id"}).status_code == 302
    waiting = Delivery.objects.get(event="account")
    outbox.send_due()
    waiting.refresh_from_db()
    assert waiting.state == "queued" and waiting.attempts == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    outbox.send_due(now=lambda: timezone.now() + timezone.timedelta(minutes=10))
    waiting.refresh_from_db()
    assert waiting.state == "sent" and "/akun/confirm-email/" in mail.outbox[0].body
    assert waiting.text == "", "a link that opens something is not kept"
    assert not outbox.retry(waiting)
