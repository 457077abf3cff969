"""Making a ticket of its own out of one message: somebody told of two things at once."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import contacts
from accounts.contacts import Identity
from accounts.models import Contact, User
from catalog.models import Service
from tickets import access, creation, timeline, workflow
from tickets.access import Action
from tickets.actors import Actor, actor_of
from tickets.attachments import Upload
from tickets.choices import Channel, Direction, Kind
from tickets.errors import Forbidden, InvalidInputs, NotVisible, WrongState
from tickets.intake import InboundMessage, TicketDraft
from tickets.models import Message, Ticket, TimelineEntry

SENT_BY_MACHINE = (Channel.SYSTEM, Channel.EVENT)


@transaction.atomic
def split(
    *,
    ticket_id: int,
    message_id: int,
    actor: Actor | User,
    kind: str,
    subject: str,
    service: Service | None = None,
    expected_version: int | None = None,
) -> Ticket:
    """A new ticket of the same requester from one message with its files; the message stays where it was.

    Both tickets are linked, the requester gets the receipt of the new one, and its clocks count from the message.
    A second call for the same message gives the first one's ticket. Raises as `workflow.perform` does.
    """
    who = actor_of(actor)
    ticket = workflow.lock(ticket_id, who)
    if not access.allowed(who, Action.EDIT, ticket):
        raise Forbidden(_("Anda tidak berwenang memisahkan pesan tiket ini."))
    earlier = split_of(ticket).get(message_id)
    if earlier is not None:
        return Ticket.objects.get(number=earlier)
    workflow.check_version(ticket, expected_version)
    if ticket.merged_into_id is not None:
        raise WrongState(_("Tiket ini sudah digabung. Pisahkan pesannya dari tiket tujuannya."))
    message = Message.objects.select_related("origin__requester").filter(pk=message_id, ticket_id=ticket.pk).first()
    if message is None or message.direction != Direction.IN:
        raise NotVisible(_("Hanya pesan pelapor di tiket ini yang dapat dipisahkan."))
    if kind not in Kind.values or not subject.strip():
        raise InvalidInputs(_("Isian belum lengkap."), {"subject": [_("Tulis perihal tiket baru.")]})
    whose = message.origin or ticket
    arrival = _arrival(message, whose, kind, subject.strip(), service, who.user)
    made, _entry = creation.create(arrival, whose.requester, follows=ticket)
    _keep_officers(ticket, made)
    at = timezone.now()
    facts = {"message": message.pk, "number": made.number}
    timeline.record(ticket, code=timeline.SPLIT, actor=who, at=at, changes=facts)
    timeline.record(made, code=timeline.SPLIT_FROM, actor=who, at=at, changes={"number": ticket.number})
    workflow.save(ticket, at)
    return made


def split_of(ticket: Ticket) -> dict[int, str]:
    """Message id → number of the ticket that was made from it."""
    entries = TimelineEntry.objects.filter(ticket_id=ticket.pk, code=timeline.SPLIT).values_list("changes", flat=True)
    return {changes["message"]: changes["number"] for changes in entries}


def _arrival(
    message: Message, whose: Ticket, kind: str, subject: str, service: Service | None, agent: User | None
) -> InboundMessage:
    """The message as if it had arrived alone, answered by the way its requester is answered now."""
    return InboundMessage(
        channel=message.channel,
        external_id="",
        sender=_sender(whose.requester),
        subject=subject,
        text=message.text,
        full_text=message.original_text,
        html=message.html,
        uploads=tuple(Upload(file.name, file.content_type, file.file.read()) for file in message.attachments.all()),
        received_at=message.created_at,
        created_by=agent,
        draft=TicketDraft(
            kind=kind,
            service=service,
            office=whose.office,
            confidentiality=whose.confidentiality,
            requester_class=whose.requester_class,
        ),
    )


def _sender(contact: Contact) -> Identity:
    return Identity(name=contact.name, email=contacts.email_of(contact), telegram=contacts.telegram_of(contact))


def _keep_officers(original: Ticket, made: Ticket) -> None:
    """A restricted message stays with the officers who know it."""
    if original.is_restricted:
        made.named_officers.set(original.named_officers.all())
        made.team = original.team
        made.save(update_fields=["team"])
