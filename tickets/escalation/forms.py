"""The form of a step."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from sla.models import EscalationStep, Metric
from tickets.choices import Kind, Level
from tickets.models import AutomationRule

PERCENT, BEFORE, AFTER = "percent", "before", "after"


class StepForm(forms.Form):
    """Conditions, moment and actions of a step; what fits together is decided by `keeping.check`."""

    metric = forms.ChoiceField(label=_("Ukuran"), required=False, choices=[("", _("Semua ukuran")), *Metric.choices])
    kind = forms.ChoiceField(label=_("Jenis tiket"), required=False, choices=[("", _("Semua jenis")), *Kind.choices])
    priority = forms.TypedChoiceField(
        label=_("Prioritas"), required=False, coerce=int, empty_value=None,
        choices=[("", _("Semua prioritas")), *Level.choices],
    )  # fmt: skip
    team = forms.ModelChoiceField(Team.objects.none(), label=_("Tim"), required=False, empty_label=_("Semua tim"))
    amount = forms.IntegerField(label=_("Jumlah"), min_value=0, max_value=100_000)
    when = forms.ChoiceField(
        label=_("Saat"),
        choices=[
            (PERCENT, _("persen target terpakai")),
            (BEFORE, _("menit sebelum tenggat")),
            (AFTER, _("menit sesudah tenggat")),
        ],
    )
    outside_hours = forms.BooleanField(
        label=_("Juga di luar jam kerja"),
        required=False,
        help_text=_(
            "Menit dihitung menurut jam dinding, dan langkah berjalan malam hari dan hari libur. "
            "Tanpa centang: menit kerja, dan menunggu jam buka."
        ),
    )
    notify_assignee = forms.BooleanField(label=_("Beri tahu petugas"), required=False)
    notify_team = forms.BooleanField(label=_("Beri tahu seluruh tim"), required=False)
    notify_coordinator = forms.BooleanField(label=_("Beri tahu koordinator tim"), required=False)
    notify_office_head = forms.BooleanField(
        label=_("Beri tahu kepala perangkat daerah"),
        required=False,
        help_text=_("Hanya bila ia boleh melihat tiketnya. Tidak pernah untuk tiket rahasia."),
    )
    reassign_to = forms.ModelChoiceField(
        Team.objects.none(), label=_("Alihkan ke tim"), required=False, empty_label=_("Tidak dialihkan")
    )
    raise_priority = forms.BooleanField(
        label=_("Naikkan prioritas satu tingkat"),
        required=False,
        help_text=_("Sekali untuk setiap jam SLA. Targetnya lalu dihitung ulang."),
    )
    rule = forms.ModelChoiceField(
        AutomationRule.objects.none(), label=_("Jalankan aturan otomasi"), required=False,
        empty_label=_("Tidak ada"), help_text=_("Syarat aturannya tetap berlaku."),
    )  # fmt: skip
    is_active = forms.BooleanField(label=_("Menyala"), required=False, initial=True)

    def __init__(self, data: Any = None, *, step: EscalationStep | None = None) -> None:
        super().__init__(data, initial=_initial(step))
        self._choose_from("team", Team.objects.filter(is_active=True))
        self._choose_from("reassign_to", Team.objects.filter(is_active=True, is_confidential=False))
        self._choose_from("rule", AutomationRule.objects.filter(is_active=True))

    def _choose_from(self, name: str, queryset: Any) -> None:
        field = self.fields[name]
        cast("forms.ModelChoiceField[Any]", field).queryset = queryset

    def values(self) -> dict[str, Any]:
        """What `keeping.save` takes."""
        values = dict(self.cleaned_data)
        when, amount = values.pop("when"), values.pop("amount")
        offset = {PERCENT: None, BEFORE: -amount, AFTER: amount}[when]
        return values | {"percent": amount if when == PERCENT else None, "offset_minutes": offset}

    def refuse(self, errors: Any) -> None:
        for name, texts in errors.items():
            for text in texts:
                self.add_error(name if name in self.fields else None, text)


def _initial(step: EscalationStep | None) -> dict[str, Any]:
    if step is None:
        return {"amount": 80, "when": PERCENT, "notify_assignee": True, "notify_coordinator": True}
    offset = step.offset_minutes or 0
    return {
        **{name: getattr(step, name) for name in StepForm.base_fields if hasattr(step, name)},
        "amount": step.percent if step.percent is not None else abs(offset),
        "when": PERCENT if step.percent is not None else BEFORE if offset < 0 else AFTER,
    }
