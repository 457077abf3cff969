"""Taking a requester's judgement of their ticket."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from feedback.models import Rating, Score
from tickets import timeline, workflow
from tickets.access import survivor_of
from tickets.actors import Actor
from tickets.choices import Stage
from tickets.errors import Forbidden, WrongState
from tickets.models import Ticket

COMMENT_LENGTH = 2000


@transaction.atomic
def rate(*, ticket_id: int, actor: Actor, score: int) -> Rating:
    """Keep the requester's score (1-4) of a finished ticket; the same score twice is one.

    Raises NotVisible, Forbidden for anybody but the requester, WrongState while the ticket is being worked on.
    """
    ticket = _locked(ticket_id, actor)
    if survivor_of(ticket).stage not in (Stage.RESOLVED, Stage.CLOSED):
        raise WrongState(_("Tiket ini belum selesai. Nilailah setelah selesai."))
    before = Rating.objects.filter(ticket_id=ticket.pk).first()
    score = Score(score).value
    if before is not None and before.score == score:
        return before
    rating, _created = Rating.objects.update_or_create(
        ticket_id=ticket.pk,
        defaults={"contact_id": ticket.requester_id, "score": score, "channel": actor.channel},
    )
    now = timezone.now()
    timeline.record(ticket, code=timeline.RATED, actor=actor, at=now, changes={"score": score}, public=True)
    workflow.save(ticket, now)
    return rating


@transaction.atomic
def comment(*, ticket_id: int, actor: Actor, text: str) -> Rating:
    """Add the requester's words to their score. Raises WrongState when they gave none."""
    ticket = _locked(ticket_id, actor)
    rating = Rating.objects.filter(ticket_id=ticket.pk).first()
    if rating is None:
        raise WrongState(_("Beri nilai dahulu, baru komentar."))
    rating.comment = text.strip()[:COMMENT_LENGTH]
    rating.save(update_fields=["comment", "updated_at"])
    return rating


def _locked(ticket_id: int, actor: Actor) -> Ticket:
    ticket = workflow.lock(ticket_id, actor)
    if actor.contact_id is None or ticket.requester_id != actor.contact_id:
        raise Forbidden(_("Hanya pelapor yang menilai tiketnya."))
    return ticket
