"""Reminders and deadlines of approval, in working time, each once."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from notify.models import Delivery
from servicedesk.demo.history import clock_set_to
from tests import factories
from tests.approvals.conftest import person, request_for, round_of, rule
from tickets import sweeps, timeline
from tickets.approvals import reminders
from tickets.models import ApprovalStep, TimelineEntry
from tickets.workflow import perform

MONDAY = timezone.make_aware(datetime(2026, 11, 2, 8, 0))
"""A working day; the usual step is reminded after 8 working hours and due after 16."""


@pytest.fixture
def ticket(cast):
    with clock_set_to(MONDAY):
        return request_for(cast)


def mails(key):
    return Delivery.objects.filter(key__startswith=key)


def test_times_are_working_time(cast, ticket):
    step = ApprovalStep.objects.get()
    # Monday from 08.00 has seven working hours, every day to Thursday seven and a half.
    assert step.next_event_at == MONDAY + timedelta(days=1, minutes=30)
    assert step.due_at == MONDAY + timedelta(days=2, hours=1)


def test_open_voters_are_reminded_once(cast, ticket):
    step = ApprovalStep.objects.get()
    assert reminders.sweep(now=step.next_event_at - timedelta(seconds=1)) == 0
    at = step.next_event_at
    assert reminders.sweep(now=at) == 1
    assert reminders.sweep(now=at) == 0 and reminders.sweep(now=at + timedelta(minutes=5)) == 0
    assert [mail.recipient for mail in mails("approval-reminder:")] == [cast.penghubung.email]
    assert TimelineEntry.objects.filter(ticket=ticket, code=timeline.APPROVAL_REMINDED).count() == 1
    assert not ApprovalStep.objects.get().is_overdue


def test_at_the_deadline_the_coordinators_hear_once(cast, ticket):
    due = ApprovalStep.objects.get().due_at
    for _again in range(3):
        reminders.sweep(now=due)
    step = ApprovalStep.objects.get()
    assert step.is_overdue and step.next_event_at is None
    assert [mail.recipient for mail in mails("approval-overdue:")] == [cast.koordinator.email]
    # The reminder that no worker sent in time goes out with it, not again.
    assert mails("approval-reminder:").count() == 1
    assert reminders.sweep(now=due + timedelta(days=9)) == 0
    assert timeline.first_broken(ticket.pk) is None


def test_nobody_is_woken_at_night(cast, ticket):
    midnight = timezone.make_aware(datetime(2026, 11, 4, 0, 30))
    reminders.sweep(now=midnight)
    assert not mails("approval-reminder:").exists()
    step = ApprovalStep.objects.get()
    assert timezone.localtime(step.next_event_at).strftime("%d %H:%M") == "04 07:30"
    reminders.sweep(now=step.next_event_at)
    assert mails("approval-reminder:").count() == 1


def test_who_has_voted_is_not_reminded(cast):
    other = factories.user("penyetuju_dua")
    made = rule("semua", (1, "all", None, [person(cast.penghubung), person(other)]))
    ticket = request_for(cast, approval_rule=made)
    perform(ticket.pk, "approve", cast.penghubung)
    reminders.sweep(now=timezone.now() + timedelta(days=9))
    reminders.sweep(now=timezone.now() + timedelta(days=9))
    assert {mail.recipient for mail in mails("approval-reminder:")} <= {other.email}


@pytest.mark.parametrize("step", ["approve", "reject", "cancel"])
def test_a_decided_round_is_silent(cast, ticket, step):
    actor, inputs = {
        "approve": (cast.penghubung, {}),
        "reject": (cast.penghubung, {"reason": "Belum."}),
        "cancel": (cast.warga, {"reason": "Tidak jadi."}),
    }[step]
    perform(ticket.pk, step, actor, **inputs)
    assert not ApprovalStep.objects.filter(next_event_at__isnull=False).exists()
    assert reminders.sweep(now=timezone.now() + timedelta(days=90)) == 0


def test_a_merged_ticket_reminds_nobody(cast, ticket):
    other = factories.ticket("request", requester=cast.warga)
    perform(ticket.pk, "merge", cast.koordinator, target=other.number)
    reminders.sweep(now=ApprovalStep.objects.get().due_at)
    assert not mails("approval-reminder:").exists() and not mails("approval-overdue:").exists()
    assert round_of(ticket).state == "pending"


def test_the_workers_sweep_includes_it(cast, ticket):
    due = ApprovalStep.objects.get().due_at
    with clock_set_to(due):
        sweeps.run_due()
    assert ApprovalStep.objects.get().is_overdue
