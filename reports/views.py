"""The SLA report for managers: figures, chart, table, the tickets behind each figure, and the workbook."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.roles import Role
from reports import sla
from reports.charts import bars
from reports.definitions import DEFINITIONS
from reports.export import Report, workbook
from reports.forms import CellForm, ReportForm, file_stem
from sla.models import Clock, Metric
from tickets.models import Ticket
from tickets.queues import keyset_page

READERS = (Role.MANAGER, Role.COORDINATOR, Role.ADMINISTRATOR)
PAGE_SIZE = 50
INVALID = 422
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
View = Callable[..., HttpResponse]


class ReaderRequest(HttpRequest):
    """A request by somebody who may read reports."""

    user: User


def readers(view: View) -> View:
    """For signed-in managers, coordinators and administrators; others get the sign-in page or 403."""

    @wraps(view)
    def guarded(request: ReaderRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_role(*READERS):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return never_cache(login_required(require_GET(guarded)))


@readers
def report(request: ReaderRequest) -> HttpResponse:
    """Figures, chart and table of a period. A question that makes no sense gets the form back, saying why."""
    form = ReportForm(request.GET)
    if not form.is_valid():
        return _ask_again(request, form)
    answer = _answer(request.user, form)
    metrics = list(answer.summary.metrics)
    context = {
        "form": form,
        "presets": form.presets(),
        "report": answer,
        "rows": [_line(row, row.metrics, metrics, form, row.key) for row in answer.rows],
        "total": _line(answer.summary.total, answer.summary.metrics, metrics, form, ""),
        "metrics": [(Metric(metric).label, counts) for metric, counts in answer.summary.metrics.items()],
        "chart": bars(answer.rows),
        "group_label": sla.GROUPS[form.group_by],
        "definitions": DEFINITIONS,
        "export_url": _url("sla_export", form),
        "created_url": _url("sla_tickets", form),
        "open_url": _url("sla_tickets", form, selesai="open"),
        "finished_url": _url("sla_tickets", form, selesai="finished"),
    }
    return render(request, "reports/sla.html", context)


def _ask_again(request: ReaderRequest, form: ReportForm) -> HttpResponse:
    return render(request, "reports/sla.html", {"form": form, "presets": form.presets()}, status=INVALID)


def _answer(user: User, form: ReportForm) -> Report:
    now = timezone.now()
    rows = sla.attainment(user, group_by=form.group_by, now=now, **form.scope)
    summary = sla.summary(user, rows=rows, **form.scope)
    start, end = form.scope["start"], form.scope["end"]
    return Report(start, end, form.group_by, rows, summary, list(form.chosen()), now)


def _url(name: str, form: ReportForm, **more: str) -> str:
    return f"{reverse(f'reports:{name}')}?{urlencode({**form.query(), **more})}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A count of the table, and the address of the tickets it counts."""

    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row as the table shows it: for every metric three figures and a percentage."""

    label: str
    total: int
    attainment: float | None
    groups: list[tuple[list[Figure], float | None]]


def _line(counts: sla.Counts, by_metric: dict[str, sla.Counts], metrics: list[str], form: ReportForm, key: str) -> Line:
    groups = []
    for metric in metrics:
        own = by_metric.get(metric, sla.Counts())
        narrow = {"kunci": key, "ukuran": metric} if key else {"ukuran": metric}
        figures = [
            Figure(getattr(own, result), _url("sla_tickets", form, **narrow, hasil=result)) for result in sla.RESULTS
        ]
        groups.append((figures, own.attainment))
    return Line(getattr(counts, "label", ""), counts.total, counts.attainment, groups)


@readers
def tickets(request: ReaderRequest) -> HttpResponse:
    """The tickets behind one figure, newest first, by keyset pages."""
    form, asked = ReportForm(request.GET), CellForm(request.GET)
    if not form.is_valid():
        return _ask_again(request, form)
    if not asked.is_valid():
        raise Http404
    cell, now = asked.cell(form.group_by), timezone.now()
    try:
        words = list(_words(cell))
        found = sla.tickets_behind(cell, request.user, now=now, **form.scope)
    except ValueError as error:
        raise Http404 from error
    page = keyset_page(
        _with_facts(found, cell.metric),
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
        newest_first=True,
        size=PAGE_SIZE,
    )
    context = {
        "page": page,
        "count": found.count(),
        "words": words,
        "chosen": list(form.chosen()),
        "with_clock": bool(cell.metric),
        "back_url": _url("sla", form),
        "start": form.scope["start"],
        "end": form.scope["end"],
    }
    return render(request, "reports/tickets.html", context)


def _words(cell: sla.Cell) -> Iterator[str]:
    """What the figure is about, in words. Raises ValueError for a key that cannot be one."""
    if cell.key:
        yield sla.label_of(cell.group_by, cell.key)
    if cell.metric:
        yield str(Metric(cell.metric).label)
    for chosen, labels in ((cell.result, sla.RESULTS), (cell.progress, sla.PROGRESS)):
        if chosen:
            yield str(labels[chosen])


def _with_facts(found: QuerySet[Ticket], metric: str) -> QuerySet[Ticket]:
    """The same tickets with everything a line shows, in a constant number of queries."""
    clocks = Prefetch("clocks", Clock.objects.filter(metric=metric), to_attr="measured")
    return found.select_related("service", "office", "team").prefetch_related(clocks)


@readers
def export(request: ReaderRequest) -> HttpResponse:
    """The report as a workbook."""
    form = ReportForm(request.GET)
    if not form.is_valid():
        return _ask_again(request, form)
    answer = _answer(request.user, form)
    name = f"{file_stem(answer.start, answer.end)}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(workbook(answer), content_type=XLSX, headers=headers)
