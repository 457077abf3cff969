"""Letting running clocks know of a step that is new: their next event may come earlier than they thought."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from sla import clocks
from sla.models import Clock, EscalationStep, Metric
from sla.replay import next_event

CHUNK = 500


def run() -> int:
    """Plan every step that asks for it into the clocks that run; returns how many steps were planned.

    Repeating it does no harm: a worker that dies in the middle leaves the step asking, and the next one begins anew.
    """
    asking = list(EscalationStep.objects.filter(needs_planning=True))
    if not asking:
        return 0
    since = min(step.active_since or timezone.now() for step in asking)
    metrics = {step.metric for step in asking if step.is_active}
    if metrics:
        running = Clock.objects.filter(is_stopped=False)
        _plan(running if "" in metrics else running.filter(metric__in=metrics), since)
    for step in asking:  # but not those that were changed again meanwhile
        EscalationStep.objects.filter(pk=step.pk, active_since=step.active_since).update(needs_planning=False)
    return len(asking)


def _plan(running: QuerySet[Clock], since: datetime) -> None:
    lookup = clocks.Lookup()
    moments = {metric: lookup.thresholds(metric) for metric in Metric.values}
    last = 0
    while chunk := list(running.filter(pk__gt=last).order_by("pk").prefetch_related("segments")[:CHUNK]):
        last = chunk[-1].pk
        for clock in chunk:
            event = next_event(lookup.segments(clock.segments.all()), since, moments[clock.metric])
            _put(clock, event)


def _put(clock: Clock, event: datetime | None) -> None:
    """Bring the event forward, unless the clock was changed since it was read: then it was planned with the step."""
    if event is None:
        return
    later = Q(next_event_at=None) | Q(next_event_at__gt=event)
    unchanged = Clock.objects.filter(pk=clock.pk, is_stopped=False, updated_at=clock.updated_at)
    if clock.next_event_at is None or clock.next_event_at > event:
        unchanged.filter(later).update(next_event_at=event)
