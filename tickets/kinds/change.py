"""Change (perubahan): assessed, approved by others than those who asked or implement, scheduled, reviewed."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from tickets.choices import Stage
from tickets.kinds import approving, change_guards, guards
from tickets.kinds.base import STAFF, Machine, Party, Say, edge
from tickets.kinds.change_inputs import AssessForm, ImplementedForm, ReviewForm, ScheduleForm
from tickets.kinds.common import MERGED, MERGED_STATE, merge_step, put_assignment, unmerge_step
from tickets.kinds.inputs import AssignForm, NoteForm, ReasonForm
from tickets.models.details import ChangeDetail
from tickets.models.ticket import Ticket

if TYPE_CHECKING:
    from tickets.actors import Actor

Outcome = ChangeDetail.Outcome


class State(models.TextChoices):
    DRAFT = "draft", _("Draf")
    SUBMITTED = "submitted", _("Diajukan")
    ASSESSED = "assessed", _("Dikaji")
    AWAITING_APPROVAL = "awaiting_approval", _("Menunggu Persetujuan")
    APPROVED = "approved", _("Disetujui")
    REJECTED = "rejected", _("Ditolak")
    SCHEDULED = "scheduled", _("Dijadwalkan")
    IMPLEMENTING = "implementing", _("Dilaksanakan")
    IMPLEMENTED = "implemented", _("Terlaksana")
    ROLLED_BACK = "rolled_back", _("Dikembalikan")
    FAILED = "failed", _("Gagal")
    REVIEW = "review", _("Ditinjau")
    CLOSED = "closed", _("Ditutup")
    CANCELLED = "cancelled", _("Dibatalkan")


class Change(Machine, Ticket):
    PREFIX = "PRB"
    INITIAL = "draft"
    STATES = {
        State.DRAFT: (State.DRAFT.label, Stage.NEW),
        State.SUBMITTED: (State.SUBMITTED.label, Stage.NEW),
        State.ASSESSED: (State.ASSESSED.label, Stage.ACTIVE),
        State.AWAITING_APPROVAL: (State.AWAITING_APPROVAL.label, Stage.WAITING),
        State.APPROVED: (State.APPROVED.label, Stage.ACTIVE),
        State.REJECTED: (State.REJECTED.label, Stage.RESOLVED),
        State.SCHEDULED: (State.SCHEDULED.label, Stage.ACTIVE),
        State.IMPLEMENTING: (State.IMPLEMENTING.label, Stage.ACTIVE),
        State.IMPLEMENTED: (State.IMPLEMENTED.label, Stage.RESOLVED),
        State.ROLLED_BACK: (State.ROLLED_BACK.label, Stage.RESOLVED),
        State.FAILED: (State.FAILED.label, Stage.RESOLVED),
        State.REVIEW: (State.REVIEW.label, Stage.RESOLVED),
        State.CLOSED: (State.CLOSED.label, Stage.CLOSED),
        State.CANCELLED: (State.CANCELLED.label, Stage.CLOSED),
        MERGED: MERGED_STATE,
    }
    BEFORE_WORK = [
        State.DRAFT, State.SUBMITTED, State.ASSESSED, State.AWAITING_APPROVAL, State.APPROVED, State.SCHEDULED,
    ]  # fmt: skip

    class Meta:
        proxy = True
        verbose_name = _("perubahan")
        verbose_name_plural = _("perubahan")

    @transition(
        "state", [State.DRAFT], State.SUBMITTED,
        custom=edge(
            _("Ajukan"), (Party.REQUESTER, *STAFF), NoteForm, guards=(change_guards.template_when_standard,)
        ),
    )  # fmt: skip
    def submit(self, *, note: str = "") -> Say | None:
        return Say(note, public=False) if note else None

    @transition(
        "state", [*BEFORE_WORK, State.IMPLEMENTING], None,
        custom=edge(_("Tugaskan"), STAFF, AssignForm, public=False),
    )  # fmt: skip
    def reassign(self, **inputs: Any) -> Say | None:
        return put_assignment(self, **inputs)

    @transition("state", [State.SUBMITTED], State.ASSESSED, custom=edge(_("Kaji"), STAFF, AssessForm))
    def assess(self, *, actor: "Actor", **facts: Any) -> None:
        from tickets.changes import windows

        windows.assess(self, actor=actor, facts=facts)

    @transition(
        "state", [State.SUBMITTED, State.ASSESSED], State.AWAITING_APPROVAL,
        custom=edge(
            _("Minta persetujuan"), STAFF, NoteForm, guards=(guards.assessed_unless_emergency, guards.approvers_exist)
        ),
    )  # fmt: skip
    def ask_approval(self, *, note: str = "", actor: "Actor") -> Say | None:
        return approving.ask(self, actor=actor, note=note)

    @transition(
        "state", [State.AWAITING_APPROVAL], approving.AFTER_VOTE_FOR,
        custom=edge(
            _("Setujui"), (Party.CAB,), NoteForm, settles=State.APPROVED,
            guards=(guards.four_eyes, guards.has_valid_vote),
        ),
    )  # fmt: skip
    def approve(self, *, note: str = "", actor: "Actor") -> Say | None:
        said = approving.vote_for(self, actor=actor, note=note)
        if approving.is_approved(self):
            self._detail(approved_by=actor.user)
        return said

    @transition(
        "state", [State.AWAITING_APPROVAL], approving.AFTER_VOTE_AGAINST,
        custom=edge(
            _("Tolak"), (Party.CAB,), ReasonForm, settles=State.REJECTED,
            guards=(guards.four_eyes, guards.has_valid_vote),
        ),
    )  # fmt: skip
    def reject(self, *, reason: str, actor: "Actor") -> Say:
        return approving.vote_against(self, actor=actor, reason=reason)

    @transition(
        "state", [State.AWAITING_APPROVAL], None,
        custom=edge(
            _("Ulangi persetujuan"), STAFF, NoteForm, public=False, confirm=True, guards=(guards.approvers_exist,)
        ),
    )  # fmt: skip
    def ask_again(self, *, note: str = "", actor: "Actor") -> Say | None:
        return approving.ask(self, actor=actor, note=note)

    @transition(
        "state", [State.REJECTED], State.SUBMITTED,
        custom=edge(_("Perbaiki dan ajukan lagi"), (Party.REQUESTER, *STAFF), NoteForm),
    )  # fmt: skip
    def resubmit(self, *, note: str = "") -> Say | None:
        self.resolved_at = self.auto_close_at = None
        self._detail(approved_by=None)
        return Say(note, public=False) if note else None

    @transition(
        "state", [State.APPROVED, State.SUBMITTED], State.SCHEDULED,
        custom=edge(
            _("Jadwalkan"), STAFF, ScheduleForm,
            guards=(guards.standard_when_not_approved, change_guards.template_when_standard),
        ),
    )  # fmt: skip
    def schedule(self, *, actor: "Actor", **window: Any) -> None:
        from tickets.changes import windows

        windows.put_window(self, actor=actor, **window)

    @transition(
        "state", [State.SCHEDULED], State.SCHEDULED,
        custom=edge(_("Jadwalkan ulang"), STAFF, ScheduleForm),
    )  # fmt: skip
    def reschedule(self, *, actor: "Actor", **window: Any) -> None:
        from tickets.changes import windows

        windows.put_window(self, actor=actor, **window)

    @transition(
        "state", [State.SCHEDULED], State.IMPLEMENTING,
        custom=edge(_("Mulai laksanakan"), STAFF, NoteForm, guards=(guards.implementer_is_not_approver,)),
    )  # fmt: skip
    def implement(self, *, note: str = "", actor: "Actor | None" = None) -> Say | None:
        self._detail(implemented_by=actor.user if actor else None)
        return Say(note, public=False) if note else None

    @transition("state", [State.IMPLEMENTING], State.IMPLEMENTED, custom=edge(_("Terlaksana"), STAFF, ImplementedForm))
    def complete(self, *, note: str) -> Say:
        self._detail(outcome=Outcome.IMPLEMENTED)
        return Say(note, public=False)

    @transition(
        "state",
        [State.IMPLEMENTING],
        State.ROLLED_BACK,
        custom=edge(_("Dikembalikan"), STAFF, ImplementedForm),
    )
    def roll_back(self, *, note: str) -> Say:
        self._detail(outcome=Outcome.ROLLED_BACK)
        return Say(note, public=False)

    @transition("state", [State.IMPLEMENTING], State.FAILED, custom=edge(_("Gagal"), STAFF, ImplementedForm))
    def fail(self, *, note: str) -> Say:
        self._detail(outcome=Outcome.FAILED)
        return Say(note, public=False)

    @transition(
        "state", [State.IMPLEMENTED, State.ROLLED_BACK, State.FAILED], State.REVIEW,
        custom=edge(_("Tinjau"), STAFF, ReviewForm),
    )  # fmt: skip
    def review(self, *, review: str, is_achieved: bool) -> None:
        self._detail(review=review, is_achieved=is_achieved)

    @transition(
        "state", [State.REVIEW], State.CLOSED,
        custom=edge(_("Tutup"), STAFF, guards=(guards.assessment_complete,)),
    )  # fmt: skip
    def close(self) -> None:
        """Reviewed, and for an emergency change the assessment has been caught up."""

    @transition(
        "state", [State.REVIEW], None,
        custom=edge(_("Lengkapi kajian"), STAFF, AssessForm, public=False),
    )  # fmt: skip
    def complete_assessment(self, *, actor: "Actor", **facts: Any) -> None:
        from tickets.changes import windows

        windows.assess(self, actor=actor, facts=facts)

    @transition(
        "state", BEFORE_WORK, State.CANCELLED,
        custom=edge(_("Batalkan"), (Party.REQUESTER, *STAFF), ReasonForm, confirm=True),
    )  # fmt: skip
    def cancel(self, *, reason: str) -> Say:
        self.updated_at = timezone.now()
        approving.withdraw(self)
        return Say(reason)

    merge = merge_step(STATES)
    unmerge = unmerge_step(STATES)

    def _detail(self, **facts: Any) -> None:
        ChangeDetail.objects.update_or_create(ticket_id=self.pk, defaults=facts)
