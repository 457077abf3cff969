"""How words become messages of Telegram: parts, HTML, keyboards. Pure functions."""

import html
from collections.abc import Sequence

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from channels_bot.telegram import callbacks

MAX_UNITS = 4096
"""Telegram counts the length of a text in UTF-16 code units, after reading its markup."""

Buttons = list[list[list[str]]]
"""Rows of [label, data] pairs, as the outbox stores them; data that begins with https:// opens that page."""


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, limit: int = MAX_UNITS) -> list[str]:
    """Cut a text into parts of at most `limit` UTF-16 units: between paragraphs, else lines, else words.

    >>> split("aaa bbb", 4)
    ['aaa', 'bbb']
    """
    parts = []
    rest = text.strip()
    while units(rest) > limit:
        head = _prefix(rest, limit)
        cut = next((at for mark in ("\n\n", "\n", " ") if (at := head.rfind(mark)) > len(head) // 3), len(head))
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest] if rest or not parts else parts


def _prefix(text: str, limit: int) -> str:
    """The longest start of `text` within `limit` units, never half a surrogate pair."""
    if units(text[:limit]) <= limit:
        return text[:limit]
    return text.encode("utf-16-le", "surrogatepass")[: limit * 2].decode("utf-16-le", "ignore")


def parts_of(text: str, ticket_number: str = "") -> list[str]:
    """The HTML of each message. The first is headed by the ticket's number unless the words name it already.

    >>> parts_of("3 < 4 & 5", "GGN-2026-000001")
    ['<b>GGN-2026-000001</b>\\n3 &lt; 4 &amp; 5']
    """
    has_head = bool(ticket_number) and ticket_number not in text
    room = MAX_UNITS - (units(ticket_number) + 1 if has_head else 0)
    parts = [html.escape(part, quote=False) for part in split(text, room)]
    if has_head:
        parts[0] = f"<b>{html.escape(ticket_number)}</b>\n{parts[0]}"
    return parts


def keyboard(rows: Sequence[Sequence[Sequence[str]]], chat_id: int | str) -> InlineKeyboardMarkup:
    """The buttons, each signed for the chat it is sent to."""
    return InlineKeyboardMarkup([[_button(text, data, chat_id) for text, data in row] for row in rows])


def _button(text: str, data: str, chat_id: int | str) -> InlineKeyboardButton:
    if data.startswith(("https://", "http://")):
        return InlineKeyboardButton(text, url=data)
    return InlineKeyboardButton(text, callback_data=callbacks.sign(chat_id, data))
