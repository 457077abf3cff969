"""The one way a ticket changes its state."""

import inspect
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from notify.push import QUEUE, RESTRICTED_QUEUE, push, ticket_group
from tickets import access, clocks, messages, notices, spells, timeline
from tickets.actors import Actor, actor_of
from tickets.choices import OPEN_STAGES, Channel, Confidentiality, Direction, Kind, Stage, Visibility
from tickets.errors import Forbidden, InvalidInputs, NotVisible, Stale, WrongState
from tickets.kinds import as_kind, companions_of, machine_of
from tickets.kinds.base import Party, Say, TransitionInfo
from tickets.kinds.inputs import TransitionForm
from tickets.models import Ticket, TimelineEntry

AUTO_CLOSE_WORKING_DAYS = {Kind.INCIDENT: 3, Kind.REQUEST: 3, Kind.COMPLAINT: 10}
"""Working days after which a resolved ticket closes by itself; kinds not named here wait for a person."""

NO_VERSION = -1
"""An expected version that no ticket has."""


def lock(ticket_id: int, actor: Actor) -> Ticket:
    """The ticket with its row locked, as the proxy of its kind. Raises NotVisible when the actor must not know it."""
    ticket = Ticket.objects.select_for_update(of=("self",)).filter(pk=ticket_id).first()
    if ticket is None or not access.is_visible(actor, ticket):
        raise NotVisible(_("Tiket tidak ditemukan."))
    return as_kind(ticket)


def _lock_together(ticket_id: int, transition: str, inputs: dict[str, Any]) -> None:
    """Lock a ticket with those that this step changes along with it, the older first: two such steps against each
    other then wait instead of blocking each other for good."""
    others = {pk for find in companions_of(transition) for pk in find(ticket_id, inputs)}
    if others:
        family = Ticket.objects.filter(pk__in={ticket_id, *others}).order_by("pk")
        list(family.select_for_update(of=("self",)).values_list("pk"))


def check_version(ticket: Ticket, expected_version: int | None) -> None:
    """Raise Stale when somebody changed the ticket after the actor looked at it."""
    if expected_version is not None and expected_version != ticket.version:
        raise Stale(
            _("Tiket sudah diubah oleh %(name)s. Muat ulang, periksa, lalu ulangi.") % {"name": last_actor(ticket)}
        )


def last_actor(ticket: Ticket) -> str:
    """Who changed the ticket last, in a form that gives no hidden reporter away."""
    entry = TimelineEntry.objects.filter(ticket_id=ticket.pk).select_related("actor_user").order_by("-position").first()
    if entry is None:
        return _("orang lain")
    by_staff = entry.channel == Channel.SYSTEM or bool(
        entry.actor_user
        and entry.actor_user.is_workspace_user
        and entry.actor_user_id not in access.reporter_user_ids(ticket)
    )
    if ticket.confidentiality != Confidentiality.NORMAL and not by_staff:
        return _("pelapor")
    return entry.actor_name


def available(ticket: Ticket, actor: Actor | User) -> list[TransitionInfo]:
    """The transitions this actor may run now, in the machine's order; guards that refuse leave theirs out."""
    who = actor_of(actor)
    roles = access.parties(who, ticket)
    return [
        info
        for info in machine_of(ticket.kind).transitions()
        if ticket.state in info.sources and roles & set(info.edge.by) and _refusal(info, ticket, who) is None
    ]


def _refusal(info: TransitionInfo, ticket: Ticket, actor: Actor) -> str | None:
    return next((reason for guard in info.edge.guards if (reason := guard(ticket, actor))), None)


def form_of(info: TransitionInfo, ticket: Ticket, data: Any = None) -> TransitionForm | None:
    """The input form of a transition, bound when `data` is given; None when it needs no inputs."""
    form_class = info.edge.form
    return form_class(data, ticket=ticket) if form_class else None  # type: ignore[call-arg,return-value]


@transaction.atomic
def perform(
    ticket_id: int,
    transition: str,
    actor: Actor | User | None,
    *,
    expected_version: int | None = None,
    **inputs: Any,
) -> Ticket:
    """Run one transition: lock, check, change, record, move the clocks, plan the deliveries; all or nothing.

    `actor` None is the system. `inputs` are the fields of the transition's form, as raw values or objects.
    Raises NotVisible, Forbidden, WrongState, Stale or InvalidInputs; then nothing has changed.
    """
    from tickets import automation
    from tickets.automation import assignment

    who = actor_of(actor)
    _lock_together(ticket_id, transition, inputs)
    ticket = lock(ticket_id, who)
    check_version(ticket, expected_version)
    info = check(ticket, transition, who)
    cleaned = clean_inputs(info, ticket, inputs)
    before = _snapshot(ticket)
    at = timezone.now()
    _take_ownership(ticket, info, who)
    said = _run(ticket, info, who, cleaned)
    _move_stage(ticket, at)
    message = None
    if isinstance(said, Say):
        visibility = Visibility.PUBLIC if said.public else Visibility.INTERNAL
        # Whoever decided has no part in the ticket any more, yet what they say to the requester is a reply.
        is_reply = said.public and who.contact_id != ticket.requester_id
        direction = Direction.OUT if is_reply else ""
        message = messages.append(ticket, actor=who, text=said.text, visibility=visibility, at=at, direction=direction)
    timeline.record(
        ticket,
        code=timeline.TRANSITION,
        actor=who,
        at=at,
        changes=_changes(info, before, ticket),
        public=info.edge.public and not (info.edge.settles and ticket.state == before["state"]),
    )
    save(ticket, at)
    notices.after_transition(ticket, info.name, before, message)
    automation.after("transition", ticket)
    if ticket.team_id != before["team_id"]:
        assignment.fill(ticket)
    return ticket


def check(ticket: Ticket, name: str, actor: Actor) -> TransitionInfo:
    """The transition, if this actor may run it now; refusals are made here and nowhere else."""
    machine = machine_of(ticket.kind)
    info = machine.transition(name)
    if info is None:
        raise NotVisible(_("Langkah “%(name)s” tidak dikenal untuk jenis tiket ini.") % {"name": name[:40]})
    if not access.parties(actor, ticket) & set(info.edge.by):
        raise Forbidden(_("Anda tidak berwenang menjalankan langkah “%(label)s”.") % {"label": info.edge.label})
    if ticket.state not in info.sources:
        raise WrongState(
            _("Langkah “%(label)s” tidak dapat dijalankan: tiket sudah diubah oleh %(name)s, kini “%(state)s”.")
            % {
                "label": info.edge.label,
                "name": last_actor(ticket),
                "state": machine.label_of(ticket.state),
            }
        )
    reason = _refusal(info, ticket, actor)
    if reason:
        raise WrongState(reason)
    return info


def clean_inputs(info: TransitionInfo, ticket: Ticket, inputs: dict[str, Any]) -> dict[str, Any]:
    """Validated inputs of a transition. Raises InvalidInputs with a sentence per field."""
    form = form_of(info, ticket, inputs)
    if form is None:
        return {}
    if not form.is_valid():
        errors = {
            ("__all__" if name is None else str(name)): [str(t) for t in texts] for name, texts in form.errors.items()
        }
        raise InvalidInputs(_("Isian belum lengkap atau tidak sah. Periksa kolom yang ditandai."), errors)
    return form.cleaned_data


def _run(ticket: Ticket, info: TransitionInfo, actor: Actor, cleaned: dict[str, Any]) -> Say | None:
    method = getattr(ticket, info.name)
    if "actor" in inspect.signature(method).parameters:
        cleaned = {**cleaned, "actor": actor}
    said: Say | None = method(**cleaned)
    return said


def _take_ownership(ticket: Ticket, info: TransitionInfo, actor: Actor) -> None:
    """Whoever starts unassigned work owns it."""
    starts = info.name in {"start", "investigate", "implement"} and ticket.assignee_id is None
    if starts and actor.user and Party.AGENT in access.parties(actor, ticket):
        ticket.assignee = actor.user


def _move_stage(ticket: Ticket, at: datetime) -> None:
    """Derive the stage and the instants that hang on it."""
    machine = machine_of(ticket.kind)
    ticket.stage = machine.stage_of(ticket.state)
    ticket.is_open = ticket.stage in OPEN_STAGES
    if ticket.stage in (Stage.RESOLVED, Stage.CLOSED):
        ticket.resolved_at = ticket.resolved_at or at
    else:
        ticket.resolved_at = ticket.closed_at = None
    if ticket.stage == Stage.CLOSED:
        ticket.closed_at = ticket.closed_at or at
    days = AUTO_CLOSE_WORKING_DAYS.get(Kind(ticket.kind)) if ticket.stage == Stage.RESOLVED else None
    ticket.auto_close_at = clocks.default_calendar().add_working_days(at, days) if days else None


def save(ticket: Ticket, at: datetime) -> None:
    """Move the clocks, bump the version, save, and tell open screens after commit."""
    spells.keep(ticket, at)
    clocks.sync_clocks(ticket, at)
    ticket.updated_at = at
    ticket.version += 1
    ticket.save()
    announce(ticket)


def announce(ticket: Ticket) -> None:
    push(ticket_group(ticket.pk), {"type": "ticket", "id": ticket.pk})
    push(RESTRICTED_QUEUE if ticket.is_restricted else QUEUE, {"type": "queue"})


def _snapshot(ticket: Ticket) -> dict[str, Any]:
    return {
        "state": ticket.state,
        "team": str(ticket.team) if ticket.team else "",
        "team_id": ticket.team_id,
        "assignee": ticket.assignee.display_name if ticket.assignee else "",
        "assignee_id": ticket.assignee_id,
        "office": str(ticket.office) if ticket.office else "",
    }


def _changes(info: TransitionInfo, before: dict[str, Any], ticket: Ticket) -> dict[str, Any]:
    machine = machine_of(ticket.kind)
    after = _snapshot(ticket)
    changes: dict[str, Any] = {
        "transition": info.name,
        "label": str(info.edge.label),
        "old": str(machine.label_of(before["state"])),
        "new": str(machine.label_of(ticket.state)),
        "old_state": before["state"],
        "new_state": ticket.state,
    }
    for name in ("team", "assignee", "office"):
        if before[name] != after[name]:
            changes[name] = [before[name], after[name]]
    return changes
