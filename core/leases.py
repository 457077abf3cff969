"""Rights that exactly one worker holds at a time, without naming a special worker."""

import os
import socket
from contextlib import suppress
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from core.models import Lease


def worker_name() -> str:
    """Host and process id: unique among the workers that run now."""
    return f"{socket.gethostname()}:{os.getpid()}"[:100]


def hold(name: str, seconds: int, holder: str | None = None) -> bool:
    """Take or extend the lease `name` for `seconds`; False while another worker holds it.

    A worker that dies simply stops extending, and another takes over once the lease has run out.
    """
    who = holder or worker_name()
    now = timezone.now()
    until = now + timedelta(seconds=seconds)
    free = Lease.objects.filter(Q(holder=who) | Q(expires_at__lte=now), name=name)
    if free.update(holder=who, expires_at=until):
        return True
    with suppress(IntegrityError), transaction.atomic():
        Lease.objects.create(name=name, holder=who, expires_at=until)
        return True
    return False


def release(name: str, holder: str | None = None) -> None:
    """Give the lease back early, so that the next worker need not wait."""
    Lease.objects.filter(name=name, holder=holder or worker_name()).update(expires_at=timezone.now())
