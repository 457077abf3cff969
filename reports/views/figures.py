"""Times, load and causes on a page, and the tickets behind each number."""

from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from reports import figures, overview, sections
from reports.definitions import ALWAYS, words
from reports.forms import ReportForm
from reports.pages import PAGES
from reports.scope import GROUPS, label_of
from reports.views.numbers import Numbers
from reports.views.shared import ReaderRequest, ask_again, readers
from tickets.queues import keyset_page

PAGE_SIZE = 50
STAYS = 3
"""Stays of a ticket that its line names."""
TEMPLATE = "reports/figures.html"
LATE = ("cause", "cause_team", "cause.now", "cause_team.now", "clock.breached")
"""Figures of which the list says where each ticket spent its time."""


@readers
def report(request: ReaderRequest) -> HttpResponse:
    """The tables of a period. A question that makes no sense gets the form back, saying why."""
    form = ReportForm(request.GET)
    if not form.is_valid():
        return ask_again(request, form, TEMPLATE)
    now = timezone.now()
    question = overview.question_of(request.user, form, now)
    query = urlencode(form.query())
    numbers = Numbers(form, "figures")
    context = {
        "form": form,
        "presets": form.presets(),
        "facts": [numbers.fact(fact) for fact in sections.facts(question)],
        "sections": [numbers.section(section) for section in overview.tables(question, form.group_by)],
        "start": question.start,
        "end": question.end,
        "made_at": now,
        "chosen": list(form.chosen()),
        "group_label": GROUPS[form.group_by],
        "notes": words("trend", *ALWAYS),
        "page_code": "figures",
        "query": query,
        "export_url": f"{reverse('reports:sla_export')}?{query}&laporan=figures",
    }
    return render(request, TEMPLATE, context)


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
        about = [overview.title_of(selection), overview.item_of(selection)]
        if selection.key:
            about.append(label_of(selection.group_by, selection.key))
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
    is_late = selection.figure in LATE
    if is_late:
        stays = figures.stays_of(page.rows, question.now)
        for ticket in page.rows:
            ticket.stays = stays[ticket.pk][:STAYS]
    came_from = PAGES.get(asked.get("laporan", ""), PAGES["figures"])
    context = {
        "page": page,
        "count": found.count(),
        "words": [each for each in about if each],
        "chosen": list(form.chosen()),
        "back_url": came_from.address(asked.get("asal", "") or form.query()),
        "with_stays": is_late,
        "start": question.start,
        "end": question.end,
    }
    return render(request, "reports/tickets.html", context)
