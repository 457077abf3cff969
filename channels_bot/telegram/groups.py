"""What a team does with its tickets from its Telegram group: take, look, put off, write notes and replies.

A group is a list of people that we do not keep: so nothing is said there that only some may know, and what somebody
does counts as done by the account linked to them, with exactly its rights.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from channels_bot.telegram import entries, linking
from channels_bot.telegram.content import Content
from channels_bot.telegram.models import TelegramGroup, TelegramMessage, TelegramPost
from channels_bot.telegram.rendering import Buttons
from channels_bot.telegram.threads import describe
from core.templatetags.ui import hari_jam
from notify import outbox
from notify.models import Delivery
from tickets import access, claims, messages
from tickets.actors import Actor
from tickets.choices import Channel, Confidentiality, Kind, Level, Visibility
from tickets.errors import TicketError
from tickets.models import Ticket

TAKE, LOOK, LATER = "ambil", "lihat", "tunda"
PUBLIC_PREFIX = "!"
"""A reply that begins so is for the requester; any other is an internal note."""
PUT_OFF = timedelta(hours=1)


def not_linked() -> str:
    return _("Akun Anda belum terhubung. Buat kode di web (menu akun, Telegram), lalu kirim ke bot secara pribadi.")


@dataclass(slots=True)
class GroupTurn:
    """One thing somebody did in a group. `alert` is shown to the one who pressed a button, and to nobody else."""

    update_id: int
    chat_id: int
    title: str
    person_id: int
    message: Mapping[str, Any]
    content: Content
    data: str = ""
    is_edit: bool = False
    alert: str = ""
    answers: int = 0

    def say(self, text: str, ticket: Ticket | None = None) -> None:
        self.answers += 1
        album = self.content.album
        occasion = f"album:{self.chat_id}:{album}" if album else str(self.update_id)
        outbox.plan(
            key=f"telegram:{occasion}:{self.answers}",
            channel=Delivery.Channel.TELEGRAM,
            recipient=str(self.chat_id),
            text=text,
            topic=outbox.topic_of(ticket.pk) if ticket else "",
            options={"reply_to_message_id": self.message.get("message_id")},
        )


def take(turn: GroupTurn) -> None:
    """Answer what concerns us, and stay silent about everything else that is said in a group."""
    if turn.data:
        _pressed(turn)
    elif _command(turn.content.text) == "/hubungkan":
        _link(turn)
    elif not turn.is_edit:
        _replied(turn)


def _command(text: str) -> str:
    return text.split(maxsplit=1)[0].partition("@")[0].lower() if text.startswith("/") else ""


def _link(turn: GroupTurn) -> None:
    code = turn.content.text.partition(" ")[2].strip()
    try:
        group = linking.link_group(chat_id=turn.chat_id, title=turn.title, sender=turn.person_id, code=code)
    except TicketError as error:
        turn.say(error.message)
        return
    turn.say(
        _(
            "Grup ini kini menerima kabar tiket tim %(team)s. Balas pesan tiket untuk menulis catatan internal; awali "
            "dengan ! untuk membalas pelapor."
        )
        % {"team": group.team.name}
    )


# Buttons


def _pressed(turn: GroupTurn) -> None:
    name, _colon, value = turn.data.partition(":")
    user = linking.account_of(turn.person_id)
    if name not in (TAKE, LOOK, LATER):
        turn.alert = _("Tombol itu sudah tidak berlaku.")
        return
    if user is None:
        turn.alert = not_linked()
        return
    post = _post(turn.chat_id, value)
    ticket = visible(user, post.ticket_id) if post else None
    if post is None or ticket is None:
        turn.alert = _("Tiket itu tidak ada untuk Anda.")
    elif name == TAKE:
        _take(turn, post, ticket, user)
    elif name == LOOK:
        _look(turn, ticket)
    else:
        _put_off(turn, post)


def _post(chat_id: int, value: str) -> TelegramPost | None:
    """The post of that id, if it was made in this very group."""
    if not value.isdecimal() or int(value) >= 2**63:
        return None
    return TelegramPost.objects.select_related("group").filter(pk=int(value), group__chat_id=chat_id).first()


def visible(user: User, ticket_id: int) -> Ticket | None:
    """The ticket, if it exists for this person and is not restricted: of such not even officers speak in a chat."""
    tickets = access.visible_to(user).filter(is_restricted=False)
    return tickets.select_related("team", "service", "office", "assignee").filter(pk=ticket_id).first()


def _take(turn: GroupTurn, post: TelegramPost, ticket: Ticket, user: User) -> None:
    if ticket.assignee_id == user.pk:
        turn.alert = _("Tiket %(number)s sudah Anda pegang.") % {"number": ticket.number}
        return
    try:
        taken = claims.take(ticket_id=ticket.pk, actor=user, channel=Channel.TELEGRAM)
    except TicketError as error:
        turn.alert = error.message
        return
    turn.alert = _("Tiket %(number)s kini Anda tangani.") % {"number": ticket.number}
    TelegramPost.objects.filter(ticket_id=ticket.pk).update(repeat_at=None)
    _redraw(turn, post, taken)


def _redraw(turn: GroupTurn, post: TelegramPost, ticket: Ticket) -> None:
    """Show under the old words who has the ticket now."""
    outbox.plan(
        key=f"group-taken:{post.pk}:{ticket.version}",
        channel=Delivery.Channel.TELEGRAM,
        recipient=str(turn.chat_id),
        text=text_of(ticket, post.group),
        topic=outbox.topic_of(ticket.pk),
        options={"edit_message_id": turn.message.get("message_id"), "buttons": buttons_of(post, is_taken=True)},
    )


def _look(turn: GroupTurn, ticket: Ticket) -> None:
    """Tell the one who asked, in their private chat, what the group is not told."""
    url = f"{settings.BASE_URL}{reverse('agent:ticket', args=[ticket.number])}"
    hint = _("Balas pesan ini untuk menulis catatan internal; awali dengan ! untuk membalas pelapor.")
    outbox.plan(
        key=f"telegram:{turn.update_id}:look",
        channel=Delivery.Channel.TELEGRAM,
        recipient=str(turn.person_id),
        text=f"{describe(ticket)}\n{url}\n\n{hint}",
        topic=outbox.topic_of(ticket.pk),
    )
    turn.alert = _("Rinciannya kami kirim ke percakapan pribadi Anda dengan bot ini.")


def _put_off(turn: GroupTurn, post: TelegramPost) -> None:
    at = timezone.now() + PUT_OFF
    TelegramPost.objects.filter(pk=post.pk).update(repeat_at=at)
    turn.alert = _("Grup diingatkan lagi %(at)s bila tiket ini belum diambil.") % {"at": hari_jam(at)}


# Words


def _replied(turn: GroupTurn) -> None:
    """A reply to a post of ours becomes a note on its ticket, or with the prefix words to its requester."""
    if not TelegramGroup.objects.filter(chat_id=turn.chat_id).exists():
        return
    ticket_id = replied_ticket(turn.chat_id, turn.message)
    if not ticket_id or turn.content.is_empty or turn.content.text.startswith("/"):
        return
    user = linking.account_of(turn.person_id)
    if user is None:
        turn.say(not_linked())
        return
    ticket = visible(user, ticket_id)
    if ticket is None:
        turn.say(_("Tiket itu tidak ada untuk Anda."))
        return
    turn.say(write(ticket, user, turn.content, turn.chat_id, int(turn.message.get("message_id") or 0)), ticket)


def replied_ticket(chat_id: int, message: Mapping[str, Any]) -> int:
    """The id of the ticket of the message of ours that this one replies to in that chat, 0 for none."""
    reply = message.get("reply_to_message")
    replied = reply.get("message_id") if isinstance(reply, Mapping) else None
    if not isinstance(replied, int) or abs(replied) >= 2**63:
        return 0
    ours = TelegramMessage.objects.filter(chat_id=chat_id, message_id=replied).first()
    return (ours.ticket_id or 0) if ours else 0


def write(ticket: Ticket, user: User, content: Content, chat_id: int, message_id: int) -> str:
    """Write on the ticket as this member of staff; returns the sentence that tells what became of it.

    Files go with notes alone: what the requester is sent leaves at once, and a file of Telegram comes later.
    """
    is_public = content.text.startswith(PUBLIC_PREFIX)
    if is_public and content.files:
        return _("Berkas untuk pelapor belum dapat dikirim dari sini. Kirim lewat ruang kerja.")
    if entries.join_album(chat_id, message_id, content):
        return _saved(ticket)
    words = content.text.removeprefix(PUBLIC_PREFIX).strip() if is_public else content.text
    try:
        entry = messages.post(
            ticket_id=ticket.pk,
            actor=Actor(user=user, channel=Channel.TELEGRAM),
            text=words if is_public else entries.words_of([words], content.files),
            visibility=Visibility.PUBLIC if is_public else Visibility.INTERNAL,
            external_id=f"{chat_id}:{message_id}",
        )
    except TicketError as error:
        return error.message
    if content.files:
        entries.remember(chat_id, message_id, content, entry)
    if is_public:
        return _("Balasan untuk pelapor tiket %(number)s dikirim.") % {"number": ticket.number}
    return _saved(ticket)


def _saved(ticket: Ticket) -> str:
    return _("Catatan internal tiket %(number)s tersimpan.") % {"number": ticket.number}


# What a group is told


def text_of(ticket: Ticket, group: TelegramGroup, lead: str = "") -> str:
    """What a group may know: never who reported, and what it is about only where the team wants it."""
    lines = [lead, f"{ticket.number} · {Kind(ticket.kind).label} · {Level(ticket.priority).label}"]
    if group.shows_subject and ticket.confidentiality == Confidentiality.NORMAL:
        lines.append(ticket.subject)
    if ticket.service:
        lines.append(_("Layanan: %(service)s") % {"service": ticket.service.name})
    if ticket.office and ticket.confidentiality == Confidentiality.NORMAL:
        lines.append(_("Kantor: %(office)s") % {"office": ticket.office.name})
    if ticket.due_at:
        lines.append(_("Tenggat: %(due)s") % {"due": hari_jam(ticket.due_at)})
    if ticket.assignee:
        lines.append(_("Petugas: %(name)s") % {"name": ticket.assignee.display_name})
    return "\n".join(filter(None, lines))


def buttons_of(post: TelegramPost, *, is_taken: bool = False) -> Buttons:
    look = [_("Lihat"), f"{LOOK}:{post.pk}"]
    if is_taken:
        return [[look]]
    return [[[_("Ambil"), f"{TAKE}:{post.pk}"], look, [_("Tunda 1 jam"), f"{LATER}:{post.pk}"]]]


def migrate(old: int, new: int) -> None:
    """A group became a supergroup and has another id from now on."""
    if TelegramGroup.objects.filter(chat_id=new).exists():
        TelegramGroup.objects.filter(chat_id=old).delete()
    else:
        TelegramGroup.objects.filter(chat_id=old).update(chat_id=new)
    waiting = Delivery.objects.filter(channel=Delivery.Channel.TELEGRAM, recipient=str(old))
    waiting.filter(state__in=[Delivery.State.QUEUED, Delivery.State.SENDING]).update(recipient=str(new))
