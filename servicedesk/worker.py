"""The background work of the desk: small jobs in loops, each safe to run in any number of processes at once."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.utils import timezone

from channels_bot.email import poller
from channels_bot.telegram import chores, polling
from core.leases import worker_name
from core.models import Heartbeat
from notify import digests, outbox
from reports import rollups, schedule
from servicedesk import retention
from servicedesk.api import idempotency
from tickets import revisions, sweeps
from tickets.audit import seals

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 10
EMAIL_LANES = 2


@dataclass(frozen=True, slots=True)
class Job:
    """`run` returns how much it did; after a busy run the next follows at once, else after `pause` seconds."""

    name: str
    run: Callable[[], int]
    pause: float


def beat() -> int:
    Heartbeat.objects.update_or_create(name=worker_name(), defaults={"at": timezone.now()})
    return 0


def jobs() -> list[Job]:
    return [
        Job("heartbeat", beat, HEARTBEAT_SECONDS),
        # Lanes of their own: a mail server that takes its time holds up no chat, and one slow mail not all others.
        *[Job(f"outbox, email {lane}", partial(outbox.send_due, channel="email"), 1) for lane in range(EMAIL_LANES)],
        Job("outbox, telegram", partial(outbox.send_due, channel="telegram"), 1),
        Job("digests", digests.gather, 30),
        Job("sweeps", sweeps.run_due, 5),
        Job("revisions of SLA settings", revisions.work, 1),
        Job("email", poller.watch, 1),
        Job("telegram", polling.poll, 1),
        Job("telegram chores", chores.run_due, 5),
        Job("telegram leftovers", chores.tidy, 3600),
        Job("audit seals", seals.seal_due, 60),
        Job("scheduled reports", schedule.run_due, 30),
        Job("sums of reports", rollups.work, 15),
        Job("raw messages", retention.forget_old, 300),
        Job("idempotency keys", idempotency.forget_expired, 300),
    ]


async def run(stop: asyncio.Event) -> None:
    """Run all jobs until `stop` is set.

    They run in threads of this event loop, so that what they push reaches the websockets of the same process.
    """
    await asyncio.gather(*(_loop(job, stop) for job in jobs()))


async def _loop(job: Job, stop: asyncio.Event) -> None:
    work = sync_to_async(_guarded, thread_sensitive=False)
    failures = 0
    while not stop.is_set():
        done = await work(job)
        failures = failures + 1 if done is None else 0
        pause = min(job.pause * 2**failures, 60) if failures else (0.0 if done else job.pause)
        try:
            await asyncio.wait_for(stop.wait(), timeout=pause or 0.01)
        except TimeoutError:
            continue


def _guarded(job: Job) -> int | None:
    """One run; a failure is logged and answered with a growing pause, so that one broken channel stops no other."""
    close_old_connections()
    try:
        return job.run()
    except Exception:
        logger.exception("job %s failed", job.name)
        return None
    finally:
        close_old_connections()
