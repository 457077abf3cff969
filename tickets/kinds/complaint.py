"""Complaint (pengaduan): verification, disposition to an office, follow-up (SP4N-LAPOR! practice)."""

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import GET_STATE, transition

from tickets.choices import Stage
from tickets.kinds import guards
from tickets.kinds.base import STAFF, Machine, Party, Say, edge
from tickets.kinds.common import (
    MERGED,
    MERGED_STATE,
    end_hold,
    merge_step,
    put_assignment,
    put_hold,
    reopened,
    unmerge_step,
)
from tickets.kinds.complaint_inputs import ForwardForm, HandOffForm, ReturnForm, VerifyForm
from tickets.kinds.inputs import (
    AnswerForm,
    AssignForm,
    HoldForm,
    NoteForm,
    ReasonForm,
    ReopenForm,
)
from tickets.models.details import ComplaintDetail
from tickets.models.ticket import Ticket

HANDLERS = (*STAFF, Party.LIAISON)


class State(models.TextChoices):
    NEW = "new", _("Baru")
    VERIFIED = "verified", _("Terverifikasi")
    FORWARDED = "forwarded", _("Didisposisi")
    IN_PROGRESS = "in_progress", _("Dikerjakan")
    ON_HOLD = "on_hold", _("Menunggu Kelengkapan")
    RESPONDED = "responded", _("Ditindaklanjuti")
    CLOSED = "closed", _("Selesai")
    OUT_OF_AUTHORITY = "out_of_authority", _("Bukan Wewenang")
    ARCHIVED = "archived", _("Diarsipkan")


class Complaint(Machine, Ticket):
    PREFIX = "ADU"
    STATES = {
        State.NEW: (State.NEW.label, Stage.NEW),
        State.VERIFIED: (State.VERIFIED.label, Stage.ACTIVE),
        State.FORWARDED: (State.FORWARDED.label, Stage.ACTIVE),
        State.IN_PROGRESS: (State.IN_PROGRESS.label, Stage.ACTIVE),
        State.ON_HOLD: (State.ON_HOLD.label, Stage.WAITING),
        State.RESPONDED: (State.RESPONDED.label, Stage.RESOLVED),
        State.CLOSED: (State.CLOSED.label, Stage.CLOSED),
        State.OUT_OF_AUTHORITY: (State.OUT_OF_AUTHORITY.label, Stage.CLOSED),
        State.ARCHIVED: (State.ARCHIVED.label, Stage.CLOSED),
        MERGED: MERGED_STATE,
    }

    class Meta:
        proxy = True
        verbose_name = _("pengaduan")
        verbose_name_plural = _("pengaduan")

    @transition(
        "state",
        [State.NEW],
        State.VERIFIED,
        custom=edge(_("Verifikasi"), STAFF, VerifyForm, stops=("verification",)),
    )
    def verify(self, *, complaint_class: str, note: str = "") -> Say | None:
        self._detail(complaint_class=complaint_class)
        return Say(note, public=False) if note else None

    @transition(
        "state", [State.VERIFIED, State.FORWARDED, State.IN_PROGRESS], State.FORWARDED,
        custom=edge(_("Disposisi"), HANDLERS, ForwardForm, guards=(guards.not_restricted,)),
    )  # fmt: skip
    def forward(self, *, office: Any, note: str = "") -> Say | None:
        self.office = office
        self._detail(forwarded_to=office)
        return Say(note, public=False) if note else None

    @transition(
        "state", [State.FORWARDED, State.IN_PROGRESS], State.VERIFIED,
        custom=edge(_("Kembalikan"), (Party.LIAISON,), ReturnForm),
    )  # fmt: skip
    def return_(self, *, reason: str) -> Say:
        """The office is not the right one: the complaint goes back to the verifier and leaves the office's sight."""
        if self.assignee is not None and self.assignee.office_id == self.office_id:
            self.assignee = None
        self.office = None
        self._detail(forwarded_to=None)
        return Say(reason, public=False)

    @transition(
        "state", [State.VERIFIED, State.FORWARDED], State.IN_PROGRESS,
        custom=edge(_("Mulai tindak lanjut"), HANDLERS, NoteForm),
    )  # fmt: skip
    def start(self, *, note: str = "") -> Say | None:
        return Say(note, public=False) if note else None

    @transition(
        "state", [State.NEW, State.VERIFIED, State.FORWARDED, State.IN_PROGRESS, State.ON_HOLD], None,
        custom=edge(_("Tugaskan"), STAFF, AssignForm, public=False),
    )  # fmt: skip
    def reassign(self, **inputs: Any) -> Say | None:
        return put_assignment(self, **inputs)

    @transition(
        "state", [State.NEW, State.VERIFIED, State.FORWARDED, State.IN_PROGRESS], State.ON_HOLD,
        custom=edge(_("Tunda (belum lengkap)"), HANDLERS, HoldForm),
    )  # fmt: skip
    def hold(self, *, reason: str, note: str) -> Say:
        return put_hold(self, reason=reason, note=note)

    @transition(
        "state",
        [State.ON_HOLD],
        GET_STATE(
            lambda self, **_kw: self.resume_state or State.IN_PROGRESS,
            [State.NEW, State.VERIFIED, State.FORWARDED, State.IN_PROGRESS],
        ),
        custom=edge(_("Lanjutkan"), (*HANDLERS, Party.SYSTEM), NoteForm),
    )
    def resume(self, *, note: str = "") -> Say | None:
        end_hold(self)
        return Say(note, public=False) if note else None

    @transition(
        "state", [State.VERIFIED, State.FORWARDED, State.IN_PROGRESS], State.RESPONDED,
        custom=edge(_("Kirim tindak lanjut"), HANDLERS, AnswerForm),
    )  # fmt: skip
    def respond(self, *, answer: str) -> Say:
        self.solution = answer
        return Say(answer)

    @transition(
        "state", [State.RESPONDED], State.CLOSED,
        custom=edge(_("Selesai"), (Party.REQUESTER, Party.COORDINATOR, Party.SYSTEM)),
    )  # fmt: skip
    def close(self) -> None:
        """The reporter is content, or ten working days passed without an answer."""

    @transition(
        "state", [State.RESPONDED, State.CLOSED], State.IN_PROGRESS,
        custom=edge(
            _("Buka kembali"), (Party.REQUESTER, *STAFF, Party.SYSTEM), ReopenForm, guards=(guards.reopen_in_time,)
        ),
    )  # fmt: skip
    def reopen(self, *, reason: str) -> None:
        reopened(self, timezone.now())

    @transition(
        "state", [State.NEW, State.VERIFIED], State.OUT_OF_AUTHORITY,
        custom=edge(_("Bukan wewenang"), STAFF, HandOffForm, stops=("verification",), confirm=True),
    )  # fmt: skip
    def hand_off(self, *, handed_off_to: str, reason: str, external_number: str = "") -> Say:
        self._detail(handed_off_to=handed_off_to, external_number=external_number)
        return Say(reason)

    @transition(
        "state", [State.NEW], State.ARCHIVED,
        custom=edge(_("Arsipkan"), STAFF, ReasonForm, stops=("verification",), confirm=True),
    )  # fmt: skip
    def archive(self, *, reason: str) -> Say:
        return Say(reason)

    merge = merge_step(STATES)
    unmerge = unmerge_step(STATES)

    def _detail(self, **facts: Any) -> None:
        ComplaintDetail.objects.update_or_create(ticket_id=self.pk, defaults=facts)
