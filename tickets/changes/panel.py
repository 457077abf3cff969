"""What the ticket page of a change shows besides what every ticket does."""

from dataclasses import dataclass

from accounts.models import User
from tickets.changes.assessment import Impact, impacted
from tickets.changes.conflicts import OCCUPYING, Conflict, conflicts
from tickets.changes.log import may_log
from tickets.choices import Kind
from tickets.models import ChangeDetail, ImplementationEntry, Ticket


@dataclass(frozen=True, slots=True)
class ChangePanel:
    """The change's data, what it reaches, what it collides with now, and the log of the work, oldest first."""

    detail: ChangeDetail
    impact: Impact
    conflicts: list[Conflict]
    log: list[ImplementationEntry]
    may_log: bool


def panel(ticket: Ticket, user: User) -> ChangePanel | None:
    """None for tickets of other kinds. The caller asks first whether this person reads internal facts."""
    if ticket.kind != Kind.CHANGE:
        return None
    people = ("template", "requested_by", "approved_by", "implemented_by")
    detail = ChangeDetail.objects.select_related(*people).filter(ticket_id=ticket.pk).first()
    if detail is None:
        return None
    start, end = detail.window_start, detail.window_end
    return ChangePanel(
        detail=detail,
        impact=impacted(ticket.assets.all()),
        conflicts=conflicts(ticket, start, end) if start and end and ticket.state in OCCUPYING else [],
        log=list(ImplementationEntry.objects.filter(ticket_id=ticket.pk).select_related("author")),
        may_log=may_log(ticket, user),
    )
