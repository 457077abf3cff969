"""What the ticket page of a problem shows besides the ticket: its analysis, and the incidents it explains."""

from dataclasses import dataclass

from accounts.models import User
from tickets import access
from tickets.choices import Kind, LinkType
from tickets.models import ProblemDetail, Ticket, TicketLink

LISTED = 100


@dataclass(frozen=True, slots=True)
class Panel:
    """`incidents` are those this person sees, oldest link first, at most LISTED; `more` says that there are others."""

    detail: ProblemDetail
    incidents: list[Ticket]
    more: bool
    open_count: int


def panel(problem: Ticket, user: User) -> Panel | None:
    """The panel of a problem; None for other tickets."""
    if problem.kind != Kind.PROBLEM:
        return None
    links = TicketLink.objects.filter(target_id=problem.pk, type=LinkType.CAUSED_BY, source__kind=Kind.INCIDENT)
    incidents = list(access.visible_to(user).filter(pk__in=links.values("source")).order_by("pk")[: LISTED + 1])
    return Panel(
        detail=ProblemDetail.objects.filter(ticket_id=problem.pk).first() or ProblemDetail(ticket_id=problem.pk),
        incidents=incidents[:LISTED],
        more=len(incidents) > LISTED,
        open_count=sum(incident.is_open for incident in incidents[:LISTED]),
    )
