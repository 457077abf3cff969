"""What people are told, by which channel: rows of the outbox, planned in the transaction that causes them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import contacts
from accounts.models import Contact, Team, User
from accounts.roles import Role
from core.templatetags.ui import hari_jam
from notify import outbox
from notify.models import Delivery
from tickets import access
from tickets.choices import Channel, Direction, Stage, Visibility
from tickets.kinds import machine_of
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


def reply(ticket: Ticket, message: Message, *, without: frozenset[int] = frozenset()) -> None:
    """Carry a public reply to the requester, to participants who hear replies, and to colleagues who watch.

    `without`: ids of contacts who hear the same words elsewhere already.
    """
    watchers(ticket, _("Balasan baru kepada pelapor di tiket %(number)s.") % {"number": ticket.number})
    text = _with_files(ticket, message)
    if ticket.requester_id not in without:
        _to_requester(ticket, "reply", text, message, automatic=message.is_automatic)
    _to_merged(ticket, message, without)
    if ticket.is_restricted:
        return
    hearers = ticket.participants.filter(hears_replies=True, via=None).exclude(contact__in=without)
    for participant in hearers.select_related("contact"):
        _plan(ticket, participant.contact, "reply", text, message)


def _to_merged(ticket: Ticket, message: Message, without: frozenset[int]) -> None:
    """Carry a reply to the people of tickets merged into this one, under the number they know.

    They hear the staff's words alone: subject, number and mails of the survivor are somebody else's.
    """
    followers = ticket.participants.filter(hears_replies=True).exclude(via=None).exclude(contact__in=without)
    for participant in followers.select_related("contact", "via__requester"):
        theirs = participant.via
        if theirs is None or participant.contact_id == ticket.requester_id:
            continue
        if participant.contact_id == theirs.requester_id:
            _to_requester(theirs, "reply", _with_files(theirs, message), message)
        elif not theirs.is_restricted:
            _plan(theirs, participant.contact, "reply", _with_files(theirs, message), message)


def _with_files(ticket: Ticket, message: Message) -> str:
    if not message.attachments.exists():
        return message.text
    return message.text + "\n\n" + _("Ada lampiran. Buka di %(url)s") % {"url": tracking_url(ticket)}


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
        options |= _threading(ticket, message)
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


def _threading(ticket: Ticket, message: Message) -> dict[str, Any]:
    """In-Reply-To and References from the mails written on this ticket; after a merge they are on the survivor."""
    said = Message.objects.filter(ticket_id=ticket.pk, origin=None)
    if ticket.merged_into_id is not None:
        said = Message.objects.filter(ticket_id__in=[message.ticket_id, ticket.merged_into_id], origin_id=ticket.pk)
    ids = list(
        said.filter(direction=Direction.IN, channel=Channel.EMAIL)
        .exclude(external_id="")
        .order_by("-created_at", "-id")
        .values_list("external_id", flat=True)[:10]
    )
    return {"in_reply_to": ids[0], "references": ids[::-1]} if ids else {}


def after_transition(ticket: Ticket, name: str, before: dict[str, Any], message: Message | None) -> None:
    """Plan what a transition makes people hear: its public words, the new assignee's work, the new state."""
    if ticket.state != before["state"]:
        text = _("Tiket %(number)s kini “%(state)s”.") % {"number": ticket.number, "state": ticket.state_label}
        watchers(ticket, text)
    if message is not None and message.visibility == Visibility.PUBLIC and message.direction == Direction.OUT:
        reply(ticket, message)
    if ticket.assignee_id and ticket.assignee_id != before["assignee_id"]:
        _assigned(ticket, ticket.assignee)
    if ticket.stage == Stage.ACTIVE and machine_of(ticket.kind).stage_of(before["state"]) == Stage.NEW:
        _work_begins(ticket)
    if name == "forward":
        _forwarded(ticket)
    elif name == "return_":
        _returned(ticket)


def _forwarded(ticket: Ticket) -> None:
    """Tell the liaisons of the office that a complaint is theirs now."""
    if ticket.office_id is None:
        return
    text = _("Pengaduan %(number)s didisposisi kepada perangkat daerah Anda.") % {"number": ticket.number}
    liaisons = User.objects.filter(is_active=True, office_id=ticket.office_id, groups__name=Role.LIAISON)
    for person in liaisons.distinct():
        staff_notice(ticket, person, key=f"forwarded:{ticket.pk}:{ticket.version}:{person.pk}", text=text)


def _returned(ticket: Ticket) -> None:
    """Tell the verifiers that an office gave a complaint back: whoever works on it, and who coordinates its team."""
    people = {person.pk: person for person in coordinators(ticket.team)}
    if ticket.assignee:
        people[ticket.assignee.pk] = ticket.assignee
    text = _("Pengaduan %(number)s dikembalikan oleh perangkat daerah. Alasannya ada di catatan internal.")
    for person in people.values():
        key = f"returned:{ticket.pk}:{ticket.version}:{person.pk}"
        staff_notice(ticket, person, key=key, text=text % {"number": ticket.number})


def major_coordinator(ticket: Ticket, coordinator: User) -> None:
    """Tell whoever is to lead a major incident."""
    text = _("Anda menjadi koordinator gangguan besar %(number)s.") % {"number": ticket.number}
    staff_notice(ticket, coordinator, key=f"major:{ticket.pk}:{ticket.version}:{coordinator.pk}", text=text)


def major_reminder(ticket: Ticket, coordinator: User | None, due: datetime) -> None:
    """Remind the coordinator of a major incident, or those of the team, of the news that is due; once for each."""
    people = [coordinator] if coordinator and coordinator.is_active else coordinators(ticket.team)
    text = _("Sudah waktunya menyampaikan kabar gangguan besar %(number)s.") % {"number": ticket.number}
    for person in people:
        key = f"major-due:{ticket.pk}:{due.isoformat()}:{person.pk}"
        staff_notice(ticket, person, key=key, text=text)


def escalation(ticket: Ticket, person: User, *, key: str, metric: str, moment: str) -> None:
    """Tell of one step of the escalation; of restricted tickets nothing but that there is news."""
    text = _("SLA %(metric)s tiket %(number)s: %(moment)s.")
    if ticket.is_restricted:
        text = _("Ada pembaruan pada tiket %(number)s.")
    said = text % {"metric": metric.lower(), "number": ticket.number, "moment": moment}
    staff_notice(ticket, person, key=key, text=said)


def escalation_digest(
    person: User, *, key: str, title: str, lines: Sequence[tuple[Ticket, str, datetime | None]]
) -> None:
    """Tell of many at once in one mail: number, metric, due and address of each, nothing of what they are about.

    The caller has checked that the person sees these tickets.
    """
    outbox.plan(
        key=key,
        channel=Delivery.Channel.EMAIL,
        recipient=person.email,
        subject=title,
        text="\n\n".join([title + ":", *(_digest_line(*line) for line in lines)]),
        options={"auto_submitted": "auto-generated", "is_staff": True},
    )


def _digest_line(ticket: Ticket, metric: str, due_at: datetime | None) -> str:
    url = f"{settings.BASE_URL}{reverse('agent:ticket', args=[ticket.number])}"
    if ticket.is_restricted:
        fact = _("ada pembaruan")
    elif due_at is None:
        fact = _("%(metric)s, sedang berhenti") % {"metric": metric}
    else:
        fact = _("%(metric)s, tenggat %(due)s") % {"metric": metric, "due": hari_jam(due_at)}
    return f"{ticket.number:<18} {fact}\n{url}"


def watchers(ticket: Ticket, text: str) -> None:
    """Tell the colleagues who watch the ticket, except whoever did it; one notice for each version of the ticket.

    Who lost sight of the ticket hears no more; of restricted tickets nothing is said but that there is news.
    """
    people = list(ticket.watchers.all())
    if not people:
        return
    last = ticket.timeline.order_by("-position").values_list("actor_user", flat=True).first()
    said = _("Ada pembaruan pada tiket %(number)s.") % {"number": ticket.number} if ticket.is_restricted else text
    for person in people:
        if person.pk != last and access.visible_to(person).filter(pk=ticket.pk).exists():
            staff_notice(ticket, person, key=f"watch:{ticket.pk}:{ticket.version}:{person.pk}", text=said)


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
    """Tell a member of staff who sees the ticket about it by email; the subject carries no personal data."""
    if not user.email or not access.visible_to(user).filter(pk=ticket.pk).exists():
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


def _work_begins(ticket: Ticket) -> None:
    """Tell a requester who chats that somebody works on their ticket now; once, however often it is handed on.

    Only in a chat: by email it would be one letter more that asks for nothing.
    """
    way = route(ticket)
    if way is None or way[0] != Delivery.Channel.TELEGRAM or ticket.is_restricted:
        return
    outbox.plan(
        key=f"begun:{ticket.pk}:{ticket.requester_id}",
        channel=way[0],
        recipient=way[1],
        contact=ticket.requester,
        text=_("Laporan Anda sudah ditugaskan kepada petugas. Kami kabari bila ada perkembangan."),
        topic=outbox.topic_of(ticket.pk),
        options={"ticket": ticket.number},
    )
