"""A desk on one known Tuesday, with tickets whose deadlines lie around a day that becomes free."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from sla import definitions
from sla.models import Calendar, Clock, Revision
from tickets import revisions

WIB = ZoneInfo("Asia/Jakarta")
NOON = datetime(2026, 11, 24, 9, 0, tzinfo=WIB)  # a Tuesday
FREE = date(2026, 11, 25)


@pytest.fixture
def wall(monkeypatch):
    """The time on the wall; set `wall.now`."""

    class Wall:
        now = NOON

    monkeypatch.setattr(timezone, "now", lambda: Wall.now.astimezone(UTC))
    return Wall


def holiday(day=FREE, **more):
    return {"date": day.isoformat(), "name": "Libur", "kind": "local", "status": "confirmed", "source": "", **more}


def with_holiday(calendar, day=FREE):
    definition = definitions.of(calendar)
    definition["holidays"] = [*definition["holidays"], holiday(day)]
    return definition


def default():
    return Calendar.objects.get(is_default=True)


def propose(by, definition=None, calendar=None, **more):
    calendar = calendar or default()
    definition = with_holiday(calendar) if definition is None else definition
    return revisions.propose(
        kind=Revision.Kind.CALENDAR, calendar=calendar, payload=definition, summary="Libur pemilihan", by=by, **more
    )


def through(revision, size=1000):
    while revisions.work(size=size):
        pass
    revision.refresh_from_db()
    return revision


def dues(**filters):
    return dict(Clock.objects.filter(**filters).values_list("pk", "due_at"))
