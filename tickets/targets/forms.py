"""Forms of the policies. They check shapes only; the services decide."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from catalog.models import Service
from sla.models import Calendar, Metric, Policy
from sla.replay import Target
from sla.versions import Conditions
from tickets.choices import ComplaintClass, Kind, Level, RequesterClass
from tickets.targets.keeping import Proposal
from tickets.targets.matrix import View

MINUTES, HOURS, DAYS = "minutes", "hours", "days"
UNITS = [(MINUTES, _("menit kerja")), (HOURS, _("jam kerja")), (DAYS, _("hari kerja"))]
MOST = 10_000
ANY = ("", _("Semua"))


def _level(label: Any, choices: list[tuple[Any, Any]]) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, choices=choices, coerce=int, empty_value=None, required=False)


class PolicyForm(forms.Form):
    """One version: for which tickets, how long, by which calendar, and why."""

    name = forms.CharField(label=_("Nama kebijakan"), max_length=150)
    kind = forms.ChoiceField(label=_("Jenis tiket"), choices=[ANY, *Kind.choices], required=False)
    priority = _level(_("Prioritas"), [ANY, *reversed(Level.choices)])
    service = forms.ModelChoiceField(Service.objects.none(), label=_("Layanan"), empty_label=ANY[1], required=False)
    team = forms.ModelChoiceField(Team.objects.none(), label=_("Tim"), empty_label=ANY[1], required=False)
    requester_class = forms.ChoiceField(
        label=_("Golongan pelapor"), choices=[ANY, *RequesterClass.choices], required=False
    )
    complaint_class = forms.ChoiceField(
        label=_("Golongan pengaduan"), choices=[ANY, *ComplaintClass.choices], required=False
    )
    calendar = forms.ModelChoiceField(
        Calendar.objects.none(),
        label=_("Kalender kerja"),
        empty_label=_("Menurut tim, perangkat daerah, atau bawaan"),
        required=False,
    )
    note = forms.CharField(
        label=_("Alasan perubahan"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Tercatat dalam riwayat kebijakan."),
    )
    also_open = forms.BooleanField(
        label=_("Berlaku juga untuk tiket yang masih terbuka"),
        required=False,
        help_text=_("Anda melihat dahulu tenggat mana yang bergeser, lalu memutuskan. Jam yang sudah selesai tetap."),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, policy: Policy | None = None, **kwargs: Any) -> None:
        super().__init__(data, initial=initial_of(policy) if policy else None, **kwargs)
        self.fields["service"].queryset = Service.objects.order_by("name")  # type: ignore[attr-defined]
        self.fields["team"].queryset = Team.objects.filter(is_active=True).order_by("name")  # type: ignore[attr-defined]
        self.fields["calendar"].queryset = Calendar.objects.order_by("name")  # type: ignore[attr-defined]
        for metric in Metric:
            self.fields[f"amount_{metric.value}"] = forms.IntegerField(
                label=metric.label, min_value=1, max_value=MOST, required=False
            )
            self.fields[f"unit_{metric.value}"] = forms.ChoiceField(
                label=gettext("Satuan %(metric)s") % {"metric": str(metric.label).lower()},
                choices=UNITS,
                initial=HOURS,
                required=False,
            )

    def targets(self) -> Iterator[tuple[BoundField, BoundField, str]]:
        """(amount, unit, hint) of each metric."""
        for metric in Metric:
            yield self[f"amount_{metric.value}"], self[f"unit_{metric.value}"], str(HINTS[metric])

    def conditions(self) -> list[BoundField]:
        names = ("kind", "priority", "complaint_class", "requester_class", "service", "team")
        return [self[name] for name in names]

    def proposal(self) -> Proposal:
        """What was filled in, of a valid form."""
        data = self.cleaned_data
        return Proposal(
            name=data["name"],
            conditions=Conditions(
                kind=data["kind"],
                priority=data["priority"],
                service_id=data["service"].pk if data["service"] else None,
                requester_class=data["requester_class"],
                complaint_class=data["complaint_class"],
                team_id=data["team"].pk if data["team"] else None,
            ),
            targets={
                metric.value: _target(data[f"amount_{metric.value}"], data[f"unit_{metric.value}"])
                for metric in Metric
                if data[f"amount_{metric.value}"]
            },
            calendar=data["calendar"],
            note=data["note"],
        )

    def refuse(self, errors: Mapping[str, Any]) -> None:
        """Put the sentences of a service beside the fields they belong to."""
        for name, texts in errors.items():
            field = f"amount_{name}" if name in Metric.values else name
            for text in texts:
                self.add_error(field if field in self.fields else None, text)


HINTS = {
    Metric.VERIFICATION: _("Hanya pengaduan: sampai laporan dinyatakan lengkap atau ditolak."),
    Metric.ASSIGNMENT: _("Sejak tim menerima tiket sampai ada petugasnya."),
    Metric.RESPONSE: _("Sampai petugas pertama kali menjawab pelapor; tanda terima otomatis tidak dihitung."),
    Metric.UPDATE: _("Dari satu kabar kepada pelapor sampai kabar berikutnya."),
    Metric.RESOLUTION: _("Sampai tiket dinyatakan selesai."),
}


def _target(amount: int, unit: str) -> Target:
    if unit == DAYS:
        return Target(working_days=amount)
    return Target(minutes=amount * 60 if unit == HOURS else amount)


def initial_of(policy: Policy) -> dict[str, Any]:
    """The present version as the form shows it; the reason is asked anew."""
    found: dict[str, Any] = {
        "name": policy.name,
        "kind": policy.kind,
        "priority": policy.priority,
        "service": policy.service_id,
        "team": policy.team_id,
        "requester_class": policy.requester_class,
        "complaint_class": policy.complaint_class,
        "calendar": policy.calendar_id,
    }
    for target in policy.targets.all():
        minutes = target.minutes or 0
        hours, rest = divmod(minutes, 60)
        if target.working_days:
            amount, unit = target.working_days, DAYS
        else:
            amount, unit = (minutes, MINUTES) if rest or not hours else (hours, HOURS)
        found |= {f"amount_{target.metric}": amount, f"unit_{target.metric}": unit}
    return found


class RetireForm(forms.Form):
    note = forms.CharField(label=_("Alasan"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class ListFilters(forms.Form):
    """Which policies the list shows; a value that makes no sense filters nothing."""

    q = forms.CharField(label=_("Cari nama"), max_length=100, required=False)
    kind = forms.ChoiceField(label=_("Jenis tiket"), choices=[ANY, *Kind.choices], required=False)
    metric = forms.ChoiceField(label=_("Memuat ukuran"), choices=[ANY, *Metric.choices], required=False)


class MatrixFilters(forms.Form):
    """For which tickets the overview is made."""

    service = forms.ModelChoiceField(
        Service.objects.none(), label=_("Layanan"), empty_label=_("Layanan mana pun"), required=False
    )
    team = forms.ModelChoiceField(Team.objects.none(), label=_("Tim"), empty_label=_("Tim mana pun"), required=False)
    requester_class = forms.ChoiceField(
        label=_("Golongan pelapor"), choices=[("", _("Pelapor mana pun")), *RequesterClass.choices], required=False
    )
    priority = _level(_("Prioritas pengaduan"), [("", _("Sedang")), *(each for each in Level.choices if each[0] != 2)])

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.fields["service"].queryset = Service.objects.order_by("name")  # type: ignore[attr-defined]
        self.fields["team"].queryset = Team.objects.filter(is_active=True).order_by("name")  # type: ignore[attr-defined]
        self.is_valid()

    def view(self) -> View:
        """Which tickets are meant; what makes no sense means any."""
        data = self.cleaned_data
        service, team = data.get("service"), data.get("team")
        return View(
            service_id=service.pk if service else None,
            team_id=team.pk if team else None,
            requester_class=data.get("requester_class") or "",
            priority=data.get("priority") or Level.MEDIUM.value,
        )
