"""Inputs of the steps of a change."""

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.changes import assessment
from tickets.changes.conflicts import Conflict, conflicts
from tickets.choices import ChangeType, Level
from tickets.kinds.inputs import TransitionForm, _text
from tickets.models.changes import RiskChoice, RiskQuestion
from tickets.models.details import ChangeDetail
from tickets.models.ticket import Ticket

PLANS = ("impact_note", "plan", "back_out_plan", "test_plan")
LOCAL_TIME = "%Y-%m-%dT%H:%M"
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Windows outside are typing errors, and the first and last years of time do not exist on every database."""


def detail_of(ticket: Ticket) -> ChangeDetail:
    """The change data of a ticket, with its template; empty data when there is none yet."""
    found = ChangeDetail.objects.select_related("template").filter(ticket_id=ticket.pk).first()
    return found or ChangeDetail(ticket_id=ticket.pk)


class AssessForm(TransitionForm):
    """The questionnaire with its plans.

    One select per active question; the level follows from the sum. Another level needs a reason. Without questions, or
    without limits to read the sum by, the level is chosen directly. Cleans to fields of ChangeDetail.
    """

    aside = "agent/changes/_impact.html"

    risk = forms.TypedChoiceField(
        label=gettext_lazy("Risiko"),
        choices=[("", gettext_lazy("Menurut skor")), *Level.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    risk_reason = _text(
        gettext_lazy("Alasan risiko berbeda dari skor"),
        required=False,
        rows=2,
        help_text=gettext_lazy("Wajib bila risiko dipilih lain dari hasil skor."),
    )
    impact_note = _text(gettext_lazy("Dampak"))
    plan = _text(gettext_lazy("Rencana pelaksanaan"))
    back_out_plan = _text(gettext_lazy("Rencana pengembalian"))
    test_plan = _text(gettext_lazy("Rencana uji"))

    def __init__(self, data: Any = None, *, ticket: Ticket, **kwargs: Any) -> None:
        detail = detail_of(ticket)
        initial = {name: getattr(detail, name) for name in PLANS}
        super().__init__(data, ticket=ticket, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        self.questions = assessment.questions()
        if not self.questions:
            self.fields["risk"] = forms.TypedChoiceField(
                label=gettext_lazy("Risiko"), choices=Level.choices, coerce=int, initial=detail.risk
            )
            del self.fields["risk_reason"]
            return
        given = {(row["question"], row["answer"]) for row in detail.risk_answers}
        for question in self.questions:
            self.fields[f"{assessment.PREFIX}{question.code}"] = _question_field(question, given)
        self.order_fields([f"{assessment.PREFIX}{question.code}" for question in self.questions])

    @cached_property
    def impact(self) -> assessment.Impact:
        """What else is hit, for the person who answers."""
        return assessment.impacted(self.ticket.assets.all())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.questions or self.errors:
            return data
        answers = {question: data.pop(f"{assessment.PREFIX}{question.code}") for question in self.questions}
        score = assessment.score_of(answers)
        by_score, chosen = assessment.level_of(score, assessment.bands()), data["risk"]
        reason = data["risk_reason"].strip()
        if chosen is None and by_score is None:
            self.add_error("risk", _("Batas skor belum diatur. Pilih risikonya."))
        elif chosen is not None and by_score is not None and chosen != by_score and not reason:
            text = _("Skor %(score)d berarti risiko %(level)s. Tulis alasan memakai risiko lain.")
            self.add_error("risk_reason", text % {"score": score, "level": Level(by_score).label})
        level = chosen if chosen is not None else by_score
        differs = by_score is not None and level != by_score
        facts = {"risk": level, "risk_reason": reason if differs else "", "risk_score": score}
        return {**data, **facts, "risk_answers": assessment.snapshot(answers)}


def _question_field(question: RiskQuestion, given: set[tuple[str, str]]) -> "forms.ModelChoiceField[RiskChoice]":
    """A select whose options were fetched with the question; what was answered before is chosen."""
    field: forms.ModelChoiceField[RiskChoice] = forms.ModelChoiceField(
        RiskChoice.objects.filter(question=question), label=question.text, empty_label=str(_("Pilih jawaban"))
    )
    listed = list(question.choices.all())
    field.choices = [("", _("Pilih jawaban")), *((choice.pk, choice.label) for choice in listed)]
    field.initial = next((choice.pk for choice in listed if (question.text, choice.label) in given), None)
    return field


class ScheduleForm(TransitionForm):
    """The window, and why it stands in spite of what it collides with."""

    aside = "agent/changes/_conflicts.html"

    window_start = forms.DateTimeField(
        label=gettext_lazy("Mulai"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL_TIME)
    )
    window_end = forms.DateTimeField(
        label=gettext_lazy("Selesai"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL_TIME)
    )
    override_reason = _text(
        gettext_lazy("Alasan tetap dijadwalkan bila berbenturan"),
        required=False,
        rows=2,
        help_text=gettext_lazy("Hanya perlu bila jadwal berbenturan dengan perubahan lain atau masa beku."),
    )

    def __init__(self, data: Any = None, *, ticket: Ticket, **kwargs: Any) -> None:
        self.detail = detail_of(ticket)
        initial = {"window_start": self.detail.window_start, "window_end": self.detail.window_end}
        super().__init__(data, ticket=ticket, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        self.found: list[Conflict] = []
        if self.detail.template:
            self.fields["window_end"].required = False
            self.fields["window_end"].help_text = _("Kosong: %(minutes)d menit sesudah mulai, menurut templat.") % {
                "minutes": self.detail.template.duration_minutes
            }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, end = data.get("window_start"), data.get("window_end")
        if start and start > LATEST:
            start = None
            self.add_error("window_start", _("Tahun harus antara 2000 dan 2100."))
        if start and not end and self.detail.template and "window_end" not in self.errors:
            end = data["window_end"] = start + timedelta(minutes=self.detail.template.duration_minutes)
        if start and end:
            self._check(start, end, data)
        return data

    def _check(self, start: datetime, end: datetime, data: dict[str, Any]) -> None:
        if end <= start:
            self.add_error("window_end", _("Waktu selesai harus sesudah waktu mulai."))
            return
        if not EARLIEST <= start <= end <= LATEST:
            self.add_error("window_start", _("Tahun harus antara 2000 dan 2100."))
            return
        if end <= timezone.now() and self.detail.change_type != ChangeType.EMERGENCY:
            self.add_error("window_end", _("Waktu ini sudah lewat. Pilih waktu yang akan datang."))
            return
        self.found = conflicts(self.ticket, start, end)
        if self.found and not data.get("override_reason", "").strip():
            self.add_error("override_reason", collision(self.found))


def collision(found: list[Conflict]) -> ValidationError:
    """What stands in the way, one sentence each, and what to do."""
    texts = [each.sentence for each in found[:3]]
    return ValidationError([*texts, _("Pilih waktu lain atau tulis alasan tetap menjadwalkannya.")])


class ReviewForm(TransitionForm):
    is_achieved = forms.TypedChoiceField(
        label=gettext_lazy("Apakah tujuan perubahan tercapai?"),
        choices=[("", gettext_lazy("Pilih")), ("yes", gettext_lazy("Ya")), ("no", gettext_lazy("Tidak"))],
        coerce=lambda value: value == "yes",
        empty_value=None,
    )
    review = _text(
        gettext_lazy("Tinjauan pascapelaksanaan"),
        help_text=gettext_lazy("Apa yang berjalan baik, apa yang tidak, dan apa yang diperbaiki."),
    )


class ImplementedForm(TransitionForm):
    note = _text(gettext_lazy("Catatan pelaksanaan"))
