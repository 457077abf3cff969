"""The public dashboard: the same for everybody, counted every ten minutes at most."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from reports import dashboard
from reports.export import text
from reports.export.document import Column, Kind, Table
from reports.views.shared import download

MAX_LINES = 150
"""Services of the page that have figures; the files hold all."""
BUSY = 503
PUBLIC = "public, max-age=600"


def _shown(request: HttpRequest) -> dashboard.Published | None:
    months = request.GET.get("bulan", "")
    return dashboard.published(dashboard.WINDOWS[0] if months == str(dashboard.WINDOWS[0]) else dashboard.WINDOWS[1])


def _busy(request: HttpRequest) -> HttpResponse:
    answer = render(request, "reports/public_busy.html", status=BUSY)
    answer["Retry-After"] = "5"
    return answer


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """How well each service kept its promises, for citizens."""
    shown = _shown(request)
    if shown is None:
        return _busy(request)
    lines = [line for line in shown.lines if line.tickets is not None]
    context = {
        "shown": shown,
        "lines": lines[:MAX_LINES],
        "left_out": max(0, len(lines) - MAX_LINES),
        "small": len(shown.lines) - len(lines),
        "windows": dashboard.WINDOWS,
        "limit": dashboard.SMALL,
        "definitions": dashboard.WORDS,
    }
    return render(request, "reports/public.html", context)


@require_GET
def as_json(request: HttpRequest) -> HttpResponse:
    """The same for programs."""
    shown = _shown(request)
    if shown is None:
        return _busy(request)
    body = {
        "months": shown.months,
        "from": shown.start.isoformat(),
        "to": shown.end.isoformat(),
        "made_at": shown.made_at.isoformat(),
        "hidden_below": dashboard.SMALL,
        "rounded_to": dashboard.ROUND,
        "services": list(dashboard.as_rows(shown)),
    }
    return JsonResponse(body, headers={"Cache-Control": PUBLIC})


@require_GET
def as_csv(request: HttpRequest) -> HttpResponse:
    """The same for spreadsheets."""
    shown = _shown(request)
    if shown is None:
        return _busy(request)
    columns = [
        Column(_("Kode")),
        Column(_("Layanan")),
        Column(_("Tiket"), Kind.COUNT),
        Column(_("Tanggapan tepat waktu"), Kind.PERCENT),
        Column(_("Penyelesaian tepat waktu"), Kind.PERCENT),
        Column(_("Median penyelesaian"), Kind.MINUTES),
    ]
    rows = [
        [
            row["code"],
            row["service"],
            row["tickets_text"],
            row["response_percent"],
            row["resolution_percent"],
            row["median_resolution_minutes"],
        ]
        for row in dashboard.as_rows(shown)
    ]
    name = f"kinerja-layanan-{shown.months}-bulan-{shown.end:%Y-%m}.csv"
    answer = download(text.render([Table(_("Kinerja layanan"), columns, rows)]), text.TYPE, name)
    answer["Cache-Control"] = PUBLIC
    return answer
