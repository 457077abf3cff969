"""What only tickets of one kind show on their page."""

from collections.abc import Sequence
from typing import Any

from accounts.models import User
from tickets import access
from tickets.access import Action
from tickets.changes import panel as changes
from tickets.choices import Kind
from tickets.models import ComplaintDetail, IncidentDetail, Ticket
from tickets.problems import panel


def of(
    ticket: Ticket, user: User, *, internal: bool, known_errors: list[Ticket], links: Sequence[Any]
) -> dict[str, Any]:
    """Context of the page: `problem`, `major`, `complaint`, `change` (each None for other tickets), to which of the
    known errors nearby this person may link the incident (`linkable`, ids), and of `links` those that the panel of a
    problem does not list already (`listed_links`)."""
    problem = panel.panel(ticket, user) if internal else None
    shown = {incident.pk for incident in problem.incidents} if problem else set()
    return {
        "problem": problem,
        "listed_links": [link for link in links if link.ticket.pk not in shown],
        "major": major_of(ticket),
        "complaint": complaint_of(ticket),
        "change": changes.panel(ticket, user) if internal else None,
        "linkable": {each.pk for each in known_errors if access.can(user, Action.EDIT, each)},
    }


def major_of(ticket: Ticket) -> IncidentDetail | None:
    if ticket.kind != Kind.INCIDENT:
        return None
    return IncidentDetail.objects.select_related("coordinator").filter(ticket_id=ticket.pk, is_major=True).first()


def complaint_of(ticket: Ticket) -> ComplaintDetail | None:
    if ticket.kind != Kind.COMPLAINT:
        return None
    return ComplaintDetail.objects.select_related("forwarded_to").filter(ticket_id=ticket.pk).first()
