"""Who is told what, when and how, is the person's own choice where they may do without."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.contacts import Identity, resolve
from notify import digests, outbox, preferences
from notify.events import event_of
from notify.models import Delivery, OptOut, Preference
from tests import factories
from tickets import edits, messages, notices
from tickets.models import Participant
from tickets.workflow import perform

WIB = ZoneInfo("Asia/Jakarta")
PAGE = "/akun/pemberitahuan/"


def wish(user, **choices):
    values = {"first_channel": "", "is_quiet": False, "digest_hour": 8} | {
        key: choices.pop(key) for key in ("first_channel", "is_quiet", "digest_hour") if key in choices
    }
    return preferences.save(user=user, choices=choices, **values)


def assigned_at(monkeypatch, at, user, cast):
    """The notice of a ticket assigned at this moment."""
    monkeypatch.setattr(notices.timezone, "now", lambda: at)
    ticket = factories.ticket(team=cast.network)
    notices.staff_notice(ticket, user, key=f"x:{ticket.pk}", event="assigned")
    return Delivery.objects.filter(user=user, event="assigned").first()


def test_what_is_off_is_not_planned_and_what_is_needed_comes_anyway(cast):
    wish(cast.teknisi, assigned="off", escalation="off")
    ticket = factories.ticket(team=cast.network)
    perform(ticket.pk, "assign", cast.koordinator, assignee="teknisi")
    assert not Delivery.objects.filter(user=cast.teknisi).exists()
    notices.escalation(ticket, cast.teknisi, key="e:1", metric="Penyelesaian", moment="80%")
    assert Delivery.objects.get(user=cast.teknisi).event == "escalation"


FRIDAY_NIGHT = datetime(2026, 11, 20, 22, 0, tzinfo=WIB)
MONDAY = datetime(2026, 11, 23, 7, 30, tzinfo=WIB)


def test_quiet_hours_hold_back_until_the_office_opens(cast, monkeypatch):
    wish(cast.teknisi, is_quiet=True)
    assert assigned_at(monkeypatch, FRIDAY_NIGHT, cast.teknisi, cast).next_attempt_at == MONDAY


def test_quiet_hours_do_not_hold_back_what_is_urgent(cast, monkeypatch):
    wish(cast.teknisi, is_quiet=True)
    monkeypatch.setattr(notices.timezone, "now", lambda: FRIDAY_NIGHT)
    notices.major_coordinator(factories.ticket(team=cast.network), cast.teknisi)
    assert Delivery.objects.get(user=cast.teknisi).next_attempt_at == FRIDAY_NIGHT


def test_without_a_wish_notices_come_at_once(cast, monkeypatch):
    assert assigned_at(monkeypatch, FRIDAY_NIGHT, cast.teknisi, cast).next_attempt_at == FRIDAY_NIGHT


@pytest.mark.parametrize(
    ("at", "hour", "due"),
    [
        (datetime(2026, 11, 23, 6, 0, tzinfo=WIB), 8, datetime(2026, 11, 23, 8, 0, tzinfo=WIB)),
        (datetime(2026, 11, 23, 9, 0, tzinfo=WIB), 8, datetime(2026, 11, 24, 8, 0, tzinfo=WIB)),
        (FRIDAY_NIGHT, 10, datetime(2026, 11, 23, 10, 0, tzinfo=WIB)),
    ],
)
def test_a_digest_comes_at_its_hour_on_a_working_day(cast, monkeypatch, at, hour, due):
    wish(cast.teknisi, assigned="digest", digest_hour=hour)
    waiting = assigned_at(monkeypatch, at, cast.teknisi, cast)
    assert waiting.in_digest and waiting.next_attempt_at == due


@pytest.fixture
def waiting(cast):
    """Two notices of one person that wait for their digest, of two tickets."""
    wish(cast.teknisi, assigned="digest")
    tickets = [factories.ticket(team=cast.network) for _ in range(2)]
    outbox.send_due()
    mail.outbox.clear()
    for ticket in tickets:
        perform(ticket.pk, "assign", cast.koordinator, assignee="teknisi")
    Delivery.objects.filter(in_digest=True).update(next_attempt_at="2026-01-01T00:00Z")
    return tickets


def test_many_notices_become_one_mail(cast, waiting):
    outbox.send_due()
    assert not mail.outbox, "nothing leaves by itself"
    assert digests.gather() == 1 and digests.gather() == 0
    outbox.send_due()
    (sent,) = mail.outbox
    assert sent.to == [cast.teknisi.email] and all(ticket.number in sent.body for ticket in waiting)
    assert all(ticket.number not in sent.subject for ticket in waiting)
    assert set(Delivery.objects.filter(in_digest=True).values_list("state", flat=True)) == {"sent"}


def test_a_digest_leaves_out_what_its_reader_may_not_know_any_more(cast, waiting):
    first, second = waiting
    edits.change(ticket_id=first.pk, actor=cast.agen, confidentiality="secret", reason="Menyangkut pejabat.")
    digests.gather()
    outbox.send_due()
    (sent,) = [each for each in mail.outbox if each.to == [cast.teknisi.email]]
    assert second.number in sent.body and first.number not in sent.body


def test_a_digest_of_nothing_is_not_sent(cast, waiting):
    for ticket in waiting:
        edits.change(ticket_id=ticket.pk, actor=cast.agen, confidentiality="secret", reason="Menyangkut pejabat.")
    mail.outbox.clear()
    digests.gather()
    outbox.send_due()
    assert not [each for each in mail.outbox if each.to == [cast.teknisi.email]]


# Links in mails


@pytest.fixture
def follower(cast):
    """Somebody without an account who follows another person's ticket, and the mail they got."""
    ticket = factories.ticket(channel="email", sender=Identity(email="sari@contoh.id"))
    contact = resolve(Identity(name="Budi", email="budi@contoh.id"))
    Participant.objects.create(ticket=ticket, contact=contact, hears_replies=True)
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Kami periksa.")
    outbox.send_due()
    return ticket, contact, next(each for each in mail.outbox if each.to == ["budi@contoh.id"])


def link_of(sent):
    header = sent.extra_headers["List-Unsubscribe"]
    return header.strip("<>").removeprefix("http://127.0.0.1:8000")


def test_one_click_stops_such_mails_and_only_those(cast, follower):
    ticket, contact, sent = follower
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    strict = Client(enforce_csrf_checks=True)
    assert strict.get(link_of(sent)).status_code == 200 and not OptOut.objects.exists(), "looking changes nothing"
    for _twice in range(2):
        assert strict.post(link_of(sent), {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert OptOut.objects.get().contact == contact
    mail.outbox.clear()
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Selesai.")
    outbox.send_due()
    assert [each.to for each in mail.outbox] == [["sari@contoh.id"]]
    assert strict.post(link_of(sent), {"back": "1"}).status_code == 200 and not OptOut.objects.exists()


def test_a_member_of_staff_stops_theirs_by_the_link_and_sees_it_on_the_page(cast, client):
    url = preferences.unsubscribe_url(event_of("assigned"), user=cast.teknisi)
    assert Client().post(url.removeprefix("http://127.0.0.1:8000")).status_code == 200
    assert preferences.choice(preferences.of(cast.teknisi), event_of("assigned")) == "off"
    client.force_login(cast.teknisi)
    assert client.get(PAGE).context["form"]["event_assigned"].initial == "off"


@pytest.mark.parametrize("claim", [["u", 0, "assigned"], ["c", 1, "receipt"], ["c", 10**30, "copy"], ["x"], "u"])
def test_a_link_that_stands_for_nothing_is_not_found(cast, claim):
    where = reverse("notify:unsubscribe", args=[preferences.unsubscribe_token(claim)])
    assert Client().post(where).status_code == 404


def test_a_forged_link_is_not_found(cast):
    good = preferences.unsubscribe_url(event_of("assigned"), user=cast.teknisi).removeprefix("http://127.0.0.1:8000")
    assert Client().post(good[:-5] + "AAAA/").status_code == 404 and not Preference.objects.exists()


def test_an_answer_to_ones_own_report_offers_no_way_out(cast):
    factories.ticket(channel="email", sender=Identity(email="sari@contoh.id"))
    outbox.send_due()
    assert "List-Unsubscribe" not in next(each for each in mail.outbox if each.to == ["sari@contoh.id"]).extra_headers


# The page


def test_people_choose_on_their_page(cast, client):
    client.force_login(cast.teknisi)
    data = {"first_channel": "telegram", "is_quiet": "on", "digest_hour": "7"}
    data |= {"event_assigned": "digest", "event_watch": "off", "event_task": "now"}
    assert client.post(PAGE, data).status_code == 302
    kept = Preference.objects.get(user=cast.teknisi)
    assert (kept.first_channel, kept.is_quiet, kept.digest_hour) == ("telegram", True, 7)
    assert kept.choices == {"assigned": "digest", "watch": "off", "task": "now"}
    assert client.post(PAGE, data | {"event_assigned": "apa"}).status_code == 422
    client.force_login(cast.warga)
    page = client.get(PAGE).content.decode()
    assert "event_copy" in page and "event_assigned" not in page and "ringkasan" not in page.lower()


def test_the_chosen_channel_is_tried_first(cast):
    own = resolve(Identity(user=cast.warga))
    own.points.create(kind="telegram", value="77", is_verified=True)
    ticket = factories.ticket(requester=cast.warga)
    assert notices.route(ticket)[0] == "email"
    wish(cast.warga, first_channel="telegram")
    assert notices.route(type(ticket).objects.get(pk=ticket.pk)) == ("telegram", "77")
    own.points.filter(kind="telegram").update(unreachable_at="2026-01-01T00:00Z")
    assert notices.route(type(ticket).objects.get(pk=ticket.pk))[0] == "email"
