"""The lives of many tickets on paper: what every clock must show and when every step must fire, counted by hand.

Shares nothing with `sla`: open time is found by looking at every minute of the year on the wall and adding up. All
instants are whole minutes. Changes of a calendar concern days to come, so that the hours of a day that has passed are
the same on every wall that knows of it.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate, groupby
from zoneinfo import ZoneInfo

JAKARTA = ZoneInfo("Asia/Jakarta")
MINUTE = timedelta(minutes=1)
BEGIN = datetime(2026, 1, 1, tzinfo=JAKARTA)
FINISH = datetime(2027, 1, 4, 10, tzinfo=JAKARTA)
DAYS = 365 + 150
LATE = 5
"""Minutes that a step may wait for a worker while the office is open."""


class Wall:
    """Open minutes since the beginning of the year, by looking at each. `hours_of`: date → open minutes of the day."""

    def __init__(self, hours_of):
        days = [date(2026, 1, 1) + timedelta(days=number) for number in range(DAYS)]
        hours = [hours_of(day) for day in days]
        self.sums = [
            0,
            *accumulate(any(first <= minute < last for first, last in day) for day in hours for minute in range(1440)),
        ]
        self.closings = [day[-1][1] if day else None for day in hours]

    def is_open(self, at):
        index = _index(at)
        return self.sums[index + 1] > self.sums[index]

    def between(self, start, end):
        return self.sums[_index(end)] - self.sums[_index(start)]

    def add(self, start, minutes):
        """The end of the minute in which so many have passed; for none, the next open minute."""
        if minutes == 0:
            return BEGIN + (bisect_right(self.sums, self.sums[_index(start)]) - 1) * MINUTE
        return BEGIN + bisect_left(self.sums, self.sums[_index(start)] + minutes) * MINUTE

    def closing_of(self, start, count):
        """Closing of the so manieth day with open time after the date of `start`."""
        day = _index(start) // 1440
        while count:
            day += 1
            count -= self.closings[day] is not None
        return BEGIN + (day * 1440 + self.closings[day]) * MINUTE


def _index(at):
    return int((at - BEGIN) / MINUTE)


@dataclass(frozen=True)
class Mark:
    """From here on. `turn` orders everything that happens; `target` is ("minutes" or "days", number)."""

    turn: float
    at: datetime
    run: str
    hours: str
    target: tuple[str, int]
    kind: str

    @property
    def promise(self):
        return self.hours, self.target


@dataclass(frozen=True)
class Shown:
    elapsed: int
    target: int
    due: datetime | None
    late_since: datetime | None


@dataclass
class Paper:
    """One clock. `known_at` is when the ticket was entered, perhaps later than it began."""

    known_at: datetime
    marks: list[Mark] = field(default_factory=list)
    walls: dict[str, Wall] | None = None
    """The walls of the day on which it was stopped; what was measured stays measured."""

    @property
    def is_stopped(self):
        return self.marks[-1].run == "stopped"

    def put(self, mark, walls):
        last = self.marks[-1] if self.marks else None
        if last and mark.run == "stopped":
            if last.run == "stopped":
                return
            mark = Mark(mark.turn, mark.at, mark.run, last.hours, last.target, mark.kind)
        self.marks.append(mark)
        self.walls = dict(walls) if mark.run == "stopped" else None


def amount(target, wall, start):
    unit, number = target
    return number if unit == "minutes" else wall.between(start, wall.closing_of(start, number))


def read(marks, walls, now):
    """What a clock with these marks shows."""
    last, start = marks[-1], marks[0].at
    target = amount(last.target, walls[last.hours], start)
    parts = [next(group) for _key, group in groupby(marks, key=lambda mark: (mark.run, mark.hours))]
    elapsed = ahead = 0
    spent = late_since = None
    for number, part in enumerate(parts):
        end = parts[number + 1].at if number + 1 < len(parts) else max(now, part.at)
        ahead = elapsed
        if part.run != "running":
            continue
        wall = walls[part.hours]
        elapsed += wall.between(part.at, end)
        if elapsed >= target and late_since is None:
            # Late is a clock that still ran after its due, even if the office was closed in between.
            due = _used_up(wall, part.at, target - ahead, spent)
            late_since = due if end > due else None
            spent = due if end == due else spent
    due = late_since
    if due is None and last.run == "running":
        due = _used_up(walls[last.hours], parts[-1].at, target - ahead, spent)
    return Shown(elapsed, target, due, late_since)


def _used_up(wall, start, left, spent):
    return spent if left == 0 and spent == start else wall.add(start, left)


@dataclass(frozen=True)
class Step:
    """`moment`: target minutes → minutes of elapsed time, or of the wall after the due."""

    pk: int
    metric: str
    moment: object
    kind: str = ""
    wall: bool = False


def firings(paper, metric, steps, sweeps, walls_at):
    """{(step, version of the target): (turn of the sweep, is late)} of all that must fire, and nothing else may.

    `sweeps`: (turn, instant) in order; `walls_at(turn)`: the walls as they were then. A step fires at the first sweep
    that finds its moment behind it and the office open, unless the clock is stopped by then.
    """
    found = {}
    versions = [list(group) for _key, group in groupby(paper.marks, key=lambda mark: mark.promise)]
    turns = [turn for turn, _at in sweeps]
    before = []
    for version, group in enumerate(versions, start=1):
        following = versions[version][0].turn if version < len(versions) else float("inf")
        since = max(paper.known_at, group[0].at) if version > 1 else paper.known_at
        waiting = [step for step in steps if step.metric in ("", metric)]
        # A new target that a sweep brought about is looked at in the same sweep.
        first = bisect_left(turns, int(group[0].turn))
        for turn, at in sweeps[first:]:
            if turn > following or not waiting:
                break
            marks = [*before, *(mark for mark in group if mark.turn <= turn or mark is group[0])]
            last = marks[-1]
            if last.run == "stopped":
                continue
            walls = walls_at(turn)
            for step in _fire(waiting, marks, walls, at, since):
                known = max(since, _moment(step, marks, walls, at))
                clock_of = walls[last.hours]
                late = (at - known) / MINUTE > LATE if step.wall else clock_of.between(known, at) > LATE
                found[step.pk, version] = (turn, late)
                waiting.remove(step)
        before += group
    return found


def _fire(waiting, marks, walls, at, since):
    last = marks[-1]
    ready = []
    for step in waiting:
        planned = _moment(step, marks, walls, at) if step.kind in ("", last.kind) else None
        if planned is None:
            continue
        on_time = at - max(since, planned) < MINUTE
        if step.wall or walls[last.hours].is_open(at) or on_time:
            ready.append(step)
    return ready


def _moment(step, marks, walls, at):
    """When the clock reached the step, None when it has not by `at`; the end of that minute where it is within one."""
    if step.wall:
        due = read(marks, walls, at).due if marks[-1].run == "running" else None
        planned = due + step.moment(0) * MINUTE if due else None
        return planned if planned and marks[0].at < planned <= at else None
    wanted = step.moment(amount(marks[-1].target, walls[marks[-1].hours], marks[0].at))
    if wanted <= 0:
        return None
    for mark, end in zip(marks, [*(mark.at for mark in marks[1:]), at], strict=True):
        if mark.run != "running":
            continue
        passed = walls[mark.hours].between(mark.at, end)
        if passed >= wanted:
            whole = -int(-wanted // 1)
            return walls[mark.hours].add(mark.at, whole) if whole > 0 else mark.at
        wanted -= passed
    return None
