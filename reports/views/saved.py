"""Saved reports: keep, list, open, change, forget, and have them sent."""

from urllib.parse import parse_qsl

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from reports import saved, schedule
from reports.forms_saved import SaveForm, ScheduleForm, add_errors
from reports.models import SavedReport
from reports.pages import PAGES, question
from reports.views.shared import INVALID, ReaderRequest, only_readers, readers
from tickets.errors import InvalidInputs


@readers
def listing(request: ReaderRequest) -> HttpResponse:
    """One's own first, then those of others."""
    found = saved.visible_to(request.user).select_related("owner", "schedule").prefetch_related("schedule__recipients")
    rows = [_row(request, each) for each in found.order_by("name", "pk")[:500]]
    context = {
        "own": [row for row in rows if row["is_own"]],
        "others": [row for row in rows if not row["is_own"]],
    }
    return render(request, "reports/saved.html", context)


def _row(request: ReaderRequest, report: SavedReport) -> dict[str, object]:
    page, form, plan = PAGES.get(report.page), question(report.query), getattr(report, "schedule", None)
    people = list(plan.recipients.all()) if plan else []
    return {
        "report": report,
        "page": page.label if page else report.page,
        "period": form.period_words() if form.is_valid() else "",
        "chosen": list(form.chosen()) if form.is_valid() else [],
        "is_own": report.owner_id == request.user.pk,
        "schedule": plan,
        "recipients": people,
        "is_recipient": request.user in people,
    }


@readers
def open_saved(request: ReaderRequest, pk: int) -> HttpResponse:
    """The report as it stands today; its address says which question it is."""
    report = saved.get_visible(request.user, pk)
    page = PAGES.get(report.page)
    if page is None:
        raise Http404
    return redirect(page.address(report.query))


@only_readers("GET", "HEAD", "POST")
def save(request: ReaderRequest) -> HttpResponse:
    """Keep the report that the query asks for (`laporan` says which page)."""
    pairs = request.GET.copy()
    code = "".join(pairs.pop("laporan", ["sla"])[-1:])
    asked = pairs.urlencode()
    if code not in PAGES or not question(asked).is_valid():
        raise Http404
    form = SaveForm(request.POST or None, initial={"periode": _same_dates(asked)})
    if request.method == "POST" and form.is_valid():
        try:
            kept = saved.keep(
                actor=request.user,
                name=form.cleaned_data["name"],
                page=code,
                query=form.query(asked),
                is_shared=form.cleaned_data["is_shared"],
            )
        except InvalidInputs as error:
            add_errors(form, error.errors.items())
        else:
            messages.success(request, _("Laporan “%(name)s” disimpan.") % {"name": kept.name})
            return redirect("reports:saved_list")
    back = PAGES[code].address(asked)
    context = {"form": form, "title": _("Simpan laporan ini"), "back": back, "words": _words(code, asked)}
    return render(request, "reports/save.html", context, status=INVALID if form.errors else 200)


def _words(code: str, query: str) -> str:
    form = question(query)
    form.is_valid()
    return " · ".join([str(PAGES[code].label), *(f"{label}: {value}" for label, value in form.chosen())])


def _same_dates(query: str) -> str:
    """The named period that has the dates of this question today; "" when none has."""
    named = dict(parse_qsl(query)).get("periode")
    return named or next((preset.name for preset in question(query).presets() if preset.is_current), "")


@only_readers("GET", "HEAD", "POST")
def edit(request: ReaderRequest, pk: int) -> HttpResponse:
    """Another name, another period, shared or not."""
    report = saved.get_own(request.user, pk)
    form = SaveForm(request.POST or None, instance=report, initial={"periode": _same_dates(report.query)})
    if request.method == "POST" and form.is_valid():
        try:
            saved.keep(
                actor=request.user,
                pk=pk,
                name=form.cleaned_data["name"],
                page=report.page,
                query=form.query(report.query),
                is_shared=form.cleaned_data["is_shared"],
            )
        except InvalidInputs as error:
            add_errors(form, error.errors.items())
        else:
            messages.success(request, _("Perubahan disimpan."))
            return redirect("reports:saved_list")
    back = reverse("reports:saved_list")
    context = {
        "form": form,
        "title": _("Ubah laporan tersimpan"),
        "back": back,
        "words": _words(report.page, report.query),
    }
    return render(request, "reports/save.html", context, status=INVALID if form.errors else 200)


@only_readers("GET", "HEAD", "POST")
def delete(request: ReaderRequest, pk: int) -> HttpResponse:
    """Asks once more, then forgets the report and its schedule."""
    report = saved.get_own(request.user, pk)
    if request.method == "POST" and "confirm" in request.POST:
        name = saved.delete(actor=request.user, pk=pk)
        messages.success(request, _("Laporan “%(name)s” dihapus.") % {"name": name})
        return redirect("reports:saved_list")
    return render(request, "reports/saved_delete.html", {"report": report, "back": reverse("reports:saved_list")})


@only_readers("GET", "HEAD", "POST")
def plan(request: ReaderRequest, pk: int) -> HttpResponse:
    """When it is sent, as what, and to whom."""
    report = saved.get_own(request.user, pk)
    existing = getattr(report, "schedule", None)
    form = ScheduleForm(request.POST or None, instance=existing, owner=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            made = form.put(actor=request.user, pk=pk, now=timezone.now())
        except InvalidInputs as error:
            add_errors(form, error.errors.items())
        else:
            when = timezone.localtime(made.next_run_at).strftime("%d-%m-%Y %H.%M")
            messages.success(request, _("Jadwal disimpan. Kiriman berikutnya %(when)s.") % {"when": when})
            return redirect("reports:saved_list")
    context = {"form": form, "report": report, "schedule": existing, "moves": saved.follows_time(report)}
    return render(request, "reports/schedule.html", context, status=INVALID if form.errors else 200)


@only_readers("POST")
def unplan(request: ReaderRequest, pk: int) -> HttpResponse:
    """Sent no more; the report itself stays, so nothing is lost and nobody is asked again."""
    schedule.stop(actor=request.user, pk=pk)
    messages.success(request, _("Jadwal dihentikan. Laporannya tetap tersimpan."))
    return redirect("reports:saved_list")


@only_readers("POST")
def leave(request: ReaderRequest, pk: int) -> HttpResponse:
    """A recipient wants no more of it."""
    schedule.leave(actor=request.user, pk=pk)
    messages.success(request, _("Anda tidak lagi menerima laporan ini."))
    return redirect("reports:saved_list")


@only_readers("POST")
def send_now(request: ReaderRequest, pk: int) -> HttpResponse:
    """A trial mail to oneself."""
    try:
        sent = schedule.send_now(actor=request.user, pk=pk, at=timezone.now())
    except InvalidInputs as error:
        messages.error(request, error.message)
    else:
        words = (
            _("Laporan dikirim ke email Anda.")
            if sent
            else _("Baru saja dikirim. Tunggu semenit sebelum mencoba lagi.")
        )
        messages.success(request, words)
    return redirect("reports:saved_list")
