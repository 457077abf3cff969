"""What other desks get wrong with deadlines, each as a test of ours, through the services a desk uses.

All times are of November 2026 in Jakarta; the 23rd is a Monday. The ASN week is 07.30-12.00, 13.00-16.00.
"""

from datetime import timedelta

import pytest

from sla import calendars
from sla.models import Calendar, Clock, Escalation, EscalationStep, Holiday, PolicyTarget
from tests import factories
from tickets import edits, messages, sweeps
from tickets.clocks import readings, sync_clocks
from tickets.operations.converting import convert
from tickets.workflow import perform

SOLVED = {"code": "fixed", "solution": "Kabel diganti."}


@pytest.fixture
def desk(cast):
    """An incident has an hour to be answered and eight working hours to be solved; critical ones four."""
    factories.policy("Gangguan kritis", targets={"resolution": 240}, kind="incident", priority=4)
    factories.policy("Gangguan tinggi", targets={"resolution": 360}, kind="incident", priority=3)
    return cast


def report(cast, **kw):
    return factories.ticket(kind="incident", requester=cast.asn, team=cast.desk, **kw)


def begin(ticket, cast):
    perform(ticket.pk, "assign", cast.koordinator, team="meja-layanan", assignee="agen")
    perform(ticket.pk, "start", cast.agen)


def hold(ticket, cast, reason="third_party"):
    perform(ticket.pk, "hold", cast.agen, reason=reason, note="Menunggu suku cadang.")


def clock(ticket, metric="resolution"):
    return Clock.objects.filter(ticket=ticket, metric=metric).latest("cycle")


def shown(ticket, now, metric="resolution"):
    return next(view for view in readings(ticket, now) if view.metric == metric)


def hurry(ticket, cast, priority):
    edits.change(ticket_id=ticket.pk, actor=cast.koordinator, priority=priority, priority_reason="Pelayanan terhenti.")


def test_a_pause_is_not_lost_when_the_priority_changes(desk, wall):
    ticket = report(desk)  # Monday 09.00, due in 8 working hours
    begin(ticket, desk)
    wall.set("23 10:00")
    hold(ticket, desk)
    wall.set("24 10:00")
    perform(ticket.pk, "resume", desk.agen)
    hurry(ticket, desk, 4)  # 4 hours, of which one was used before the pause
    assert clock(ticket).due_at == wall.at("24 14:00")
    assert shown(ticket, wall.now).elapsed_minutes == 60


def test_re_prioritising_during_a_pause_keeps_the_pause(desk, wall):
    ticket = report(desk)
    begin(ticket, desk)
    wall.set("23 10:00")
    hold(ticket, desk)
    wall.set("23 14:00")
    hurry(ticket, desk, 4)
    assert clock(ticket).state == "paused" and clock(ticket).due_at is None
    wall.set("24 07:30")
    perform(ticket.pk, "resume", desk.agen)
    assert clock(ticket).due_at == wall.at("24 10:30")


def test_a_ticket_that_waits_never_breaches(desk, wall):
    ticket = report(desk)
    begin(ticket, desk)
    hold(ticket, desk)
    wall.set("2026-12-23 09:00")
    sweeps.escalate_due(now=wall.now)
    assert clock(ticket).state == "paused"
    assert not Escalation.objects.filter(clock=clock(ticket)).exists()


def test_targets_in_days_and_pauses_share_one_basis(desk, wall):
    """Three working days from Monday end on Thursday 16.00; half a day of waiting moves that by half a day."""
    factories.policy("Permintaan", days={"resolution": 3}, kind="request")
    ticket = factories.ticket(kind="request", requester=desk.asn, team=desk.desk)
    assert clock(ticket).due_at == wall.at("26 16:00")
    begin(ticket, desk)
    hold(ticket, desk)
    wall.set("23 12:00")  # three working hours later
    perform(ticket.pk, "resume", desk.agen)
    # Friday 07.30 and three hours more
    assert clock(ticket).due_at == wall.at("27 10:30")


def test_a_reminder_comes_in_working_time_even_when_hours_are_split(desk, wall):
    """80 % of eight hours from Monday 14.00: 2 hours on Monday, the other 4 h 24 min on Tuesday; never at 00.00."""
    wall.set("23 14:00")
    ticket = report(desk)
    moments = set()
    while (due := clock(ticket).next_event_at) is not None:
        wall.now = due
        moments.add(due)
        sweeps.escalate_due(now=due)
    calendar = calendars.load(calendars.default_calendar_id())
    assert wall.at("24 11:54") in moments and wall.at("24 14:30") not in moments - {clock(ticket).due_at}
    assert all(calendar.is_open(moment) or calendar.is_open(moment - timedelta(minutes=1)) for moment in moments)


def test_no_reminder_is_repeated(desk, wall):
    ticket = report(desk)
    for day in ("23 12:00", "23 14:00", "24 09:00", "24 09:00", "25 09:00", "30 09:00"):
        wall.set(day)
        sweeps.escalate_due(now=wall.now)
        sweeps.escalate_due(now=wall.now)
    fired = list(Escalation.objects.filter(clock=clock(ticket)).values_list("step__percent", flat=True))
    assert sorted(fired) == [80, 100]


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        ("22 20:00", "23 08:30"),  # Sunday evening: counts from Monday's opening
        ("23 05:00", "23 08:30"),
        ("23 12:30", "23 14:00"),  # in the lunch break
        ("23 15:30", "24 08:00"),
        ("27 16:30", "30 08:30"),  # at Friday's closing
    ],
)
def test_created_out_of_hours(desk, wall, opened, due):
    wall.set(opened)
    assert clock(report(desk), "response").due_at == wall.at(due)


def test_around_the_clock_has_no_minute_missing_at_midnight(desk, wall):
    week = {str(day): [["00:00", "24:00"]] for day in range(7)}
    always = Calendar.objects.create(code="24x7", name="24 jam", week=week)
    factories.policy("Pusat data", targets={"resolution": 1440}, kind="incident", priority=3, calendar=always)
    wall.set("22 23:58")
    factories.policy("Pusat data tinggi", targets={"response": 2}, kind="incident", service=None, calendar=always)
    PolicyTarget.objects.filter(metric="response").exclude(policy__name="Pusat data tinggi").delete()
    assert clock(report(desk), "response").due_at == wall.at("23 00:00")


def test_a_holiday_that_is_fed_twice_is_one_holiday(desk, wall):
    calendar = Calendar.objects.get(is_default=True)
    Holiday.objects.update_or_create(calendar=calendar, date="2026-11-24", defaults={"name": "Libur"})
    Holiday.objects.update_or_create(calendar=calendar, date="2026-11-24", defaults={"name": "Cuti bersama"})
    calendars.touch(calendar.pk)
    ticket = report(desk)  # Monday: six hours are left; Tuesday is free; two hours on Wednesday
    assert clock(ticket).due_at == wall.at("25 09:30")


def test_the_clock_does_not_run_after_the_solution(desk, wall):
    ticket = report(desk)
    begin(ticket, desk)
    wall.set("23 11:00")
    perform(ticket.pk, "resolve", desk.agen, **SOLVED)
    wall.set("30 11:00")
    sweeps.escalate_due(now=wall.now)
    view = shown(ticket, wall.now)
    assert (view.state, view.elapsed_minutes) == ("met", 120)


def test_reopening_goes_on_where_the_clock_stood(desk, wall):
    ticket = report(desk)
    begin(ticket, desk)
    wall.set("23 11:00")
    perform(ticket.pk, "resolve", desk.agen, **SOLVED)
    wall.set("24 07:30")
    messages.post(ticket_id=ticket.pk, actor=desk.asn, text="Masih mati.")
    assert clock(ticket).due_at == wall.at("24 14:30")  # six of eight hours were left


def test_two_pauses_in_the_same_minute(desk, wall):
    ticket = report(desk)
    begin(ticket, desk)
    wall.set("23 10:00")
    for _each in range(2):
        hold(ticket, desk)
        perform(ticket.pk, "resume", desk.agen)
    hold(ticket, desk)
    wall.set("23 11:00")
    perform(ticket.pk, "resume", desk.agen)
    assert clock(ticket).due_at == wall.at("24 10:30")
    assert shown(ticket, wall.now).elapsed_minutes == 60


def test_the_clocks_go_back_in_a_zone_with_summer_time(desk, wall):
    """25 October 2026 in Berlin has 25 hours; open time is elapsed time."""
    week = {str(day): [["00:00", "24:00"]] for day in range(7)}
    berlin = Calendar.objects.create(code="berlin", name="Berlin", timezone="Europe/Berlin", week=week)
    factories.policy("Jauh", targets={"resolution": 25 * 60}, kind="incident", team=desk.desk, calendar=berlin)
    wall.set("2026-10-25 05:00")  # 00.00 in Berlin
    ticket = report(desk)
    assert clock(ticket).due_at - clock(ticket).started_at == timedelta(hours=25)


def test_the_day_ends_at_local_midnight_not_at_that_of_utc(desk, wall):
    """Monday 07.30 in Jakarta is 00.30 UTC; one working day from there ends on Tuesday, not on Monday."""
    factories.policy("Sehari", days={"resolution": 1}, kind="incident", team=desk.desk)
    wall.set("23 06:30")  # still Sunday in UTC
    assert clock(report(desk)).due_at == wall.at("24 16:00")


def test_a_report_by_telephone_that_is_entered_later_counts_from_the_call(desk, wall):
    wall.set("23 11:00")
    ticket = report(desk, channel="phone", received_at=wall.at("23 09:00"))
    assert clock(ticket).due_at == wall.at("24 09:30")
    assert shown(ticket, wall.now).elapsed_minutes == 120


def test_an_automatic_receipt_is_no_response_and_a_humans_word_is(desk, wall):
    ticket = report(desk)
    assert not clock(ticket, "response").is_stopped
    messages.post(ticket_id=ticket.pk, actor=desk.agen, text="Catatan untuk rekan.", visibility="internal")
    assert not clock(ticket, "response").is_stopped
    wall.set("23 09:30")
    messages.post(ticket_id=ticket.pk, actor=desk.agen, text="Sedang kami periksa.")
    assert clock(ticket, "response").state == "met"


def test_a_switched_off_step_fires_no_more(desk, wall):
    ticket = report(desk)
    EscalationStep.objects.update(is_active=False)
    wall.set("30 09:00")
    sweeps.escalate_due(now=wall.now)
    assert clock(ticket).state == "breached"
    assert not Escalation.objects.exists()


def test_a_metric_that_comes_later_knows_of_the_pauses_before(desk, wall):
    """A ticket of a kind nobody answers in a set time waits, and becomes one that is to be answered within four
    hours."""
    PolicyTarget.objects.filter(metric="response").delete()
    factories.policy("Permintaan", targets={"response": 240}, kind="request")
    ticket = report(desk)  # Monday 09.00
    begin(ticket, desk)
    wall.set("23 10:00")
    hold(ticket, desk)
    wall.set("24 10:00")
    perform(ticket.pk, "resume", desk.agen)
    convert(ticket_id=ticket.pk, actor=desk.koordinator, kind="request")
    assert clock(ticket, "response").due_at == wall.at("24 14:00")  # three hours left, an hour of break
    assert shown(ticket, wall.now, "response").elapsed_minutes == 60


def test_a_metric_that_comes_after_its_deed_is_not_measured(desk, wall):
    """Answered on Monday; on Friday a target for answers comes along, and nobody is late."""
    PolicyTarget.objects.filter(metric="response").delete()
    factories.policy("Permintaan", targets={"response": 60}, kind="request")
    ticket = report(desk)
    begin(ticket, desk)
    messages.post(ticket_id=ticket.pk, actor=desk.agen, text="Sedang kami periksa.")
    wall.set("27 10:00")
    convert(ticket_id=ticket.pk, actor=desk.koordinator, kind="request")
    assert not Clock.objects.filter(ticket=ticket, metric="response").exists()
    convert(ticket_id=ticket.pk, actor=desk.koordinator, kind="complaint", complaint_class="ordinary")
    assert not Clock.objects.filter(ticket=ticket, metric="verification").exists()  # it is being worked on already


def test_what_is_done_when_a_ticket_comes_is_measured(desk, wall):
    """Whoever takes a call and has the answer was in time, with every metric of the ticket."""
    factories.policy("Penugasan", targets={"assignment": 30}, kind="incident", team=desk.desk)
    ticket = report(desk)
    Clock.objects.filter(ticket=ticket).delete()
    ticket.assignee, ticket.first_response_at = desk.agen, wall.now
    sync_clocks(ticket, wall.now)
    found = {row.metric: row.state for row in Clock.objects.filter(ticket=ticket)}
    assert found == {"assignment": "met", "response": "met", "resolution": "running"}
