"""Telling people of escalations: a few as a notice each, many at once as one quiet digest."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from sla.models import EscalationNotice
from tickets import access, notices
from tickets.escalation import words

SINGLE = 3
"""Up to so many at once come as a notice each."""
MOST = 500
"""Notices in one digest."""


def tell_due(limit: int = 200, now: datetime | None = None) -> int:
    """Tell everybody for whom something waits; returns how many notices were settled."""
    at = now or timezone.now()
    waiting = EscalationNotice.objects.filter(told_at=None, tell_at__lte=at)
    people = waiting.order_by("person").values_list("person", flat=True).distinct()[:limit]
    return sum(_tell(person_id, at) for person_id in list(people))


@transaction.atomic
def _tell(person_id: int, at: datetime) -> int:
    """Plan the mails of one person and note that they were told, in one transaction.

    Whoever does not see a ticket (any more) is not told of it. A row that another worker holds is left to it.
    """
    skip = connection.features.has_select_for_update_skip_locked
    waiting = EscalationNotice.objects.filter(person=person_id, told_at=None, tell_at__lte=at)
    rows = list(
        waiting.select_for_update(of=("self",), skip_locked=skip)
        .select_related("escalation__clock__ticket", "escalation__step")
        .order_by("pk")[:MOST]
    )
    person = User.objects.filter(pk=person_id).first()
    if person is None or not rows:
        return 0
    ids = {row.escalation.clock.ticket_id for row in rows}
    seen = set(access.visible_to(person).filter(pk__in=ids).values_list("pk", flat=True)) if person.email else set()
    told = [row for row in rows if row.escalation.clock.ticket_id in seen]
    EscalationNotice.objects.filter(pk__in={row.pk for row in rows} - {row.pk for row in told}).delete()
    if len(told) > SINGLE:
        _digest(person, told, at)
    else:
        for row in told:
            _single(person, row)
    EscalationNotice.objects.filter(pk__in=[row.pk for row in told]).update(told_at=at)
    return len(rows)


def _single(person: User, row: EscalationNotice) -> None:
    fired = row.escalation
    key = f"escalation:{fired.clock_id}:{fired.step_id}:{fired.target_version}:{person.pk}"
    late = fired.fired_at - fired.planned_at if fired.is_late and fired.planned_at else None
    notices.escalation(
        fired.clock.ticket,
        person,
        key=key,
        metric=fired.clock.get_metric_display(),
        moment=words.moment(fired.step) + words.lateness(int(late.total_seconds() // 60) if late else 0),
    )


def _digest(person: User, rows: Sequence[EscalationNotice], at: datetime) -> None:
    """Each ticket once, with the newest facts of its clocks."""
    clocks = {row.escalation.clock_id: row.escalation.clock for row in rows}
    lines = [words.Line(each.ticket, each.get_metric_display(), each.due_at) for each in clocks.values()]
    title = words.digest_title(len({line.ticket.pk for line in lines}))
    notices.escalation_digest(
        person,
        key=f"escalation-digest:{person.pk}:{rows[0].pk}",
        title=title,
        text=words.digest(title, lines, at),
    )
