"""A new definition of one calendar: which open clocks it can touch, and what they read by it."""

import json
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, cast

from django.db.models import F, Max, Min, Q, QuerySet
from django.utils.translation import gettext as _

from sla import calendars, definitions
from sla.models import Calendar, Clock, ClockSegment, Revision
from sla.replay import replay
from sla.worktime import WorkCalendar
from tickets.errors import InvalidInputs
from tickets.revisions.rows import Change, OpenClock, Reader, segments

_DAY = timedelta(days=1)


def prepare(revision: Revision, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The new definition beside the present one. Raises InvalidInputs."""
    if revision.calendar is None:
        raise InvalidInputs(_("Pilih kalender yang diubah."), {})
    try:
        new = definitions.check(dict(payload))
    except definitions.InvalidDefinition as error:
        raise InvalidInputs(str(error), {"__all__": error.messages}) from error
    old = definitions.of(revision.calendar)
    if new == old:
        raise InvalidInputs(_("Tidak ada yang berubah."), {"__all__": [_("Tidak ada yang berubah.")]})
    return {"new": new, "old": old}


class Recalendar:
    """Clocks whose life touches a changed date, by the arithmetic before and after."""

    brings_metrics = False

    def __init__(self, revision: Revision) -> None:
        self.revision = revision
        self.calendar = cast(Calendar, revision.calendar)
        self.new, self.old = revision.payload["new"], revision.payload["old"]
        self.ranges = definitions.changed_dates(self.old, self.new)
        self._firsts = [first for first, _last in self.ranges]
        self._loaded: dict[tuple[int, bool], WorkCalendar] = {}

    def version(self) -> str:
        return definitions.version(definitions.of(self.calendar))

    def lock(self) -> None:
        self.calendar = Calendar.objects.select_for_update().get(pk=self.calendar.pk)

    def carry_out(self) -> None:
        definitions.write(self.calendar, self.new)

    def count(self) -> int:
        return self._by_this().count() if self.ranges else 0

    def candidates(self, after: int, size: int) -> list[int]:
        """By index for clocks on this calendar alone; those with several calendars are few, and dates tell too little
        about them."""
        if not self.ranges:
            return []
        ids = list(self._by_this().filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:size])
        others = list(self._mixed(after, ids[-1] if len(ids) == size else None)[:size])
        last = others[-1] if len(others) == size else None
        return sorted(pk for pk in {*ids, *others} if last is None or pk <= last)

    def _by_this(self) -> QuerySet[Clock]:
        found = Clock.objects.filter(is_stopped=False, calendar=self.calendar)
        since, until = _instant(self.ranges[0][0], -1), _instant(self.ranges[-1][1], 2)
        if since:
            found = found.filter(Q(due_at__gte=since) | Q(next_event_at__gte=since))
        else:
            found = found.exclude(due_at=None)
        return found.filter(started_at__lt=until) if until else found

    def _mixed(self, after: int, until: int | None) -> QuerySet[ClockSegment, int]:
        """Open clocks with segments by more than one calendar, in one pass over the segments of the range."""
        found = ClockSegment.objects.filter(clock__is_stopped=False, clock_id__gt=after)
        if until is not None:
            found = found.filter(clock_id__lte=until)
        both = found.order_by("clock_id").values("clock_id").annotate(low=Min("calendar"), high=Max("calendar"))
        return both.filter(low__lt=F("high")).values_list("clock_id", flat=True)

    def beginning(self, ticket_ids: Collection[int]) -> dict[int, set[str]]:
        """Hours bring no metric along."""
        return {}

    def changes(self, rows: Sequence[OpenClock], at: datetime) -> list[Change]:
        reader = Reader(self.after, at)
        found = (reader.change(row, self._old_due(row, at)) for row in rows if self._is_touched(row))
        return [change for change in found if change]

    def _old_due(self, row: OpenClock, at: datetime) -> datetime | None:
        """The deadline by the old hours. A ticket that changed since the new ones hold shows the new one already."""
        applied_at = self.revision.applied_at
        if applied_at is None or row.updated_at < applied_at:
            return row.due_at
        return replay(segments(row.marks, self.before), at).due_at

    def _is_touched(self, row: OpenClock) -> bool:
        known = {mark.calendar_id for mark in row.marks}
        if self.calendar.pk not in known:
            return False
        if len(known) > 1:
            return True
        until = max(filter(None, (row.due_at, row.next_event_at)), default=None)
        if until is None:
            return False
        # A day more on both sides makes up for the zone, which dates in UTC leave out.
        first, last = row.started_at.date() - _DAY, until.date() + _DAY
        index = bisect_right(self._firsts, last) - 1
        return index >= 0 and self.ranges[index][1] >= first

    def after(self, calendar_id: int) -> WorkCalendar:
        return self._of(calendar_id, self.new)

    def before(self, calendar_id: int) -> WorkCalendar:
        return self._of(calendar_id, self.old)

    def _of(self, calendar_id: int, definition: dict[str, Any]) -> WorkCalendar:
        is_this = calendar_id == self.calendar.pk
        key = (calendar_id, definition is self.new)
        if key not in self._loaded:
            self._loaded[key] = _built(definition) if is_this else calendars.load(calendar_id)
        return self._loaded[key]


def _built(definition: dict[str, Any]) -> WorkCalendar:
    """Kept from one chunk to the next with the years it has laid out."""
    return _build(json.dumps(definition, sort_keys=True))


@lru_cache(maxsize=8)
def _build(text: str) -> WorkCalendar:
    return definitions.build(json.loads(text))


def _instant(day: date, days: int) -> datetime | None:
    """Midnight UTC some days off the date; None where time ends."""
    try:
        return datetime.combine(day + timedelta(days=days), time(), UTC)
    except OverflowError:
        return None
