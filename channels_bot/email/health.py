"""How the mail is doing, for administrators: what comes in, what waits, what did not arrive.

Nothing here tells of a restricted ticket to those who do not see it, and nothing shows a whole address or what a
message says.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.normalize import mask
from channels_bot.models import Mailbox
from core.models import Heartbeat
from notify import outbox
from notify.events import event_of
from notify.models import Delivery, Pace
from tickets import access
from tickets.models import InboundRecord, Ticket
from tickets.undelivered import ticket_id_of

MANY = 1000
"""Counting stops here: nobody needs more, and a page must not count a large table."""
LATE = timedelta(minutes=2)
SILENCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One mailbox. `lag`: since it was read last; None when it never was."""

    mailbox: Mailbox
    lag: timedelta | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The way out. `closed_until` and `error`: the server did not answer and is left alone until then."""

    server: str
    waiting: str
    retrying: list[Delivery]
    oldest: datetime | None
    closed_until: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What did not arrive and is not tried again. `number` is empty for what is about no ticket."""

    delivery: Delivery
    what: str
    recipient: str
    number: str


@dataclass(frozen=True, slots=True)
class Health:
    """The first part of the page."""

    incoming: list[Incoming]
    quarantine: str
    outgoing: Outgoing
    has_worker: bool


def hidden_topics(user: User) -> QuerySet[Ticket, str]:
    """Topics of the restricted tickets that do not exist for this person."""
    seen = access.visible_to(user).filter(is_restricted=True).values("pk")
    hidden = Ticket.objects.filter(is_restricted=True).exclude(pk__in=seen)
    return hidden.annotate(about=Concat(Value("ticket:"), Cast("pk", CharField()))).values_list("about", flat=True)


def of(user: User, at: datetime) -> Health:
    """How mail is doing now."""
    return Health(_incoming(at), _quarantine(), _outgoing(user, at), _has_worker(at))


def _incoming(at: datetime) -> list[Incoming]:
    found = []
    for mailbox in Mailbox.objects.order_by("name"):
        lag = at - mailbox.last_poll_at if mailbox.last_poll_at else None
        is_read = bool(mailbox.url or settings.IMAP_URL)
        found.append(Incoming(mailbox, lag, mailbox.is_active and is_read and (lag is None or lag > LATE)))
    return found


def _quarantine() -> str:
    return _count(InboundRecord.objects.filter(state=InboundRecord.State.QUARANTINED))


def _count(rows: QuerySet[InboundRecord] | QuerySet[Delivery]) -> str:
    """How many, as text, up to MANY."""
    count = len(rows.order_by().values_list("pk", flat=True)[: MANY + 1])
    return _("lebih dari %(many)d") % {"many": MANY} if count > MANY else str(count)


def _outgoing(user: User, at: datetime) -> Outgoing:
    waiting = Delivery.objects.filter(state__in=[Delivery.State.QUEUED, Delivery.State.SENDING])
    waiting = waiting.exclude(topic__in=hidden_topics(user))
    retrying = waiting.filter(attempts__gt=0, state=Delivery.State.QUEUED).exclude(error="")
    overdue = waiting.filter(next_attempt_at__lte=at).order_by("created_at")
    pace = Pace.objects.filter(name=Delivery.Channel.EMAIL, resume_at__gt=at).first()
    return Outgoing(
        server=server_name(),
        waiting=_count(waiting),
        retrying=list(retrying.order_by("next_attempt_at")[:10]),
        oldest=overdue.values_list("created_at", flat=True).first(),
        closed_until=pace.resume_at if pace else None,
        error=pace.error if pace else "",
    )


def server_name() -> str:
    """Where mail goes out, without user and password."""
    if not settings.EMAIL_URL:
        return _("belum diatur: surat disimpan sebagai berkas di %(folder)s") % {"folder": settings.EMAIL_OUTBOX_DIR}
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"


def _has_worker(at: datetime) -> bool:
    return Heartbeat.objects.filter(at__gte=at - SILENCE).exists()


def dead_letters(user: User) -> QuerySet[Delivery]:
    """What did not arrive, as far as this person may know; what is part of a digest counts with the digest."""
    broken = Delivery.objects.filter(state__in=outbox.BROKEN, carrier=None)
    return broken.exclude(Q(topic__startswith="ticket:") & Q(topic__in=hidden_topics(user)))


def shown(rows: list[Delivery], user: User) -> list[DeadLetter]:
    """Rows of `dead_letters` for the page."""
    ids = {row.pk: ticket_id_of(row) for row in rows}
    visible = access.visible_to(user).filter(pk__in=[pk for pk in ids.values() if pk])
    numbers = dict(visible.values_list("pk", "number"))
    return [DeadLetter(row, _what(row), mask(row.recipient), numbers.get(ids[row.pk] or 0, "")) for row in rows]


def _what(row: Delivery) -> str:
    event = event_of(row.event)
    return str(event.label) if event else row.get_channel_display()
