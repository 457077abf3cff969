"""Mail that came back: what it means for the delivery, the address and the people who work on the ticket."""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import ContactPoint
from accounts.normalize import email_key
from channels_bot.email.bounces import Bounce
from channels_bot.email.parsing import ParsedEmail
from notify import outbox
from notify.errors import without_addresses
from notify.models import Delivery
from tickets import access, notices, threading, timeline, workflow
from tickets.actors import SYSTEM
from tickets.models import InboundRecord

State = Delivery.State


def attach(parsed: ParsedEmail, record: InboundRecord) -> None:
    """Note a failed delivery where it belongs. Without a delivery of ours the report stays in quarantine.

    A passing failure is tried again as long as the outbox would try; a lasting one marks the address as unreachable
    and tells whoever works on the ticket.
    """
    bounce, delivery = parsed.bounce, _returned(parsed)
    if bounce is None or delivery is None:
        return
    record.state = InboundRecord.State.ACCEPTED
    record.save(update_fields=["state"])
    delivery.error = without_addresses(bounce.diagnostic or bounce.status or _("ditolak server penerima"))[:500]
    if not bounce.permanent and delivery.attempts < outbox.MAX_ATTEMPTS:
        _try_again(delivery)
        return
    delivery.state = State.BOUNCED
    delivery.save(update_fields=["state", "error"])
    if bounce.permanent:
        _mark_unreachable(delivery)
    _tell(delivery)


def _returned(parsed: ParsedEmail) -> Delivery | None:
    """The delivery a report is about. Its id is unguessable: who has not received that mail cannot make up a report."""
    bounce: Bounce | None = parsed.bounce
    ids = [bounce.original_message_id if bounce else "", *parsed.references, *parsed.in_reply_to]
    return next((found for message_id in ids if (found := threading.delivery_of(message_id))), None)


def _try_again(delivery: Delivery) -> None:
    """Only what counts as sent: a second report about the same attempt, or one about a retried mail, moves nothing."""
    Delivery.objects.filter(pk=delivery.pk, state=State.SENT).update(
        state=State.QUEUED,
        error=delivery.error,
        next_attempt_at=timezone.now() + outbox.backoff(max(delivery.attempts, 1) + 4),
    )


def _mark_unreachable(delivery: Delivery) -> None:
    points = ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL, value=email_key(delivery.recipient))
    points.update(unreachable_at=timezone.now())


def _tell(delivery: Delivery) -> None:
    """On the timeline, and by a notice to the person on the ticket, or to those who coordinate its team."""
    if not delivery.topic.startswith("ticket:") or delivery.options.get("is_staff"):
        return
    known = workflow.lock(int(delivery.topic.removeprefix("ticket:")), SYSTEM)
    ticket = workflow.lock(access.survivor_of(known).pk, SYSTEM)
    changes = {"channel": "email", "error": delivery.error[:200]}
    timeline.record(ticket, code=timeline.DELIVERY_FAILED, actor=SYSTEM, at=timezone.now(), changes=changes)
    ticket.save(update_fields=["history_length"])
    workflow.announce(ticket)
    people = [ticket.assignee] if ticket.assignee else notices.coordinators(ticket.team)
    text = _("Email kepada pelapor tiket %(number)s tidak sampai. Hubungi pelapor lewat jalan lain.")
    for person in people:
        notices.staff_notice(
            ticket, person, key=f"bounced:{delivery.pk}:{person.pk}", text=text % {"number": ticket.number}
        )
