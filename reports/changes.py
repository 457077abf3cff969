"""How changes ended, for those who read reports."""

from datetime import datetime, time

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from reports.views.shared import ReaderRequest, readers
from tickets.changes.results import by_month, total_of

MONTHS = 12


@readers
def results(request: ReaderRequest) -> HttpResponse:
    """The last twelve months, the present one included."""
    now = timezone.localtime()
    months_ago = now.year * 12 + now.month - 1 - (MONTHS - 1)
    first = timezone.make_aware(datetime.combine(now.date().replace(months_ago // 12, months_ago % 12 + 1, 1), time()))
    months = by_month(request.user, first, now)
    context = {"months": months, "total": total_of(months), "start": first, "made_at": now}
    return render(request, "reports/changes.html", context)
