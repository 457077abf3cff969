"""What a manager asks of the report, read from the address so that it can be kept and sent on."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Office, Team
from catalog.models import Service
from core.templatetags.ui import tanggal
from reports import sla
from sla.models import Metric
from tickets.choices import Kind

PERIODS = {
    "bulan-ini": gettext_lazy("Bulan ini"),
    "minggu-lalu": gettext_lazy("Minggu lalu"),
    "bulan-lalu": gettext_lazy("Bulan lalu"),
    "triwulan-ini": gettext_lazy("Triwulan ini"),
    "tahun-ini": gettext_lazy("Tahun ini"),
}
DEFAULT_PERIOD = "bulan-ini"
DEFAULT_GROUP = "kind"
MAX_DAYS = 3 * 366
WRONG_DATE = {"invalid": gettext_lazy("Tulis tanggal seperti 2026-11-24.")}


def dates_of(name: str, today: date) -> tuple[date, date]:
    """First and last date of a named period; a period that is not over ends today."""
    first = today.replace(day=1)
    if name == "bulan-lalu":
        last = first - timedelta(days=1)
        return last.replace(day=1), last
    if name == "minggu-lalu":
        sunday = today - timedelta(days=today.weekday() + 1)
        return sunday - timedelta(days=6), sunday
    if name == "triwulan-ini":
        return date(today.year, 3 * ((today.month - 1) // 3) + 1, 1), today
    if name == "tahun-ini":
        return date(today.year, 1, 1), today
    return first, today


def _code_field(rows: Any, label: Any) -> "forms.ModelChoiceField[Any]":
    return forms.ModelChoiceField(
        rows, to_field_name="code", required=False, label=label, empty_label=gettext_lazy("Semua")
    )


class ReportForm(forms.Form):
    """Period, grouping and filters. Everything has a default: an empty address is this month by kind."""

    periode = forms.ChoiceField(choices=PERIODS.items(), required=False, widget=forms.HiddenInput)
    dari = forms.DateField(
        label=gettext_lazy("Dari tanggal"), error_messages=WRONG_DATE, widget=forms.DateInput(attrs={"type": "date"})
    )
    sampai = forms.DateField(
        label=gettext_lazy("Sampai tanggal"), error_messages=WRONG_DATE, widget=forms.DateInput(attrs={"type": "date"})
    )
    kelompok = forms.ChoiceField(label=gettext_lazy("Kelompokkan menurut"), choices=sla.GROUPS.items(), required=False)
    kind = forms.ChoiceField(
        label=gettext_lazy("Jenis tiket"), required=False, choices=[("", gettext_lazy("Semua")), *Kind.choices]
    )
    service = _code_field(Service.objects.all(), gettext_lazy("Layanan"))
    office = _code_field(Office.objects.exclude(kind=Office.Kind.LOCATION), gettext_lazy("Perangkat daerah"))
    team = _code_field(Team.objects.all(), gettext_lazy("Tim"))

    def __init__(self, query: QueryDict) -> None:
        """Dates hold when they are given; otherwise those of the named period are filled in, so that they show."""
        data = query.copy()
        today = timezone.localdate()
        if data.get("dari") or data.get("sampai"):
            data.pop("periode", None)
            data["sampai"] = data.get("sampai") or today.isoformat()
            data["dari"] = data.get("dari") or f"{data['sampai'][:7]}-01"
        else:
            start, end = dates_of(data.get("periode", DEFAULT_PERIOD), today)
            data["dari"], data["sampai"] = start.isoformat(), end.isoformat()
        super().__init__(data)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["kelompok"] = data.get("kelompok") or DEFAULT_GROUP
        start, end = data.get("dari"), data.get("sampai")
        if start is None or end is None:
            return data
        if end < start:
            self.add_error("sampai", _("Tanggal akhir tidak boleh sebelum tanggal awal."))
        elif (end - start).days > MAX_DAYS:
            raise ValidationError(_("Masa laporan paling lama tiga tahun. Pilih tanggal yang lebih dekat."))
        else:
            try:
                sla.period(start, end)
            except ValueError as error:
                raise ValidationError(str(error)) from error
        return data

    @property
    def scope(self) -> dict[str, Any]:
        """The arguments `start`, `end` and `filters` of the functions of `reports.sla`."""
        chosen = {name: self.cleaned_data.get(name) for name in sla.FILTERS}
        filters = {name: str(getattr(value, "code", value)) for name, value in chosen.items() if value}
        return {"start": self.cleaned_data["dari"], "end": self.cleaned_data["sampai"], "filters": filters}

    @property
    def group_by(self) -> str:
        return str(self.cleaned_data["kelompok"])

    def query(self) -> dict[str, str]:
        """The parameters of exactly this report; dates are written out, so that the address keeps its meaning."""
        start, end = self.cleaned_data["dari"].isoformat(), self.cleaned_data["sampai"].isoformat()
        return {"dari": start, "sampai": end, "kelompok": self.group_by, **self.scope["filters"]}

    def chosen(self) -> Iterator[tuple[str, str]]:
        """(label, value) of every filter in force, in words."""
        for name in sla.FILTERS:
            value = self.cleaned_data.get(name)
            if value:
                yield str(self.fields[name].label), str(Kind(value).label if name == "kind" else value)

    def period_words(self) -> str:
        """The named period, else its dates."""
        named = PERIODS.get(self.data.get("periode", ""))
        start, end = self.cleaned_data["dari"], self.cleaned_data["sampai"]
        return str(named) if named else f"{tanggal(start)} – {tanggal(end)}"

    def presets(self) -> list["Preset"]:
        """The named periods as links that keep grouping and filters."""
        today = timezone.localdate()
        kept = self.data.copy()  # type: ignore[attr-defined]
        for name in ("dari", "sampai", "periode"):
            kept.pop(name, None)
        shown = (self.data.get("dari"), self.data.get("sampai"))
        found: list[Preset] = []
        for name, label in PERIODS.items():
            start, end = dates_of(name, today)
            kept["periode"] = name
            # In January the month, the quarter and the year are the same dates: the first one is marked.
            is_current = shown == (start.isoformat(), end.isoformat()) and not any(each.is_current for each in found)
            found.append(Preset(name, str(label), f"?{kept.urlencode()}", is_current))
        return found


@dataclass(frozen=True, slots=True)
class Preset:
    """A link to a named period."""

    name: str
    label: str
    url: str
    is_current: bool


class CellForm(forms.Form):
    """One figure of the report: which row, which metric, which result. Empty means all."""

    kunci = forms.CharField(required=False, max_length=80)
    ukuran = forms.ChoiceField(required=False, choices=[("", ""), *Metric.choices])
    hasil = forms.ChoiceField(required=False, choices=[("", ""), *sla.RESULTS.items()])
    selesai = forms.ChoiceField(required=False, choices=[("", ""), *sla.PROGRESS.items()])

    def cell(self, group_by: str) -> sla.Cell:
        data = self.cleaned_data
        return sla.Cell(group_by, data["kunci"], data["ukuran"], data["hasil"], data["selesai"])


def file_stem(start: date, end: date, stem: str = "laporan-sla") -> str:
    """What the files of a period are called: `laporan-sla-2026-11`, with both dates when it is not one month or year.

    >>> file_stem(date(2025, 1, 1), date(2025, 12, 31))
    'laporan-sla-2025'
    >>> file_stem(date(2026, 11, 1), date(2026, 11, 30))
    'laporan-sla-2026-11'
    >>> file_stem(date(2026, 10, 1), date(2026, 12, 31))
    'laporan-sla-2026-10-01-2026-12-31'
    """
    if (start, end) == (date(start.year, 1, 1), date(start.year, 12, 31)):
        return f"{stem}-{start:%Y}"
    last_day = monthrange(start.year, start.month)[1]
    whole = {start.replace(day=last_day), timezone.localdate()}
    is_month = start.day == 1 and (start.year, start.month) == (end.year, end.month) and end in whole
    return f"{stem}-{start:%Y-%m}" if is_month else f"{stem}-{start}-{end}"
