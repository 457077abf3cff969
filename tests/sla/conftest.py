from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from sla import calendars

JAKARTA = ZoneInfo("Asia/Jakarta")


class WallClock:
    """The present moment of a test: set by the time on the wall in Jakarta, and standing still."""

    def __init__(self):
        self.now = None

    def __call__(self):
        return self.now

    def at(self, day_and_time):
        """ "23 09:00" is that day of November 2026 (the 23rd is a Monday); a full date may be given as well."""
        text = day_and_time if day_and_time[4:5] == "-" else f"2026-11-{day_and_time}"
        return datetime.fromisoformat(text).replace(tzinfo=JAKARTA)

    def set(self, day_and_time):
        self.now = self.at(day_and_time)
        return self.now


@pytest.fixture
def wall(monkeypatch):
    clock = WallClock()
    calendars._build.cache_clear()  # rows of other tests have the same keys and the same present moment
    clock.set("23 09:00")
    monkeypatch.setattr(timezone, "now", clock)
    return clock
