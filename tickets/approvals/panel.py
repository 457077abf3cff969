"""What screens and programs show of approvals: rounds of a ticket, one's own open votes, one line for the requester."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access
from tickets.approvals import ballots
from tickets.models.approvals import ApprovalRound, ApprovalStep, Vote
from tickets.models.ticket import Ticket

MAX_ROWS = 100


@dataclass(frozen=True, slots=True)
class VoteLine:
    """One approver of a step. `may_delegate`: the reader may hand this vote on."""

    id: int
    approver: str
    office: str
    delegated_to: str
    decision: str
    label: str
    decided_by: str
    comment: str
    channel: str
    channel_label: str
    decided_at: datetime | None
    may_delegate: bool

    @property
    def is_by_another(self) -> bool:
        return bool(self.decided_by) and self.decided_by != self.approver


@dataclass(frozen=True, slots=True)
class StepLine:
    position: int
    name: str
    state: str
    state_label: str
    quorum: str
    quorum_label: str
    needed: int
    due_at: datetime | None
    is_overdue: bool
    votes: list[VoteLine]

    @property
    def is_pending(self) -> bool:
        return self.state == ApprovalStep.State.PENDING


@dataclass(frozen=True, slots=True)
class RoundLine:
    number: int
    state: str
    state_label: str
    started_at: datetime
    ended_at: datetime | None
    steps: list[StepLine]


def rounds(ticket: Ticket, user: User | None = None) -> list[RoundLine]:
    """Every attempt, the newest first. With `user`, the votes this person may delegate are marked.

    For readers who may see internal matters; three queries whatever the number of votes.
    """
    found = ApprovalRound.objects.filter(ticket_id=ticket.pk).order_by("-number")
    related = (
        "steps__votes__approver",
        "steps__votes__office",
        "steps__votes__delegated_to",
        "steps__votes__decided_by",
    )
    rows = list(found.prefetch_related(*related))
    mine: set[int] = set()
    if user is not None and rows and ticket.state == ballots.AWAITING and not ticket.is_restricted:
        own = ballots.open_to(user).filter(approver=user, step__round__ticket=ticket.pk)
        mine = set(own.values_list("pk", flat=True))
    return [_round(row, mine) for row in rows]


def _round(row: ApprovalRound, mine: set[int]) -> RoundLine:
    steps = [_step(step, mine) for step in row.steps.all()]
    return RoundLine(row.number, row.state, row.get_state_display(), row.started_at, row.ended_at, steps)


def _step(step: ApprovalStep, mine: set[int]) -> StepLine:
    return StepLine(
        position=step.position,
        name=step.name,
        state=step.state,
        state_label=step.get_state_display(),
        quorum=step.quorum,
        quorum_label=step.get_quorum_display(),
        needed=step.needed,
        due_at=step.due_at,
        is_overdue=step.is_overdue,
        votes=[_vote(vote, mine) for vote in step.votes.all()],
    )


def _vote(vote: Vote, mine: set[int]) -> VoteLine:
    return VoteLine(
        id=vote.pk,
        approver=vote.approver.display_name,
        office=str(vote.office) if vote.office else "",
        delegated_to=vote.delegated_to.display_name if vote.delegated_to else "",
        decision=vote.decision,
        label=vote.get_decision_display() if vote.decision else "",
        decided_by=vote.decided_by.display_name if vote.decided_by else "",
        comment=vote.comment,
        channel=vote.channel,
        channel_label=vote.get_channel_display() if vote.channel else "",
        decided_at=vote.decided_at,
        may_delegate=vote.pk in mine,
    )


def waiting_for(user: User) -> QuerySet[Vote]:
    """The open votes this person may decide, on tickets they see; the earliest deadline first, at most MAX_ROWS."""
    seen = access.visible_to(user).filter(pk=OuterRef("step__round__ticket"))
    votes = ballots.open_to(user).filter(Exists(seen))
    related = ("step__round__ticket", "approver", "office__head", "delegated_to")
    return votes.select_related(*related).order_by("step__due_at", "pk")[:MAX_ROWS]


def count_for(user: User) -> int:
    """How many tickets wait for this person, for the navigation; at most MAX_ROWS votes are looked at.

    Most people are asked nothing: then whether they see the ticket need not be worked out on every page.
    """
    asked = set(ballots.open_to(user).values_list("step__round__ticket", flat=True)[:MAX_ROWS])
    return access.visible_to(user).filter(pk__in=asked).count() if asked else 0


def progress(ticket: Ticket) -> str:
    """One line for the requester: what is waited for, without names of people; "" when nothing is."""
    if ticket.state != ballots.AWAITING:
        return ""
    steps = list(ApprovalStep.objects.filter(round__ticket=ticket.pk, round__state=ApprovalRound.State.PENDING))
    positions = sorted({step.position for step in steps})
    now = [step.position for step in steps if step.state == ApprovalStep.State.PENDING]
    if len(positions) < 2 or not now:
        return _("Menunggu persetujuan")
    return _("Menunggu persetujuan, langkah %(number)d dari %(total)d") % {
        "number": positions.index(now[0]) + 1,
        "total": len(positions),
    }
