"""What a rule would have met: its conditions on past tickets. Nothing is changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Left
from django.utils import timezone

from accounts.models import User
from tickets import access
from tickets.automation.conditions import TEXT_LENGTH, Facts, match
from tickets.choices import Direction
from tickets.models import AutomationRule, Message, Ticket

DAYS = 30
MOST = 1000
SHOWN = 50


@dataclass(frozen=True, slots=True)
class DryRun:
    """How many of the `looked_at` newest tickets match, and the newest of those."""

    looked_at: int
    matches: int
    shown: Sequence[Ticket]
    days: int = DAYS

    @property
    def is_cut(self) -> bool:
        return self.looked_at == MOST


def dry_run(rule: AutomationRule, user: User, now: datetime | None = None) -> DryRun:
    """The tickets of the last 30 days (at most 1,000, newest first) that the conditions fit as they stand today.

    Only tickets this person sees, and never restricted ones: rules leave these alone.
    """
    since = (now or timezone.now()) - timedelta(days=DAYS)
    said = Message.objects.filter(ticket=OuterRef("pk"), direction=Direction.IN)
    newest_first = rule.event != AutomationRule.Event.CREATED
    said = said.order_by("-created_at", "-id") if newest_first else said.order_by("created_at", "id")
    tickets = (
        access.visible_to(user)
        .filter(is_restricted=False, created_at__gte=since)
        .select_related("service__category", "office", "team", "complaint_detail")
        .prefetch_related("tags")
        .annotate(automation_text=Subquery(said.values(short=Left("text", TEXT_LENGTH))[:1]))
        .order_by("-created_at", "-id")[:MOST]
    )
    looked_at, found = 0, []
    for ticket in tickets:
        looked_at += 1
        ticket.automation_text = ticket.automation_text or ""
        if match(rule.conditions, Facts(ticket, ticket.created_at)):
            found.append(ticket)
    return DryRun(looked_at, len(found), found[:SHOWN])
