"""The SLA settings' first page, the calendars, and what each of them says."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from sla import definitions, hours, yearly
from sla.models import Calendar, CalendarUse, Holiday, Revision
from tickets import queues
from tickets.errors import InvalidInputs
from tickets.revisions import calendars
from tickets.views.agent.shared import INVALID, AgentRequest
from tickets.views.agent.sla.calendar_forms import ZONES, CreateForm, FactsForm, UsesForm
from tickets.views.agent.sla.shared import keepers

WAITING = (Revision.State.PREVIEWING, Revision.State.READY, Revision.State.APPLYING)


@require_GET
@keepers
def hub(request: AgentRequest) -> HttpResponse:
    """The parts of the SLA settings, what waits for confirmation, and what next year lacks."""
    waiting = Revision.objects.filter(state__in=WAITING).select_related("calendar", "policy", "made_by")[:10]
    return render(request, "agent/sla/hub.html", {"gaps": yearly.gaps(timezone.localdate()), "waiting": waiting})


@require_GET
@keepers
def listing(request: AgentRequest) -> HttpResponse:
    """Every calendar: its hours, who works by it, and the holidays to come."""
    today = timezone.localdate()
    rows = list(Calendar.objects.order_by("-is_default", "name"))
    told = hours.hours_of([row.pk for row in rows], today)
    users = _users()
    coming: dict[int, list[Holiday]] = defaultdict(list)
    for holiday in _coming(today):
        coming[holiday.calendar_id].append(holiday)
    found = [
        {"calendar": row, "hours": told[row.pk], "users": users[row.pk], "holidays": coming[row.pk][:3]} for row in rows
    ]
    return render(request, "agent/sla/calendars.html", {"rows": found, "gaps": yearly.gaps(today)})


def _coming(today: date) -> QuerySet[Holiday]:
    """Holidays of the months ahead; a handful per calendar."""
    return Holiday.objects.filter(date__range=(today, today + timedelta(days=240))).order_by("date")


def _users() -> dict[int, list[str]]:
    """Calendar → names of teams and offices that work by it."""
    found: dict[int, list[str]] = defaultdict(list)
    for use in CalendarUse.objects.select_related("team", "office").order_by("pk"):
        found[use.calendar_id].append(str(use.team or use.office))
    return found


def found_or_404(pk: int) -> Calendar:
    """The calendar of that id."""
    calendar = Calendar.objects.filter(pk=pk).first()
    if calendar is None:
        raise Http404(_("Kalender tidak ditemukan."))
    return calendar


@require_GET
@keepers
def detail(request: AgentRequest, pk: int) -> HttpResponse:
    """One calendar with everything in it."""
    calendar, today = found_or_404(pk), timezone.localdate()
    year = _year(request, today)
    holidays = list(calendar.holidays.filter(date__year=year).order_by("date"))
    context = {
        "calendar": calendar,
        "hours": hours.hours_of([pk], today)[pk],
        "lines": hours.week_lines(calendar.week),
        "weeks": [{"row": row, "lines": hours.week_lines(row.week)} for row in calendar.weeks.all()],
        "periods": [
            {"row": row, "lines": hours.week_lines(row.week), "is_past": row.last_date < today}
            for row in calendar.periods.order_by("-first_date")
        ],
        "holidays": holidays,
        "guessed": any(row.status == row.Status.ESTIMATED for row in holidays),
        "year": year,
        "years": [year - 1, year + 1],
        "users": _users()[pk],
        "gaps": [gap for gap in yearly.gaps(today) if gap.calendar.pk == pk],
        "waiting": list(calendar.revisions.filter(state__in=WAITING).select_related("made_by")[:5]),
    }
    return render(request, "agent/sla/calendar.html", context)


def _year(request: AgentRequest, today: date) -> int:
    asked = request.GET.get("tahun", "")
    return int(asked) if asked.isascii() and asked.isdigit() and 2000 <= int(asked[:9]) <= 2100 else today.year


@require_http_methods(["GET", "POST"])
@keepers
def create(request: AgentRequest) -> HttpResponse:
    """A new calendar; nobody works by it until it is given users."""
    form = CreateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = calendars.create(
                name=data["name"],
                zone=data["zone"],
                week=calendars.template(data["template"]),
                holidays_of=data["holidays_of"],
                by=request.user,
            )
        except InvalidInputs as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Kalender “%(name)s” dibuat. Tentukan siapa yang memakainya.") % {"name": made})
            return redirect("agent:sla_calendar", pk=made.pk)
    status = INVALID if request.method == "POST" else 200
    return render(request, "agent/sla/calendar_create.html", {"form": form, "zones": ZONES}, status=status)


@require_http_methods(["GET", "POST"])
@keepers
def facts(request: AgentRequest, pk: int) -> HttpResponse:
    """Name and zone."""
    calendar = found_or_404(pk)
    form = FactsForm(request.POST or None, initial={"name": calendar.name, "zone": calendar.timezone})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        new = {**definitions.of(calendar), "name": data["name"].strip(), "timezone": data["zone"]}
        return proposed(request, form, lambda: calendars.revise(calendar, new, by=request.user)) or _facts_page(
            request, calendar, form
        )
    return _facts_page(request, calendar, form)


def _facts_page(request: AgentRequest, calendar: Calendar, form: FactsForm) -> HttpResponse:
    context = {"calendar": calendar, "form": form, "zones": ZONES}
    return render(request, "agent/sla/calendar_facts.html", context, status=INVALID if form.errors else 200)


def proposed(request: AgentRequest, form: Any, act: Any) -> HttpResponse | None:
    """Propose, and show the dry run; what is refused becomes an error of the form, and None is returned."""
    try:
        revision = act()
    except InvalidInputs as error:
        for text in error.errors.get("__all__") or [error.message]:
            form.add_error(None, text)
        return None
    return redirect("agent:sla_revision", pk=revision.pk)


@require_http_methods(["GET", "POST"])
@keepers
def uses(request: AgentRequest, pk: int) -> HttpResponse:
    """Which teams and offices work by this calendar."""
    calendar = found_or_404(pk)
    present = list(calendar.uses.values_list("team_id", "office_id"))
    initial = {
        "teams": [team for team, _office in present if team],
        "offices": [office for _team, office in present if office],
    }
    form = UsesForm(request.POST if request.method == "POST" else None, initial=initial)
    if calendar.is_default:
        del form.fields["as_default"]  # it stays so until another becomes it
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        answer = proposed(
            request,
            form,
            lambda: calendars.use(
                calendar,
                teams=data["teams"],
                offices=data["offices"],
                as_default=data.get("as_default", False),
                by=request.user,
            ),
        )
        if answer:
            return answer
    elsewhere = [
        {"name": str(use.team or use.office), "calendar": use.calendar.name}
        for use in CalendarUse.objects.exclude(calendar=calendar).select_related("team", "office", "calendar")
    ]
    context = {"calendar": calendar, "form": form, "elsewhere": elsewhere}
    return render(request, "agent/sla/calendar_uses.html", context, status=INVALID if form.errors else 200)


@require_GET
@keepers
def history(request: AgentRequest, pk: int) -> HttpResponse:
    """Who changed what, newest first."""
    calendar = found_or_404(pk)
    page = queues.keyset_page(
        calendar.revisions.select_related("made_by", "applied_by").defer("payload"),
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
        newest_first=True,
    )
    return render(request, "agent/sla/calendar_history.html", {"calendar": calendar, "page": page})
