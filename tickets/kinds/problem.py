"""Problem (masalah): the unknown cause of one or more incidents."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from tickets.choices import LinkType, Stage
from tickets.kinds.base import STAFF, Machine, Party, Say, edge
from tickets.kinds.common import MERGED, MERGED_STATE, merge_step, put_assignment, reopened, unmerge_step
from tickets.kinds.inputs import (
    AssignForm,
    NoteForm,
    ReasonForm,
    ReopenForm,
)
from tickets.kinds.problem_inputs import FixPendingForm, KnownErrorForm, ResolveProblemForm
from tickets.models.details import ProblemDetail
from tickets.models.ticket import Ticket, TicketLink

if TYPE_CHECKING:
    from tickets.actors import Actor


class State(models.TextChoices):
    NEW = "new", _("Baru")
    INVESTIGATING = "investigating", _("Diselidiki")
    KNOWN_ERROR = "known_error", _("Galat Dikenal")
    FIX_PENDING = "fix_pending", _("Menunggu Perbaikan")
    RESOLVED = "resolved", _("Terselesaikan")
    CLOSED = "closed", _("Ditutup")
    CANCELLED = "cancelled", _("Dibatalkan")


def _incidents(problem_id: int, inputs: Mapping[str, Any]) -> list[int]:
    from tickets.problems import closing

    return closing.companion_ids(problem_id) if inputs.get("resolve_incidents") else []


class Problem(Machine, Ticket):
    PREFIX = "MSL"
    STATES = {
        State.NEW: (State.NEW.label, Stage.NEW),
        State.INVESTIGATING: (State.INVESTIGATING.label, Stage.ACTIVE),
        State.KNOWN_ERROR: (State.KNOWN_ERROR.label, Stage.ACTIVE),
        State.FIX_PENDING: (State.FIX_PENDING.label, Stage.WAITING),
        State.RESOLVED: (State.RESOLVED.label, Stage.RESOLVED),
        State.CLOSED: (State.CLOSED.label, Stage.CLOSED),
        State.CANCELLED: (State.CANCELLED.label, Stage.CLOSED),
        MERGED: MERGED_STATE,
    }
    WORKING = [State.INVESTIGATING, State.KNOWN_ERROR, State.FIX_PENDING]

    class Meta:
        proxy = True
        verbose_name = _("masalah")
        verbose_name_plural = _("masalah")

    @transition("state", [State.NEW], State.INVESTIGATING, custom=edge(_("Selidiki"), STAFF, NoteForm))
    def investigate(self, *, note: str = "") -> Say | None:
        return Say(note, public=False) if note else None

    @transition("state", [State.NEW, *WORKING], None, custom=edge(_("Tugaskan"), STAFF, AssignForm, public=False))
    def reassign(self, **inputs: Any) -> Say | None:
        return put_assignment(self, **inputs)

    @transition(
        "state",
        [State.INVESTIGATING],
        State.KNOWN_ERROR,
        custom=edge(_("Catat galat dikenal"), STAFF, KnownErrorForm),
    )
    def mark_known_error(self, *, root_cause: str, workaround: str, whys: list[str]) -> None:
        facts = {"root_cause": root_cause, "workaround": workaround, "whys": whys}
        ProblemDetail.objects.update_or_create(ticket_id=self.pk, defaults=facts)

    @transition(
        "state",
        [State.KNOWN_ERROR],
        State.FIX_PENDING,
        custom=edge(_("Tunggu perubahan"), STAFF, FixPendingForm),
    )
    def await_fix(self, *, change: Ticket) -> None:
        TicketLink.objects.get_or_create(source_id=self.pk, target=change, type=LinkType.FIXED_BY)

    @transition(
        "state",
        WORKING,
        State.RESOLVED,
        custom=edge(_("Selesaikan"), STAFF, ResolveProblemForm, companions=_incidents),
    )
    def resolve(
        self,
        *,
        code: str,
        solution: str,
        actor: "Actor",
        resolve_incidents: bool = False,
        incident_message: str = "",
    ) -> Say:
        self.resolution_code, self.solution = code, solution
        if resolve_incidents:
            from tickets.problems import closing

            closing.resolve_incidents(self, code=code, message=incident_message, actor=actor)
        return Say(solution)

    @transition(
        "state",
        [State.RESOLVED],
        State.CLOSED,
        custom=edge(_("Tutup"), (Party.COORDINATOR, Party.AGENT, Party.SYSTEM)),
    )
    def close(self) -> None:
        """The fix held."""

    @transition(
        "state", [State.RESOLVED, State.CLOSED], State.INVESTIGATING,
        custom=edge(_("Buka kembali"), (*STAFF, Party.SYSTEM), ReopenForm),
    )  # fmt: skip
    def reopen(self, *, reason: str) -> None:
        reopened(self, timezone.now())

    @transition(
        "state", [State.NEW, State.INVESTIGATING], State.CANCELLED,
        custom=edge(_("Batalkan"), STAFF, ReasonForm, confirm=True),
    )  # fmt: skip
    def cancel(self, *, reason: str) -> Say:
        return Say(reason)

    merge = merge_step(STATES)
    unmerge = unmerge_step(STATES)
