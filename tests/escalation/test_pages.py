"""The steps on the screen: in words, created, changed, switched; the log; and who gets in."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sla.models import Escalation, EscalationStep
from tests import factories
from tests.escalation.conftest import fired, report, step, sweep
from tickets.escalation import words

LIST, LOG = reverse("agent:sla_escalation"), reverse("agent:sla_escalation_log")
NEW = reverse("agent:sla_escalation_create")


@pytest.fixture
def keeper(desk, client):
    client.force_login(desk.koordinator)
    return client


def form(**kw):
    return {"amount": "50", "when": "percent", "notify_assignee": "on", "is_active": "on"} | kw


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (
            {"percent": 80, "kind": "incident", "priority": 4, "notify_assignee": True, "notify_coordinator": True},
            "Pada 80% target tanggapan pertama gangguan kritis: beri tahu petugas dan koordinator",
        ),
        (
            {"offset_minutes": 60, "metric": "", "outside_hours": True, "notify_office_head": True},
            "1 j sesudah tenggat apa pun (jam dinding): beri tahu kepala perangkat daerah",
        ),
        (
            {"offset_minutes": -30, "priority": 3, "notify_team": True, "raise_priority": True},
            "30 m sebelum tenggat tanggapan pertama prioritas tinggi: "
            "beri tahu seluruh tim dan naikkan prioritas satu tingkat",
        ),
    ],
)
def test_steps_read_as_sentences(desk, values, text):
    assert words.describe(step(**values)) == text


def test_the_list_tells_each_step_and_whether_it_is_on(keeper, desk):
    assert "Belum ada langkah eskalasi" in keeper.get(LIST).content.decode()
    step(percent=50, notify_team=True, team=desk.network, is_active=False)
    page = keeper.get(LIST).content.decode()
    assert "Pada 50% target tanggapan pertama tim Jaringan: beri tahu seluruh tim" in page and "Nyalakan" in page


def test_the_list_asks_the_same_for_many(keeper, desk, django_assert_num_queries):
    step(percent=50, notify_team=True, team=desk.network, reassign_to=desk.desk)
    keeper.get(LIST)
    with CaptureQueriesContext(
        connection,
    ) as few:
        keeper.get(LIST)
    for percent in range(10, 40):
        step(percent=percent, notify_team=True, team=desk.network, reassign_to=desk.desk)
    with django_assert_num_queries(len(few)):
        keeper.get(LIST)


def test_a_step_is_created_from_the_form(keeper, desk, wall):
    data = form(metric="resolution", kind="incident", priority="4", amount="60", when="after", outside_hours="on")
    assert keeper.post(NEW, data).status_code == 302
    made = EscalationStep.objects.get()
    assert (made.metric, made.priority, made.percent, made.offset_minutes) == ("resolution", 4, None, 60)
    assert made.outside_hours and made.needs_planning and made.active_since == wall.now


def test_before_the_due_is_a_negative_offset_and_comes_back_so(keeper, desk):
    keeper.post(NEW, form(amount="30", when="before"))
    made = EscalationStep.objects.get()
    assert made.offset_minutes == -30
    page = keeper.get(reverse("agent:sla_escalation_edit", args=[made.pk]))
    assert (page.context["form"]["amount"].value(), page.context["form"]["when"].value()) == (30, "before")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"notify_assignee": ""}, "notify_assignee"),
        ({"outside_hours": "on"}, "outside_hours"),
        ({"amount": "0"}, "amount"),
        ({"amount": "1001"}, "amount"),
        ({"amount": "99999", "when": "after"}, "amount"),
        ({"amount": ""}, "amount"),
        ({"priority": "9"}, "priority"),
        ({"metric": "xyz"}, "metric"),
    ],
)
def test_what_cannot_work_is_refused_at_its_field(keeper, desk, data, field):
    page = keeper.post(NEW, form(**data))
    assert page.status_code == 422 and field in page.context["form"].errors
    assert not EscalationStep.objects.exists()


def test_confidential_teams_and_the_own_team_take_no_tickets(keeper, desk):
    page = keeper.post(NEW, form(reassign_to=str(desk.confidential_team.pk)))
    assert "reassign_to" in page.context["form"].errors
    page = keeper.post(NEW, form(team=str(desk.network.pk), reassign_to=str(desk.network.pk)))
    assert "reassign_to" in page.context["form"].errors


def test_an_edit_before_it_fired_changes_the_step(keeper, desk):
    made = step(percent=50, notify_team=True)
    keeper.post(reverse("agent:sla_escalation_edit", args=[made.pk]), form(metric="response", amount="60"))
    changed = EscalationStep.objects.get()
    assert (changed.pk, changed.percent, changed.notify_team) == (made.pk, 60, False)


def test_an_edit_after_it_fired_leaves_history_as_it_was(keeper, desk, wall):
    made = step(percent=50, notify_assignee=True)
    ticket = report(desk)
    sweep(wall, "23 09:30")
    keeper.post(reverse("agent:sla_escalation_edit", args=[made.pk]), form(metric="response", amount="20"))
    made.refresh_from_db()
    assert (made.percent, made.is_active) == (50, False)
    assert EscalationStep.objects.get(is_active=True).percent == 20
    sweep(wall, "23 09:31")
    assert fired(ticket) == [(50, 1, False)], "what lies behind does not fire for the new step"


def test_saving_without_a_change_makes_nothing_new(keeper, desk, wall):
    made = step(percent=50, notify_assignee=True)
    report(desk)
    sweep(wall, "23 09:30")
    keeper.post(reverse("agent:sla_escalation_edit", args=[made.pk]), form(metric="response"))
    assert EscalationStep.objects.count() == 1


def test_a_step_is_switched_off_and_on(keeper, desk, wall):
    made = step(percent=50, notify_assignee=True)
    address = reverse("agent:sla_escalation_switch", args=[made.pk])
    ticket = report(desk)
    keeper.post(address, {"on": "0"})
    sweep(wall, "23 09:30")
    assert fired(ticket) == []
    wall.set("23 09:40")
    keeper.post(address, {"on": "1"})
    sweep(wall, "23 09:45")
    assert fired(ticket) == []
    made.refresh_from_db()
    assert made.is_active and not made.needs_planning


def test_a_step_that_cannot_work_any_more_is_not_switched_on(keeper, desk):
    made = step(percent=50, is_active=False)
    page = keeper.post(reverse("agent:sla_escalation_switch", args=[made.pk]), {"on": "1"}, follow=True)
    made.refresh_from_db()
    assert not made.is_active and "paling sedikit satu tindakan" in page.content.decode()


def test_the_log_shows_what_fired_and_marks_the_late(keeper, desk, wall):
    assert "Belum ada langkah yang berjalan" in keeper.get(LOG).content.decode()
    step(percent=50, notify_assignee=True)
    ticket = report(desk)
    sweep(wall, "23 11:30")
    page = keeper.get(LOG).content.decode()
    assert ticket.number in page and "terlambat" in page and "23 Nov 2026 09.30 WIB" in page


def test_the_log_pages_and_asks_the_same_for_many(keeper, desk, wall, django_assert_max_num_queries):
    step(percent=50, notify_assignee=True)
    tickets = [report(desk) for _each in range(55)]
    sweep(wall, "23 09:30")
    with django_assert_max_num_queries(12):
        page = keeper.get(LOG)
    assert len(page.context["rows"]) == 50 and page.context["page"].next
    last = keeper.get(LOG, {"sesudah": page.context["page"].next})
    shown = {row["fired"].clock.ticket_id for each in (page, last) for row in each.context["rows"]}
    assert shown == {ticket.pk for ticket in tickets}


def test_the_log_tells_nothing_of_restricted_tickets(keeper, desk, wall):
    step(percent=1, metric="resolution", notify_team=True)
    case = factories.ticket("complaint", confidentiality="whistleblowing")
    sweep(wall, "25 11:00")
    assert Escalation.objects.filter(clock__ticket=case).exists()
    keeper.force_login(desk.koordinator)
    page = keeper.get(LOG)
    assert case.number not in page.content.decode() and not page.context["rows"]


@pytest.mark.parametrize("person", ["warga", "asn", "orang_luar", "agen", "teknisi", "penghubung", "pimpinan", "cab"])
def test_outsiders_get_nowhere(desk, client, person):
    made = step(percent=50, notify_assignee=True)
    client.force_login(getattr(desk, person))
    for name, args in (("", ()), ("_create", ()), ("_log", ()), ("_edit", (made.pk,))):
        assert client.get(reverse(f"agent:sla_escalation{name}", args=args)).status_code == 403
    assert client.post(NEW, form()).status_code == 403
    assert client.post(reverse("agent:sla_escalation_edit", args=[made.pk]), form(amount="9")).status_code == 403
    assert client.post(reverse("agent:sla_escalation_switch", args=[made.pk]), {"on": "0"}).status_code == 403
    made.refresh_from_db()
    assert made.is_active and made.percent == 50 and EscalationStep.objects.count() == 1


def test_numbers_that_no_step_has_are_not_found(keeper, desk):
    for pk in (999_999, 2**70):
        assert keeper.get(reverse("agent:sla_escalation_edit", args=[pk])).status_code == 404
        assert keeper.post(reverse("agent:sla_escalation_switch", args=[pk]), {"on": "1"}).status_code == 404


def test_the_admin_keeps_what_fired(desk, wall, client):
    made = step(percent=50, notify_assignee=True)
    report(desk)
    sweep(wall, "23 09:30")
    client.force_login(desk.admin)
    address = reverse("admin:sla_escalationstep_change", args=[made.pk])
    assert client.get(address).status_code == 200
    client.post(address, {"percent": "5", "_save": "1"})
    made.refresh_from_db()
    assert (made.percent, made.is_active) == (50, False)
