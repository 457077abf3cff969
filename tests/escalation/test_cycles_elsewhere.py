"""Metrics that run in cycles, as the queue and the REST interface show them."""

from django.utils import timezone

from servicedesk.api import clocks
from tests import factories
from tests.escalation.conftest import report
from tickets import messages, rows
from tickets.models import Ticket


def test_rest_shows_the_newest_cycle_of_each_metric(desk, wall):
    factories.policy("Kabar", targets={"update": 60, "assignment": 20}, kind="incident")
    ticket = report(desk)
    for minute in ("10", "20"):
        wall.set(f"23 09:{minute}")
        messages.post(ticket_id=ticket.pk, actor=desk.teknisi, text="Masih kami kerjakan.")
    found = clocks.read(Ticket.objects.filter(pk=ticket.pk).prefetch_related("clocks__segments"), timezone.now())
    shown = {each.metric: each for each in found[ticket.pk]}
    assert list(shown) == ["assignment", "response", "update", "resolution"] and len(found[ticket.pk]) == 4
    assert shown["update"].due_at == wall.at("23 10:20")


def test_the_queue_is_not_hurried_by_what_teams_owe_each_other(desk, wall):
    factories.policy("OLA", targets={"assignment": 20}, kind="incident")
    ticket = report(desk)
    [row] = rows.rows(rows.columns(Ticket.objects.filter(pk=ticket.pk)), wall.now)
    assert (row.clock.metric, row.clock.due_at) == ("response", wall.at("23 10:00"))
