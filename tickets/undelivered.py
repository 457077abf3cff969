"""What happens on a ticket when a message to its people did not arrive."""

from django.utils import timezone

from notify.models import Delivery
from tickets import access, notices, timeline, workflow
from tickets.actors import SYSTEM
from tickets.models import Ticket


def ticket_id_of(delivery: Delivery) -> int | None:
    """The ticket that a delivery is about."""
    kind, _colon, number = delivery.topic.partition(":")
    return int(number) if kind == "ticket" and number.isdigit() else None


def note(delivery: Delivery) -> None:
    """Leave an entry in the history, show it on open screens, and tell whoever works on the ticket.

    Notices to the staff are no part of the ticket: administrators see those on the mail page.
    """
    pk = ticket_id_of(delivery)
    if pk is None or delivery.options.get("is_staff") or not Ticket.objects.filter(pk=pk).exists():
        return
    ticket = workflow.lock(access.survivor_of(workflow.lock(pk, SYSTEM)).pk, SYSTEM)
    changes = {"channel": delivery.channel, "error": delivery.error[:200]}
    timeline.record(ticket, code=timeline.DELIVERY_FAILED, actor=SYSTEM, at=timezone.now(), changes=changes)
    workflow.announce(ticket)
    notices.undelivered(ticket, delivery)
