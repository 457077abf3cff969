"""Major incidents: who may declare them, who hears their news and how often, and when the coordinator is reminded."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.contacts import Identity
from notify.models import Delivery
from tests import factories
from tickets import access, edits, sweeps, timeline
from tickets.errors import Forbidden, InvalidInputs, NotVisible, WrongState
from tickets.incidents import reminders
from tickets.models import IncidentDetail, Participant, Ticket, TicketLink, TimelineEntry
from tickets.workflow import available, perform

NOTICE = "Jaringan kecamatan terganggu. Pelayanan KTP memakai antrean manual."
NEWS = "Teknisi sudah di lokasi. Perkiraan pulih siang ini."
FACTS = {"coordinator": "koordinator", "public_notice": NOTICE, "update_minutes": 60, "reason": "11 kecamatan mati"}


def declare(ticket, user, **kw):
    return perform(ticket.pk, "declare_major", user, **FACTS | kw)


def detail(ticket):
    return IncidentDetail.objects.get(ticket=ticket)


def incident(name="sari", **kw):
    return factories.ticket("incident", sender=Identity(name=name, email=f"{name}@contoh.id"), **kw)


def names(ticket, user):
    return {info.name for info in available(ticket, user)}


def test_declaring_raises_the_priority_with_its_reason(cast):
    ticket = incident()
    declare(ticket, cast.koordinator)
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.state) == (4, "new")
    facts = detail(ticket)
    assert facts.is_major and facts.coordinator == cast.koordinator and facts.declared_at and facts.next_update_at
    entry = TimelineEntry.objects.get(ticket=ticket, code=timeline.CHANGED)
    assert entry.changes == {"priority_reason": "11 kecamatan mati", "priority": ["Sedang", "Kritis"]}
    assert timeline.first_broken(ticket.pk) is None
    with pytest.raises(WrongState, match="sudah dinyatakan"):
        declare(ticket, cast.koordinator)


def test_only_a_coordinator_declares_and_only_staff_speaks(cast):
    ticket = incident(team=cast.network)
    for person in (cast.agen, cast.teknisi):
        with pytest.raises(Forbidden):
            declare(ticket, person)
    with pytest.raises(NotVisible):
        declare(ticket, cast.orang_luar)
    declare(ticket, cast.koordinator)
    with pytest.raises(WrongState, match="koordinator"):
        perform(ticket.pk, "update_major", cast.agen, text=NEWS)
    with pytest.raises(NotVisible):
        perform(ticket.pk, "end_major", cast.orang_luar)
    assert "update_major" not in names(Ticket.objects.get(pk=ticket.pk), cast.teknisi)


def test_the_named_coordinator_need_not_coordinate_the_team(cast):
    ticket = incident(team=cast.network)
    Delivery.objects.all().delete()
    declare(ticket, cast.koordinator, coordinator="teknisi")
    assert Delivery.objects.filter(recipient=cast.teknisi.email).count() == 1
    perform(ticket.pk, "update_major", cast.teknisi, text=NEWS)
    assert detail(ticket).public_notice == NEWS


def test_a_coordinator_must_see_the_ticket(cast):
    ticket = incident()
    with pytest.raises(InvalidInputs) as refused:
        declare(ticket, cast.koordinator, coordinator="teknisi")
    assert list(refused.value.errors) == ["coordinator"]


@pytest.mark.parametrize("words", ["Hubungi budi@contoh.id", "Telepon 0812-3456-7890", "Lihat GGN-2026-000012"])
def test_a_notice_names_nobody(cast, words):
    with pytest.raises(InvalidInputs) as refused:
        declare(incident(), cast.koordinator, public_notice=words)
    assert list(refused.value.errors) == ["public_notice"]


def test_a_secret_incident_is_never_announced(cast):
    ticket = factories.ticket("incident", requester=cast.warga, confidentiality="secret")
    assert "declare_major" not in names(ticket, cast.inspektorat)
    with pytest.raises(WrongState, match="rahasia"):
        declare(ticket, cast.inspektorat, coordinator="inspektorat")


def test_each_reporter_hears_each_news_exactly_once(cast):
    major, duplicate, part, merged = (incident(name) for name in ("ani", "budi", "citra", "dewi"))
    again = incident("ani")
    TicketLink.objects.create(source=duplicate, target=major, type="duplicates")
    TicketLink.objects.create(source=duplicate, target=major, type="parent")
    TicketLink.objects.create(source=part, target=major, type="parent")
    TicketLink.objects.create(source=again, target=major, type="duplicates")
    perform(merged.pk, "merge", cast.agen, target=major.number)
    Participant.objects.create(ticket=part, contact=duplicate.requester, hears_replies=True)
    declare(major, cast.koordinator)
    for number, text in enumerate((NEWS, "Sudah pulih sebagian."), start=1):
        Delivery.objects.exclude(text=NEWS).delete()
        perform(major.pk, "update_major", cast.koordinator, text=text)
        for each in (major, duplicate, part, merged):
            assert Delivery.objects.filter(contact_id=each.requester_id, text=text).count() == 1, each.requester
        for each in (major, duplicate, part, again):
            said = [m for m in access.conversation(each, internal=False) if m.direction == "out"]
            assert len(said) == number and said[-1].text == text
            assert timeline.first_broken(each.pk) is None


def test_closed_secret_and_unrelated_tickets_hear_nothing(cast):
    major, done, secret, other, above = (incident(name) for name in ("a", "b", "c", "d", "e"))
    for each in (done, secret):
        TicketLink.objects.create(source=each, target=major, type="duplicates")
    TicketLink.objects.create(source=other, target=major, type="related")
    TicketLink.objects.create(source=major, target=above, type="parent")
    perform(done.pk, "cancel", cast.agen, reason="Salah lapor.")
    edits.change(ticket_id=secret.pk, actor=cast.agen, confidentiality="secret")
    declare(major, cast.koordinator)
    perform(major.pk, "update_major", cast.koordinator, text=NEWS)
    assert list(Delivery.objects.filter(text=NEWS).values_list("contact__name", flat=True)) == ["a"]
    assert not Ticket.objects.get(pk=secret.pk).messages.filter(text=NEWS).exists()


def test_ending_tells_once_more_only_with_words(cast):
    major, part = incident("ani"), incident("budi")
    TicketLink.objects.create(source=part, target=major, type="parent")
    declare(major, cast.koordinator)
    Delivery.objects.all().delete()
    perform(major.pk, "end_major", cast.koordinator, text="Sudah pulih.")
    assert Delivery.objects.filter(text="Sudah pulih.").count() == 2
    facts = detail(major)
    assert not facts.is_major and facts.ended_at and facts.next_update_at is None
    declare(major, cast.koordinator)
    Delivery.objects.all().delete()
    perform(major.pk, "end_major", cast.koordinator)
    assert not Delivery.objects.exists()


def test_the_coordinator_is_reminded_once_when_news_is_due(cast):
    ticket = incident()
    declare(ticket, cast.koordinator)
    due = detail(ticket).next_update_at
    Delivery.objects.all().delete()
    assert reminders.remind_due(now=due - timedelta(seconds=1)) == 0
    assert reminders.remind_due(now=due) == 1
    assert reminders.remind_due(now=due + timedelta(hours=1)) == 0
    (mail,) = Delivery.objects.filter(recipient=cast.koordinator.email)
    assert "Internet" not in mail.subject + mail.text
    perform(ticket.pk, "update_major", cast.koordinator, text=NEWS, update_minutes=30)
    assert detail(ticket).update_minutes == 30
    assert reminders.remind_due(now=detail(ticket).next_update_at) == 1
    assert Delivery.objects.filter(recipient=cast.koordinator.email).count() == 2


def test_nobody_is_reminded_at_night_or_of_a_resolved_incident(cast):
    ticket = incident()
    declare(ticket, cast.koordinator)
    noon = datetime(2027, 1, 6, 10, tzinfo=ZoneInfo("Asia/Jakarta"))
    IncidentDetail.objects.filter(ticket=ticket).update(next_update_at=noon)
    Delivery.objects.all().delete()
    assert reminders.remind_due(now=noon + timedelta(hours=12)) == 1
    assert detail(ticket).next_update_at == datetime(2027, 1, 7, 7, 30, tzinfo=ZoneInfo("Asia/Jakarta"))
    perform(ticket.pk, "start", cast.koordinator)
    perform(ticket.pk, "resolve", cast.koordinator, code="fixed", solution="Pulih.")
    assert reminders.remind_due(now=noon + timedelta(days=2)) == 1
    assert not Delivery.objects.filter(text__contains="menyampaikan kabar").exists()
    perform(ticket.pk, "reopen", cast.koordinator, reason="Putus lagi.")
    assert detail(ticket).next_update_at is not None


def test_the_sweep_includes_the_reminders(cast):
    ticket = incident()
    declare(ticket, cast.koordinator)
    IncidentDetail.objects.filter(ticket=ticket).update(next_update_at=timezone.now() - timedelta(days=5))
    sweeps.run_due()
    assert detail(ticket).next_update_at is None or detail(ticket).next_update_at > timezone.now()


def test_the_portal_shows_the_notice_until_it_ends(cast, client):
    ticket = incident()
    assert NOTICE not in client.get("/").content.decode()
    declare(ticket, cast.koordinator)
    page = client.get("/").content.decode()
    assert NOTICE in page and ticket.number not in page and "sari" not in page and len(page) < 100_000
    perform(ticket.pk, "start", cast.koordinator)
    perform(ticket.pk, "resolve", cast.koordinator, code="fixed", solution="Pulih.")
    assert NOTICE not in client.get("/").content.decode()
    perform(ticket.pk, "reopen", cast.koordinator, reason="Putus lagi.")
    assert NOTICE in client.get("/").content.decode()
    edits.change(ticket_id=ticket.pk, actor=cast.koordinator, confidentiality="secret")
    assert NOTICE not in client.get("/").content.decode()


def test_the_portal_asks_as_much_with_thirty_notices_as_with_three(cast, client):
    def queries():
        with CaptureQueriesContext(connection) as caught:
            client.get("/")
        return len(caught)

    for number in range(3):
        declare(incident(f"p{number}"), cast.koordinator)
    client.get("/")
    three = queries()
    for number in range(3, 30):
        declare(incident(f"p{number}"), cast.koordinator)
    assert queries() == three
