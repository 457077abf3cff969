"""Service request (permintaan layanan): somebody asks for something the catalogue offers."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import GET_STATE, transition

from tickets.choices import Stage
from tickets.kinds import approving, guards
from tickets.kinds.base import STAFF, Machine, Party, Say, edge
from tickets.kinds.common import (
    MERGED,
    MERGED_STATE,
    end_hold,
    merge_step,
    plan_work,
    put_assignment,
    put_hold,
    reopened,
    unmerge_step,
)
from tickets.kinds.inputs import AssignForm, FulfilForm, HoldForm, NoteForm, ReasonForm, ReopenForm
from tickets.models.ticket import Ticket

if TYPE_CHECKING:
    from tickets.actors import Actor


class State(models.TextChoices):
    NEW = "new", _("Baru")
    AWAITING_APPROVAL = "awaiting_approval", _("Menunggu Persetujuan")
    APPROVED = "approved", _("Disetujui")
    REJECTED = "rejected", _("Ditolak")
    ASSIGNED = "assigned", _("Ditugaskan")
    IN_PROGRESS = "in_progress", _("Dikerjakan")
    ON_HOLD = "on_hold", _("Menunggu")
    FULFILLED = "fulfilled", _("Dipenuhi")
    CLOSED = "closed", _("Ditutup")
    CANCELLED = "cancelled", _("Dibatalkan")


class Request(Machine, Ticket):
    PREFIX = "PMT"
    STATES = {
        State.NEW: (State.NEW.label, Stage.NEW),
        State.AWAITING_APPROVAL: (State.AWAITING_APPROVAL.label, Stage.WAITING),
        State.APPROVED: (State.APPROVED.label, Stage.ACTIVE),
        State.REJECTED: (State.REJECTED.label, Stage.RESOLVED),
        State.ASSIGNED: (State.ASSIGNED.label, Stage.ACTIVE),
        State.IN_PROGRESS: (State.IN_PROGRESS.label, Stage.ACTIVE),
        State.ON_HOLD: (State.ON_HOLD.label, Stage.WAITING),
        State.FULFILLED: (State.FULFILLED.label, Stage.RESOLVED),
        State.CLOSED: (State.CLOSED.label, Stage.CLOSED),
        State.CANCELLED: (State.CANCELLED.label, Stage.CLOSED),
        MERGED: MERGED_STATE,
    }
    WORKING = [State.APPROVED, State.ASSIGNED, State.IN_PROGRESS]

    class Meta:
        proxy = True
        verbose_name = _("permintaan")
        verbose_name_plural = _("permintaan")

    @transition(
        "state", [State.NEW, State.ASSIGNED, State.IN_PROGRESS], State.AWAITING_APPROVAL,
        custom=edge(
            _("Minta persetujuan"), (*STAFF, Party.SYSTEM), NoteForm,
            guards=(guards.approval_required, guards.not_approved_yet, guards.approvers_exist),
        ),
    )  # fmt: skip
    def ask_approval(self, *, note: str = "", actor: "Actor") -> Say | None:
        return approving.ask(self, actor=actor, note=note)

    @transition(
        "state", [State.AWAITING_APPROVAL], approving.AFTER_VOTE_FOR,
        custom=edge(
            _("Setujui"), (Party.APPROVER,), NoteForm, settles=State.APPROVED,
            guards=(guards.not_own_ticket, guards.has_valid_vote),
        ),
    )  # fmt: skip
    def approve(self, *, note: str = "", actor: "Actor") -> Say | None:
        said = approving.vote_for(self, actor=actor, note=note)
        if approving.is_approved(self):
            plan_work(self)
        return said

    @transition(
        "state", [State.AWAITING_APPROVAL], approving.AFTER_VOTE_AGAINST,
        custom=edge(
            _("Tolak"), (Party.APPROVER,), ReasonForm, settles=State.REJECTED,
            guards=(guards.not_own_ticket, guards.has_valid_vote),
        ),
    )  # fmt: skip
    def reject(self, *, reason: str, actor: "Actor") -> Say:
        return approving.vote_against(self, actor=actor, reason=reason)

    @transition(
        "state", [State.REJECTED], State.AWAITING_APPROVAL,
        custom=edge(
            _("Perbaiki dan ajukan lagi"), (Party.REQUESTER, *STAFF), ReopenForm, guards=(guards.approvers_exist,)
        ),
    )  # fmt: skip
    def resubmit(self, *, reason: str, actor: "Actor") -> None:
        reopened(self, timezone.now())
        approving.ask(self, actor=actor)

    @transition(
        "state", [State.AWAITING_APPROVAL], None,
        custom=edge(
            _("Ulangi persetujuan"), STAFF, NoteForm, public=False, confirm=True, guards=(guards.approvers_exist,)
        ),
    )  # fmt: skip
    def ask_again(self, *, note: str = "", actor: "Actor") -> Say | None:
        return approving.ask(self, actor=actor, note=note)

    @transition(
        "state", [State.NEW, State.APPROVED], State.ASSIGNED,
        custom=edge(
            _("Tugaskan"), (*STAFF, Party.SYSTEM), AssignForm, guards=(guards.approved_when_required,)
        ),
    )  # fmt: skip
    def assign(self, **inputs: Any) -> Say | None:
        plan_work(self)
        return put_assignment(self, **inputs)

    @transition(
        "state", [State.NEW, State.APPROVED, State.ASSIGNED], State.IN_PROGRESS,
        custom=edge(_("Mulai kerjakan"), STAFF, NoteForm, guards=(guards.approved_when_required,)),
    )  # fmt: skip
    def start(self, *, note: str = "") -> Say | None:
        plan_work(self)
        return Say(note, public=False) if note else None

    @transition(
        "state", [*WORKING, State.ON_HOLD, State.AWAITING_APPROVAL], None,
        custom=edge(_("Alihkan"), STAFF, AssignForm, public=False),
    )  # fmt: skip
    def reassign(self, **inputs: Any) -> Say | None:
        return put_assignment(self, **inputs)

    @transition("state", [State.ASSIGNED, State.IN_PROGRESS], State.ON_HOLD, custom=edge(_("Tunggu"), STAFF, HoldForm))
    def hold(self, *, reason: str, note: str) -> Say:
        return put_hold(self, reason=reason, note=note)

    @transition(
        "state",
        [State.ON_HOLD],
        GET_STATE(lambda self, **_kw: self.resume_state or State.IN_PROGRESS, [State.ASSIGNED, State.IN_PROGRESS]),
        custom=edge(_("Lanjutkan"), (*STAFF, Party.SYSTEM), NoteForm),
    )
    def resume(self, *, note: str = "") -> Say | None:
        end_hold(self)
        return Say(note, public=False) if note else None

    @transition(
        "state", [State.ASSIGNED, State.IN_PROGRESS, State.ON_HOLD], State.FULFILLED,
        custom=edge(_("Penuhi"), STAFF, FulfilForm, guards=(guards.approved_when_required, guards.tasks_done)),
    )  # fmt: skip
    def fulfil(self, *, solution: str) -> Say:
        end_hold(self)
        self.solution = solution
        return Say(solution)

    @transition(
        "state", [State.FULFILLED, State.REJECTED], State.CLOSED,
        custom=edge(_("Tutup"), (Party.REQUESTER, Party.COORDINATOR, Party.SYSTEM)),
    )  # fmt: skip
    def close(self) -> None:
        """The requester is content, or the time to object has passed."""

    @transition(
        "state", [State.FULFILLED, State.CLOSED], State.IN_PROGRESS,
        custom=edge(
            _("Buka kembali"), (Party.REQUESTER, *STAFF, Party.SYSTEM), ReopenForm,
            guards=(guards.reopen_in_time, guards.not_rejected),
        ),
    )  # fmt: skip
    def reopen(self, *, reason: str) -> None:
        reopened(self, timezone.now())

    @transition(
        "state", [State.NEW, State.AWAITING_APPROVAL, State.APPROVED, State.ASSIGNED], State.CANCELLED,
        custom=edge(_("Batalkan"), (Party.REQUESTER, *STAFF), ReasonForm, confirm=True),
    )  # fmt: skip
    def cancel(self, *, reason: str) -> Say:
        approving.withdraw(self)
        return Say(reason)

    merge = merge_step(STATES)
    unmerge = unmerge_step(STATES)
