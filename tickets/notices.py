"""What people are told, by which channel: rows of the outbox, planned in the transaction that causes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import contacts
from accounts.models import Contact, Team, User
from accounts.roles import Role
from core.templatetags.ui import ukuran
from notify import outbox, preferences, wording
from notify.events import Event, event_of
from notify.models import Delivery, Preference
from sla import calendars
from tickets import access
from tickets.choices import CONCEALING, Channel, Direction, Stage, Visibility
from tickets.models import Message, Ticket
from tickets.subjects import without_personal_data


def route(ticket: Ticket, contact: Contact | None = None) -> tuple[str, str] | None:
    """(channel, address) by which a contact is answered: the one they chose, else the one they used last, else any
    that reaches them."""
    person = contact or ticket.requester
    email, telegram = contacts.ways_to(person)
    own = contact is None or contact.pk == ticket.requester_id
    last = ticket.reply_channel if own else ""
    preferred = (preferences.of(person.user).first_channel if person.user else "") or last
    if preferred == Channel.TELEGRAM and telegram:
        used = ticket.reply_address if last == Channel.TELEGRAM else ""
        return Delivery.Channel.TELEGRAM, used or telegram
    if email:
        return Delivery.Channel.EMAIL, email
    if telegram:
        return Delivery.Channel.TELEGRAM, telegram
    return None


def tracking_url(ticket: Ticket) -> str:
    """The page where the requester follows the ticket; the access code is never part of an address."""
    return f"{settings.BASE_URL}{reverse('portal:track')}?nomor={ticket.number}"


def staff_url(ticket: Ticket) -> str:
    """The page of the workspace on which the ticket is worked on."""
    return f"{settings.BASE_URL}{reverse('agent:ticket', args=[ticket.number])}"


def receipt(ticket: Ticket, message: Message) -> None:
    """Confirm a new ticket with its number and access code. Automatic: it does not count as a response."""
    values = {"code": ticket.access_code}
    _plan(ticket, ticket.requester, "receipt", values, message, automatic=True)


def reply(ticket: Ticket, message: Message, *, without: frozenset[int] = frozenset()) -> None:
    """Carry a public reply to the requester, to participants who hear replies, and to colleagues who watch.

    `without`: ids of contacts who hear the same words elsewhere already.
    """
    watchers(ticket, _("Balasan baru kepada pelapor di tiket %(number)s.") % {"number": ticket.number})
    if ticket.requester_id not in without:
        _to_requester(ticket, message, automatic=message.is_automatic)
    _to_merged(ticket, message, without)
    if ticket.is_restricted:
        return
    hearers = ticket.participants.filter(hears_replies=True, via=None).exclude(contact__in=without)
    for participant in hearers.select_related("contact__user"):
        _copy(ticket, participant.contact, message)


def _to_merged(ticket: Ticket, message: Message, without: frozenset[int]) -> None:
    """Carry a reply to the people of tickets merged into this one, under the number they know.

    They hear the staff's words alone: subject, number and mails of the survivor are somebody else's.
    """
    followers = ticket.participants.filter(hears_replies=True).exclude(via=None).exclude(contact__in=without)
    for participant in followers.select_related("contact__user", "via__requester"):
        theirs = participant.via
        if theirs is None or participant.contact_id == ticket.requester_id:
            continue
        if participant.contact_id == theirs.requester_id:
            _to_requester(theirs, message)
        elif not theirs.is_restricted:
            _copy(theirs, participant.contact, message)


def _to_requester(ticket: Ticket, message: Message, *, automatic: bool = False) -> None:
    event = "restricted" if ticket.is_restricted else "reply"
    _plan(ticket, ticket.requester, event, {"message": message.text}, message, automatic=automatic)


def tell_again(ticket: Ticket, message: Message, event: str, contact: Contact | None) -> None:
    """Plan what could not be told for want of an address, now that there is one."""
    if event == "copy" and contact is not None:
        _copy(ticket, contact, message)
    else:
        _to_requester(ticket, message, automatic=message.is_automatic)


def _copy(ticket: Ticket, contact: Contact, message: Message) -> None:
    """The same words for somebody who follows the ticket of another person and may do without."""
    if preferences.wants(contact, "copy"):
        _plan(ticket, contact, "copy", {"message": message.text}, message)


@dataclass(frozen=True, slots=True)
class _Files:
    """What is said of the files of a message, and those of them that go along."""

    sentence: str = ""
    ids: tuple[int, ...] = ()


def _files(ticket: Ticket, message: Message, channel: str) -> _Files:
    """Small files go with a mail; large ones, and all of them in a chat, are read on the ticket's page."""
    files = list(message.attachments.all())
    if not files:
        return _Files()
    if channel != Delivery.Channel.EMAIL:
        return _Files(_("Ada lampiran. Buka di %(url)s") % {"url": tracking_url(ticket)})
    names = ", ".join(f"{file.name} ({ukuran(file.size)})" for file in files)
    if sum(file.size for file in files) > settings.EMAIL_ATTACH_MAX_BYTES:
        return _Files(
            _("Lampiran terlalu besar untuk email: %(names)s. Buka di %(url)s")
            % {"names": names, "url": tracking_url(ticket)}
        )
    return _Files(_("Lampiran: %(names)s") % {"names": names}, tuple(file.pk for file in files))


def _plan(
    ticket: Ticket,
    contact: Contact,
    event: str,
    values: dict[str, str],
    message: Message,
    *,
    automatic: bool = False,
) -> None:
    """One delivery to somebody outside the staff; what cannot be told is noted where the staff sees it."""
    key = f"{'receipt' if event == 'receipt' else 'reply'}:{message.pk}:{contact.pk}"
    way = route(ticket, contact)
    if way is None:
        if event != "receipt":
            _untold(ticket, contact, event, message, key)
        return
    channel, address = way
    options: dict[str, Any] = {"ticket": ticket.number}
    files = _Files() if event in ("receipt", "restricted") else _files(ticket, message, channel)
    if channel == Delivery.Channel.EMAIL:
        options |= _answering([message.external_id]) if event == "receipt" else _threading(ticket, message)
        options["auto_submitted"] = "auto-replied" if automatic else ""
        if files.ids:
            options["attachments"] = list(files.ids)
    words = wording.render(event, {**_facts(ticket), **values, "attachments": files.sentence})
    outbox.plan(
        key=key,
        channel=channel,
        recipient=address,
        contact=contact,
        event=event,
        subject=email_subject(ticket) if ticket.is_restricted else words.subject,
        text=words.text,
        topic=outbox.topic_of(ticket.pk),
        cause=message.cause,
        options=options,
    )


def _untold(ticket: Ticket, contact: Contact, event: str, message: Message, key: str) -> None:
    if contact.points.exclude(unreachable_at=None).exists():
        reason = _("Alamatnya tidak terjangkau. Perbaiki alamatnya atau hubungi dengan cara lain.")
    else:
        reason = _("Tidak ada alamat. Balasan dibaca di halaman lacak.")
    outbox.not_sent(
        key=key,
        reason=reason,
        topic=outbox.topic_of(ticket.pk),
        cause=message.cause,
        event=event,
        contact=contact,
    )


def _facts(ticket: Ticket) -> dict[str, str]:
    """What every text to a requester may use. Of a restricted or concealed ticket the subject stays unsaid."""
    hidden = ticket.is_restricted or ticket.confidentiality in CONCEALING
    subject = "" if hidden else without_personal_data(ticket.subject, [ticket.requester.name])
    return {"number": ticket.number, "subject": subject, "url": tracking_url(ticket)}


def email_subject(ticket: Ticket) -> str:
    """The tag by which mail programs and we thread; restricted tickets keep their subject to themselves."""
    return f"[{ticket.number}] {_facts(ticket)['subject']}".strip()


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
    return _answering(ids)


def _answering(ids: Sequence[str]) -> dict[str, Any]:
    """The headers of an answer to these mails, the newest first."""
    known = [each for each in ids if each]
    return {"in_reply_to": known[0], "references": known[::-1]} if known else {}


def after_transition(ticket: Ticket, name: str, before: dict[str, Any], message: Message | None) -> None:
    """Plan what a transition makes people hear: its public words, the new assignee's work, the new state."""
    if ticket.state != before["state"]:
        text = _("Tiket %(number)s kini “%(state)s”.") % {"number": ticket.number, "state": ticket.state_label}
        watchers(ticket, text)
    if message is not None and message.visibility == Visibility.PUBLIC and message.direction == Direction.OUT:
        reply(ticket, message)
    if ticket.assignee_id and ticket.assignee_id != before["assignee_id"]:
        _assigned(ticket, ticket.assignee)
    if before["stage"] == Stage.NEW and ticket.stage == Stage.ACTIVE:
        _work_begins(ticket)
    if name == "forward":
        _forwarded(ticket)
    elif name == "return_":
        _returned(ticket)


def _forwarded(ticket: Ticket) -> None:
    """Tell the liaisons of the office that a complaint is theirs now."""
    if ticket.office_id is None:
        return
    liaisons = User.objects.filter(is_active=True, office_id=ticket.office_id, groups__name=Role.LIAISON)
    for person in liaisons.distinct():
        staff_notice(ticket, person, key=f"forwarded:{ticket.pk}:{ticket.version}:{person.pk}", event="forwarded")


def _returned(ticket: Ticket) -> None:
    """Tell the verifiers that an office gave a complaint back: whoever works on it, and who coordinates its team."""
    people = {person.pk: person for person in coordinators(ticket.team)}
    if ticket.assignee:
        people[ticket.assignee.pk] = ticket.assignee
    for person in people.values():
        staff_notice(ticket, person, key=f"returned:{ticket.pk}:{ticket.version}:{person.pk}", event="returned")


def major_coordinator(ticket: Ticket, coordinator: User) -> None:
    """Tell whoever is to lead a major incident."""
    staff_notice(ticket, coordinator, key=f"major:{ticket.pk}:{ticket.version}:{coordinator.pk}", event="major")


def major_reminder(ticket: Ticket, coordinator: User | None, due: datetime) -> None:
    """Remind the coordinator of a major incident, or those of the team, of the news that is due; once for each."""
    people = [coordinator] if coordinator and coordinator.is_active else coordinators(ticket.team)
    for person in people:
        key = f"major-due:{ticket.pk}:{due.isoformat()}:{person.pk}"
        staff_notice(ticket, person, key=key, event="major_due")


def escalation(ticket: Ticket, person: User, *, key: str, metric: str, moment: str) -> None:
    """Tell of one step of the escalation; of restricted tickets nothing but that there is news."""
    staff_notice(ticket, person, key=key, event="escalation", metric=metric.lower(), moment=moment)


def escalation_digest(person: User, *, key: str, title: str, text: str) -> None:
    """Tell of many at once in one mail. The caller has checked that the person sees the tickets it names."""
    outbox.plan(
        key=key,
        channel=Delivery.Channel.EMAIL,
        recipient=person.email,
        subject=title,
        text=text,
        options={"auto_submitted": "auto-generated", "is_staff": True},
    )


def watchers(ticket: Ticket, text: str) -> None:
    """Tell the colleagues who watch the ticket, except whoever did it; one notice for each version of the ticket.

    Who lost sight of the ticket hears no more; of restricted tickets nothing is said but that there is news.
    """
    people = list(ticket.watchers.all())
    if not people:
        return
    last = ticket.timeline.order_by("-position").values_list("actor_user", flat=True).first()
    for person in people:
        if person.pk != last:
            key = f"watch:{ticket.pk}:{ticket.version}:{person.pk}"
            staff_notice(ticket, person, key=key, event="watch", text=text)


def undelivered(ticket: Ticket, delivery: Delivery) -> None:
    """Tell whoever works on the ticket that its requester did not get our words."""
    people = [ticket.assignee] if ticket.assignee and ticket.assignee.is_active else coordinators(ticket.team)
    # The server's words may repeat what is in the address, which colleagues of a concealed reporter must not know.
    reason = "" if ticket.confidentiality in CONCEALING else delivery.error
    for person in people:
        key = f"undelivered:{delivery.pk}:{person.pk}"
        staff_notice(ticket, person, key=key, event="undelivered", reason=reason or _("alamat tidak terjangkau"))


def _assigned(ticket: Ticket, assignee: User | None) -> None:
    if assignee is not None:
        staff_notice(ticket, assignee, key=f"assigned:{ticket.pk}:{ticket.version}:{assignee.pk}", event="assigned")


def staff_notice(ticket: Ticket, user: User, *, key: str, text: str = "", event: str = "news", **values: str) -> None:
    """Tell a member of staff who sees the ticket of an event; the subject carries no personal data.

    Their own choice decides whether and when: at once, with the next opening of the office, or in the daily digest.
    Of restricted tickets nothing is said but that there is news. `text`: what happened, for events that leave that to
    the caller; `values`: the further variables of the event.
    """
    if not user.email or not access.visible_to(user).filter(pk=ticket.pk).exists():
        return
    what = event_of("restricted_staff" if ticket.is_restricted else event)
    if what is None:
        raise LookupError(event)
    preference = preferences.of(user)
    choice = preferences.choice(preference, what)
    if choice == Preference.Choice.OFF:
        return
    at = timezone.now()
    facts = {"number": ticket.number, "url": staff_url(ticket)}
    words = wording.render(what.code, {**facts, "news": text, **values})
    outbox.plan(
        key=key,
        channel=Delivery.Channel.EMAIL,
        recipient=user.email,
        user=user,
        event=what.code,
        subject=words.subject,
        text=words.text,
        topic=outbox.topic_of(ticket.pk),
        options={"auto_submitted": "auto-generated", "is_staff": True},
        in_digest=choice == Preference.Choice.DIGEST,
        not_before=_not_before(ticket, user, what, preference, choice, at),
    )


def _not_before(
    ticket: Ticket, user: User, event: Event, preference: Preference, choice: Preference.Choice, at: datetime
) -> datetime:
    """When to tell: in working hours only, where the person wants quiet ones and the matter can wait."""
    if choice != Preference.Choice.DIGEST and (event.is_urgent or not preference.is_quiet):
        return at
    calendar_id = calendars.calendar_of(ticket.team_id, user.office_id)
    if calendar_id is None:
        return at
    calendar = calendars.load(calendar_id)
    try:
        if choice != Preference.Choice.DIGEST:
            return calendar.next_open(at)
        hour = timezone.localtime(at).replace(hour=preference.digest_hour, minute=0, second=0, microsecond=0)
        day = hour if hour > at else hour + timedelta(days=1)
        opening = calendar.next_open(day.replace(hour=0))
        is_working_day = opening.date() == day.date()
        return day if is_working_day else opening.replace(hour=preference.digest_hour, minute=0, second=0)
    except ValueError:  # a calendar that never opens
        return at


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
