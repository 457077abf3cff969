"""Forms of the calendar screens. They check what was typed; what may be done is decided by the services."""

import re
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Office, Team
from sla.decree import parse_date
from sla.hours import DAYS
from sla.models import Calendar, Holiday

SLOTS = 3
"""Intervals a day: two breaks are as many as any office has."""
WORKDAYS = range(1, 5)
ZONES = {
    "Asia/Jakarta": gettext_lazy("WIB (Asia/Jakarta)"),
    "Asia/Makassar": gettext_lazy("WITA (Asia/Makassar)"),
    "Asia/Jayapura": gettext_lazy("WIT (Asia/Jayapura)"),
}
TIME = re.compile(r"([0-9]{1,2})[:.]?([0-9]{2})")


def clock(text: str) -> str:
    """`7.30`, `07:30` or `0730` as `07:30`, up to 24:00. Raises ValueError."""
    match = TIME.fullmatch(text.strip())
    if not match:
        raise ValueError(text)
    hours, minutes = int(match[1]), int(match[2])
    if minutes > 59 or hours * 60 + minutes > 24 * 60:
        raise ValueError(text)
    return f"{hours:02}:{minutes:02}"


class DateField(forms.DateField):
    """A date as a date input sends it, or typed the Indonesian way."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> date | None:
        if not value or isinstance(value, date):
            return value or None
        found = parse_date(str(value))
        if found is None:
            raise forms.ValidationError(_("Tulis tanggal seperti 17/08/2026, antara tahun 2000 dan 2100."))
        return found


class WeekForm(forms.Form):
    """Weekly hours: up to three intervals a day. Empty days are closed. `cleaned_data["week"]` is plain data."""

    def __init__(self, data: Any = None, *, week: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        for day in range(7):
            stored = sorted((week or {}).get(str(day), []))
            for slot in range(SLOTS):
                times = stored[slot] if slot < len(stored) else ("", "")
                for name, time in zip(("mulai", "sampai"), times, strict=True):
                    self.fields[f"h{day}_{slot}_{name}"] = forms.CharField(
                        required=False,
                        max_length=5,
                        initial=str(time).replace(":", "."),
                        widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "–", "size": 5}),
                        label=_("%(day)s, jam kerja ke-%(number)d, %(end)s")
                        % {"day": DAYS[day], "number": slot + 1, "end": name},
                    )

    def days(self) -> list[dict[str, Any]]:
        """For the template: each day with its pairs of fields."""
        return [
            {
                "name": DAYS[day],
                "slots": [(self[f"h{day}_{slot}_mulai"], self[f"h{day}_{slot}_sampai"]) for slot in range(SLOTS)],
            }
            for day in range(7)
        ]

    def others(self) -> list[BoundField]:
        """The fields that are no hours."""
        return [field for field in self if not re.match(r"h\d_", field.name)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        week: dict[str, list[list[str]]] = {}
        for day in range(7):
            found = sorted(pair for slot in range(SLOTS) if (pair := self._interval(data, day, slot)))
            for before, after in pairwise(found):
                if after[0] < before[1]:
                    self.add_error(f"h{day}_0_mulai", _("%(day)s: jam bertumpuk.") % {"day": DAYS[day]})
            if found:
                week[str(day)] = found
        if not week and not self.errors:
            self.add_error(None, _("Isi jam kerja paling sedikit satu hari."))
        data["week"] = week
        return data

    def _interval(self, data: Mapping[str, Any], day: int, slot: int) -> list[str] | None:
        names = [f"h{day}_{slot}_{end}" for end in ("mulai", "sampai")]
        typed = [data.get(name, "").strip() for name in names]
        if not any(typed):
            return None
        pair = []
        for name, text in zip(names, typed, strict=True):
            try:
                pair.append(clock(text))
            except ValueError:
                self.add_error(name, _("Tulis jam seperti 07.30, paling akhir 24.00."))
        if len(pair) < 2:
            return None
        if pair[1] <= pair[0]:
            self.add_error(names[1], _("Jam selesai harus sesudah jam mulai. Bagi jam malam menjadi dua hari."))
            return None
        return pair


def copied(data: Any) -> Any:
    """What was typed, with Monday's hours on all workdays."""
    filled = data.copy()
    for day in WORKDAYS:
        for slot in range(SLOTS):
            for end in ("mulai", "sampai"):
                filled[f"h{day}_{slot}_{end}"] = data.get(f"h0_{slot}_{end}", "")
    return filled


class HoursForm(WeekForm):
    """The hours of a calendar, from the beginning or from a date on."""

    valid_from = DateField(
        label=gettext_lazy("Mulai tanggal"),
        required=False,
        help_text=gettext_lazy("Kosongkan untuk mengubah jam kerja yang berlaku sejak awal."),
    )
    source = forms.CharField(label=gettext_lazy("Dasar"), max_length=200, required=False)


class DatedHoursForm(HoursForm):
    """Hours that hold from a date on and stay so: without the date they would become those of the beginning."""

    valid_from = DateField(
        label=gettext_lazy("Mulai tanggal"), error_messages={"required": gettext_lazy("Isi tanggal mulainya.")}
    )


class PeriodForm(WeekForm):
    """A range of dates with its own hours, such as Ramadan."""

    name = forms.CharField(label=gettext_lazy("Nama"), max_length=120)
    first_date = DateField(label=gettext_lazy("Tanggal pertama"))
    last_date = DateField(label=gettext_lazy("Tanggal terakhir"))
    source = forms.CharField(label=gettext_lazy("Dasar"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        first, last = data.get("first_date"), data.get("last_date")
        if first and last and last < first:
            self.add_error("last_date", _("Tanggal terakhir harus sesudah tanggal pertama."))
        return data


class HolidayForm(forms.Form):
    date = DateField(label=gettext_lazy("Tanggal"))
    name = forms.CharField(label=gettext_lazy("Nama"), max_length=200)
    kind = forms.ChoiceField(label=gettext_lazy("Jenis"), choices=Holiday.Kind.choices)
    status = forms.ChoiceField(
        label=gettext_lazy("Status"), choices=Holiday.Status.choices, initial=Holiday.Status.CONFIRMED
    )
    source = forms.CharField(
        label=gettext_lazy("Sumber"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Misalnya nomor SKB atau keputusan Bupati."),
    )


class ImportForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Berkas CSV"),
        help_text=gettext_lazy("Kolom tanggal, nama, jenis; bila perlu sumber. Tanggal seperti 17/08/2026."),
    )
    source = forms.CharField(
        label=gettext_lazy("Sumber"), max_length=200, help_text=gettext_lazy("Nomor dan judul SKB.")
    )
    replace = forms.BooleanField(
        label=gettext_lazy("Ganti semua libur nasional dan cuti bersama pada tahun yang sama"),
        help_text=gettext_lazy("Tanggal lama yang tidak ada di SKB dihapus. Libur daerah tetap."),
        required=False,
        initial=True,
    )


class RefreshForm(forms.Form):
    """Which differences to the package are to be taken over."""

    updates = forms.MultipleChoiceField(
        label=gettext_lazy("Perbedaan"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Pilih paling sedikit satu perbedaan.")},
    )

    def __init__(self, data: Any = None, *, choices: list[tuple[str, str]]) -> None:
        super().__init__(data, initial={"updates": [key for key, _label in choices]})
        field = self.fields["updates"]
        field.choices = choices  # type: ignore[attr-defined]


class UsesForm(forms.Form):
    as_default = forms.BooleanField(
        label=gettext_lazy("Kalender bawaan"),
        required=False,
        help_text=gettext_lazy("Untuk semua yang tidak punya kalender sendiri. Kalender bawaan yang lama digantikan."),
    )
    teams = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Tim"),
        queryset=Team.objects.order_by("name"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    offices = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Perangkat daerah"),
        queryset=Office.objects.order_by("name"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("Berlaku juga untuk semua unit di bawahnya. Kalender tim didahulukan."),
    )


def clean_zone(name: str) -> str:
    """Raises ValidationError for what is no IANA zone."""
    if name not in ZONES and name not in available_timezones():
        raise forms.ValidationError(
            _("Zona waktu tidak dikenal. Pilih WIB, WITA, WIT, atau tulis nama IANA seperti Asia/Singapore.")
        )
    ZoneInfo(name)
    return name


class FactsForm(forms.Form):
    """Name and zone of a calendar."""

    name = forms.CharField(label=gettext_lazy("Nama"), max_length=120)
    zone = forms.CharField(
        label=gettext_lazy("Zona waktu"),
        max_length=60,
        initial="Asia/Jakarta",
        help_text=gettext_lazy("Asia/Jakarta (WIB), Asia/Makassar (WITA), Asia/Jayapura (WIT), atau nama IANA lain."),
        widget=forms.TextInput(attrs={"list": "zona"}),
    )

    def clean_zone(self) -> str:
        return clean_zone(self.cleaned_data["zone"].strip())


class CreateForm(FactsForm):
    template = forms.ChoiceField(
        label=gettext_lazy("Pola awal"),
        choices=[
            ("asn", gettext_lazy("Lima hari, seperti kalender bawaan")),
            ("enam-hari", gettext_lazy("Enam hari, Senin–Sabtu")),
            ("24x7", gettext_lazy("24 jam setiap hari")),
        ],
        widget=forms.RadioSelect,
        initial="asn",
    )
    holidays_of = forms.ModelChoiceField(
        label=gettext_lazy("Salin hari libur dan masa khusus dari"),
        queryset=Calendar.objects.order_by("name"),
        required=False,
        empty_label=gettext_lazy("(tidak ada)"),
    )
