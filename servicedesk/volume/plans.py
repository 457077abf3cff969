"""Which tickets there will be: when, of what kind, and with which number."""

import random
from collections import Counter
from datetime import datetime, timedelta

from django.utils import timezone

from servicedesk.volume.drafts import Plan
from sla.worktime import WorkCalendar
from tickets import numbers
from tickets.choices import RESTRICTED, Confidentiality, Kind
from tickets.models import Ticket
from tickets.numbers import ALPHABET, RESTRICTED_PREFIX

DAYS = 548
"""Eighteen months."""

KINDS = {Kind.INCIDENT: 46, Kind.REQUEST: 32, Kind.COMPLAINT: 17, Kind.PROBLEM: 2, Kind.CHANGE: 3}
CONFIDENTIALITY = {
    Confidentiality.NORMAL: 90.0,
    Confidentiality.ANONYMOUS: 7.0,
    Confidentiality.SECRET: 2.0,
    Confidentiality.WHISTLEBLOWING: 1.0,
}
"""Of complaints; tickets of the other kinds are normal."""

STILL_OPEN = ((30, 0.85), (90, 0.35), (180, 0.12), (DAYS + 1, 0.012))
"""(age below so many days, share left open): about one in eight of all tickets, most of them recent."""

HOURS = {7: 5, 8: 20, 9: 22, 10: 18, 11: 12, 12: 5, 13: 14, 14: 12, 15: 8, 16: 4, 19: 2, 20: 2, 21: 1}


def draw(*, count: int, rng: random.Random, calendar: WorkCalendar, until: datetime) -> list[Plan]:
    """`count` plans in order of creation, all before `until` (a local midnight). Not numbered yet."""
    first = until - timedelta(days=DAYS)
    mornings = [first + timedelta(days=day) for day in range(DAYS)]
    weights = [1.0 if calendar.is_open(morning + timedelta(hours=8, minutes=30)) else 0.1 for morning in mornings]
    hours = rng.choices(list(HOURS), list(HOURS.values()), k=count)
    moments = sorted(
        morning + timedelta(hours=hour, seconds=int(rng.random() * 3600))
        for morning, hour in zip(rng.choices(mornings, weights, k=count), hours, strict=True)
    )
    kinds = rng.choices(list(KINDS), list(KINDS.values()), k=count)
    confidential = rng.choices(list(CONFIDENTIALITY), list(CONFIDENTIALITY.values()), k=count)
    return [
        Plan(
            created_at=moment,
            kind=kind.value,
            confidentiality=(confidence if kind == Kind.COMPLAINT else Confidentiality.NORMAL).value,
            stays_open=rng.random() < _share_open((until - moment).days),
        )
        for moment, kind, confidence in zip(moments, kinds, confidential, strict=True)
    ]


def _share_open(age: int) -> float:
    return next(share for limit, share in STILL_OPEN if age < limit)


def number(plans: list[Plan], rng: random.Random) -> None:
    """Give out numbers: one block per kind and year, taken from the sequence in one step."""
    years = [timezone.localtime(plan.created_at).year for plan in plans]
    wanted = Counter(
        (plan.kind, year) for plan, year in zip(plans, years, strict=True) if plan.confidentiality not in RESTRICTED
    )
    following: dict[tuple[str, int], int] = {}
    prefixes: dict[tuple[str, int], str] = {}
    for (kind, year), count in sorted(wanted.items()):
        sequence = numbers.reserve(kind, year, count)
        following[kind, year] = sequence.last - count + 1
        prefixes[kind, year] = sequence.prefix
    taken = set(Ticket.objects.filter(number__startswith=RESTRICTED_PREFIX).values_list("number", flat=True))
    own = random.Random(rng.random())  # noqa: S311 - a second try must not change what is drawn after it
    for plan, year in zip(plans, years, strict=True):
        if plan.confidentiality in RESTRICTED:
            plan.number = restricted_number(own, year, taken)
            taken.add(plan.number)
            continue
        key = (plan.kind, year)
        plan.number = f"{prefixes[key]}-{year}-{following[key]:06d}"
        following[key] += 1


def restricted_number(rng: random.Random, year: int, taken: set[str]) -> str:
    """A number outside the sequence that nobody has, drawn so that the same seed gives the same one."""
    while True:
        drawn = f"{RESTRICTED_PREFIX}-{year}-{''.join(rng.choices(ALPHABET, k=8))}"
        if drawn not in taken:
            return drawn
