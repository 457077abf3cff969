"""What is known of our mailboxes while mail comes in; asked for every mail, so it is kept for a moment."""

from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

from accounts.normalize import email_key
from channels_bot.models import Mailbox

CACHE_KEY = "mailboxes"
CACHE_SECONDS = 20
"""How long mail may still be filed by what a mailbox was set to before."""


@dataclass(frozen=True, slots=True)
class Directory:
    """All mailboxes by name, and the addresses that are ours, as `email_key` writes them."""

    by_name: dict[str, Mailbox]
    addresses: frozenset[str]

    def is_ours(self, address: str) -> bool:
        """Whether an address is ours. What is no address at all is treated as ours: nobody can be written to there."""
        key = email_key(address)
        return not key or key in self.addresses


def directory() -> Directory:
    """The mailboxes as they are, or were CACHE_SECONDS ago."""
    known: Directory | None = cache.get(CACHE_KEY)
    if known is None:
        rows = Mailbox.objects.select_related("team", "service__support_team")
        by_name = {mailbox.name: mailbox for mailbox in rows}
        own = [settings.DEFAULT_FROM_EMAIL, *(mailbox.address for mailbox in by_name.values())]
        known = Directory(by_name, frozenset(filter(None, map(email_key, own))))
        cache.set(CACHE_KEY, known, CACHE_SECONDS)
    return known


def forget() -> None:
    """Let the next mail see what was changed."""
    cache.delete(CACHE_KEY)
