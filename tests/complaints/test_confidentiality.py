"""Anonymous hides the reporter, secret and whistleblowing hide the case: on every way by which it could get out."""

from types import SimpleNamespace

import pytest
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts import contacts
from accounts.contacts import Identity
from accounts.models import TeamMembership
from channels_bot.telegram.threads import own_tickets
from notify.models import Delivery
from notify.push import QUEUE, RESTRICTED_QUEUE
from tests import factories
from tests.api.conftest import Caller
from tickets import access, edits, messages, queues, rows, workbench, workflow
from tickets.errors import Forbidden, InvalidInputs, NotVisible, WrongState
from tickets.filters import QueueFilters
from tickets.models import Ticket
from tickets.workflow import available, perform

OUTSIDERS = ("agen", "teknisi", "koordinator", "penghubung", "cab", "pimpinan", "admin", "orang_luar")
RESTRICTED = ("secret", "whistleblowing")
SUBJECT = "Pungutan di loket perizinan"
NAME = "Wulandari"


def complaint(cast, confidentiality, **kw):
    kw.setdefault("sender", Identity(name=NAME, email="wulan@contoh.id"))
    return factories.ticket(
        "complaint", subject=SUBJECT, text="Diminta uang.", confidentiality=confidentiality,
        office=cast.penghubung.office, **kw,
    )  # fmt: skip


@pytest.fixture(params=RESTRICTED)
def case(cast, request):
    return complaint(cast, request.param)


def person(cast, name):
    return getattr(cast, name)


@pytest.mark.parametrize("name", OUTSIDERS)
def test_it_is_in_no_queue_no_count_and_no_search(cast, case, name):
    user, now = person(cast, name), timezone.now()
    for query in ({}, {"q": case.number}, {"q": "loket"}, {"kind": "complaint"}, {"office": "dukcapil"}):
        filters = QueueFilters(query)
        for tab in queues.TABS.values():
            assert not queues.tickets_in(user, tab, filters, now).exists()
        assert {each.count for each in queues.tab_counts(user, queues.tab_of(""), filters, now)} == {"0"}


@pytest.mark.parametrize("name", OUTSIDERS)
def test_every_page_and_call_answers_as_for_a_number_that_does_not_exist(cast, case, client, name):
    user = person(cast, name)
    client.force_login(user)
    if user.is_workspace_user:
        missing = client.get("/kerja/tiket/RHS-2026-ABCDEFGH/")
        found = client.get(f"/kerja/tiket/{case.number}/")
        assert (found.status_code, missing.status_code) == (404, 404)
        assert SUBJECT not in client.get("/kerja/?q=loket").content.decode()
    assert client.get(f"/tiket-saya/{case.number.lower()}/").status_code == 404
    api = Caller(user)
    assert api.ticket(case).status_code == api.get("tickets/RHS-2026-ABCDEFGH/").status_code == 404
    assert api.get("tickets/").json()["results"] == []
    for query in ({"q": "loket"}, {"q": case.number}, {"requester": "wulan@contoh.id"}):
        assert api.get("tickets/", query).json()["results"] == []
    assert api.step(case, "archive", {"reason": "x"}).status_code == 404
    assert api.say(case).status_code == 404
    assert Ticket.objects.get(pk=case.pk).version == case.version


@pytest.mark.parametrize("name", ["pimpinan", "koordinator"])
def test_reports_and_exports_do_not_count_it(cast, case, client, name):
    client.force_login(person(cast, name))
    day = timezone.localdate().isoformat()
    chosen = {"dari": day, "sampai": day}

    def pages():
        for view in ("sla", "sla_tickets", "sla_export"):
            answer = client.get(reverse(f"reports:{view}"), chosen | {"format": "csv"})
            assert answer.status_code == 200, view
            yield b"".join(answer.streaming_content) if answer.streaming else answer.content

    assert client.get(reverse("reports:sla"), chosen).context["report"].summary.created == 0
    for content in pages():
        assert SUBJECT.encode() not in content and case.number.encode() not in content


def test_numbers_show_no_gap(cast):
    first = factories.ticket("complaint")
    for confidentiality in RESTRICTED:
        assert complaint(cast, confidentiality).number.startswith("RHS-")
    second = factories.ticket("complaint")
    assert int(second.number.rsplit("-", 1)[1]) == int(first.number.rsplit("-", 1)[1]) + 1


def test_nobody_but_its_people_is_told_and_mails_say_nothing(cast, case):
    outside = Q(recipient__in=[person(cast, name).email for name in OUTSIDERS])
    perform(case.pk, "verify", cast.inspektorat, complaint_class="supervisory")
    perform(case.pk, "reassign", cast.inspektorat, assignee="inspektorat")
    perform(case.pk, "hold", cast.inspektorat, reason="requester", note="Loket nomor berapa?")
    messages.post(ticket_id=case.pk, actor=cast.inspektorat, text="Mohon dilengkapi.")
    assert not Delivery.objects.filter(outside).exists()
    for mail in Delivery.objects.filter(topic=f"ticket:{case.pk}"):
        assert SUBJECT not in mail.subject + mail.text and "Loket" not in mail.text and NAME not in mail.subject


def test_it_is_never_disposed_to_an_office_and_the_liaison_never_joins(cast, case):
    perform(case.pk, "verify", cast.inspektorat, complaint_class="ordinary")
    assert "forward" not in {info.name for info in available(Ticket.objects.get(pk=case.pk), cast.inspektorat)}
    with pytest.raises(WrongState):
        perform(case.pk, "forward", cast.inspektorat, office="dukcapil")
    with pytest.raises(NotVisible):
        perform(case.pk, "return_", cast.penghubung, reason="x")


def test_screens_of_the_desk_hear_no_ping(cast, case, monkeypatch, django_capture_on_commit_callbacks):
    heard = []
    monkeypatch.setattr(workflow, "push", lambda group, event: heard.append(group))
    messages.post(ticket_id=case.pk, actor=cast.inspektorat, text="Mohon dilengkapi.")
    assert RESTRICTED_QUEUE in heard and QUEUE not in heard


@pytest.mark.parametrize("name", OUTSIDERS)
def test_the_bot_lists_it_for_its_reporter_alone(cast, case, name):
    """The bot answers /tiket and /status from this one list."""

    mine = contacts.resolve(Identity(user=person(cast, name), email=person(cast, name).email))
    turn = SimpleNamespace(contact=mine, chat=SimpleNamespace(chat_id=99, contact=mine))
    assert not own_tickets(turn).filter(pk=case.pk).exists()


def test_a_secret_one_raised_later_leaves_every_desk_at_once(cast):
    ticket = complaint(cast, "normal")
    perform(ticket.pk, "verify", cast.agen, complaint_class="ordinary")
    perform(ticket.pk, "forward", cast.agen, office="dukcapil")
    assert access.visible_to(cast.penghubung).filter(pk=ticket.pk).exists()
    edits.change(ticket_id=ticket.pk, actor=cast.agen, confidentiality="secret")
    for name in OUTSIDERS:
        assert not access.visible_to(person(cast, name)).filter(pk=ticket.pk).exists(), name
    fresh = Ticket.objects.get(pk=ticket.pk)
    assert fresh.assignee is None and access.visible_to(cast.inspektorat).filter(pk=ticket.pk).exists()


def test_lowering_needs_a_reason_and_an_officer(cast, case):
    with pytest.raises(InvalidInputs) as refused:
        edits.change(ticket_id=case.pk, actor=cast.inspektorat, confidentiality="normal")
    assert list(refused.value.errors) == ["reason"]
    with pytest.raises(NotVisible):
        edits.change(ticket_id=case.pk, actor=cast.admin, confidentiality="normal", reason="Ingin tahu")
    edits.change(ticket_id=case.pk, actor=cast.inspektorat, confidentiality="anonymous", reason="Pelapor setuju.")
    assert access.visible_to(cast.agen).filter(pk=case.pk).exists()


@pytest.fixture
def anonymous(cast):
    return complaint(cast, "anonymous")


def test_an_anonymous_case_is_worked_on_without_its_reporter(cast, anonymous, client):
    forwarded = perform(anonymous.pk, "verify", cast.agen, complaint_class="ordinary")
    perform(forwarded.pk, "forward", cast.agen, office="dukcapil")
    messages.post(ticket_id=anonymous.pk, actor=access.Actor(contact=anonymous.requester), text="Tambahan.")
    perform(anonymous.pk, "start", cast.penghubung)
    for name in ("agen", "koordinator", "penghubung", "pimpinan", "admin"):
        user = person(cast, name)
        client.force_login(user)
        page = client.get(f"/kerja/tiket/{anonymous.number}/").content.decode()
        assert SUBJECT in page and NAME not in page and "wulan@" not in page, name
        assert NAME not in client.get("/kerja/").content.decode()
        document = Caller(user).ticket(anonymous).content.decode()
        assert NAME not in document and "wulan@" not in document, name
    history = workbench.history(Ticket.objects.get(pk=anonymous.pk), internal=True, conceal=True)
    assert NAME not in str(history) and "Pelapor (dirahasiakan)" in str(history)
    for mail in Delivery.objects.exclude(contact=anonymous.requester):
        assert NAME not in mail.text + mail.subject


def test_the_liaison_opens_no_identity_of_an_anonymous_reporter(cast, anonymous):
    perform(anonymous.pk, "verify", cast.agen, complaint_class="ordinary")
    perform(anonymous.pk, "forward", cast.agen, office="dukcapil")
    fresh = Ticket.objects.get(pk=anonymous.pk)
    for name in ("agen", "penghubung", "admin"):
        with pytest.raises(Forbidden):
            workbench.open_identity(fresh, person(cast, name), "Ingin tahu siapa")


def test_lists_hide_the_anonymous_from_everybody(cast, anonymous):
    TeamMembership.objects.create(team=cast.desk, user=cast.inspektorat)
    found = rows.columns(access.visible_to(cast.agen).filter(pk=anonymous.pk))
    (row,) = rows.rows(list(found), timezone.now())
    assert NAME not in row.about and "Anonim" in row.about
