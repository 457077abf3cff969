"""What the ticket page shows of the requester's judgement."""

from django import template

from feedback.models import Rating
from tickets.models import Ticket

register = template.Library()


@register.simple_tag
def rating_of(ticket: Ticket) -> Rating | None:
    """The judgement of this ticket, or None; asked only once the ticket is finished."""
    return None if ticket.is_open else Rating.objects.filter(ticket_id=ticket.pk).first()
