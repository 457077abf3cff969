"""What is not kept for ever."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from tickets import quarantine


def forget_old() -> int:
    """Remove the next raw messages whose time of keeping is over; returns how many."""
    return quarantine.forget_raw(timezone.now() - timedelta(days=settings.MAIL_RETENTION_DAYS))
