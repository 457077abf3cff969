"""Mail that came back: what it means for the delivery, the address and the people who work on the ticket."""

from django.utils import timezone
from django.utils.translation import gettext as _

from channels_bot.email.bounces import Bounce
from channels_bot.email.parsing import ParsedEmail
from notify import outbox
from notify.errors import without_addresses
from notify.models import Delivery
from tickets import threading
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
    said = bounce.diagnostic or bounce.status or _("ditolak server penerima")
    if not bounce.permanent and delivery.attempts < outbox.MAX_ATTEMPTS:
        _try_again(delivery, said)
    else:
        outbox.undelivered(delivery, error=said, state=State.BOUNCED, dead_address=bounce.permanent)


def _returned(parsed: ParsedEmail) -> Delivery | None:
    """The delivery a report is about. Its id is unguessable: who has not received that mail cannot make up a report."""
    bounce: Bounce | None = parsed.bounce
    ids = [bounce.original_message_id if bounce else "", *parsed.references, *parsed.in_reply_to]
    return next((found for message_id in ids if (found := threading.delivery_of(message_id))), None)


def _try_again(delivery: Delivery, said: str) -> None:
    """Only what counts as sent: a second report about the same attempt, or one about a retried mail, moves nothing."""
    Delivery.objects.filter(pk=delivery.pk, state=State.SENT).update(
        state=State.QUEUED,
        error=without_addresses(said)[:500],
        next_attempt_at=timezone.now() + outbox.backoff(max(delivery.attempts, 1) + 4),
    )
