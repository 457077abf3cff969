"""Edits of hours, special periods and holidays. Each ends on the page of its dry run; nothing changes before."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.templatetags.ui import tanggal
from sla import decree, definitions, packaged
from sla.definitions import LISTS, Definition
from sla.models import Calendar, Holiday
from tickets.revisions import calendars
from tickets.views.agent.shared import INVALID, AgentRequest
from tickets.views.agent.sla.calendar_forms import (
    DatedHoursForm,
    HolidayForm,
    HoursForm,
    ImportForm,
    PeriodForm,
    RefreshForm,
    WeekForm,
    copied,
)
from tickets.views.agent.sla.calendars import found_or_404, proposed
from tickets.views.agent.sla.shared import keepers


def _row(definition: Definition, name: str, day: str) -> dict[str, Any]:
    """The row of that date that is edited; {} for a new one."""
    if not day:
        return {}
    for row in definition[name]:
        if row[LISTS[name]] == day:
            return dict(row)
    raise Http404(_("Baris itu sudah tidak ada di kalender."))


def _propose(
    request: AgentRequest, calendar: Calendar, form: Any, make: Callable[[], Definition]
) -> HttpResponse | None:  # fmt: skip
    return proposed(request, form, lambda: calendars.revise(calendar, make(), by=request.user))


@require_http_methods(["GET", "POST"])
@keepers
def week(request: AgentRequest, pk: int) -> HttpResponse:
    """Weekly hours: those from the beginning, or those that hold from a date on."""
    calendar = found_or_404(pk)
    definition, day = definitions.of(calendar), request.GET.get("tanggal", "")
    row = _row(definition, "weeks", day)
    stored = row.get("week", definition["week"])

    def edit(data: dict[str, Any]) -> Definition:
        if data["valid_from"] is None:
            return {**definition, "week": data["week"]}
        new = {"valid_from": data["valid_from"].isoformat(), "week": data["week"], "source": data["source"]}
        return calendars.put_row(definition, "weeks", new, replaces=day)

    initial = {"valid_from": row.get("valid_from"), "source": row.get("source", "")}
    form_class = DatedHoursForm if day else HoursForm
    return _hours_page(request, calendar, form_class, stored, initial, edit, ("weeks", day))


@require_http_methods(["GET", "POST"])
@keepers
def period(request: AgentRequest, pk: int) -> HttpResponse:
    """A special period with hours of its own."""
    calendar = found_or_404(pk)
    definition, day = definitions.of(calendar), request.GET.get("tanggal", "")
    row = _row(definition, "periods", day)
    # A new Ramadan has the hours of the last one.
    model = row or (definition["periods"][-1] if definition["periods"] else {})
    stored = model.get("week", definition["week"])

    def edit(data: dict[str, Any]) -> Definition:
        new = {
            "name": data["name"].strip(),
            "first_date": data["first_date"].isoformat(),
            "last_date": data["last_date"].isoformat(),
            "week": data["week"],
            "source": data["source"],
        }
        return calendars.put_row(definition, "periods", new, replaces=day)

    initial: dict[str, Any] = {key: row.get(key, "") for key in ("name", "first_date", "last_date", "source")}
    return _hours_page(request, calendar, PeriodForm, stored, initial, edit, ("periods", day))


def _hours_page(
    request: AgentRequest,
    calendar: Calendar,
    form_class: type[WeekForm],
    stored: Any,
    initial: dict[str, Any],
    edit: Callable[[dict[str, Any]], Definition],
    row: tuple[str, str],
) -> HttpResponse:
    """The form of weekly hours: shown, filled with Monday's hours, removed, or proposed. `row`: list and date."""
    name, day = row
    form = form_class(week=stored, initial=initial)
    if request.method == "POST" and "copy" in request.POST:
        form = form_class(initial=copied(request.POST), week=None)
        for field_name in form.fields:
            form.fields[field_name].initial = form.initial.get(field_name)
    elif request.method == "POST" and "remove" in request.POST and day:
        answer = _propose(
            request, calendar, form, lambda: calendars.drop_row(definitions.of(calendar), name, day)
        )  # fmt: skip
        if answer:
            return answer
    elif request.method == "POST":
        form = form_class(request.POST, week=None)
        if form.is_valid() and (
            answer := _propose(request, calendar, form, lambda: edit(form.cleaned_data))
        ):  # fmt: skip
            return answer
    context = {"calendar": calendar, "form": form, "list": name, "day": day}
    return render(request, "agent/sla/calendar_hours.html", context, status=INVALID if form.errors else 200)


@require_http_methods(["GET", "POST"])
@keepers
def holiday(request: AgentRequest, pk: int) -> HttpResponse:
    """Add, change, remove or confirm a holiday; or confirm all estimates of a year."""
    calendar = found_or_404(pk)
    definition, day = definitions.of(calendar), request.GET.get("tanggal", "")
    row = _row(definition, "holidays", day)
    form = HolidayForm(initial=row or None)
    if request.method == "POST":
        form = HolidayForm(request.POST)
        new = _edited_holiday(request, definition, day, form)
        if new is not None and (answer := _propose(request, calendar, form, lambda: new)):
            return answer
    context = {"calendar": calendar, "form": form, "day": day, "row": row}
    return render(request, "agent/sla/calendar_holiday.html", context, status=INVALID if form.errors else 200)


def _edited_holiday(
    request: AgentRequest, definition: Definition, day: str, form: HolidayForm
) -> Definition | None:  # fmt: skip
    """The definition that the button asks for; None when the form is not valid."""
    if "remove" in request.POST and day:
        return calendars.drop_row(definition, "holidays", day)
    if "confirm_year" in request.POST:
        year = request.POST["confirm_year"]
        return calendars.confirm(definition, [row["date"] for row in definition["holidays"] if row["date"][:4] == year])
    if "confirm_day" in request.POST and day:
        return calendars.confirm(definition, [day])
    if not form.is_valid():
        return None
    data = form.cleaned_data
    new = {**data, "date": data["date"].isoformat(), "name": data["name"].strip(), "source": data["source"].strip()}
    return calendars.put_row(definition, "holidays", new, replaces=day)


@require_http_methods(["GET", "POST"])
@keepers
def import_decree(request: AgentRequest, pk: int) -> HttpResponse:
    """Holidays of a joint decree from a CSV file."""
    calendar = found_or_404(pk)
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    read = decree.Decree()
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        read = decree.read(data["file"].read(decree.MAX_BYTES + 1), data["source"].strip())
        if not read.errors:
            new = calendars.decreed(definitions.of(calendar), read.rows, replace=data["replace"])
            if answer := _propose(request, calendar, form, lambda: new):
                _tell_notes(request, read)
                return answer
    context = {"calendar": calendar, "form": form, "read": read}
    status = INVALID if form.errors or read.errors else 200
    return render(request, "agent/sla/calendar_import.html", context, status=status)


def _tell_notes(request: AgentRequest, read: decree.Decree) -> None:
    if read.notes:
        messages.info(request, " ".join(read.notes[:10]))


@require_http_methods(["GET", "POST"])
@keepers
def refresh(request: AgentRequest, pk: int) -> HttpResponse:
    """What the package of holidays says otherwise for this and the next year; what is ticked is proposed."""
    calendar, today = found_or_404(pk), timezone.localdate()
    definition = definitions.of(calendar)
    updates = packaged.updates(definition, [today.year, today.year + 1], today)
    choices = [(update.key, _words(update)) for update in updates]
    form = RefreshForm(request.POST if request.method == "POST" else None, choices=choices)
    if request.method == "POST" and form.is_valid():
        chosen = [update for update in updates if update.key in form.cleaned_data["updates"]]
        if answer := _propose(request, calendar, form, lambda: calendars.updated(definition, chosen)):
            return answer
    context = {"calendar": calendar, "form": form, "has_updates": bool(updates), "years": (today.year, today.year + 1)}
    return render(request, "agent/sla/calendar_refresh.html", context, status=INVALID if form.errors else 200)


def _words(update: packaged.Update) -> str:
    old, new = update.old, update.new
    if old and new:
        pattern = _("Pindah: %(name)s, %(old)s → %(new)s")
        return pattern % {"name": new["name"], "old": _day(old), "new": _day(new)}
    row = new or old or {}
    pattern = _("Tambah: %(day)s %(name)s (%(kind)s)") if new else _("Hapus: %(day)s %(name)s (%(kind)s)")
    kind = str(Holiday.Kind(row["kind"]).label).lower()
    return pattern % {"day": _day(row), "name": row["name"], "kind": kind}


def _day(row: dict[str, Any]) -> str:
    return str(tanggal(date.fromisoformat(row["date"])))
