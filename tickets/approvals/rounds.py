"""The life of a round: started, position by position decided by votes, approved, rejected or withdrawn.

Everything here runs inside a transition of `tickets.kinds`, with the ticket's row locked.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Max, QuerySet

from accounts.models import User
from tickets import timeline
from tickets.approvals import ballots, notices, voters
from tickets.clocks import default_calendar
from tickets.models.approvals import ApprovalRound, ApprovalStep, Vote
from tickets.models.ticket import Ticket

if TYPE_CHECKING:
    from tickets.actors import Actor

Round, Step, Decision = ApprovalRound.State, ApprovalStep.State, Vote.Decision


def start(ticket: Ticket, *, actor: "Actor", at: datetime) -> ApprovalRound:
    """A new round copied from the rule, its first position opened and its people told. Earlier votes count no more.

    The guard `approvers_exist` has made sure that every step has enough people.
    """
    withdraw(ticket, at)
    last = ApprovalRound.objects.filter(ticket_id=ticket.pk).aggregate(last=Max("number"))["last"] or 0
    made = ApprovalRound.objects.create(
        ticket_id=ticket.pk, number=last + 1, rule=voters.rule_of(ticket), started_at=at
    )
    planned = voters.plan(ticket)
    for each in planned:
        step = ApprovalStep.objects.create(
            round=made,
            position=each.position,
            name=each.name,
            quorum=each.quorum,
            needed=each.needed,
            deadline_hours=each.deadline_hours,
            reminder_hours=each.reminder_hours,
        )
        Vote.objects.bulk_create(Vote(step=step, approver=asked.person, office=asked.office) for asked in each.voters)
    timeline.record(
        ticket,
        code=timeline.APPROVAL_ASKED,
        actor=actor,
        at=at,
        changes={
            "round": made.number,
            "steps": "; ".join(f"{each.name}: {_names(each)}" for each in planned),
        },
    )
    _open_next(ticket, made, at)
    return made


def _names(step: voters.PlannedStep) -> str:
    return ", ".join(asked.person.display_name for asked in step.voters)


def _open_next(ticket: Ticket, made: ApprovalRound, at: datetime) -> bool:
    """Open the steps of the first position that still waits. False when none is left."""
    waiting = made.steps.filter(state=Step.WAITING)
    position = waiting.values_list("position", flat=True).first()
    if position is None:
        return False
    calendar = default_calendar()
    opened = list(waiting.filter(position=position))
    for step in opened:
        step.state, step.opened_at = Step.PENDING, at
        step.due_at = calendar.add(at, timedelta(hours=step.deadline_hours))
        reminded = 0 < step.reminder_hours < step.deadline_hours
        step.next_event_at = calendar.add(at, timedelta(hours=step.reminder_hours)) if reminded else step.due_at
        step.save()
    notices.ask(ticket, opened)
    return True


def cast(ticket: Ticket, *, actor: "Actor", decision: str, comment: str, at: datetime) -> str:
    """Decide every open vote this person may decide on the ticket; returns the state of the round after that.

    A step is approved when its quorum is reached, and the round when its last position is. A step whose quorum cannot
    be reached any more rejects the round. Votes of people who have since got a part in the work are left alone.
    """
    if actor.user is None:
        raise ValueError("only a person votes")
    round_ = _pending(ticket)
    mine = list(castable(ticket, actor.user).select_related("step", "approver", "office__head"))
    for vote in mine:
        _decide(ticket, vote, actor, actor.user, decision, comment, at)
    for step in ApprovalStep.objects.filter(pk__in={vote.step_id for vote in mine}, state=Step.PENDING):
        _count(step, at)
    _settle(ticket, round_, at)
    return round_.state


def castable(ticket: Ticket, user: User) -> QuerySet[Vote]:
    """The open votes of the ticket that this person may decide now."""
    votes = ballots.open_to(user).filter(step__round__ticket=ticket.pk)
    return votes.exclude(approver__in=voters.involved_in(ticket))


def _pending(ticket: Ticket) -> ApprovalRound:
    return ApprovalRound.objects.select_for_update().get(ticket_id=ticket.pk, state=Round.PENDING)


def _decide(ticket: Ticket, vote: Vote, actor: "Actor", user: User, decision: str, comment: str, at: datetime) -> None:
    vote.decision, vote.decided_by, vote.decided_at = decision, user, at
    vote.comment, vote.channel = comment, actor.channel
    vote.save(update_fields=["decision", "decided_by", "decided_at", "comment", "channel"])
    timeline.record(
        ticket,
        code=timeline.APPROVAL_VOTED,
        actor=actor,
        at=at,
        changes={
            "decision": str(Decision(decision).label),
            "step": vote.step.name,
            "behalf": ballots.on_behalf_of(vote, user),
            "vote": vote.pk,
        },
    )


def _count(step: ApprovalStep, at: datetime) -> None:
    """Close the step when its quorum is reached, or can no longer be reached."""
    decisions = list(step.votes.values_list("decision", flat=True))
    approvals, left = decisions.count(Decision.APPROVE), decisions.count("")
    if approvals >= step.needed:
        state = Step.APPROVED
    elif approvals + left < step.needed:
        state = Step.REJECTED
    else:
        return
    step.state, step.decided_at, step.next_event_at = state, at, None
    step.save()


def _settle(ticket: Ticket, round_: ApprovalRound, at: datetime) -> None:
    """What the decided steps mean for the round: rejected, the next position, approved, or nothing yet."""
    states = set(round_.steps.values_list("state", flat=True))
    if Step.REJECTED in states:
        _end(round_, Round.REJECTED, at)
    elif Step.PENDING in states:
        return
    elif not _open_next(ticket, round_, at):
        _end(round_, Round.APPROVED, at)
    if round_.state != Round.PENDING:
        notices.decided(ticket, round_)


def _end(round_: ApprovalRound, state: str, at: datetime) -> None:
    for step in round_.steps.filter(state__in=[Step.WAITING, Step.PENDING]):
        step.state, step.next_event_at = Step.SKIPPED, None
        step.save(update_fields=["state", "next_event_at"])
    round_.state, round_.ended_at = state, at
    round_.save(update_fields=["state", "ended_at"])


def withdraw(ticket: Ticket, at: datetime) -> None:
    """End the pending round without a decision; nothing when there is none."""
    for round_ in ApprovalRound.objects.filter(ticket_id=ticket.pk, state=Round.PENDING):
        _end(round_, Round.WITHDRAWN, at)


def latest(ticket: Ticket) -> ApprovalRound | None:
    return ApprovalRound.objects.filter(ticket_id=ticket.pk).order_by("-number").first()


def is_approved(ticket: Ticket) -> bool:
    """Whether the last attempt to get this ticket approved succeeded."""
    last = latest(ticket)
    return last is not None and last.state == Round.APPROVED


def approved_by(ticket: Ticket, user: User) -> bool:
    """Whether this person's vote is among those that approved the ticket."""
    votes = Vote.objects.filter(step__round__ticket=ticket.pk, step__round__state=Round.APPROVED)
    return votes.filter(decision=Decision.APPROVE, decided_by=user).exists()
