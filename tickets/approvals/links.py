"""The link in an approver's mail: signed, for one person and one vote, and void as soon as that vote is decided."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from accounts.models import User
from tickets import access
from tickets.approvals import ballots
from tickets.models.approvals import Vote
from tickets.models.ticket import Ticket

SALT = "tickets.approvals.link"
LIFETIME = timedelta(days=14)


class Expired(Exception):
    """The link was good once, but is older than LIFETIME."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """What an intact link stands for. `is_open`: the person may still decide; else the vote is decided or void."""

    vote: Vote
    person: User
    is_open: bool

    @property
    def ticket(self) -> Ticket:
        return self.vote.step.round.ticket


def token(vote: Vote, person: User) -> str:
    return signing.dumps([vote.pk, person.pk, vote.nonce], salt=SALT)


def address(vote: Vote, person: User) -> str:
    """The absolute address of the page on which this person decides the vote."""
    return f"{settings.BASE_URL}{reverse('approval_link', args=[token(vote, person)])}"


def read(text: str) -> Ballot | None:
    """What the token stands for; None for anything we did not sign or that exists no more. Raises Expired."""
    try:
        vote_id, person_id, nonce = signing.loads(text, salt=SALT, max_age=LIFETIME)
    except signing.SignatureExpired as error:
        raise Expired from error
    except (signing.BadSignature, ValueError, TypeError):
        return None
    related = ("step__round__ticket__service", "step__round__ticket__requester", "approver", "office__head")
    vote = Vote.objects.select_related(*related).filter(pk=vote_id).first()
    person = User.objects.filter(pk=person_id, is_active=True).first()
    if vote is None or person is None or not constant_time_compare(nonce, vote.nonce):
        return None
    ticket = vote.step.round.ticket
    sees = access.visible_to(person).filter(pk=ticket.pk).exists()
    is_open = sees and ballots.open_to(person).filter(pk=vote.pk).exists()
    return Ballot(vote, person, is_open) if sees else None
