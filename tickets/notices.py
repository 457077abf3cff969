"""What people are told, by which channel: rows of the outbox, planned in the transaction that causes them."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import contacts
from accounts.models import Contact, Team, User
from notify import outbox
from notify.models import Delivery
from tickets.choices import Channel, Direction, Visibility
from tickets.models import Message, Ticket


def route(ticket: Ticket, contact: Contact | None = None) -> tuple[str, str] | None:
    """(channel, address) by which a contact is answered: the one they used last, else any that reaches them."""
    person = contact or ticket.requester
    email, telegram = contacts.email_of(person), contacts.telegram_of(person)
    preferred = ticket.reply_channel if contact is None or contact.pk == ticket.requester_id else ""
    if preferred == Channel.TELEGRAM and telegram:
        return Delivery.Channel.TELEGRAM, ticket.reply_address or telegram
    if email:
        return Delivery.Channel.EMAIL, email
    if telegram:
        return Delivery.Channel.TELEGRAM, telegram
    return None


def tracking_url(ticket: Ticket) -> str:
    """The page where the requester follows the ticket; the access code is never part of an address."""
    return f"{settings.BASE_URL}{reverse('portal:track')}?nomor={ticket.number}"


def receipt(ticket: Ticket, message: Message) -> None:
    """Confirm a new ticket with its number and access code. Automatic: it does not count as a response."""
    text = _(
        "Terima kasih, laporan Anda sudah kami terima.\n\n"
        "Nomor tiket: %(number)s\nKode akses: %(code)s\n\n"
        "Simpan keduanya untuk melihat perkembangan di %(url)s\n"
        "Anda juga dapat membalas pesan ini untuk menambah keterangan."
    ) % {"number": ticket.number, "code": ticket.access_code, "url": tracking_url(ticket)}
    _to_requester(ticket, "receipt", text, message, automatic=True)


def reply(ticket: Ticket, message: Message) -> None:
    """Carry a public reply to the requester and to participants who hear replies."""
    text = message.text
    if message.attachments.exists():
        text += "\n\n" + _("Ada lampiran. Buka di %(url)s") % {"url": tracking_url(ticket)}
    _to_requester(ticket, "reply", text, message)
    if ticket.is_restricted:
        return
    for participant in ticket.participants.filter(hears_replies=True).select_related("contact"):
        _plan(ticket, participant.contact, "reply", text, message)


def _to_requester(ticket: Ticket, event: str, text: str, message: Message, *, automatic: bool = False) -> None:
    if ticket.is_restricted and event != "receipt":
        text = _("Ada pembaruan pada tiket %(number)s. Buka dengan kode akses Anda di %(url)s") % {
            "number": ticket.number,
            "url": tracking_url(ticket),
        }
    _plan(ticket, ticket.requester, event, text, message, automatic=automatic)


def _plan(
    ticket: Ticket, contact: Contact, event: str, text: str, message: Message, *, automatic: bool = False
) -> None:
    way = route(ticket, contact)
    if way is None:
        return
    channel, address = way
    options: dict[str, Any] = {"ticket": ticket.number}
    if channel == Delivery.Channel.EMAIL:
        options |= _threading(ticket)
        options["auto_submitted"] = "auto-replied" if automatic else ""
    outbox.plan(
        key=f"{event}:{message.pk}:{contact.pk}",
        channel=channel,
        recipient=address,
        contact=contact,
        subject=email_subject(ticket),
        text=text,
        topic=outbox.topic_of(ticket.pk),
        cause=message.cause,
        options=options,
    )


def email_subject(ticket: Ticket) -> str:
    """The tag by which mail programs and we thread; restricted tickets keep their subject to themselves."""
    return f"[{ticket.number}]" if ticket.is_restricted else f"[{ticket.number}] {ticket.subject}"


def _threading(ticket: Ticket) -> dict[str, Any]:
    """In-Reply-To and References from the mails the requester wrote on this ticket."""
    ids = list(
        Message.objects.filter(ticket_id=ticket.pk, direction=Direction.IN, channel=Channel.EMAIL)
        .exclude(external_id="")
        .order_by("-created_at", "-id")
        .values_list("external_id", flat=True)[:10]
    )
    return {"in_reply_to": ids[0], "references": ids[::-1]} if ids else {}


def after_transition(ticket: Ticket, name: str, before: dict[str, Any], message: Message | None) -> None:
    """Plan what a transition makes people hear: its public words, and the new assignee's work."""
    if message is not None and message.visibility == Visibility.PUBLIC and message.direction == Direction.OUT:
        reply(ticket, message)
    if ticket.assignee_id and ticket.assignee_id != before["assignee_id"]:
        _assigned(ticket, ticket.assignee)


def _assigned(ticket: Ticket, assignee: User | None) -> None:
    if assignee is None or not assignee.email:
        return
    staff_notice(
        ticket,
        assignee,
        key=f"assigned:{ticket.pk}:{ticket.version}:{assignee.pk}",
        text=_("Tiket %(number)s ditugaskan kepada Anda.") % {"number": ticket.number},
    )


def staff_notice(ticket: Ticket, user: User, *, key: str, text: str) -> None:
    """Tell a member of staff about a ticket by email; the subject carries no personal data."""
    if not user.email or not user.is_active:
        return
    url = f"{settings.BASE_URL}{reverse('agent:ticket', args=[ticket.number])}"
    outbox.plan(
        key=key,
        channel=Delivery.Channel.EMAIL,
        recipient=user.email,
        subject=f"[{ticket.number}] " + _("Pemberitahuan petugas"),
        text=f"{text}\n\n{url}",
        topic=outbox.topic_of(ticket.pk),
        options={"auto_submitted": "auto-generated", "is_staff": True},
    )


def coordinators(team: Team | None) -> list[User]:
    """People who coordinate a team."""
    if team is None:
        return []
    return list(User.objects.filter(is_active=True, team_memberships__team=team, team_memberships__is_coordinator=True))
