"""What every figure has in common: a period, filters, whose tickets are counted, and by what they are grouped.

A ticket belongs to the period in which it was created (local dates, both ends included). Every figure starts from
`tickets.access.visible_to`.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Office, Team, User
from accounts.roles import Role
from catalog.models import Service
from core.templatetags.ui import tanggal
from sla.models import Clock
from tickets import access
from tickets.choices import Channel, Kind, Level, RequesterClass
from tickets.models import Ticket

GROUPS = {
    "kind": gettext_lazy("Jenis"),
    "service": gettext_lazy("Layanan"),
    "office": gettext_lazy("Perangkat daerah"),
    "team": gettext_lazy("Tim"),
    "priority": gettext_lazy("Prioritas"),
    "channel": gettext_lazy("Kanal"),
    "requester_class": gettext_lazy("Golongan pelapor"),
    "month": gettext_lazy("Bulan"),
}
FILTERS = ("kind", "service", "office", "team")
NONE = "-"
"""Key of the row of tickets that have no service, office or team."""
NAMED: dict[str, Any] = {"service": Service, "office": Office, "team": Team}
CHOICES: dict[str, Any] = {"kind": Kind, "channel": Channel, "requester_class": RequesterClass}
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
"""Dates outside are typing errors, and some of them no database can compare in UTC."""

Filters = Mapping[str, str]
NO_FILTERS: Filters = MappingProxyType({})


def period(start: date, end: date) -> tuple[datetime, datetime]:
    """The half-open range of instants of the local dates `start` to `end`, both included.

    Raises ValueError when they are in the wrong order or outside EARLIEST to LATEST.
    """
    if not EARLIEST <= start <= end <= LATEST:
        limits = {"first": EARLIEST.year, "last": LATEST.year}
        raise ValueError(_("Masa tidak sah: pilih tanggal berurutan antara %(first)d dan %(last)d.") % limits)
    zone = timezone.get_current_timezone()
    first = datetime.combine(start, time.min, tzinfo=zone)
    return first, datetime.combine(end + timedelta(days=1), time.min, tzinfo=zone)


def visible_tickets(user: User, filters: Filters = NO_FILTERS) -> QuerySet[Ticket]:
    """The tickets this person may count that pass the filters (codes; "" filters nothing), of whatever time.

    Raises ValueError for a filter nobody knows.
    """
    unknown = set(filters) - set(FILTERS)
    if unknown:
        raise ValueError(_("Saringan tidak dikenal: %(name)s") % {"name": min(unknown)})
    tickets = access.visible_to(user)
    if not user.has_role(Role.CONFIDENTIAL_OFFICER):
        # People see the restricted tickets they reported themselves, but a report is printed and passed on.
        tickets = tickets.filter(is_restricted=False)
    return tickets.filter(**{column_of(name): raw_of(name, value) for name, value in filters.items() if value})


def tickets_in(user: User, *, start: date, end: date, filters: Filters = NO_FILTERS) -> QuerySet[Ticket]:
    """As `visible_tickets`, created in the period. Raises ValueError also for an impossible period."""
    first, after = period(start, end)
    return visible_tickets(user, filters).filter(created_at__gte=first, created_at__lt=after)


def may_use_sums(user: User) -> bool:
    """Whether the kept sums, which are of all unrestricted tickets and of no others, are what this person may count."""
    return access.sees_every_open_case(user) and not user.has_role(Role.CONFIDENTIAL_OFFICER)


def is_breached(now: datetime, prefix: str = "") -> Q:
    """Past its deadline, whether or not a sweep has noted it yet. `prefix` leads from the model asked to the clock."""
    noted = Q((f"{prefix}state", Clock.State.BREACHED))
    passed = Q((f"{prefix}is_stopped", False), (f"{prefix}due_at__isnull", False), (f"{prefix}due_at__lt", now))
    return noted | passed


def result_is(result: str, now: datetime, prefix: str = "") -> Q:
    """The clocks counted as `met`, `breached` or `running`; every clock is exactly one of them."""
    breached = is_breached(now, prefix)
    return breached if result == "breached" else ~breached & Q((f"{prefix}is_stopped", result == "met"))


def has_clock(metric: str, result: str, now: datetime) -> Q:
    """The tickets with a clock of that metric that is counted as `result`; what is empty does not narrow."""
    clocks = Clock.objects.filter(metric=metric) if metric else Clock.objects.all()
    if result:
        clocks = clocks.filter(result_is(result, now))
    return Q(pk__in=clocks.values("ticket_id"))


def span_label(start: date, end: date) -> str:
    """What a period is called: a whole month or year by its name, else by its dates."""
    if (start.month, start.day, end.month, end.day) == (1, 1, 12, 31) and start.year == end.year:
        return str(start.year)
    if start.day == 1 and end == last_of_month(start):
        return date_format(start, "F Y")
    return f"{tanggal(start)} – {tanggal(end)}"


def column_of(dimension: str) -> str:
    """The column of the ticket."""
    return f"{dimension}_id" if dimension in NAMED else dimension


def raw_of(dimension: str, code: str) -> Any:
    """The value of the column for a code; for a code nobody has, one that no ticket has.

    Looked up first: with the number at hand, databases know better which index serves.
    """
    if dimension in NAMED:
        return NAMED[dimension].objects.filter(code=code).values_list("pk", flat=True).first() or -1
    return Level.from_code(code).value if dimension == "priority" else code


def names_of(dimension: str, values: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Value of the column as text ("" for none) → (key, label). One query for services, offices and teams."""
    wanted = set(values)
    if dimension not in NAMED:
        keys = {value: Level(int(value)).code if dimension == "priority" else value for value in wanted}
        return {value: (key, simple_label(dimension, key)) for value, key in keys.items()}
    found = NAMED[dimension].objects.filter(pk__in=[value for value in wanted if value])
    named = {str(pk): (code, name) for pk, code, name in found.values_list("pk", "code", "name")}
    # Who was removed since a sum was kept is nobody in particular.
    return {value: named.get(value, (NONE, simple_label(dimension, NONE))) for value in wanted}


def simple_label(dimension: str, key: str) -> str:
    """The label of a group that needs no look-up. Raises ValueError for a key that cannot be one."""
    if dimension in NAMED:
        return _("Tidak disebut")
    if dimension == "month":
        return date_format(first_of_month(key), "F Y")
    return str(Level.from_code(key).label if dimension == "priority" else CHOICES[dimension](key).label)


def label_of(dimension: str, key: str) -> str:
    """The label of the group with that key. Raises ValueError for a key that cannot be one."""
    if key == NONE or dimension not in NAMED:
        return simple_label(dimension, key)
    name = NAMED[dimension].objects.filter(code=key).values_list("name", flat=True).first()
    if name is None:
        raise ValueError(key)
    return str(name)


def in_group(dimension: str, key: str) -> Q:
    """The tickets of the group with that key. Raises ValueError for a key that cannot be one."""
    if dimension == "month":
        first = first_of_month(key)
        since, before = period(first, last_of_month(first))
        return Q(created_at__gte=since, created_at__lt=before)
    if dimension == "priority":
        return Q(priority=Level.from_code(key))
    if dimension in CHOICES:
        return Q((dimension, CHOICES[dimension](key)))
    return Q((dimension, None)) if key == NONE else Q((f"{dimension}__code", key))


def first_of_month(key: str) -> date:
    """The first day of "2026-11". Raises ValueError for another text."""
    return datetime.strptime(key, "%Y-%m").date()  # noqa: DTZ007 - a local date is wanted, not an instant


def last_of_month(day: date) -> date:
    """The last day of that day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def months_before(day: date, months: int) -> date:
    """The first day of the month that many months before that day's. Pure.

    >>> months_before(date(2026, 1, 31), 1), months_before(date(2026, 1, 31), 12)
    (datetime.date(2025, 12, 1), datetime.date(2025, 1, 1))
    """
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def months_of(start: date, end: date) -> list[date]:
    """The first day of every month from that of `start` to that of `end`."""
    numbers = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]
