"""The monthly and yearly recapitulation: on the screen with its tickets, and as a file to sign."""

from datetime import date
from urllib.parse import urlencode

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from reports import overview, recap, sections
from reports.definitions import ALWAYS, words
from reports.forms import ReportForm, file_stem
from reports.pages import PAGES, TYPES, as_file
from reports.scope import last_of_month, months_before
from reports.views.numbers import Numbers
from reports.views.shared import INVALID, ReaderRequest, download, readers

YEARS = 10
TEMPLATE = "reports/recap.html"


class RecapForm(forms.Form):
    """A month as browsers write it (2026-10), or a whole year."""

    bulan = forms.RegexField(
        r"^\d{4}-(0[1-9]|1[0-2])$",
        label=_("Bulan"),
        required=False,
        widget=forms.TextInput(attrs={"type": "month"}),
        error_messages={"invalid": _("Tulis bulan seperti 2026-10.")},
    )
    tahun = forms.TypedChoiceField(label=_("Atau satu tahun"), required=False, coerce=int, empty_value=None)

    def __init__(self, data: object, today: date) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.today = today
        years = [(each, str(each)) for each in range(today.year, today.year - YEARS, -1)]
        self.fields["tahun"].choices = [("", "–"), *years]  # type: ignore[attr-defined]

    def clean_bulan(self) -> date | None:
        """Its first day. It must have begun and be no older than the years on offer."""
        text = self.cleaned_data["bulan"]
        if not text:
            return None
        number, month = int(text[:4]), int(text[5:])
        if not (self.today.year - YEARS, 0) < (number, month) <= (self.today.year, self.today.month):
            raise forms.ValidationError(_("Pilih bulan yang sudah dimulai, paling lama sepuluh tahun lalu."))
        return date(number, month, 1)

    def span(self) -> tuple[date, date]:
        """A year when one is chosen, else the month, else the last complete month."""
        if year := self.cleaned_data.get("tahun"):
            return date(year, 1, 1), date(year, 12, 31)
        first = self.cleaned_data.get("bulan") or months_before(self.today, 1)
        return first, last_of_month(first)


def _asked(request: ReaderRequest) -> tuple[RecapForm, ReportForm]:
    """The chosen month or year, and the question it makes. Saved reports ask by dates, or by the name of a period."""
    given, today = request.GET.copy(), timezone.localdate()
    if any(given.get(name) for name in ("dari", "sampai", "periode")):
        form = ReportForm(given)
        return RecapForm(_as_chosen(form) if form.is_valid() else {}, today), form
    chosen = RecapForm(given, today)
    start, end = chosen.span() if chosen.is_valid() else (today, today)
    given["dari"], given["sampai"] = start.isoformat(), end.isoformat()
    form = ReportForm(given)
    return (RecapForm(_as_chosen(form), today) if chosen.is_valid() and form.is_valid() else chosen), form


def _as_chosen(form: ReportForm) -> dict[str, str]:
    """The period of the question as one chooses it."""
    start, end = form.scope["start"], form.scope["end"]
    is_year = (start, end) == (date(start.year, 1, 1), date(start.year, 12, 31))
    return {"tahun": f"{start:%Y}"} if is_year else {"bulan": f"{start:%Y-%m}"}


def _ask_again(request: ReaderRequest, chosen: RecapForm, form: ReportForm) -> HttpResponse:
    return render(request, TEMPLATE, {"form": chosen, "filters": form}, status=INVALID)


@readers
def page(request: ReaderRequest) -> HttpResponse:
    """The recapitulation on the screen; each number opens its tickets."""
    chosen, form = _asked(request)
    if not (chosen.is_valid() and form.is_valid()):
        return _ask_again(request, chosen, form)
    now = timezone.now()
    question = overview.question_of(request.user, form, now)
    query = urlencode(form.query())
    numbers = Numbers(form, "recap")
    context = {
        "form": chosen,
        "filters": form,
        "title": recap.title_of(question),
        "facts": [numbers.fact(fact) for fact in sections.facts(question)],
        "sections": [numbers.section(section) for section in recap.tables(question)],
        "start": question.start,
        "end": question.end,
        "made_at": now,
        "chosen": list(form.chosen()),
        "notes": words("trend", *ALWAYS),
        "page_code": "recap",
        "query": query,
        "export_url": f"{reverse('reports:recap_file')}?{query}",
    }
    return render(request, TEMPLATE, context)


@readers
def recapitulation(request: ReaderRequest) -> HttpResponse:
    """The file."""
    kind = request.GET.get("bentuk") or "pdf"
    if kind not in TYPES:
        raise Http404
    chosen, form = _asked(request)
    if not (chosen.is_valid() and form.is_valid()):
        return _ask_again(request, chosen, form)
    start, end = form.scope["start"], form.scope["end"]
    content = as_file(request.user, PAGES["recap"], form, kind, timezone.now())
    return download(content, TYPES[kind], f"{file_stem(start, end, PAGES['recap'].stem)}.{kind}")
