"""What happens on a ticket when a message to its people did not arrive."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from notify import outbox
from notify.models import Delivery
from tickets import access, notices, timeline, workflow
from tickets.access import Action
from tickets.actors import SYSTEM
from tickets.errors import Forbidden, NotVisible, WrongState
from tickets.models import Message, Ticket


def ticket_id_of(delivery: Delivery) -> int | None:
    """The ticket that a delivery is about."""
    kind, _colon, number = delivery.topic.partition(":")
    return int(number) if kind == "ticket" and number.isdigit() else None


def note(delivery: Delivery) -> None:
    """Leave an entry in the history, show it on open screens, and tell whoever works on the ticket.

    Notices to the staff are no part of the ticket: administrators see those on the mail page.
    """
    pk = ticket_id_of(delivery)
    if pk is None or delivery.options.get("is_staff") or not Ticket.objects.filter(pk=pk).exists():
        return
    ticket = workflow.lock(access.survivor_of(workflow.lock(pk, SYSTEM)).pk, SYSTEM)
    changes = {"channel": delivery.channel, "error": delivery.error[:200]}
    timeline.record(ticket, code=timeline.DELIVERY_FAILED, actor=SYSTEM, at=timezone.now(), changes=changes)
    ticket.save(update_fields=["history_length"])
    workflow.announce(ticket)
    if not _reached_otherwise(delivery):
        notices.undelivered(ticket, delivery)


def _reached_otherwise(delivery: Delivery) -> bool:
    """Whether the same words are on their way to the same person by another channel."""
    well = (Delivery.State.QUEUED, Delivery.State.SENDING, Delivery.State.SENT)
    same = Delivery.objects.filter(cause=delivery.cause, contact=delivery.contact_id, state__in=well)
    return bool(delivery.cause and delivery.contact_id) and same.exclude(channel=delivery.channel).exists()


@transaction.atomic
def resend(*, number: str, delivery_id: int, actor: User) -> None:
    """Send what did not arrive once more, by the way that reaches its reader now.

    Raises NotVisible, Forbidden for those who may not answer, WrongState when it is not broken (any more).
    """
    ticket = access.get_visible(actor, number)
    if not access.can(actor, Action.REPLY, ticket):
        raise Forbidden(_("Kirim ulang hanya oleh yang boleh membalas tiket ini."))
    delivery = Delivery.objects.select_for_update(of=("self",)).filter(pk=delivery_id).first()
    message = _message_of(delivery, ticket) if delivery else None
    if delivery is None or message is None:
        raise NotVisible(_("Kiriman tidak ditemukan."))
    about = Ticket.objects.filter(pk=ticket_id_of(delivery) or ticket.pk).select_related("requester__user").get()
    way = notices.route(about, delivery.contact) if delivery.contact else None
    if delivery.state == Delivery.State.SUPPRESSED and not delivery.text:
        if way is None:
            raise WrongState(_("Belum ada alamat yang dapat dihubungi. Lengkapi dahulu alamat pelapor."))
        again = (delivery.event, delivery.contact)
        delivery.delete()
        notices.tell_again(about, message, *again)
        return
    if not outbox.retry(delivery, way):
        raise WrongState(_("Kiriman ini tidak gagal lagi. Muat ulang halaman untuk melihat keadaannya."))
    workflow.announce(ticket)


def _message_of(delivery: Delivery, ticket: Ticket) -> Message | None:
    """The message of this ticket that the delivery carries."""
    kind, _colon, pk = delivery.cause.partition(":")
    return Message.objects.filter(pk=pk, ticket_id=ticket.pk).first() if kind == "message" and pk.isdigit() else None
