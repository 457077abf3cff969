"""The SLA report for managers: figures, chart, table, the tickets behind each cell, and the workbook."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
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
from reports.export import workbook
from reports.forms import DrillForm, ReportForm
from sla.models import Metric
from tickets.models import Ticket

READERS = (Role.MANAGER, Role.COORDINATOR, Role.ADMINISTRATOR)
PAGE_SIZE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
View = Callable[..., HttpResponse]


class ReaderRequest(HttpRequest):
    """A request by somebody who may read reports."""

    user: User


def readers(view: View) -> View:
    """For signed-in managers, coordinators and administrators."""

    @wraps(view)
    def guarded(request: ReaderRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_role(*READERS):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return never_cache(login_required(require_GET(guarded)))


@readers
def report(request: ReaderRequest) -> HttpResponse:
    form = ReportForm(request.GET)
    if not form.is_valid():
        return render(request, "reports/sla.html", {"form": form}, status=422)
    data = form.cleaned_data
    rows, summary = _figures(request.user, form)
    context = {
        "form": form,
        "rows": [_cells(row, list(summary.metrics), request) for row in rows],
        "summary": summary,
        "metrics": [(Metric(metric).label, counts) for metric, counts in summary.metrics.items()],
        "chart": bars(rows),
        "group_label": sla.GROUPS[data["group_by"]],
        "start": data["start"],
        "end": data["end"],
        "export_url": f"{reverse('reports:sla_export')}?{request.GET.urlencode()}",
        "now": timezone.now(),
    }
    return render(request, "reports/sla.html", context)


def _figures(user: User, form: ReportForm) -> tuple[list[sla.Row], sla.Summary]:
    data = form.cleaned_data
    scope = {"start": data["start"], "end": data["end"], "filters": form.filters()}
    rows = sla.attainment(user, group_by=data["group_by"], **scope)
    return rows, sla.summarise(rows, sla.tickets_in(user, **scope))


def _cells(row: sla.Row, metrics: list[str], request: ReaderRequest) -> dict[str, Any]:
    """A row with the address of the tickets behind each of its figures."""
    groups = [(metric, row.metrics.get(metric, sla.Counts())) for metric in metrics]
    return {
        "label": row.label,
        "attainment": row.attainment,
        "total": row.total,
        "groups": [
            {
                "attainment": counts.attainment,
                "cells": [
                    (result, getattr(counts, result), _drill_url(request, row.key, metric, result))
                    for result in sla.RESULTS
                ],
            }
            for metric, counts in groups
        ],
    }


def _drill_url(request: ReaderRequest, key: str, metric: str, result: str) -> str:
    query = request.GET.copy()
    query.update({"kunci": key, "ukuran": metric, "hasil": result})
    return f"{reverse('reports:sla_tickets')}?{query.urlencode()}"


@readers
def tickets(request: ReaderRequest) -> HttpResponse:
    """The tickets behind one figure, newest first, by keyset pages."""
    form, cell = ReportForm(request.GET), DrillForm(request.GET)
    if not form.is_valid() or not cell.is_valid():
        raise Http404
    try:
        found = _behind(request.user, form, cell.cleaned_data)
    except ValueError as error:
        raise Http404 from error
    before = request.GET.get("sebelum", "")
    if before.isdigit():
        found = found.filter(pk__lt=int(before[:18]))
    page = list(found.select_related("service", "office", "team", "assignee").order_by("-pk")[: PAGE_SIZE + 1])
    more = len(page) > PAGE_SIZE
    page = page[:PAGE_SIZE]
    query = {name: value for name, value in request.GET.items() if name != "sebelum"}
    context = {
        "tickets": page,
        "next_url": f"?{urlencode({**query, 'sebelum': page[-1].pk})}" if more else "",
        "back_url": f"{reverse('reports:sla')}?{urlencode({k: v for k, v in query.items() if k in form.fields})}",
        "metric": dict(Metric.choices).get(cell.cleaned_data["ukuran"], ""),
        "result": dict(cell.fields["hasil"].choices).get(cell.cleaned_data["hasil"], ""),  # type: ignore[attr-defined]
        "start": form.cleaned_data["start"],
        "end": form.cleaned_data["end"],
    }
    return render(request, "reports/tickets.html", context)


def _behind(user: User, form: ReportForm, cell: dict[str, Any]) -> QuerySet[Ticket]:
    data = form.cleaned_data
    found = sla.tickets_in(user, start=data["start"], end=data["end"], filters=form.filters())
    if cell["kunci"]:
        found = found.filter(sla.group_filter(data["group_by"], cell["kunci"]))
    if cell["ukuran"] or cell["hasil"]:
        clocks = sla.Clock.objects.all()
        if cell["ukuran"]:
            clocks = clocks.filter(metric=cell["ukuran"])
        if cell["hasil"]:
            clocks = clocks.filter(sla.result_is(cell["hasil"], timezone.now()))
        found = found.filter(pk__in=clocks.values("ticket_id"))
    return found


@readers
def export(request: ReaderRequest) -> HttpResponse:
    form = ReportForm(request.GET)
    if not form.is_valid():
        return render(request, "reports/sla.html", {"form": form}, status=422)
    data = form.cleaned_data
    rows, summary = _figures(request.user, form)
    content = workbook(start=data["start"], end=data["end"], group_by=data["group_by"], rows=rows, summary=summary)
    name = f"laporan-sla-{data['start']:%Y%m%d}-{data['end']:%Y%m%d}.xlsx"
    return HttpResponse(content, content_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}"'})
