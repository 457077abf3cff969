"""Inputs of transitions, as forms: the same classes validate web, API and bot."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Office, Team, User
from accounts.roles import Role
from tickets.choices import ComplaintClass, Confidentiality, HoldReason, Level, ResolutionCode
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


class VerifyForm(TransitionForm):
    complaint_class = forms.ChoiceField(
        label=gettext_lazy("Golongan pengaduan"),
        choices=ComplaintClass.choices,
        initial=ComplaintClass.ORDINARY,
    )
    note = _text(gettext_lazy("Catatan internal"), required=False, rows=2)


class ForwardForm(TransitionForm):
    office = forms.ModelChoiceField(
        Office.objects.filter(is_active=True).exclude(kind=Office.Kind.LOCATION),
        to_field_name="code",
        label=gettext_lazy("Disposisi ke perangkat daerah"),
        empty_label=gettext_lazy("Pilih perangkat daerah"),
    )
    note = _text(gettext_lazy("Catatan disposisi"), required=False, rows=2)


class HandOffForm(TransitionForm):
    handed_off_to = forms.CharField(label=gettext_lazy("Instansi yang berwenang"), max_length=200)
    external_number = forms.CharField(label=gettext_lazy("Nomor SP4N-LAPOR"), max_length=60, required=False)
    reason = _text(gettext_lazy("Penjelasan kepada pelapor"))


class KnownErrorForm(TransitionForm):
    root_cause = _text(gettext_lazy("Akar masalah"))
    workaround = _text(gettext_lazy("Solusi sementara"))


class FixPendingForm(TransitionForm):
    change = forms.CharField(
        label=gettext_lazy("Nomor tiket perubahan"),
        max_length=40,
        help_text=gettext_lazy("Misalnya PRB-2026-000012."),
    )

    def clean_change(self) -> Ticket:
        number = self.cleaned_data["change"].strip().upper()
        change = Ticket.objects.filter(kind="change", number=number, is_restricted=False).first()
        if change is None:
            raise ValidationError(_("Tidak ada tiket perubahan bernomor %(number)s."), params={"number": number})
        return change


class AssessForm(TransitionForm):
    risk = forms.TypedChoiceField(label=gettext_lazy("Risiko"), choices=Level.choices, coerce=int)
    impact_note = _text(gettext_lazy("Dampak"))
    plan = _text(gettext_lazy("Rencana pelaksanaan"))
    back_out_plan = _text(gettext_lazy("Rencana pengembalian"))
    test_plan = _text(gettext_lazy("Rencana uji"))


class ScheduleForm(TransitionForm):
    window_start = forms.DateTimeField(
        label=gettext_lazy("Mulai"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    window_end = forms.DateTimeField(
        label=gettext_lazy("Selesai"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    override_reason = _text(gettext_lazy("Alasan tetap dijadwalkan bila berbenturan"), required=False, rows=2)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, end = data.get("window_start"), data.get("window_end")
        if start and end and end <= start:
            self.add_error("window_end", _("Waktu selesai harus sesudah waktu mulai."))
        elif start and end and not data.get("override_reason"):
            self._refuse_collision(start, end)
        return data

    def _refuse_collision(self, start: Any, end: Any) -> None:
        rivals = (
            Ticket.objects.filter(
                kind="change",
                state__in=["scheduled", "implementing"],
                change_detail__window_start__lt=end,
                change_detail__window_end__gt=start,
                assets__in=self.ticket.assets.all(),
            )
            .exclude(pk=self.ticket.pk)
            .distinct()[:3]
        )
        numbers = ", ".join(rival.number for rival in rivals)
        if numbers:
            self.add_error(
                "override_reason",
                _("Jadwal berbenturan dengan %(numbers)s pada aset yang sama. Pilih waktu lain atau tulis alasannya.")
                % {"numbers": numbers},
            )


class ReviewForm(TransitionForm):
    review = _text(gettext_lazy("Tinjauan pascapelaksanaan"))


class ImplementedForm(TransitionForm):
    note = _text(gettext_lazy("Catatan pelaksanaan"))


class ConfidentialityForm(TransitionForm):
    confidentiality = forms.ChoiceField(label=gettext_lazy("Kerahasiaan"), choices=Confidentiality.choices)
    reason = _text(gettext_lazy("Alasan"), required=False)


def local_now_text() -> str:
    """The present minute in the form that datetime-local inputs take."""
    return timezone.localtime().strftime("%Y-%m-%dT%H:%M")
