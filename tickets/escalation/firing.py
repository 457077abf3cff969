"""One step on one ticket: the record, who is to be told, and what it does."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Office, Substitution, Team, User
from sla.models import Clock, Escalation, EscalationNotice, EscalationStep, Metric
from tickets import notices, timeline
from tickets.actors import SYSTEM
from tickets.automation import assignment
from tickets.automation.engine import run_rule
from tickets.choices import Level
from tickets.errors import InvalidInputs, TicketError, WrongState
from tickets.escalation import words
from tickets.models import Ticket

logger = logging.getLogger(__name__)

Deed = Callable[[Ticket, EscalationStep, datetime], None]


def fire(
    ticket: Ticket, clock: Clock, step: EscalationStep, *, planned_at: datetime, late_minutes: int, at: datetime
) -> bool:
    """Record a step, note who is to be told, and run its actions; False when this was done before.

    The ticket is locked by the caller and fresh afterwards. An action that is refused is undone alone.
    """
    has_raised = step.raise_priority and Escalation.objects.filter(clock=clock, step=step).exists()
    escalation, created = Escalation.objects.get_or_create(
        clock=clock,
        step=step,
        target_version=clock.target_version,
        defaults={"planned_at": planned_at, "fired_at": at, "is_late": late_minutes > 0},
    )
    if not created:
        return False
    _record(ticket, clock, step, late_minutes, at)
    people = {person.pk: person for person in hearers(ticket, step)}
    for label, deed in _deeds(step, has_raised=has_raised):
        _do(ticket, step, label, deed, at)
    if step.reassign_to_id and step.notify_coordinator and ticket.team_id == step.reassign_to_id:
        people |= {person.pk: person for person in notices.coordinators(ticket.team)}
    EscalationNotice.objects.bulk_create(
        [EscalationNotice(escalation=escalation, person=person, tell_at=at) for person in people.values()]
    )
    return True


def _record(ticket: Ticket, clock: Clock, step: EscalationStep, late_minutes: int, at: datetime) -> None:
    changes: dict[str, str | int] = {
        "metric": str(Metric(clock.metric).label),
        "moment": words.moment(step),
        "late": words.lateness(late_minutes),
        "clock": clock.pk,
        "version": clock.target_version,
    }
    if step.percent is not None:
        changes["percent"] = step.percent
    timeline.record(ticket, code=timeline.ESCALATED, actor=SYSTEM, at=at, changes=changes)
    ticket.save(update_fields=["history_length"])


def hearers(ticket: Ticket, step: EscalationStep) -> Iterator[User]:
    """Whom the step tells, possibly somebody twice. Who may know of the ticket is decided when they are told."""
    if step.notify_assignee and ticket.assignee:
        yield ticket.assignee
    if step.notify_team and ticket.team:
        yield from ticket.team.members.filter(is_active=True)
    if step.notify_coordinator:
        yield from notices.coordinators(ticket.team)
    if step.notify_office_head and ticket.office and not ticket.is_restricted:
        yield from heads(ticket.office)


def heads(office: Office) -> Iterator[User]:
    """The head of an office and whoever stands in today: Plh for a head who is away, Plt for a vacant post."""
    head = office.head if office.head and office.head.is_active else None
    if head:
        yield head
    of_post = Q(person=head) if head else Q(office=office)
    acting = Substitution.valid().filter(of_post, substitute__is_active=True)
    acting = acting.exclude(kind=Substitution.Kind.DELEGATE)  # that hands over decisions, not the post
    yield from (each.substitute for each in acting.select_related("substitute").order_by("pk"))


def _deeds(step: EscalationStep, *, has_raised: bool) -> Iterator[tuple[str, Deed]]:
    """(label, action) in order. A priority is raised once per clock: the new target lets the step fire anew."""
    if step.reassign_to_id:
        yield _("alihkan ke tim %(team)s") % {"team": step.reassign_to}, _reassign
    if step.raise_priority and not has_raised:
        yield _("naikkan prioritas"), _raise_priority
    if step.rule_id:
        yield _("jalankan aturan “%(rule)s”") % {"rule": step.rule}, _run_rule


def _do(ticket: Ticket, step: EscalationStep, label: str, deed: Deed, at: datetime) -> None:
    """Run one action; a refusal goes into the history and blocks nothing else."""
    try:
        with transaction.atomic():
            deed(ticket, step, at)
        ticket.refresh_from_db()
        return
    except InvalidInputs as error:
        reason = " ".join([error.message, *(said for texts in error.errors.values() for said in texts)])
    except TicketError as error:
        reason = error.message
    except Exception as error:
        logger.exception("step %s: action failed on ticket %s", step.pk, ticket.pk)
        reason = _("gagal: %(error)s") % {"error": type(error).__name__}
    ticket.refresh_from_db()
    changes = {"action": label, "reason": reason[:300]}
    timeline.record(ticket, code=timeline.ESCALATION_REFUSED, actor=SYSTEM, at=at, changes=changes)
    ticket.save(update_fields=["history_length"])


def _reassign(ticket: Ticket, step: EscalationStep, _at: datetime) -> None:
    team = step.reassign_to
    if team is None or team.pk == ticket.team_id:
        return
    _refuse_reassigning(ticket, team)
    assignment.put(ticket, team=team)
    assignment.fill(ticket)


def _refuse_reassigning(ticket: Ticket, team: Team) -> None:
    if ticket.is_restricted:
        raise WrongState(_("Tiket rahasia hanya dipindahkan oleh petugasnya."))
    if not team.is_active or team.is_confidential:
        raise WrongState(_("Tim %(team)s tidak menerima tiket biasa.") % {"team": team})
    if not ticket.is_open:
        raise WrongState(_("Tiket sudah tidak terbuka."))


def _raise_priority(ticket: Ticket, step: EscalationStep, _at: datetime) -> None:
    from tickets import edits

    if ticket.priority >= Level.CRITICAL:
        return
    reason = _("eskalasi: %(moment)s") % {"moment": words.moment(step)}
    edits.change(ticket_id=ticket.pk, actor=SYSTEM, priority=ticket.priority + 1, priority_reason=reason)


def _run_rule(ticket: Ticket, step: EscalationStep, at: datetime) -> None:
    if step.rule is None:
        return
    if ticket.is_restricted:
        raise WrongState(_("Tiket rahasia tidak disentuh aturan otomasi."))
    if not step.rule.is_active:
        raise WrongState(_("Aturan ini sedang mati."))
    run_rule(step.rule, ticket, at)
