"""Times, load and causes on a page, and the tickets behind each number."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from reports import figures, overview
from reports.definitions import FIGURES
from reports.export.document import Kind, written
from reports.forms import ReportForm
from reports.scope import GROUPS, label_of
from reports.views.shared import ReaderRequest, ask_again, readers
from tickets.queues import keyset_page

PAGE_SIZE = 50
TEMPLATE = "reports/figures.html"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as it is written, and the address of the tickets behind it ("": none)."""

    text: str
    url: str
    is_number: bool


@readers
def report(request: ReaderRequest) -> HttpResponse:
    """The tables of a period. A question that makes no sense gets the form back, saying why."""
    form = ReportForm(request.GET)
    if not form.is_valid():
        return ask_again(request, form, TEMPLATE)
    now = timezone.now()
    question = overview.question_of(request.user, form, now)
    query = urlencode(form.query())
    context = {
        "form": form,
        "presets": form.presets(),
        "facts": overview.facts(question),
        "sections": [_shown(section, form) for section in overview.sections(question, form.group_by)],
        "start": question.start,
        "end": question.end,
        "made_at": now,
        "chosen": list(form.chosen()),
        "group_label": GROUPS[form.group_by],
        "trend": FIGURES["trend"],
        "page_code": "figures",
        "query": query,
        "export_url": f"{reverse('reports:sla_export')}?{query}&laporan=figures",
    }
    return render(request, TEMPLATE, context)


def _shown(section: overview.Section, form: ReportForm) -> dict[str, Any]:
    columns = section.table.columns
    return {
        "title": section.table.title,
        "columns": columns,
        "rows": [
            [_cell(value, column.kind, link, form) for value, column, link in zip(row, columns, links, strict=True)]
            for row, links in zip(section.table.rows, section.behind, strict=True)
        ],
        "definitions": [FIGURES[name] for name in section.definitions],
    }


def _cell(value: Any, kind: Kind, link: overview.Link, form: ReportForm) -> Cell:
    url = ""
    if link and value:
        asked = {"angka": link.figure, "butir": link.item, "kunci": link.key}
        wanted = {**form.query(), **{name: text for name, text in asked.items() if text}}
        url = f"{reverse('reports:figure_tickets')}?{urlencode(wanted)}"
    return Cell(written(value, kind), url, kind != Kind.TEXT)


@readers
def tickets(request: ReaderRequest) -> HttpResponse:
    """The tickets behind one number, newest first, by keyset pages."""
    form = ReportForm(request.GET)
    if not form.is_valid():
        return ask_again(request, form, TEMPLATE)
    asked = request.GET
    chosen = figures.Selection(
        asked.get("angka", "created"), asked.get("butir", ""), form.group_by, asked.get("kunci", "")
    )
    selection = overview.ungrouped(chosen)
    try:
        words = [overview.title_of(selection)]
        if selection.key:
            words.append(label_of(selection.group_by, selection.key))
        question = overview.question_of(request.user, form, timezone.now())
        found = figures.tickets_behind(selection, question)
    except (ValueError, OverflowError) as error:
        raise Http404 from error
    page = keyset_page(
        found.select_related("service", "office", "team"),
        after=asked.get("sesudah", ""),
        before=asked.get("sebelum", ""),
        newest_first=True,
        size=PAGE_SIZE,
    )
    context = {
        "page": page,
        "count": found.count(),
        "words": words,
        "chosen": list(form.chosen()),
        "back_url": f"{reverse('reports:figures')}?{urlencode(form.query())}",
        "start": question.start,
        "end": question.end,
    }
    return render(request, "reports/tickets.html", context)
