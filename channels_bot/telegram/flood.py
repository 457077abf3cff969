"""How much one chat may say: above it the bot first stops answering, then stops taking part.

Nothing is lost: words that come while the bot is quiet are taken as always, and what comes above the second limit is
kept as it arrived.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from channels_bot.telegram.models import TelegramChat

WINDOW = timedelta(minutes=1)
MOST_ANSWERED = 20
MOST_TAKEN = 100
"""Messages of one chat within WINDOW."""


class Flow(StrEnum):
    NORMAL = "normal"
    WARN = "warn"
    QUIET = "quiet"
    OVER = "over"


class Flooded(Exception):
    """A chat says more than anybody can; the update is kept without being dealt with."""


def count(chat: TelegramChat, at: datetime) -> Flow:
    """Count one more message of this chat; the caller saves it."""
    if chat.flood_since is None or at - chat.flood_since >= WINDOW:
        chat.flood_since, chat.flood_count = at, 0
    chat.flood_count += 1
    if chat.flood_count <= MOST_ANSWERED:
        return Flow.NORMAL
    if chat.flood_count == MOST_ANSWERED + 1:
        return Flow.WARN
    return Flow.QUIET if chat.flood_count <= MOST_TAKEN else Flow.OVER
