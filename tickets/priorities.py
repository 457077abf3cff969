"""Priority from impact and urgency."""

from tickets.choices import Level
from tickets.models import PriorityRule


def priority_of(impact: int, urgency: int) -> int:
    """The cell of the matrix; where the matrix has no such cell, the rounded-up mean of the two."""
    cell = PriorityRule.objects.filter(impact=impact, urgency=urgency).values_list("priority", flat=True).first()
    return cell or Level((impact + urgency + 1) // 2).value
