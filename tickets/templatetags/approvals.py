"""What the navigation shows of approvals."""

from django import template

from accounts.models import User
from tickets.approvals import panel

register = template.Library()


@register.simple_tag
def open_votes(user: object) -> int:
    """How many tickets wait for this person's decision."""
    return panel.count_for(user) if isinstance(user, User) else 0
