"""The bot's own background work besides receiving and sending."""

from channels_bot.telegram import announcing, client, erasing, files


def run_due() -> int:
    """Fetch files, erase what is to go, tell groups; returns how much was done."""
    if not client.is_configured():
        return 0
    return files.fetch_due() + erasing.erase_due() + announcing.announce()


def tidy() -> int:
    """Drop what is of no use any more. Nobody waits for it."""
    return erasing.forget_old()
