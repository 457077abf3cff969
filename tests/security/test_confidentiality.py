"""Restricted and anonymous tickets: nobody learns who reported, or that there is a case, by any way around the rules.

Each test is an attack that once came to mind: a late reply, a bounce, a lowered level, a number typed by telephone.
"""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.contacts import Identity, resolve
from accounts.models import Contact, ContactPoint, IdentityView
from accounts.roles import Role
from channels_bot.email import inbound
from channels_bot.models import TelegramChat, TelegramMessage
from channels_bot.telegram import updates
from notify.models import Delivery
from sla.models import Escalation
from tests import factories
from tests.agent.test_live import live, opened, path_of
from tests.api.conftest import Caller
from tests.email.test_parsing import REPORT
from tests.security.helpers import (
    WITNESS,
    WITNESS_ADDRESS,
    button,
    case,
    chat_update,
    hand_off,
    last_id,
    login,
    mail,
    raised,
    report,
    witness,
)
from tickets import edits, sweeps, workflow
from tickets.attachments import Upload
from tickets.models import InboundRecord, Message, Participant, Ticket
from tickets.threading import message_id_for

pytestmark = pytest.mark.slow

ABSENT = "ADU-2026-999999"
SUBJECT = "Suap pengadaan"


@pytest.fixture
def anonymous(cast):
    """An anonymous complaint by mail; `cast.agen` may read it, but not who wrote it."""
    return case("anonymous", channel="email")


def page_of(ticket, user):
    return login(user).get(reverse("agent:ticket", args=[ticket.number])).content.decode()


def may_open(ticket, user):
    return login(user).get(reverse("agent:ticket", args=[ticket.number])).status_code == 200


# Who the reporter is


def test_an_officer_sees_no_name_before_stating_a_reason(cast):
    page = page_of(case(), cast.inspektorat)
    assert "Pelapor dirahasiakan" in page
    assert WITNESS not in page and not IdentityView.objects.exists()


def test_lowering_the_level_unmasks_nobody(cast, anonymous):
    client, url = login(cast.agen), reverse("agent:edit", args=[anonymous.number])
    initial = client.get(url).context["form"].initial
    data = {name: value for name, value in initial.items() if value not in (None, [], "")}
    client.post(url, data | {"confidentiality": "normal", "reason": "Ingin tahu."})
    assert WITNESS not in page_of(anonymous, cast.agen)


def test_a_bounce_does_not_show_the_address(cast, anonymous):
    delivery = Delivery.objects.filter(topic=f"ticket:{anonymous.pk}").latest("pk")
    diagnosis = b"Diagnostic-Code: smtp; 550 5.1.1 <" + WITNESS_ADDRESS.encode() + b">: user unknown"
    raw = REPORT.replace(b"abc@contoh.go.id", message_id_for(delivery).encode())
    inbound.receive_raw(re.sub(rb"(?mi)^Diagnostic-Code:.*$", diagnosis, raw))
    delivery.refresh_from_db()
    assert delivery.state == "bounced" and "user unknown" in delivery.error
    assert WITNESS_ADDRESS not in delivery.error
    assert WITNESS_ADDRESS not in page_of(anonymous, cast.agen)


def test_an_absence_notice_reveals_nobody_in_quarantine(cast, anonymous):
    mail(
        "Saya cuti.",
        From=f"{WITNESS} <{WITNESS_ADDRESS}>",
        Subject=f"Re: [{anonymous.number}] {SUBJECT}",
        Auto_Submitted="auto-replied",
        In_Reply_To=last_id(anonymous),
    )
    client = login(cast.agen)
    pages = client.get(reverse("agent:quarantine")).content.decode()
    for record in InboundRecord.objects.filter(state="quarantined"):
        pages += client.get(reverse("agent:decide", args=[record.pk])).content.decode()
    assert not (WITNESS_ADDRESS in pages and anonymous.number in pages)


def test_a_stale_request_does_not_name_an_anonymous_colleague(cast):
    ticket = factories.ticket("complaint", requester=cast.teknisi, confidentiality="anonymous")
    answer = Caller(cast.agen).say(ticket, if_match='"0-0"')
    assert answer.status_code == 409
    assert cast.teknisi.display_name not in answer.content.decode()


def test_the_office_of_an_anonymous_civil_servant_is_not_filled_in(cast):
    resolve(Identity(user=cast.asn))
    assert factories.ticket("complaint", requester=cast.asn, confidentiality="anonymous").office is None


@pytest.fixture
def chatted(cast):
    """A ticket by Telegram whose last answer failed, with all it says about the chat."""
    sender = Identity(telegram="987654321", verified=True, name="Sari")
    ticket = factories.ticket(channel="telegram", sender=sender, mailbox="987654321")
    Delivery.objects.filter(topic=f"ticket:{ticket.pk}").update(message_id="987654321:5", state="failed")
    return ticket


def test_the_api_does_not_show_a_masked_telegram_id(cast, chatted):
    answer = Caller(cast.pimpinan).get(f"deliveries/?ticket={chatted.number}")
    assert answer.json()["results"]
    assert "987654321" not in answer.content.decode()


def test_the_admin_does_not_show_a_masked_telegram_id(cast, chatted):
    row = Delivery.objects.filter(topic=f"ticket:{chatted.pk}").latest("pk")
    for url in ("/admin/notify/delivery/", f"/admin/notify/delivery/{row.pk}/change/"):
        answer = login(cast.admin).get(url)
        assert answer.status_code == 200 and "987654321" not in answer.content.decode()


# What follows a case stays as confidential as the case


@pytest.mark.parametrize("how", ["reference", "tag"])
def test_mail_after_a_finished_case_stays_restricted(cast, how):
    ticket = case(channel="email")
    hand_off(ticket, cast.inspektorat)
    named = {"In_Reply_To": last_id(ticket)} if how == "reference" else {"Subject": f"Re: [{ticket.number}]"}
    later = mail("Nama pelakunya Budi.", From=WITNESS_ADDRESS, **named).ticket
    assert later.is_restricted and not may_open(later, cast.agen)


def test_a_chat_reply_after_a_finished_case_stays_restricted(cast):
    sender = Identity(telegram="777", verified=True, name="Sari")
    ticket = raised(cast.koordinator, "whistleblowing", channel="telegram", sender=sender, mailbox="777")
    hand_off(ticket, cast.inspektorat)
    TelegramMessage.objects.create(chat_id=777, message_id=55, ticket=ticket)
    updates.handle(chat_update(1, "Nama pelakunya Budi", reply_to_message={"message_id": 55}))
    assert Message.objects.get(text="Nama pelakunya Budi").ticket.is_restricted


def test_mail_after_a_closed_anonymous_case_stays_anonymous(cast, anonymous):
    workflow.perform(anonymous.pk, "archive", cast.koordinator, reason="Tidak lengkap.")
    later = mail("Ini buktinya.", From=WITNESS_ADDRESS, In_Reply_To=last_id(anonymous)).ticket
    assert WITNESS not in page_of(later, cast.agen)


def test_a_stranger_does_not_reopen_a_case(cast):
    ticket = case(channel="email")
    workflow.perform(ticket.pk, "verify", cast.inspektorat, complaint_class="supervisory")
    workflow.perform(ticket.pk, "respond", cast.inspektorat, answer="Sudah ditangani.")
    mail("Buka lagi!", From="orang@lain.id", Subject=f"[{ticket.number}]")
    ticket.refresh_from_db()
    assert ticket.state == "responded"


def test_a_reply_to_a_notice_for_staff_is_not_shown_to_the_requester(cast):
    ticket = factories.ticket(channel="email")
    workflow.perform(ticket.pk, "assign", cast.koordinator, assignee="agen")
    notice = Delivery.objects.get(key__startswith="assigned:")
    mail(
        "Pelapor ini cerewet.",
        From=cast.agen.email,
        Subject=f"Re: [{ticket.number}] Pemberitahuan petugas",
        In_Reply_To=f"<{message_id_for(notice)}>",
    )
    assert not Message.objects.filter(text__contains="cerewet").exclude(visibility="internal").exists()


def test_raising_the_level_without_a_confidential_team_loses_no_ticket(cast):
    cast.confidential_team.is_active = False
    cast.confidential_team.save()
    assert may_open(raised(cast.koordinator), cast.inspektorat)


def test_a_secret_case_that_becomes_whistleblowing_moves_to_the_inspectorate(cast):
    other = factories.team("rahasia", is_confidential=True)
    officer = factories.user("petugas_rahasia", Role.CONFIDENTIAL_OFFICER, teams=(other,))
    ticket = factories.ticket("complaint", confidentiality="secret")
    assert ticket.team == other
    edits.change(ticket_id=ticket.pk, actor=officer, confidentiality="whistleblowing")
    assert not may_open(ticket, officer) and may_open(ticket, cast.inspektorat)


# The bot


def test_the_bot_forgets_a_ticket_that_became_restricted(cast):
    ticket = factories.ticket("complaint", sender=witness(), subject="Kasus gelap")
    updates.handle(chat_update(1, "/start"))
    Participant.objects.create(ticket=ticket, contact=TelegramChat.objects.get().contact)
    updates.handle(button(2, f"tiket:{ticket.pk}"))
    edits.change(ticket_id=ticket.pk, actor=cast.koordinator, confidentiality="whistleblowing", reason="Pejabat.")
    updates.handle(chat_update(3, "/status"))
    assert "Kasus gelap" not in Delivery.objects.latest("pk").text


def test_the_bot_tells_nothing_of_the_ticket_another_was_merged_into(cast):
    target = case("secret")
    updates.handle(chat_update(1, "/start"))
    mine = factories.ticket(
        "complaint", channel="telegram", sender=Identity(telegram="777", verified=True), mailbox="777"
    )
    Ticket.objects.filter(pk=mine.pk).update(merged_into=target)
    TelegramChat.objects.update(current_ticket=mine)
    updates.handle(chat_update(2, "Ada kabar?"))
    updates.handle(chat_update(3, "/status"))
    said = " ".join(Delivery.objects.filter(recipient="777").values_list("text", flat=True))
    assert said and SUBJECT not in said and target.number not in said


# Live screens and notices


in_memory = pytest.mark.skipif(
    bool(settings.REDIS_URL) or connection.vendor != "sqlite", reason="needs the in-memory layer and one connection"
)


@live
async def _what_an_officer_hears(ticket, officer, reporter):
    async with opened(path_of(ticket), officer) as screen, opened(path_of(ticket), reporter):
        return await screen.receive_json_from()


@in_memory
def test_presence_does_not_name_a_whistleblower(cast):
    ticket = factories.ticket("complaint", requester=cast.teknisi, confidentiality="whistleblowing")
    heard = _what_an_officer_hears(ticket, cast.inspektorat, cast.teknisi)
    assert cast.teknisi.display_name not in json.dumps(heard)


@live
async def _what_a_dismissed_person_hears(ticket, dismissed, other):
    async with opened(path_of(ticket), dismissed) as screen:
        await database_sync_to_async(dismissed.groups.clear)()
        await database_sync_to_async(dismissed.team_memberships.all().delete)()
        async with opened(path_of(ticket), other):
            return await screen.receive_output(1)


@in_memory
def test_presence_stops_with_the_right(cast):
    ticket = factories.ticket(team=cast.network)
    assert _what_a_dismissed_person_hears(ticket, cast.teknisi, cast.agen)["type"] == "websocket.close"


def test_escalation_tells_no_coordinator_who_is_no_officer(cast):
    head = factories.user("kepala", teams=(cast.confidential_team,), coordinates=True)
    ticket = case()
    for day in range(1, 40):
        sweeps.escalate_due(now=datetime(2027, 1, 1, 3, tzinfo=UTC) + timedelta(days=day))
    assert Escalation.objects.exists()
    assert not Delivery.objects.filter(recipient=head.email, topic=f"ticket:{ticket.pk}").exists()


# Reports by telephone


@pytest.mark.parametrize("age", [timedelta(), timedelta(days=1)], ids=["same day", "older case"])
def test_a_report_tells_a_restricted_number_from_an_absent_one_in_nothing(cast, age):
    ticket = raised(cast.koordinator)
    Message.objects.filter(ticket=ticket).update(created_at=timezone.now() - age)
    client = login(cast.agen)
    seen = []
    for number in (ticket.number, ABSENT):
        answer = report(client, number)
        assert answer.redirect_chain, answer.context["form"].errors
        seen.append(re.sub(r"[A-Z]{3}-\d{4}-\d+", "NOMOR", str(answer.redirect_chain)))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("was_raised", [True, False])
def test_a_backdated_report_hands_out_no_access_code(cast, was_raised):
    ticket = raised(cast.koordinator) if was_raised else case()
    client = login(cast.agen)
    assert not may_open(ticket, cast.agen)
    page = report(client, ticket.number, timezone.now() - timedelta(days=2)).content.decode()
    assert ticket.access_code not in re.sub(r"[\s-]", "", page)


def test_a_backdated_report_in_the_name_of_a_reporter_hands_out_no_access_code(cast):
    ticket = factories.ticket("complaint")
    client = login(cast.teknisi)
    answer = report(client, ticket.number, timezone.now() - timedelta(days=2), email="sari@contoh.id")
    assert ticket.access_code not in re.sub(r"[\s-]", "", answer.content.decode())


def test_wrong_codes_of_others_do_not_lock_the_reporter_out(cast):
    ticket = factories.ticket()
    foe = Client(REMOTE_ADDR="203.0.113.9")
    for attempt in range(16):
        foe.post("/lacak/", {"number": ticket.number, "code": f"SALAH{attempt}"})
    own = {"number": ticket.number, "code": ticket.access_code}
    assert Client(REMOTE_ADDR="198.51.100.7").post("/lacak/", own).status_code == 302


# Ids and crawling


def test_no_visible_id_counts_the_hidden_tickets(cast):
    first, _hidden, second = factories.ticket(), case(), factories.ticket()
    for ticket in (first, second):
        Ticket.objects.filter(pk=ticket.pk).update(version=77)
        answer = Caller(cast.agen).ticket(ticket)
        assert answer["ETag"] == f'"{ticket.number}-77"'
        assert "id" not in answer.json() and "pk" not in answer.json()


CONTACTS = (Contact, ContactPoint)
"""Their pages are tested in tests/accounts."""


def _pages(ticket, other, file):
    number = ticket.number
    tabs = ("terbuka", "saya", "belum", "tim", "lewat", "menunggu", "selesai")
    yield from ("/", "/layanan/", "/tiket-saya/", f"/tiket-saya/{number}/", f"/lacak/?nomor={number}", "/metrics")
    yield from ("/kerja/", f"/kerja/?q={number}", "/kerja/?q=suap", "/kerja/karantina/")
    yield from (f"/kerja/?tab={tab}&q=Suap" for tab in tabs)
    steps = ("", "ubah/", "aset/", "langkah/verify/", "langkah/nonsens/")
    yield from (f"/kerja/tiket/{number}/{step}" for step in steps)
    yield from (f"/kerja/tiket/{other.number}/", f"/lampiran/{file.uuid}/")
    yield from ("/laporan/", "/laporan/tiket/", "/laporan/unduh/", "/admin/")
    fields = {"ticket": ("tickets", "team"), "service": ("catalog", "support_team")}
    for model, (app, field) in fields.items():
        yield f"/admin/autocomplete/?app_label={app}&model_name={model}&field_name={field}&term=saksi"


def _admin_pages(ticket):
    for model in admin.site._registry:
        if model in CONTACTS:
            continue
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        yield from (base, f"{base}?q=saksi", f"{base}?q=Suap", f"{base}?q={ticket.number}")
        about = {Ticket: {"pk": ticket.pk}, Delivery: {"topic": f"ticket:{ticket.pk}"}}.get(model)
        for row in model.objects.filter(**about) if about else ():
            yield from (f"{base}{row.pk}/{page}/" for page in ("change", "history", "delete"))


def _resources(ticket, file):
    number, message = ticket.number, ticket.messages.first()
    queries = (f"q={number}", "q=Suap", f"requester={WITNESS_ADDRESS}", f"requester={ticket.requester_id}")
    yield from ("tickets/", f"tickets/{number}/", *(f"tickets/?{query}" for query in queries))
    yield from ("quarantine/", f"deliveries/?ticket={number}", f"attachments/{file.uuid}/")
    yield from (f"messages/{message.pk}/original/", "reports/sla/?group_by=kind", "services/", "assets/")


def _told(url, answer, ticket):
    """What the answer says about the case, apart from the words of the question."""
    text = b"".join(answer.streaming_content) if answer.streaming else answer.content
    body = text.decode("utf-8", "replace")
    secrets = [ticket.number, WITNESS, SUBJECT, WITNESS_ADDRESS, "rahasia sekali"]
    return [(url, word) for word in secrets if word in body and word not in url]


STAFF = ["admin", "pimpinan", "koordinator", "agen", "teknisi", "penghubung", "orang_luar", "cab"]


@pytest.mark.parametrize("who", STAFF)
def test_no_page_and_no_resource_tells_of_a_case(cast, who):
    ticket = case(uploads=(Upload("bukti.txt", "text/plain", b"rahasia sekali"),))
    other, file = factories.ticket(), ticket.messages.first().attachments.get()
    user = getattr(cast, who)
    client, caller, told = login(user), Caller(user), []
    pages = [*_pages(ticket, other, file), *(_admin_pages(ticket) if user.is_staff else ())]
    for url in pages:
        told += _told(url, client.get(url, follow=True), ticket)
    for url in _resources(ticket, file):
        told += _told(url, caller.get(url), ticket)
    assert told == []
