"""Edits of a calendar, each as a revision: what was typed becomes a new definition, and words for it.

`revise` takes any new definition; the functions above it make one from the present one. Pure but for `revise`,
`create` and `use`.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import Office, Team, User
from sla import definitions, differences
from sla.definitions import LISTS, Definition
from sla.models import Calendar, Holiday, Revision
from sla.packaged import Update
from tickets.errors import InvalidInputs
from tickets.revisions.proposals import check_keeper, propose

ALL_DAY = [["00:00", "24:00"]]
SIX_DAYS = {
    **{str(day): [["07:30", "12:00"], ["12:30", "14:30"]] for day in range(4)},
    "4": [["07:30", "11:30"]],
    "5": [["07:30", "12:30"]],
}
ROUND_THE_CLOCK: dict[str, Any] = {str(day): ALL_DAY for day in range(7)}


def put_row(definition: Definition, name: str, row: Mapping[str, Any], replaces: str = "") -> Definition:
    """The definition with that row in the list `name`; `replaces`: the date that names the row it takes the place of.

    A row of the same date that is not replaced stays, so that `definitions.check` tells of the clash.
    """
    kept = [each for each in definition[name] if not replaces or each[LISTS[name]] != replaces]
    return {**definition, name: [*kept, dict(row)]}


def drop_row(definition: Definition, name: str, day: str) -> Definition:
    return {**definition, name: [each for each in definition[name] if each[LISTS[name]] != day]}


def confirm(definition: Definition, days: Iterable[str], source: str = "") -> Definition:
    """These holidays are no estimates any more."""
    wanted = set(days)
    holidays = [
        {**row, "status": Holiday.Status.CONFIRMED.value, "source": source or row["source"]}
        if row["date"] in wanted
        else row
        for row in definition["holidays"]
    ]
    return {**definition, "holidays": holidays}


def decreed(definition: Definition, rows: Iterable[Mapping[str, Any]], *, replace: bool) -> Definition:
    """With the holidays of a decree. `replace`: what it does not name of national holidays and cuti bersama in the
    years it covers is gone, as dates move by decree; holidays of the county stay."""
    new = {row["date"]: dict(row) for row in rows}
    years = {day[:4] for day in new}
    kept = [
        row
        for row in definition["holidays"]
        if row["date"] not in new
        and not (replace and row["date"][:4] in years and row["kind"] != Holiday.Kind.LOCAL.value)
    ]
    return {**definition, "holidays": [*kept, *new.values()]}


def updated(definition: Definition, chosen: Iterable[Update]) -> Definition:
    """With these differences to the package carried out."""
    for update in chosen:
        if update.old:
            definition = drop_row(definition, "holidays", update.old["date"])
        if update.new:
            definition = put_row(definition, "holidays", update.new, replaces=update.new["date"])
    return definition


def revise(calendar: Calendar, definition: Definition, *, by: User, at: datetime | None = None) -> Revision:
    """Propose a new definition; its differences to the present one are the summary. Raises as `propose` does."""
    try:
        tidy = definitions.check(definition)
    except definitions.InvalidDefinition as error:
        raise InvalidInputs(str(error), {"__all__": error.messages}) from error
    summary = "\n".join(differences.words(definitions.of(calendar), tidy))
    return propose(kind=Revision.Kind.CALENDAR, calendar=calendar, payload=tidy, summary=summary, by=by, at=at)


def use(
    calendar: Calendar,
    *,
    teams: Iterable[Team],
    offices: Iterable[Office],
    as_default: bool = False,
    by: User,
    at: datetime | None = None,
) -> Revision:
    """Propose who works by this calendar; `as_default`: also all who have no other. Raises as `propose` does."""
    teams, offices = list(teams), list(offices)
    names = [str(each) for each in (*teams, *offices)]
    summary = _("Pemakai kalender %(calendar)s: %(names)s") % {
        "calendar": calendar.name,
        "names": ", ".join(names) or _("tidak ada"),
    }
    if as_default and not calendar.is_default:
        summary += "\n" + _("Menjadi kalender bawaan, untuk semua yang tidak punya kalender sendiri.")
    payload = {
        "teams": [each.pk for each in teams],
        "offices": [each.pk for each in offices],
        "default": as_default,
    }
    return propose(kind=Revision.Kind.USE, calendar=calendar, payload=payload, summary=summary, by=by, at=at)


def template(code: str) -> dict[str, Any]:
    """The week to begin with: "asn" (as the default calendar), "enam-hari", "24x7". Raises KeyError."""
    if code == "asn":
        default = Calendar.objects.filter(is_default=True).first()
        return dict(default.week) if default else SIX_DAYS
    return {"enam-hari": SIX_DAYS, "24x7": ROUND_THE_CLOCK}[code]


@transaction.atomic
def create(
    *,
    name: str,
    zone: str,
    week: Mapping[str, Any],
    holidays_of: Calendar | None = None,
    by: User,
    at: datetime | None = None,
) -> Calendar:
    """A calendar nobody works by yet, so that no deadline can move; `holidays_of`: take its holidays and periods along.

    Raises Forbidden and InvalidInputs.
    """
    check_keeper(by)
    definition: Definition = {
        "name": name.strip(), "timezone": zone, "week": dict(week), "weeks": [], "periods": [], "holidays": [],
    }  # fmt: skip
    if holidays_of is not None:
        definition |= {key: definitions.of(holidays_of)[key] for key in ("periods", "holidays")}
    try:
        definition = definitions.check(definition)
    except definitions.InvalidDefinition as error:
        raise InvalidInputs(str(error), {"__all__": error.messages}) from error
    calendar = Calendar.objects.create(code=_free_code(name), name=definition["name"])
    definitions.write(calendar, definition)
    at = at or timezone.now()
    Revision.objects.create(
        kind=Revision.Kind.CALENDAR,
        state=Revision.State.DONE,
        calendar=calendar,
        summary=_("Kalender dibuat: %(hours)s") % {"hours": differences.week(definition["week"])},
        payload={"new": definition, "old": definition},
        made_by=by,
        made_at=at,
        applied_by=by,
        applied_at=at,
        finished_at=at,
    )
    return calendar


def _free_code(name: str) -> str:
    code = slugify(name)[:30] or "kalender"
    taken = set(Calendar.objects.filter(code__startswith=code).values_list("code", flat=True))
    number, free = 2, code
    while free in taken:
        free, number = f"{code}-{number}", number + 1
    return free


def upcoming(calendar: Calendar, today: date, count: int = 3) -> list[Holiday]:
    return list(calendar.holidays.filter(date__gte=today).order_by("date")[:count])
