"""How messages of a chat and messages of a ticket belong together: albums, edits, files to fetch, what to erase."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext as _

from channels_bot.telegram.content import Content
from channels_bot.telegram.models import TelegramFile, TelegramMessage
from channels_bot.telegram.turns import Turn
from tickets import messages
from tickets.errors import TicketError
from tickets.models import Message


def words_of(texts: Iterable[str], announced: Sequence[Mapping[str, str]] = ()) -> str:
    """The text of a ticket message: the words of its parts, then a line for each file that is not there (yet).

    `announced`: {"name", and "error" for a file that will not come}.
    """
    lines = [_announcement(each["name"], each.get("error", "")) for each in announced]
    return "\n".join(filter(None, [*texts, *lines]))


def _announcement(name: str, error: str) -> str:
    if error:
        return _("[Lampiran %(name)s tidak dapat diambil: %(reason)s]") % {"name": name, "reason": error}
    return _("[Lampiran %(name)s sedang diambil]") % {"name": name}


def text_of(entry: Message) -> str:
    """The text as it is to be now, from the parts in the chat and the state of the files."""
    texts = TelegramMessage.objects.filter(entry=entry).order_by("message_id").values_list("text", flat=True)
    missing = entry.telegram_files.exclude(state=TelegramFile.State.DONE).order_by("pk")
    announced = [{"name": each.name, "error": each.error if each.state == "failed" else ""} for each in missing]
    return words_of(texts, announced) or _("(lihat lampiran)")


def remember(chat_id: int, message_id: int, content: Content, entry: Message) -> None:
    """This message of a chat became that message of a ticket, whose files are to be fetched."""
    remember_part(chat_id, message_id, entry, text=content.text, album=content.album)
    await_files(entry, content.files)


def remember_part(chat_id: int, message_id: int, entry: Message, *, text: str, album: str = "") -> None:
    TelegramMessage.objects.update_or_create(
        chat_id=chat_id,
        message_id=message_id,
        defaults={"entry": entry, "text": text, "album": album},
    )


def await_files(entry: Message, files: Iterable[Mapping[str, str]]) -> None:
    TelegramFile.objects.bulk_create(
        TelegramFile(entry=entry, file_id=each["file_id"], name=each["name"], content_type=each["type"])
        for each in files
    )


def join_album(chat_id: int, message_id: int, content: Content) -> bool:
    """Add another picture to the message that the first one of its album became; False for the first."""
    if not content.album:
        return False
    known = TelegramMessage.objects.filter(chat_id=chat_id, album=content.album)
    first = known.exclude(entry=None).select_related("entry").first()
    if first is None or first.entry is None:
        return False
    remember(chat_id, message_id, content, first.entry)
    messages.settle_files(message_id=first.entry.pk, text=partial(text_of, first.entry))
    return True


def amend(turn: Turn) -> bool:
    """Take over an edit of words that are on a ticket; False when the edited message is on none."""
    part = TelegramMessage.objects.filter(chat_id=turn.chat.chat_id, message_id=turn.message_id).first()
    if part is None or part.entry is None:
        return False
    if part.entry.author_contact_id != turn.contact.pk:
        return True
    before, part.text = part.text, turn.text
    part.save(update_fields=["text"])
    try:
        messages.amend(message_id=part.entry.pk, actor=turn.actor, text=partial(text_of, part.entry))
    except TicketError as error:
        part.text = before
        part.save(update_fields=["text"])
        turn.say(error.message)
    return True


def erase_from_chat(turn: Turn, at: datetime | None = None) -> None:
    """Let the person's own message of this turn disappear from the chat."""
    if turn.message_id and not turn.data:
        erase(turn.chat.chat_id, [turn.message_id], at)


def erase(chat_id: int, message_ids: Iterable[int], at: datetime | None = None) -> None:
    """Let these messages disappear from the chat, ours or the person's."""
    for message_id in message_ids:
        TelegramMessage.objects.update_or_create(
            chat_id=chat_id, message_id=message_id, defaults={"erase_at": at or timezone.now()}
        )
