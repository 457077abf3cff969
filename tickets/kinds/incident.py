"""Incident (gangguan): something that worked does not."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

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
from tickets.kinds.incident_guards import leads_major, may_become_major, speaks_for_major
from tickets.kinds.incident_inputs import DeclareMajorForm, EndMajorForm, UpdateMajorForm
from tickets.kinds.inputs import AssignForm, HoldForm, NoteForm, ReasonForm, ReopenForm, ResolveForm
from tickets.models.ticket import Ticket

if TYPE_CHECKING:
    from tickets.actors import Actor


class State(models.TextChoices):
    NEW = "new", _("Baru")
    ASSIGNED = "assigned", _("Ditugaskan")
    IN_PROGRESS = "in_progress", _("Dikerjakan")
    ON_HOLD = "on_hold", _("Menunggu")
    RESOLVED = "resolved", _("Terselesaikan")
    CLOSED = "closed", _("Ditutup")
    CANCELLED = "cancelled", _("Dibatalkan")


def _followers(ticket_id: int, _inputs: Mapping[str, Any]) -> list[int]:
    from tickets.incidents import major

    return major.follower_ids(ticket_id)


class Incident(Machine, Ticket):
    PREFIX = "GGN"
    STATES = {
        State.NEW: (State.NEW.label, Stage.NEW),
        State.ASSIGNED: (State.ASSIGNED.label, Stage.ACTIVE),
        State.IN_PROGRESS: (State.IN_PROGRESS.label, Stage.ACTIVE),
        State.ON_HOLD: (State.ON_HOLD.label, Stage.WAITING),
        State.RESOLVED: (State.RESOLVED.label, Stage.RESOLVED),
        State.CLOSED: (State.CLOSED.label, Stage.CLOSED),
        State.CANCELLED: (State.CANCELLED.label, Stage.CLOSED),
        MERGED: MERGED_STATE,
    }
    OPEN = [State.NEW, State.ASSIGNED, State.IN_PROGRESS, State.ON_HOLD]

    class Meta:
        proxy = True
        verbose_name = _("gangguan")
        verbose_name_plural = _("gangguan")

    @transition("state", [State.NEW], State.ASSIGNED, custom=edge(_("Tugaskan"), (*STAFF, Party.SYSTEM), AssignForm))
    def assign(self, **inputs: Any) -> Say | None:
        return put_assignment(self, **inputs)

    @transition(
        "state",
        [State.NEW, State.ASSIGNED],
        State.IN_PROGRESS,
        custom=edge(_("Mulai kerjakan"), (*STAFF, Party.SYSTEM), NoteForm),
    )
    def start(self, *, note: str = "") -> Say | None:
        return Say(note, public=False) if note else None

    @transition(
        "state",
        OPEN,
        None,
        custom=edge(_("Alihkan"), STAFF, AssignForm, public=False, guards=(guards.not_new,)),
    )
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
        "state", [State.ASSIGNED, State.IN_PROGRESS, State.ON_HOLD], State.RESOLVED,
        custom=edge(_("Selesaikan"), STAFF, ResolveForm),
    )  # fmt: skip
    def resolve(self, *, code: str, solution: str) -> Say:
        end_hold(self)
        self.resolution_code, self.solution = code, solution
        return Say(solution)

    @transition(
        "state",
        [State.RESOLVED],
        State.CLOSED,
        custom=edge(_("Tutup"), (Party.REQUESTER, Party.COORDINATOR, Party.SYSTEM)),
    )
    def close(self) -> None:
        """The requester is content, or the time to object has passed."""

    @transition(
        "state", [State.RESOLVED, State.CLOSED], State.IN_PROGRESS,
        custom=edge(
            _("Buka kembali"), (Party.REQUESTER, *STAFF, Party.SYSTEM), ReopenForm, guards=(guards.reopen_in_time,)
        ),
    )  # fmt: skip
    def reopen(self, *, reason: str) -> None:
        from tickets.incidents import major

        reopened(self, timezone.now())
        major.resumed(self, timezone.now())

    @transition(
        "state", [State.NEW, State.ASSIGNED], State.CANCELLED,
        custom=edge(_("Batalkan"), (Party.REQUESTER, *STAFF), ReasonForm, confirm=True),
    )  # fmt: skip
    def cancel(self, *, reason: str) -> Say:
        return Say(reason)

    @transition(
        "state", OPEN, None,
        custom=edge(_("Nyatakan gangguan besar"), (Party.COORDINATOR,), DeclareMajorForm, guards=(may_become_major,)),
    )  # fmt: skip
    def declare_major(self, *, actor: "Actor", **inputs: Any) -> None:
        from tickets.incidents import major

        major.declare(self, actor=actor, **inputs)

    @transition(
        "state", OPEN, None,
        custom=edge(
            _("Sampaikan kabar gangguan besar"), STAFF, UpdateMajorForm,
            guards=(speaks_for_major,), companions=_followers,
        ),
    )  # fmt: skip
    def update_major(self, *, text: str, actor: "Actor", update_minutes: int | None = None) -> Say:
        from tickets.incidents import major

        major.update(self, text=text, update_minutes=update_minutes, actor=actor)
        return Say(text)

    @transition(
        "state", [*OPEN, State.RESOLVED], None,
        custom=edge(_("Akhiri gangguan besar"), STAFF, EndMajorForm, guards=(leads_major,), companions=_followers),
    )  # fmt: skip
    def end_major(self, *, actor: "Actor", text: str = "") -> Say | None:
        from tickets.incidents import major

        major.end(self, text=text, actor=actor)
        return Say(text) if text else None

    merge = merge_step(STATES)
    unmerge = unmerge_step(STATES)
