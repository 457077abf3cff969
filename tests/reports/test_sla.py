"""What the report counts, told with tickets that lived through intake and workflow."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from reports import sla
from sla.models import Clock
from tests import factories
from tests.reports.conftest import long_ago, resolve, start_of_history
from tickets.models import Ticket
from tickets.workflow import perform


def rows_of(user, group_by="kind", start=None, end=None, **filters):
    start, end = start or start_of_history(), end or timezone.localdate()
    return {row.key: row for row in sla.attainment(user, start=start, end=end, group_by=group_by, filters=filters)}


def numbers(counts):
    return counts.met, counts.breached, counts.running


def test_each_clock_is_met_breached_or_running(cast, lives):
    assert Clock.objects.get(ticket=lives.overdue, metric="resolution").state == Clock.State.RUNNING
    row = rows_of(cast.pimpinan)["incident"]
    resolution, response = row.metrics["resolution"], row.metrics["response"]
    assert numbers(resolution) == (1, 2, 2)
    assert resolution.attainment == 33.3
    # `start` says nothing to the requester, so only the finished ones have a stopped response clock.
    assert numbers(response) == (1, 2, 2)
    assert numbers(row) == (2, 4, 4) and row.total == 10 and row.attainment == 33.3


def test_a_stored_state_that_is_older_than_the_deadline_changes_nothing(cast, lives):
    before = rows_of(cast.pimpinan)["incident"]
    Clock.objects.filter(ticket=lives.overdue).update(state=Clock.State.BREACHED)
    assert rows_of(cast.pimpinan)["incident"] == before


def test_each_result_names_its_tickets(cast, lives):
    def behind(result):
        cell = sla.Cell("kind", "incident", "resolution", result)
        found = sla.tickets_behind(cell, cast.pimpinan, start=start_of_history(), end=timezone.localdate())
        return set(found.values_list("number", flat=True))

    assert behind("met") == {lives.met.number}
    assert behind("breached") == {lives.late.number, lives.overdue.number}
    assert behind("running") == {lives.running.number, lives.paused.number}


def test_the_three_metrics_of_a_complaint(cast):
    factories.ticket("complaint")
    row = rows_of(cast.pimpinan)["complaint"]
    assert set(row.metrics) == {"verification", "response", "resolution"}
    assert all(numbers(counts) == (0, 0, 1) for counts in row.metrics.values())
    assert row.attainment is None and row.total == 3


def test_reopening_puts_a_met_clock_back_among_the_running(cast):
    ticket = resolve(factories.ticket(requester=cast.warga), cast.agen)
    assert numbers(rows_of(cast.pimpinan)["incident"].metrics["resolution"]) == (1, 0, 0)
    perform(ticket.pk, "reopen", cast.warga, reason="Belum.")
    assert numbers(rows_of(cast.pimpinan)["incident"].metrics["resolution"]) == (0, 0, 1)


def test_reopening_does_not_wash_a_breach_away(cast):
    ticket = resolve(factories.ticket(requester=cast.warga, received_at=long_ago()), cast.agen)
    perform(ticket.pk, "reopen", cast.warga, reason="Belum.")
    assert numbers(rows_of(cast.pimpinan)["incident"].metrics["resolution"]) == (0, 1, 0)


@pytest.mark.parametrize("instant, day", [
    # Midnight in Jakarta is 17.00 UTC of the day before.
    (datetime(2026, 3, 31, 16, 59, 59, 999999, tzinfo=UTC), date(2026, 3, 31)),
    (datetime(2026, 3, 31, 17, 0, tzinfo=UTC), date(2026, 4, 1)),
])  # fmt: skip
def test_days_and_months_begin_at_local_midnight(cast, instant, day):
    ticket = factories.ticket(received_at=instant)
    assert Ticket.objects.get(pk=ticket.pk).created_at == instant
    assert rows_of(cast.pimpinan, start=day, end=day)
    assert not rows_of(cast.pimpinan, start=day - timedelta(days=1), end=day - timedelta(days=1))
    assert not rows_of(cast.pimpinan, start=day + timedelta(days=1), end=day + timedelta(days=1))
    key = f"{day:%Y-%m}"
    row = rows_of(cast.pimpinan, "month", start=date(2026, 1, 1), end=date(2026, 12, 31))[key]
    assert row.label == {3: "Maret 2026", 4: "April 2026"}[day.month] and row.total == 2
    cell = sla.Cell("month", key)
    assert sla.tickets_behind(cell, cast.pimpinan, start=date(2026, 1, 1), end=date(2026, 12, 31)).get() == ticket


def test_months_come_in_order_and_cross_the_year(cast):
    for at in (datetime(2026, 2, 3, tzinfo=UTC), datetime(2025, 12, 30, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC)):
        factories.ticket(received_at=at)
    rows = rows_of(cast.pimpinan, "month", start=date(2025, 12, 15), end=date(2026, 2, 28))
    assert list(rows) == ["2025-12", "2026-01", "2026-02"]


def test_the_worst_groups_come_first_and_the_undecided_last(cast):
    good, bad, open_ = (factories.service(code) for code in ("surel", "jaringan", "situs"))
    resolve(factories.ticket(service=good), cast.agen)
    resolve(factories.ticket(service=bad, received_at=long_ago()), cast.agen)
    factories.ticket(service=open_)
    rows = rows_of(cast.pimpinan, "service")
    assert [(row.key, row.attainment) for row in rows.values()] == [
        ("jaringan", 0.0),
        ("surel", 100.0),
        ("situs", None),
    ]
    assert [row.label for row in rows.values()] == ["Jaringan", "Surel", "Situs"]


def test_groups_have_codes_and_labels(cast):
    ticket = factories.ticket(office=factories.office("dukcapil"), impact=4, urgency=4)
    assert (ticket.priority, ticket.team_id) == (4, cast.desk.pk)
    found = {group: [(row.key, row.label) for row in rows_of(cast.pimpinan, group).values()] for group in sla.GROUPS}
    month = timezone.localtime(ticket.created_at)
    assert found.pop("month")[0][0] == f"{month:%Y-%m}"
    assert found == {
        "kind": [("incident", "Gangguan")],
        "service": [("-", "Tidak disebut")],
        "office": [("dukcapil", "Dukcapil")],
        "team": [("meja-layanan", "Meja Layanan")],
        "priority": [("critical", "Kritis")],
    }
    for group, rows in found.items():
        assert sla.label_of(group, rows[0][0]) == rows[0][1]


def test_filters_narrow_together(cast, lives):
    factories.ticket("complaint", office=factories.office("dukcapil"))
    assert set(rows_of(cast.pimpinan)) == {"incident", "complaint"}
    assert set(rows_of(cast.pimpinan, kind="complaint")) == {"complaint"}
    assert set(rows_of(cast.pimpinan, office="dukcapil", service="", team="")) == {"complaint"}
    assert not rows_of(cast.pimpinan, office="dukcapil", kind="incident")


def test_the_summary_counts_tickets_and_clocks(cast, lives):
    scope = {"start": start_of_history(), "end": timezone.localdate()}
    found = sla.summary(cast.pimpinan, **scope)
    assert (found.created, found.finished, found.still_open) == (5, 2, 3)
    assert numbers(found.total) == (2, 4, 4)
    assert numbers(found.metrics["resolution"]) == (1, 2, 2) and "verification" not in found.metrics
    rows = sla.attainment(cast.pimpinan, group_by="month", **scope)
    assert sla.summary(cast.pimpinan, rows=rows, **scope) == found


@pytest.mark.parametrize("confidentiality", ["secret", "whistleblowing"])
def test_restricted_tickets_count_for_nobody_but_their_officers(cast, confidentiality):
    factories.ticket("complaint", confidentiality=confidentiality)
    scope = {"start": start_of_history(), "end": timezone.localdate()}
    for person in (cast.pimpinan, cast.admin, cast.koordinator, cast.agen):
        assert rows_of(person) == {}
        assert sla.summary(person, **scope).created == 0
        assert not sla.tickets_behind(sla.Cell(), person, **scope).exists()
    assert rows_of(cast.inspektorat)["complaint"].total == 3


def test_what_a_manager_reported_in_secret_is_not_in_the_report_they_pass_on(cast):
    factories.ticket("complaint", requester=cast.pimpinan, confidentiality="whistleblowing")
    factories.ticket("complaint", requester=cast.pimpinan)
    assert rows_of(cast.pimpinan)["complaint"].metrics["response"].total == 1


def test_a_coordinator_counts_the_tickets_of_the_team(cast):
    other = factories.user("koordinator_jaringan", Role.COORDINATOR, teams=(cast.network,), coordinates=True)
    factories.ticket(team=cast.network)
    factories.ticket()
    assert set(rows_of(other, "team")) == {"jaringan"}
    assert set(rows_of(cast.pimpinan, "team")) == {"jaringan", "meja-layanan"}


@pytest.mark.parametrize("group_by", list(sla.GROUPS))
def test_one_query_counts_however_many_groups_there_are(cast, group_by):
    assert cast.pimpinan.role_names  # read once per person

    def queries(tickets):
        for number in range(tickets):
            service, office = factories.service(f"layanan-{number}"), factories.office(f"dinas-{number}")
            factories.ticket(service=service, office=office)
        with CaptureQueriesContext(connection) as captured:
            assert rows_of(cast.pimpinan, group_by)
        return captured

    few, many = queries(2), queries(14)
    assert len(few) == len(many)
    assert sum('"sla_clock"' in query["sql"] for query in many) == 1


@pytest.mark.parametrize(
    "question",
    [
        {"group_by": "warna"},
        {"start": date(2026, 5, 2), "end": date(2026, 5, 1)},
        {"start": date.min},
        {"end": date.max},
        {"filters": {"requester": "1"}},
    ],
)
def test_impossible_questions_are_refused_with_a_sentence(cast, question):
    asked = {"start": date(2026, 5, 1), "end": date(2026, 5, 31), "group_by": "kind", **question}
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        sla.attainment(cast.pimpinan, **asked)


def test_the_longest_period_can_be_asked_for(cast):
    factories.ticket(received_at=datetime(2026, 3, 3, tzinfo=UTC))
    assert list(rows_of(cast.pimpinan, "month", start=sla.EARLIEST, end=sla.LATEST)) == ["2026-03"]
