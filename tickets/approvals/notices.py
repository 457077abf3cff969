"""What approvers and those who wait for them are told, as rows of the outbox."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import ContactPoint, User
from notify import outbox
from notify.models import Delivery
from tickets.approvals import ballots, voters
from tickets.models.approvals import ApprovalRound, ApprovalStep, Vote
from tickets.models.ticket import Ticket

APPROVE, REJECT = "setuju", "tolak"
"""What the two Telegram buttons say first; `channels_bot.telegram.approvals` answers them."""


def ask(ticket: Ticket, steps: Iterable[ApprovalStep]) -> None:
    """Tell everybody who may decide in these steps, each person once."""
    told: set[int] = set()
    for vote in _votes(steps):
        _tell(ticket, vote, "approval", told)


def remind(ticket: Ticket, step: ApprovalStep) -> None:
    """Remind those whose votes are still open, once per step."""
    told: set[int] = set()
    for vote in _votes([step]):
        _tell(ticket, vote, "approval-reminder", told, lead=_("Pengingat: keputusan Anda masih ditunggu."))


def delegated(ticket: Ticket, vote: Vote) -> None:
    """Tell the delegate what they were handed."""
    if vote.delegated_to is None:
        return
    lead = _("%(name)s melimpahkan keputusan ini kepada Anda.") % {"name": vote.approver.display_name}
    _tell(ticket, vote, f"approval-delegated:{ticket.version}", set(), lead=lead, people=[vote.delegated_to])


def _votes(steps: Iterable[ApprovalStep]) -> Iterable[Vote]:
    related = ("step", "approver", "delegated_to", "office__head")
    return Vote.objects.filter(step__in=list(steps), decision="").select_related(*related)


def _tell(
    ticket: Ticket, vote: Vote, event: str, told: set[int], *, lead: str = "", people: list[User] | None = None
) -> None:
    involved = voters.involved_in(ticket)
    for person in people or ballots.deciders(vote):
        if person.pk in told or person.pk in involved or not _may_know(person, ticket):
            continue
        told.add(person.pk)
        text = _text(ticket, vote, person, lead)
        key = f"{event}:{vote.pk}:{person.pk}"
        _by_email(ticket, vote, person, key, text)
        _by_telegram(ticket, vote, person, key, text)


def _may_know(person: User, ticket: Ticket) -> bool:
    """Who stands in for an officer does not thereby see the officer's restricted cases."""
    from tickets import access

    return not ticket.is_restricted or access.visible_to(person).filter(pk=ticket.pk).exists()


def _text(ticket: Ticket, vote: Vote, person: User, lead: str) -> str:
    """What is asked, of whom, until when. Of a restricted ticket only its number."""
    behalf = ballots.on_behalf_of(vote, person)
    lines = [lead, _("Tiket %(number)s menunggu keputusan Anda.") % {"number": ticket.number}]
    if not ticket.is_restricted:
        lines.append(_("Perihal: %(subject)s") % {"subject": ticket.subject})
    lines.append(_("Langkah: %(step)s") % {"step": vote.step.name})
    if behalf:
        lines.append(_("Atas nama: %(name)s") % {"name": behalf})
    if vote.step.due_at:
        due = timezone.localtime(vote.step.due_at).strftime("%d-%m-%Y %H.%M")
        lines.append(_("Paling lambat: %(due)s") % {"due": due})
    return "\n".join(filter(None, lines))


def _by_email(ticket: Ticket, vote: Vote, person: User, key: str, text: str) -> None:
    """To the account's own address and no other: the link decides without signing in."""
    from tickets.approvals import links

    if not person.email:
        return
    note = _("Setujui atau tolak lewat tautan ini. Tautan hanya untuk Anda; jangan diteruskan.")
    outbox.plan(
        key=f"{key}:email",
        channel=Delivery.Channel.EMAIL,
        recipient=person.email,
        subject=f"[{ticket.number}] " + _("Persetujuan diperlukan"),
        text=f"{text}\n\n{note}\n{links.address(vote, person)}",
        topic=outbox.topic_of(ticket.pk),
        options={"auto_submitted": "auto-generated", "is_staff": True},
    )


def _by_telegram(ticket: Ticket, vote: Vote, person: User, key: str, text: str) -> None:
    point = ContactPoint.objects.filter(
        contact__user=person, kind=ContactPoint.Kind.TELEGRAM, is_verified=True, unreachable_at=None
    ).first()
    if point is None:
        return
    options: dict[str, Any] = {"buttons": buttons(vote)}
    outbox.plan(
        key=f"{key}:telegram",
        channel=Delivery.Channel.TELEGRAM,
        recipient=point.value,
        text=text,
        topic=outbox.topic_of(ticket.pk),
        options=options,
    )


def buttons(vote: Vote) -> list[list[list[str]]]:
    """One row of two buttons; their data stays far below Telegram's 64 bytes."""
    return [[[_("Setujui"), f"{APPROVE}:{vote.pk}:{vote.nonce}"], [_("Tolak"), f"{REJECT}:{vote.pk}:{vote.nonce}"]]]


def decided(ticket: Ticket, round_: ApprovalRound) -> None:
    """Tell who works on the ticket, or else its team's coordinators, how the round ended."""
    text = _("Persetujuan tiket %(number)s: %(outcome)s.") % {
        "number": ticket.number,
        "outcome": str(ApprovalRound.State(round_.state).label).lower(),
    }
    _to_staff(ticket, f"approval-decided:{round_.pk}", text)


def overdue(ticket: Ticket, step: ApprovalStep) -> None:
    """Tell the coordinators, once, that a step passed its deadline."""
    text = _("Langkah persetujuan “%(step)s” tiket %(number)s lewat tenggat.") % {
        "step": step.name,
        "number": ticket.number,
    }
    _to_staff(ticket, f"approval-overdue:{step.pk}", text, coordinators=True)


def _to_staff(ticket: Ticket, event: str, text: str, *, coordinators: bool = False) -> None:
    from tickets import access
    from tickets import notices as general

    people = general.coordinators(ticket.team)
    if ticket.assignee is not None and not coordinators:
        people = [ticket.assignee]
    for person in people:
        if access.visible_to(person).filter(pk=ticket.pk).exists():
            general.staff_notice(ticket, person, key=f"{event}:{person.pk}", event="approval_news", text=text)
