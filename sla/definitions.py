"""A calendar as plain data: what an edit proposes, a revision keeps, and the rows say.

    {"name": "Jam kerja ASN", "timezone": "Asia/Jakarta",
     "week": {"0": [["07:30", "12:00"], ["13:00", "16:00"]], …},
     "weeks": [{"valid_from": "2027-01-04", "week": {…}, "source": ""}],
     "periods": [{"name": "Ramadan", "first_date": "2027-02-08", "last_date": "2027-03-09", "week": {…}, "source": ""}],
     "holidays": [{"date": "2027-01-01", "name": "Tahun Baru", "kind": "public", "status": "confirmed", "source": ""}]}

Dates are ISO text, so that the whole can be kept as JSON; lists are in the order of their dates.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from sla import calendars
from sla.models import Calendar, CalendarPeriod, CalendarWeek, Holiday
from sla.worktime import WorkCalendar

Definition = dict[str, Any]
DateRange = tuple[date, date]
LISTS = {"weeks": "valid_from", "periods": "first_date", "holidays": "date"}
"""The lists of a definition, each with the field that names its rows."""


class InvalidDefinition(Exception):
    """No calendar can be made of this; `messages` are Indonesian sentences that say what to do."""

    def __init__(self, messages: Iterable[str]) -> None:
        self.messages = list(messages)
        super().__init__(" ".join(self.messages))


def of(calendar: Calendar) -> Definition:
    """What the rows say now."""
    return {
        "name": calendar.name,
        "timezone": calendar.timezone,
        "week": _tidy(calendar.week),
        "weeks": [
            {"valid_from": row.valid_from.isoformat(), "week": _tidy(row.week), "source": row.source}
            for row in calendar.weeks.order_by("valid_from")
        ],
        "periods": [
            {
                "name": row.name,
                "first_date": row.first_date.isoformat(),
                "last_date": row.last_date.isoformat(),
                "week": _tidy(row.week),
                "source": row.source,
            }
            for row in calendar.periods.order_by("first_date")
        ],
        "holidays": [
            {**row, "date": row["date"].isoformat()}
            for row in calendar.holidays.order_by("date").values("date", "name", "kind", "status", "source")
        ],
    }


def _tidy(week: Mapping[str, Any]) -> dict[str, list[list[str]]]:
    """Open days only, in order, intervals sorted: equal hours are equal data."""
    return {
        str(day): sorted([str(start), str(end)] for start, end in intervals)
        for day, intervals in sorted(week.items(), key=lambda item: int(item[0]))
        if intervals
    }


def version(definition: Definition) -> str:
    """SHA-256 of the definition: the same rows have the same version."""
    text = json.dumps(definition, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def build(definition: Definition) -> WorkCalendar:
    """The arithmetic of a definition. Raises InvalidDefinition."""
    try:
        return WorkCalendar(
            tz=definition["timezone"],
            week=calendars.as_week(definition["week"]),
            holidays=[_as_date(row["date"]) for row in definition["holidays"]],
            periods=calendars.stretches(
                [(_as_date(row["valid_from"]), calendars.as_week(row["week"])) for row in definition["weeks"]],
                [(*_bounds(row), calendars.as_week(row["week"])) for row in definition["periods"]],
            ),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidDefinition(
            [_("Jam kerja tidak sah. Periksa zona waktu, jam yang tumpang tindih, dan masa khusus yang bertumpuk.")]
        ) from error


def check(definition: Definition) -> Definition:
    """The definition in its tidy order. Raises InvalidDefinition with everything that is wrong."""
    found = {
        **definition,
        "week": _tidy(definition["week"]),
        **{
            name: sorted(
                ({**row, "week": _tidy(row["week"])} if "week" in row else row for row in definition[name]),
                key=lambda row, key=key: row[key],  # type: ignore[misc]
            )
            for name, key in LISTS.items()
        },
    }
    wrong = list(_problems(found))
    if wrong:
        raise InvalidDefinition(wrong)
    build(found)
    return found


def _problems(definition: Definition) -> Iterator[str]:
    if not definition["name"].strip():
        yield _("Isi nama kalender.")
    if not any([definition["week"], *(row["week"] for row in definition["weeks"][-1:])]):
        yield _("Isi jam kerja paling sedikit satu hari.")
    elif definition["weeks"] and not definition["weeks"][-1]["week"]:
        yield _("Jam kerja baru yang terakhir harus punya paling sedikit satu hari kerja.")
    for name, key in LISTS.items():
        seen: set[str] = set()
        for row in definition[name]:
            if row[key] in seen:
                yield _("Tanggal %(day)s tercatat dua kali. Ubah yang sudah ada.") % {"day": row[key]}
            seen.add(row[key])
    yield from _period_problems(definition["periods"])


def _period_problems(periods: list[dict[str, Any]]) -> Iterator[str]:
    before: dict[str, Any] | None = None
    for row in periods:
        if row["last_date"] < row["first_date"]:
            yield _("Masa khusus “%(name)s” berakhir sebelum dimulai. Periksa kedua tanggalnya.") % row
        elif before and row["first_date"] <= before["last_date"]:
            yield _("Masa khusus “%(name)s” bertumpuk dengan “%(other)s”. Ubah tanggal salah satunya.") % {
                "name": row["name"],
                "other": before["name"],
            }
        before = row


@transaction.atomic
def write(calendar: Calendar, definition: Definition) -> None:
    """Make the rows say what the definition says, and let every process know."""
    calendar.name, calendar.timezone = definition["name"], definition["timezone"]
    calendar.week = definition["week"]
    calendar.save()
    for model, name in ((CalendarWeek, "weeks"), (CalendarPeriod, "periods"), (Holiday, "holidays")):
        _write_rows(model, calendar, LISTS[name], definition[name])
    calendars.touch(calendar.pk)


def _write_rows(model: Any, calendar: Calendar, key: str, wanted: list[dict[str, Any]]) -> None:
    """Rows that stay keep their ids; only what differs is written."""
    present = {getattr(row, key).isoformat(): row for row in model.objects.filter(calendar=calendar)}
    gone = [row.pk for day, row in present.items() if day not in {new[key] for new in wanted}]
    model.objects.filter(pk__in=gone).delete()
    for new in wanted:
        values = {name: _as_date(value) if name in _DATES else value for name, value in new.items()}
        row = present.get(new[key])
        if row is None:
            model.objects.create(calendar=calendar, **values)
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            row.save()


_DATES = {"valid_from", "first_date", "last_date", "date"}


def _as_date(text: str) -> date:
    return date.fromisoformat(text)


def _bounds(row: Mapping[str, Any]) -> DateRange:
    return _as_date(row["first_date"]), _as_date(row["last_date"])


def changed_dates(old: Definition, new: Definition) -> list[DateRange]:
    """Ranges of dates, ordered and disjoint, outside of which both have the same hours."""
    if old["timezone"] != new["timezone"]:
        return [(date.min, date.max)]
    ranges = [(day, day) for day in _holiday_dates(old) ^ _holiday_dates(new)]
    ranges += [_bounds(row) for row in _unlike(old["periods"], new["periods"])]
    edges = sorted({date.min, *_starts(old), *_starts(new)})
    for first, following in zip(edges, [*edges[1:], None], strict=True):
        if _week_on(old, first) != _week_on(new, first):
            ranges.append((first, following - timedelta(days=1) if following else date.max))
    return _joined(ranges)


def _holiday_dates(definition: Definition) -> set[date]:
    return {_as_date(row["date"]) for row in definition["holidays"]}


def _unlike(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Periods with other dates or hours than on the other side."""

    def facts(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        return [(row["first_date"], row["last_date"], row["week"]) for row in rows]

    return [
        row for rows, other in ((old, facts(new)), (new, facts(old))) for row in rows if facts([row])[0] not in other
    ]


def _starts(definition: Definition) -> list[date]:
    return [_as_date(row["valid_from"]) for row in definition["weeks"]]


def _week_on(definition: Definition, day: date) -> Any:
    """The weekly hours that hold on a date, special periods and holidays aside."""
    week = definition["week"]
    for row in definition["weeks"]:
        if _as_date(row["valid_from"]) <= day:
            week = row["week"]
    return week


def _joined(ranges: Iterable[DateRange]) -> list[DateRange]:
    found: list[DateRange] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found
