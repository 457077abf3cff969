"""Inputs of transitions, as forms: the same classes validate web, API and bot."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Team, User
from accounts.roles import Role
from tickets.choices import Confidentiality, HoldReason, ResolutionCode
from tickets.models.ticket import Ticket


class TransitionForm(forms.Form):
    """A form that knows its ticket. Everything it needs comes by keyword, so that any channel can build it."""

    def __init__(self, data: Any = None, *, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.ticket = ticket


def _text(label: Any, *, required: bool = True, rows: int = 3, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=20_000,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class NoteForm(TransitionForm):
    note = _text(gettext_lazy("Catatan internal"), required=False)


class MergeForm(TransitionForm):
    target = forms.CharField(
        label=gettext_lazy("Digabung ke tiket nomor"),
        max_length=40,
        help_text=gettext_lazy("Tiket ini ditutup; pesan, pengamat, label, dan tugasnya pindah ke tiket itu."),
    )


class ReasonForm(TransitionForm):
    reason = _text(gettext_lazy("Alasan"), help_text=gettext_lazy("Dibaca pelapor."))


class AssignForm(TransitionForm):
    team = forms.ModelChoiceField(
        Team.objects.none(),
        to_field_name="code",
        required=False,
        label=gettext_lazy("Tim"),
        empty_label=gettext_lazy("Mengikuti petugas"),
    )
    assignee = forms.ModelChoiceField(
        User.objects.none(),
        to_field_name="username",
        required=False,
        label=gettext_lazy("Petugas"),
        empty_label=gettext_lazy("Belum ditentukan"),
    )
    note = _text(gettext_lazy("Catatan untuk petugas"), required=False, rows=2)

    def __init__(self, data: Any = None, *, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(data, ticket=ticket, **kwargs)
        teams = Team.objects.filter(is_active=True)
        people = User.objects.filter(is_active=True, groups__name__in=[Role.AGENT, Role.COORDINATOR, Role.LIAISON])
        if ticket.is_restricted:
            teams = teams.filter(is_confidential=True)
            people = User.objects.filter(is_active=True, groups__name=Role.CONFIDENTIAL_OFFICER)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        self.fields["assignee"].queryset = people.distinct().order_by("username")  # type: ignore[attr-defined]
        self.fields["assignee"].label_from_instance = lambda user: user.display_name  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        team, assignee = data.get("team"), data.get("assignee")
        if not team and not assignee and not self.errors:
            raise ValidationError(_("Pilih tim, petugas, atau keduanya."))
        if assignee and not team:
            team = data["team"] = self.ticket.team or Team.objects.filter(members=assignee, is_active=True).first()
        if team and assignee and not team.members.filter(pk=assignee.pk).exists():
            own = Team.objects.filter(members=assignee, is_active=True).first()
            if self.data.get("team") or own is None:
                self.add_error("assignee", _("Petugas ini bukan anggota tim yang dipilih."))
            else:
                data["team"] = own
        return data


class HoldForm(TransitionForm):
    reason = forms.ChoiceField(label=gettext_lazy("Menunggu siapa"), choices=HoldReason.choices)
    note = _text(
        gettext_lazy("Catatan"),
        help_text=gettext_lazy("Bila menunggu pelapor, catatan ini dikirim kepadanya sebagai pertanyaan."),
    )


class ResolveForm(TransitionForm):
    code = forms.ChoiceField(label=gettext_lazy("Hasil"), choices=ResolutionCode.choices)
    solution = _text(gettext_lazy("Penyelesaian"), rows=4, help_text=gettext_lazy("Dikirim kepada pelapor."))


class FulfilForm(TransitionForm):
    solution = _text(gettext_lazy("Hasil permintaan"), rows=4, help_text=gettext_lazy("Dikirim kepada pemohon."))


class AnswerForm(TransitionForm):
    answer = _text(gettext_lazy("Jawaban tindak lanjut"), rows=5, help_text=gettext_lazy("Dikirim kepada pelapor."))


class ReopenForm(TransitionForm):
    reason = _text(gettext_lazy("Mengapa dibuka kembali"))


class ConfidentialityForm(TransitionForm):
    confidentiality = forms.ChoiceField(label=gettext_lazy("Kerahasiaan"), choices=Confidentiality.choices)
    reason = _text(gettext_lazy("Alasan"), required=False)


def local_now_text() -> str:
    """The present minute in the form that datetime-local inputs take."""
    return timezone.localtime().strftime("%Y-%m-%dT%H:%M")
