"""What a manager asks of the report."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Office, Team
from catalog.models import Service
from reports.sla import GROUPS
from sla.models import Metric
from tickets.choices import Kind

PERIODS = {
    "bulan-ini": gettext_lazy("Bulan ini"),
    "bulan-lalu": gettext_lazy("Bulan lalu"),
    "triwulan-ini": gettext_lazy("Triwulan ini"),
    "tahun-ini": gettext_lazy("Tahun ini"),
    "tanggal": gettext_lazy("Pilih tanggal"),
}
DEFAULT_PERIOD = "bulan-ini"
DEFAULT_GROUP = "kind"
MAX_DAYS = 366 * 3


def dates_of(name: str, today: date) -> tuple[date, date]:
    """First and last date of a named period that contains or precedes `today`."""
    first = today.replace(day=1)
    if name == "bulan-lalu":
        last = first - timedelta(days=1)
        return last.replace(day=1), last
    if name == "triwulan-ini":
        return date(today.year, 3 * ((today.month - 1) // 3) + 1, 1), today
    if name == "tahun-ini":
        return date(today.year, 1, 1), today
    return first, today


class ReportForm(forms.Form):
    """Period, grouping and filters. Everything has a default, so that an empty query is this month by kind."""

    periode = forms.ChoiceField(label=gettext_lazy("Masa"), choices=PERIODS.items(), required=False)
    dari = forms.DateField(
        label=gettext_lazy("Dari tanggal"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    sampai = forms.DateField(
        label=gettext_lazy("Sampai tanggal"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    kelompok = forms.ChoiceField(label=gettext_lazy("Kelompokkan menurut"), choices=GROUPS.items(), required=False)
    kind = forms.ChoiceField(
        label=gettext_lazy("Jenis tiket"), required=False, choices=[("", gettext_lazy("Semua")), *Kind.choices]
    )
    service = forms.ModelChoiceField(
        Service.objects.all(),
        to_field_name="code",
        required=False,
        label=gettext_lazy("Layanan"),
        empty_label=gettext_lazy("Semua"),
    )
    office = forms.ModelChoiceField(
        Office.objects.exclude(kind=Office.Kind.LOCATION),
        to_field_name="code",
        required=False,
        label=gettext_lazy("Perangkat daerah"),
        empty_label=gettext_lazy("Semua"),
    )
    team = forms.ModelChoiceField(
        Team.objects.all(),
        to_field_name="code",
        required=False,
        label=gettext_lazy("Tim"),
        empty_label=gettext_lazy("Semua"),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        name = data.get("periode") or ("tanggal" if data.get("dari") or data.get("sampai") else DEFAULT_PERIOD)
        start, end = dates_of(name, timezone.localdate())
        if name == "tanggal":
            end = data.get("sampai") or end
            start = data.get("dari") or end.replace(day=1)
        if end < start:
            self.add_error("sampai", _("Tanggal akhir harus sesudah tanggal awal."))
        elif (end - start).days > MAX_DAYS:
            raise ValidationError(_("Masa laporan paling lama tiga tahun. Pilih tanggal yang lebih dekat."))
        data |= {"start": start, "end": end, "group_by": data.get("kelompok") or DEFAULT_GROUP}
        return data

    def filters(self) -> dict[str, str]:
        """The chosen filters as codes, for `reports.sla`."""
        chosen = {name: self.cleaned_data.get(name) for name in ("kind", "service", "office", "team")}
        return {name: getattr(value, "code", value) for name, value in chosen.items() if value}


class DrillForm(forms.Form):
    """One cell of the table: which row, which metric, which result. Empty means all."""

    kunci = forms.CharField(required=False, max_length=80)
    ukuran = forms.ChoiceField(required=False, choices=[("", ""), *Metric.choices])
    hasil = forms.ChoiceField(
        required=False,
        choices=[("", ""), ("met", "tercapai"), ("breached", "lewat tenggat"), ("running", "berjalan")],
    )
