"""Inputs of the screens of saved and scheduled reports."""

from collections.abc import Iterable
from datetime import time
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from reports import schedule
from reports.forms import PERIODS
from reports.models import ReportSchedule, SavedReport
from reports.pages import question

HOURS = [(f"{hour:%H:%M}", f"{hour:%H.%M}") for hour in schedule.HOURS]


class SaveForm(forms.ModelForm):  # type: ignore[type-arg]
    """The name of a saved report, whether it moves along with the calendar, and who may open it."""

    periode = forms.ChoiceField(
        label=_("Masa"),
        required=False,
        choices=[("", _("Tanggal tetap seperti sekarang")), *PERIODS.items()],
        help_text=_("Masa yang bergerak dihitung ulang setiap kali laporan dibuka atau dikirim."),
    )

    class Meta:
        model = SavedReport
        fields = ["name", "is_shared"]
        labels = {"is_shared": _("Bagikan kepada semua pembaca laporan")}

    field_order = ["name", "periode", "is_shared"]

    def query(self, query: str) -> str:
        """The question with the chosen period."""
        named = self.cleaned_data["periode"]
        if named:
            pairs = [pair for pair in parse_qsl(query) if pair[0] not in ("dari", "sampai", "periode")]
            return urlencode([("periode", named), *pairs])
        asked = question(query)
        return urlencode(asked.query()) if asked.is_valid() else query

    def validate_unique(self) -> None:
        """The service says it, with the sentence that helps."""


class People(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Accounts by the name colleagues know, with the account name to tell two of the same name apart."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.display_name} ({obj.username})"


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]
    """When a saved report is sent, as what, and to whom."""

    at = forms.TypedChoiceField(
        label=_("Jam kirim"),
        choices=HOURS,
        coerce=time.fromisoformat,
        help_text=_("Hari libur bergeser ke hari kerja berikutnya."),
    )
    recipients = People(
        User.objects.none(),
        label=_("Penerima"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Setiap penerima mendapat angka dari tiket yang boleh dilihatnya sendiri."),
        error_messages={"required": _("Pilih paling sedikit satu penerima.")},
    )

    class Meta:
        model = ReportSchedule
        fields = ["cadence", "file_format"]

    field_order = ["cadence", "at", "file_format", "recipients"]

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["recipients"].queryset = schedule.possible_recipients()  # type: ignore[attr-defined]
        if self.instance.pk:
            self.initial["at"] = f"{self.instance.at:%H:%M}"
            self.initial["recipients"] = [person.pk for person in self.instance.recipients.all()]
        else:
            self.initial.setdefault("recipients", [owner.pk])
            self.initial.setdefault("at", HOURS[0][0])

    def put(self, *, actor: User, pk: int, now: Any) -> ReportSchedule:
        """Hand the inputs to the service. Raises InvalidInputs."""
        data = self.cleaned_data
        return schedule.put(
            actor=actor,
            pk=pk,
            cadence=data["cadence"],
            at=data["at"],
            file_format=data["file_format"],
            recipients=data["recipients"],
            now=now,
        )


def add_errors(form: forms.BaseForm, errors: Iterable[tuple[str, list[str]]]) -> None:
    """Show a refusal of a service beside the field it is about."""
    for name, texts in errors:
        for text in texts:
            form.add_error(name if name in form.fields else None, text)
