"""Telling groups of the tickets of their team: new ones, those that come close to their due, and what was put off.

The rows of `TelegramPost` are the truth: a lost wake-up is repaired by the next look, and nothing is told twice.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_bot.telegram import groups
from channels_bot.telegram.models import TelegramGroup, TelegramPost
from notify import outbox
from notify.models import Delivery
from sla.models import Escalation
from tickets.escalation import words
from tickets.models import Ticket

NEW = "new"
SINGLE = 5
"""Up to so many at once come as a message each, with buttons."""
MOST = 100
LOOKED_BACK = timedelta(days=1)
"""What fired earlier is no news any more, for instance after a long downtime."""

News = tuple[Ticket, str, str]
"""(ticket, occasion, first line)"""


def announce(now: datetime | None = None) -> int:
    """Plan what every group is to be told; returns how many tickets that were."""
    at = now or timezone.now()
    told = _repeat_put_off(at)
    active = TelegramGroup.objects.filter(team__is_active=True, team__is_confidential=False).select_related("team")
    for group in active:
        told += _tell(group, [*_new(group), *_near_due(group, at)])
    return told


def _new(group: TelegramGroup) -> list[News]:
    """Open tickets that came to the team since the group is linked."""
    posted = TelegramPost.objects.filter(group=group, occasion=NEW, ticket=OuterRef("pk"))
    tickets = (
        Ticket.objects.filter(team=group.team, is_open=True, is_restricted=False, team_since__gte=group.linked_at)
        .exclude(Exists(posted))
        .select_related("service", "office", "assignee")
        .order_by("pk")[:MOST]
    )
    return [(ticket, NEW, _("Tiket baru untuk tim")) for ticket in tickets]


def _near_due(group: TelegramGroup, at: datetime) -> list[News]:
    """Tickets for which a step of the escalation fired: the policy says when a due is near, or over."""
    fired = (
        Escalation.objects.filter(
            clock__ticket__team=group.team,
            clock__ticket__is_open=True,
            clock__ticket__is_restricted=False,
            fired_at__gte=max(group.linked_at, at - LOOKED_BACK),
        )
        .select_related("step", "clock__ticket__service", "clock__ticket__office", "clock__ticket__assignee")
        .order_by("-pk")[:MOST]
    )
    rows = {f"due:{each.pk}": each for each in reversed(fired)}
    posted = set(TelegramPost.objects.filter(group=group, occasion__in=rows).values_list("occasion", flat=True))
    return [
        (
            each.clock.ticket,
            occasion,
            _("SLA %(metric)s: %(moment)s")
            % {"metric": each.clock.get_metric_display().lower(), "moment": words.moment(each.step)},
        )
        for occasion, each in rows.items()
        if occasion not in posted
    ]


@transaction.atomic
def _tell(group: TelegramGroup, news: Sequence[News]) -> int:
    """One message for each, or one for all when there are many."""
    fresh: list[tuple[TelegramPost, Ticket, str]] = []
    for ticket, occasion, lead in news:
        post, created = TelegramPost.objects.get_or_create(group=group, ticket=ticket, occasion=occasion)
        if created:
            fresh.append((post, ticket, lead))
    if len(fresh) > SINGLE:
        _digest(group, fresh)
    else:
        for post, ticket, lead in fresh:
            _plan(group, post, ticket, lead, key=f"group:{post.pk}")
    return len(fresh)


def _plan(group: TelegramGroup, post: TelegramPost, ticket: Ticket, lead: str, *, key: str) -> None:
    outbox.plan(
        key=key,
        channel=Delivery.Channel.TELEGRAM,
        recipient=str(group.chat_id),
        text=groups.text_of(ticket, group, lead),
        topic=outbox.topic_of(ticket.pk),
        options={"buttons": groups.buttons_of(post, is_taken=ticket.assignee_id is not None)},
    )


def _digest(group: TelegramGroup, fresh: Sequence[tuple[TelegramPost, Ticket, str]]) -> None:
    title = _("%(count)d kabar tiket tim %(team)s:") % {"count": len(fresh), "team": group.team.name}
    lines = [f"{ticket.number} · {lead}" for _post, ticket, lead in fresh]
    outbox.plan(
        key=f"group-digest:{fresh[0][0].pk}",
        channel=Delivery.Channel.TELEGRAM,
        recipient=str(group.chat_id),
        text="\n".join([title, *lines, "", f"{settings.BASE_URL}{reverse('agent:queue')}"]),
    )


def _repeat_put_off(at: datetime) -> int:
    """Tell once more of what was put off and nobody took since."""
    due = TelegramPost.objects.filter(repeat_at__lte=at).order_by("repeat_at").values_list("pk", flat=True)[:MOST]
    return sum(_repeat(pk) for pk in list(due))


@transaction.atomic
def _repeat(pk: int) -> int:
    post = TelegramPost.objects.select_for_update(of=("self",)).select_related("group", "group__team").get(pk=pk)
    at, post.repeat_at = post.repeat_at, None
    if at is None:
        return 0
    post.save(update_fields=["repeat_at"])
    ticket = Ticket.objects.select_related("service", "office", "assignee").get(pk=post.ticket_id)
    is_ours = ticket.is_open and not ticket.is_restricted and ticket.team_id == post.group.team_id
    if not is_ours or ticket.assignee_id is not None:
        return 0
    key = f"group:{post.pk}:{at.isoformat()}"
    _plan(post.group, post, ticket, _("Pengingat: tiket ini belum diambil"), key=key)
    return 1
