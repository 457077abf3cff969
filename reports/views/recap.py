"""The monthly and yearly recapitulation: choose a month, get a PDF to sign."""

from datetime import date

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from reports import recap
from reports.export import pdf, xlsx
from reports.views.shared import INVALID, ReaderRequest, download, readers

YEARS = 10
FILES = {"pdf": (pdf.render, pdf.TYPE), "xlsx": (xlsx.render, xlsx.TYPE)}


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
    bentuk = forms.ChoiceField(
        label=_("Bentuk"), required=False, choices=[("pdf", _("PDF berkop")), ("xlsx", _("Buku kerja XLSX"))]
    )

    def __init__(self, data: object, today: date) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.today = today
        years = [(each, str(each)) for each in range(today.year, today.year - YEARS, -1)]
        self.fields["tahun"].choices = [("", _("(bulan di atas)")), *years]  # type: ignore[attr-defined]
        self.initial["bulan"] = f"{recap.month(today.year, today.month).before.start:%Y-%m}"

    def clean_bulan(self) -> recap.Span | None:
        """The month, which must have begun and be no older than the years on offer."""
        text = self.cleaned_data["bulan"]
        if not text:
            return None
        number, month = int(text[:4]), int(text[5:])
        if not (self.today.year - YEARS, 0) < (number, month) <= (self.today.year, self.today.month):
            raise forms.ValidationError(_("Pilih bulan yang sudah dimulai, paling lama sepuluh tahun lalu."))
        return recap.month(number, month)

    def span(self) -> recap.Span:
        """A year when one is chosen, else the month, else the last complete month."""
        data = self.cleaned_data
        before: recap.Span = recap.month(self.today.year, self.today.month).before
        return recap.year(data["tahun"]) if data.get("tahun") else (data.get("bulan") or before)


@readers
def choose(request: ReaderRequest) -> HttpResponse:
    """Which month or year."""
    return render(request, "reports/recap.html", {"form": RecapForm(None, timezone.localdate())})


@readers
def recapitulation(request: ReaderRequest) -> HttpResponse:
    """The file."""
    form = RecapForm(request.GET, timezone.localdate())
    if not form.is_valid():
        return render(request, "reports/recap.html", {"form": form}, status=INVALID)
    span, kind = form.span(), form.cleaned_data["bentuk"] or "pdf"
    make, content_type = FILES[kind]
    stem = f"rekap-{span.start:%Y}" if span.is_year else f"rekap-{span.start:%Y-%m}"
    content = make(recap.document(request.user, span, timezone.now()))
    return download(content, content_type, f"{stem}.{kind}")
