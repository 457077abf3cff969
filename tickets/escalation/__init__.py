"""What happens as targets are used up: steps fire once each, and people are told one by one or in a digest.

    from tickets import escalation

    escalation.run_due()  # what the worker calls: plan, fire, tell

A step that is due fires in the transaction that locks its ticket: the record (`sla.Escalation`), an entry in the
history, rows saying who is to be told (`sla.EscalationNotice`), and the step's actions. Telling is a second pass, so
that many steps at once become one mail per person; a crash in between loses nothing and repeats nothing.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from sla.models import EscalationNotice
from tickets.escalation import due, planning, telling

PATIENCE = timedelta(minutes=2)
"""How long a notice waits for more of its kind while there is a backlog of due clocks."""


def run_due(limit: int = 200, now: datetime | None = None) -> int:
    """Fire what is due and tell people. Returns how many rows were handled.

    While more clocks are due than one run takes, telling waits: after a downtime people get one digest, not one for
    each run.
    """
    at = now or timezone.now()
    handled = planning.run() + due.sweep(limit, at)
    is_backlog = handled >= limit
    if is_backlog and not EscalationNotice.objects.filter(told_at=None, tell_at__lt=at - PATIENCE).exists():
        return handled
    return handled + telling.tell_due(now=at)


__all__ = ["run_due"]
