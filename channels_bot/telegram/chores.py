"""The bot's own background work besides receiving and sending."""

from datetime import datetime, timedelta

from django.utils import timezone

from channels_bot.telegram import announcing, client, erasing, files
from channels_bot.telegram.models import TelegramCode, TelegramMessage, TelegramUpdate

KNOWN_FOR = timedelta(days=400)
"""How long a message can be replied to with effect."""
SEEN_FOR = timedelta(days=30)
"""How long an update is known as handled. Telegram brings none that is older than a day."""


def run_due() -> int:
    """Fetch files, erase what is to go, tell groups; returns how much was done."""
    if not client.is_configured():
        return 0
    return files.fetch_due() + erasing.erase_due() + announcing.announce()


def tidy(now: datetime | None = None) -> int:
    """Drop what is of no use any more; what failed stays until somebody has looked at it."""
    at = now or timezone.now()
    gone = TelegramMessage.objects.filter(at__lt=at - KNOWN_FOR, erase_at=None).delete()[0]
    gone += TelegramUpdate.objects.filter(handled_at__lt=at - SEEN_FOR, error="").delete()[0]
    return gone + TelegramCode.objects.filter(expires_at__lt=at).delete()[0]
