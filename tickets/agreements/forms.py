"""Forms of the agreements. They check shapes only; `tickets.agreements.keeping` decides."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Office
from catalog.models import Service
from sla.models import Agreement
from tickets.agreements.keeping import FEWEST_SIGNATORIES, MOST_SIGNATORIES, SIGNATORY, suggested_number


def day_field(label: Any, *, required: bool = False, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, help_text=help_text, widget=widget)


def long_text(label: Any, help_text: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 5})
    return forms.CharField(label=label, required=False, max_length=8000, help_text=help_text, widget=widget)


class ServiceForm(forms.Form):
    """For which service a new agreement is."""

    layanan = forms.ModelChoiceField(
        Service.objects.exclude(status=Service.Status.RETIRED).order_by("name"),
        to_field_name="code",
        label=gettext_lazy("Layanan"),
        empty_label=gettext_lazy("Pilih layanan"),
    )


class AgreementForm(forms.Form):
    """The words and dates of a draft."""

    number = forms.CharField(
        label=gettext_lazy("Nomor perjanjian"), max_length=80, help_text=gettext_lazy("Usulan kami boleh diganti.")
    )
    title = forms.CharField(label=gettext_lazy("Judul"), max_length=200)
    owner = forms.ModelChoiceField(
        Office.objects.filter(is_active=True).exclude(kind=Office.Kind.LOCATION).order_by("name"),
        label=gettext_lazy("Penanggung jawab"),
        help_text=gettext_lazy("Perangkat daerah yang menjamin layanan ini; namanya menjadi kepala surat."),
    )
    valid_from = day_field(gettext_lazy("Berlaku mulai"), required=True)
    valid_until = day_field(gettext_lazy("Berlaku sampai"), help_text=gettext_lazy("Kosong: sampai diganti."))
    review_on = day_field(
        gettext_lazy("Ditinjau pada"), help_text=gettext_lazy("Mulai hari itu perjanjian ditandai perlu ditinjau.")
    )
    scope = long_text(gettext_lazy("Cakupan layanan"), gettext_lazy("Apa saja yang termasuk."))
    exclusions = long_text(gettext_lazy("Pengecualian"), gettext_lazy("Apa yang tidak dijanjikan, dan mengapa."))
    obligations = long_text(gettext_lazy("Kewajiban pengguna"), gettext_lazy("Apa yang diminta dari pengguna."))

    def facts(self) -> dict[str, Any]:
        """What the service takes, without the signatories."""
        data = dict(self.cleaned_data)
        data["owner_id"] = data.pop("owner").pk
        return data

    def refuse(self, errors: Mapping[str, Sequence[str]]) -> None:
        """Put the sentences of a refusal where they belong."""
        for name, texts in errors.items():
            for text in texts:
                self.add_error(name if name in self.fields else None, text)


class EndForm(forms.Form):
    """The last day of an agreement."""

    on = day_field(gettext_lazy("Hari terakhir berlaku"), required=True)


def start_of(service: Service, owner: Office | None) -> dict[str, Any]:
    """What a new draft begins with."""
    today = timezone.localdate()
    newest = Agreement.objects.filter(service=service).order_by("-version").first()
    version = newest.version + 1 if newest else 1
    return {
        "number": suggested_number(service, version, today),
        "title": _("Perjanjian tingkat layanan %(name)s") % {"name": service.name},
        "owner": owner,
        "valid_from": today,
    }


def values_of(agreement: Agreement) -> dict[str, Any]:
    """What the form shows of a draft."""
    names = ("number", "title", "owner", "valid_from", "valid_until", "review_on", "scope", "exclusions", "obligations")
    return {name: getattr(agreement, name) for name in names}


def signatories_in(data: QueryDict) -> list[dict[str, str]]:
    """Posted rows of signatories; empty ones are left out."""
    columns = [data.getlist(f"ttd-{name}") for name in SIGNATORY]
    rows = [dict(zip(SIGNATORY, values, strict=True)) for values in zip(*columns, strict=False)]
    return [row for row in rows if any(value.strip() for value in row.values())][: MOST_SIGNATORIES + 1]


def shown_signatories(rows: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Rows for the page: the filled ones, one more, and two at least."""
    spare = max(FEWEST_SIGNATORIES - len(rows), 1 if len(rows) < MOST_SIGNATORIES else 0)
    return [*rows, *({} for _each in range(spare))]
