"""What a message about a ticket says at the moment it leaves: much may have changed since it was planned."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from notify import digests, wording
from notify.errors import NotDue
from notify.events import event_of
from notify.models import Delivery
from tickets import access, notices
from tickets.models import Attachment, Ticket
from tickets.undelivered import ticket_id_of

UNCHANGED = ("receipt", "restricted", "restricted_staff")
"""Events that say of a restricted ticket no more than they may."""


@dataclass(frozen=True, slots=True)
class Content:
    """What one message says, and the files that go with it."""

    subject: str
    text: str
    files: list[Attachment] = field(default_factory=list)


def content_of(delivery: Delivery) -> Content:
    """The words to send now. A ticket that became secret meanwhile is not told of any more.

    Raises NotDue when the reader may not know of the ticket any more.
    """
    if delivery.event == digests.EVENT:
        return _digest(delivery)
    pk = ticket_id_of(delivery)
    ticket = Ticket.objects.filter(pk=pk).first() if pk else None
    if ticket is None or event_of(delivery.event) is None:
        return Content(delivery.subject, delivery.text)
    if delivery.user and not access.visible_to(delivery.user).filter(pk=ticket.pk).exists():
        raise NotDue(_("Penerima tidak lagi melihat tiket ini."))
    if ticket.is_restricted and delivery.event not in UNCHANGED:
        return _restricted(ticket, delivery)
    wanted = delivery.options.get("attachments", [])
    files = list(Attachment.objects.filter(pk__in=wanted).order_by("pk")) if wanted else []
    return Content(delivery.subject, delivery.text, files)


def _restricted(ticket: Ticket, delivery: Delivery) -> Content:
    if delivery.event == "copy":
        raise NotDue(_("Tiket ini menjadi rahasia; peserta lain tidak diberi tahu lagi."))
    is_staff = bool(delivery.options.get("is_staff"))
    url = notices.staff_url(ticket) if is_staff else notices.tracking_url(ticket)
    words = wording.render("restricted_staff" if is_staff else "restricted", {"number": ticket.number, "url": url})
    return Content(words.subject if is_staff else notices.email_subject(ticket), words.text)


def _digest(carrier: Delivery) -> Content:
    """The notices of one person below each other; those they may not read any more are left out."""
    parts = []
    for row in carrier.carried.select_related("user").order_by("id"):
        try:
            parts.append(content_of(row).text)
        except NotDue:
            continue
    if not parts:
        raise NotDue(_("Tidak ada lagi yang perlu diberitahukan."))
    return Content(carrier.subject, "\n\n".join(parts))
