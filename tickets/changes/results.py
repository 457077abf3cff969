"""How changes ended, month by month."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q
from django.db.models.functions import TruncMonth
from django.utils import timezone

from accounts.models import User
from tickets import access
from tickets.choices import Kind
from tickets.models import ChangeDetail

Outcome = ChangeDetail.Outcome
COUNTS = {
    "successful": Q(change_detail__outcome=Outcome.IMPLEMENTED),
    "rolled_back": Q(change_detail__outcome=Outcome.ROLLED_BACK),
    "failed": Q(change_detail__outcome=Outcome.FAILED),
    "emergency": Q(change_detail__change_type="emergency"),
    "overridden": ~Q(change_detail__override_reason=""),
    "achieved": Q(change_detail__is_achieved=True),
    "reviewed": Q(change_detail__is_achieved__isnull=False),
}


@dataclass(frozen=True, slots=True)
class Month:
    """Changes whose implementation ended in one month (`month` is its first day), counted by result."""

    month: date | None
    total: int
    successful: int
    rolled_back: int
    failed: int
    emergency: int
    overridden: int
    achieved: int
    reviewed: int

    @property
    def success(self) -> int | None:
        """Per cent of the changes that succeeded; None of nothing."""
        return round(100 * self.successful / self.total) if self.total else None


def by_month(user: User, start: datetime, end: datetime) -> list[Month]:
    """Visible changes that were implemented, rolled back or failed in [start, end), newest month first; one query."""
    ended = access.visible_to(user).filter(kind=Kind.CHANGE, resolved_at__gte=start, resolved_at__lt=end)
    rows = (
        ended.exclude(change_detail__outcome="")
        .exclude(change_detail=None)
        .annotate(month=TruncMonth("resolved_at", tzinfo=timezone.get_current_timezone()))
        .values("month")
        .annotate(total=Count("pk"), **{name: Count("pk", filter=condition) for name, condition in COUNTS.items()})
        .order_by("-month")
    )
    return [Month(**{**row, "month": row["month"].date()}) for row in rows]


def total_of(months: list[Month]) -> Month:
    """All months together."""
    names = ("total", *COUNTS)
    return Month(month=None, **{name: sum(getattr(month, name) for month in months) for name in names})
