"""Attainment: figures, chart, table, the tickets behind each figure, and the files."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from reports import sla
from reports.charts import bars
from reports.definitions import ATTAINMENT, words
from reports.forms import CellForm, ReportForm, file_stem
from reports.pages import FORMATS, PAGES, TYPES, answer, as_file
from reports.views.shared import ReaderRequest, ask_again, download, readers
from sla.models import Clock, Metric
from tickets.models import Ticket
from tickets.queues import keyset_page

PAGE_SIZE = 50


@readers
def report(request: ReaderRequest) -> HttpResponse:
    """Figures, chart and table of a period. A question that makes no sense gets the form back, saying why."""
    form = ReportForm(request.GET)
    if not form.is_valid():
        return ask_again(request, form)
    found = answer(request.user, form, timezone.now())
    metrics = list(found.summary.metrics)
    context = {
        "form": form,
        "presets": form.presets(),
        "report": found,
        "rows": [_line(row, row.metrics, metrics, form, row.key) for row in found.rows],
        "total": _line(found.summary.total, found.summary.metrics, metrics, form, ""),
        "metrics": [(Metric(metric).label, counts) for metric, counts in found.summary.metrics.items()],
        "chart": bars(found.rows),
        "group_label": sla.GROUPS[form.group_by],
        "definitions": words(*ATTAINMENT),
        "export_url": _url("sla_export", form),
        "page_code": "sla",
        "query": urlencode(form.query()),
        "created_url": _url("sla_tickets", form),
        "open_url": _url("sla_tickets", form, selesai="open"),
        "finished_url": _url("sla_tickets", form, selesai="finished"),
    }
    return render(request, "reports/sla.html", context)


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
        return ask_again(request, form)
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
        "clocks": sla.clocks_behind(cell, found, now) if cell.metric else None,
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
    """A report as a file: `laporan` says which one, `bentuk` in which of FORMATS; unless told, the workbook of SLA."""
    form = ReportForm(request.GET)
    page = PAGES.get(request.GET.get("laporan", "sla"))
    kind = request.GET.get("bentuk", "xlsx")
    if page is None or kind not in FORMATS:
        raise Http404
    if not form.is_valid():
        return ask_again(request, form)
    name = f"{file_stem(form.scope['start'], form.scope['end'], page.stem)}.{kind}"
    return download(as_file(request.user, page, form, kind, timezone.now()), TYPES[kind], name)
