"""Many quiet notices as one mail: what waits for a digest is put into one carrier per person when its hour has come."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import ngettext

from accounts.models import User
from notify import outbox
from notify.models import Delivery

EVENT = "digest"
MOST = 200
"""Notices in one mail; the rest follows in the next."""


def gather(limit: int = 50, now: datetime | None = None) -> int:
    """Plan the digests whose hour has come; returns how many."""
    at = now or timezone.now()
    people = _waiting(at).order_by("user").values_list("user", flat=True).distinct()[:limit]
    return sum(_gather(pk, at) for pk in list(people))


def _waiting(at: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        state=Delivery.State.QUEUED, in_digest=True, carrier=None, next_attempt_at__lte=at, user__isnull=False
    )


@transaction.atomic
def _gather(user_id: int, at: datetime) -> bool:
    """One carrier for what waits for this person. A row that another worker holds is left to it."""
    skip = connection.features.has_select_for_update_skip_locked
    rows = list(
        _waiting(at).filter(user=user_id).select_for_update(of=("self",), skip_locked=skip).order_by("id")[:MOST]
    )
    person = User.objects.filter(pk=user_id).first()
    if not rows or person is None:
        return False
    count = len(rows)
    carrier = outbox.plan(
        key=f"digest:{user_id}:{rows[0].pk}",
        channel=Delivery.Channel.EMAIL,
        recipient=person.email or rows[0].recipient,
        subject=ngettext("Ringkasan: %(count)d pemberitahuan", "Ringkasan: %(count)d pemberitahuan", count)
        % {"count": count},
        text="",
        event=EVENT,
        user=person,
        options={"auto_submitted": "auto-generated", "is_staff": True},
    )
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(carrier=carrier)
    return carrier is not None
