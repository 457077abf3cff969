"""What stands in the way of a time: other changes nearby, the same implementer, and times in which nothing changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Prefetch, Q
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import User
from assets.models import Asset
from tickets.changes.assessment import dependents, foundations
from tickets.choices import Kind
from tickets.models.changes import FreezeWindow
from tickets.models.details import ChangeDetail
from tickets.models.ticket import Ticket

OCCUPYING = ("scheduled", "implementing")
"""States of a change whose window is taken."""

AT_MOST = 20
"""Conflicts named; whoever has more needs another time, not a longer list."""


class Reason(StrEnum):
    ASSET = "asset"
    IMPLEMENTER = "implementer"
    FREEZE = "freeze"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One obstacle: why, its name (a ticket number or the name of a freeze window), when, and a sentence."""

    reason: Reason
    name: str
    start: datetime
    end: datetime
    sentence: str


def conflicts(ticket: Ticket, start: datetime, end: datetime) -> list[Conflict]:
    """What overlaps [start, end). Restricted changes are never named, for their time alone would give them away."""
    own = set(ticket.assets.values_list("pk", flat=True))
    near = neighbourhood(own)
    found: list[Conflict] = []
    for rival in _rivals(ticket, near, start, end):
        found += _with_rival(ticket, rival, own, near)
    return [*found, *(_frozen(window) for window in _freezes(ticket, start, end))]


def neighbourhood(ids: Iterable[int]) -> set[int]:
    """The assets whose change meets a change of these: themselves, what they rest on, and what rests on them."""
    own = set(ids)
    return dependents(own) | foundations(own)


def lock_surroundings(ticket: Ticket) -> None:
    """Hold the assets around a change and its implementer until the transaction ends.

    Two schedules that could collide share at least one of these rows, so the second sees what the first has taken.
    Rows are taken in the order of their keys, assets first, so that nobody waits in a circle.
    """
    near = neighbourhood(ticket.assets.values_list("pk", flat=True))
    list(Asset.objects.filter(pk__in=near).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    if ticket.assignee_id:
        list(User.objects.filter(pk=ticket.assignee_id).select_for_update(no_key=True).values_list("pk"))


def _rivals(ticket: Ticket, near: set[int], start: datetime, end: datetime) -> list[Ticket]:
    meets = Q(assets__in=near)
    if ticket.assignee_id:
        meets |= Q(assignee_id=ticket.assignee_id)
    overlapping = Ticket.objects.filter(
        meets,
        kind=Kind.CHANGE,
        state__in=OCCUPYING,
        is_restricted=False,
        change_detail__window_start__lt=end,
        change_detail__window_end__gt=start,
    ).exclude(pk=ticket.pk)
    touched = Prefetch("assets", Asset.objects.filter(pk__in=near).order_by("name", "pk"), to_attr="touched")
    return list(
        overlapping.distinct()
        .select_related("change_detail")
        .prefetch_related(touched)
        .order_by("change_detail__window_start", "pk")[:AT_MOST]
    )


def _with_rival(ticket: Ticket, rival: Ticket, own: set[int], near: set[int]) -> list[Conflict]:
    detail: ChangeDetail = rival.change_detail
    start, end = detail.window_start, detail.window_end
    if start is None or end is None:
        return []
    facts = {"number": rival.number, "when": period(start, end)}
    found = []
    touched: list[Asset] = rival.touched  # type: ignore[attr-defined]
    if touched:
        same = [asset for asset in touched if asset.pk in own]
        names = ", ".join(asset.name for asset in (same or touched)[:3])
        text = _("%(number)s (%(when)s) mengubah aset yang sama: %(assets)s.")
        if not same:
            text = _("%(number)s (%(when)s) mengubah aset yang saling bergantung: %(assets)s.")
        found.append(Conflict(Reason.ASSET, rival.number, start, end, text % {**facts, "assets": names}))
    if ticket.assignee_id and rival.assignee_id == ticket.assignee_id:
        text = _("%(number)s (%(when)s) dilaksanakan petugas yang sama.")
        found.append(Conflict(Reason.IMPLEMENTER, rival.number, start, end, text % facts))
    return found


def freezes_between(start: datetime, end: datetime) -> list[FreezeWindow]:
    """Freeze windows that overlap [start, end), whatever their services; two queries."""
    return list(
        FreezeWindow.objects.filter(starts_at__lt=end, ends_at__gt=start)
        .prefetch_related("services")
        .order_by("starts_at", "pk")
    )


def _freezes(ticket: Ticket, start: datetime, end: datetime) -> list[FreezeWindow]:
    return [window for window in freezes_between(start, end) if _concerns(window, ticket)]


def _concerns(window: FreezeWindow, ticket: Ticket) -> bool:
    services = {service.pk for service in window.services.all()}
    return not services or ticket.service_id in services


def _frozen(window: FreezeWindow) -> Conflict:
    text = _("Masa beku “%(name)s” (%(when)s).") % {
        "name": window.name,
        "when": period(window.starts_at, window.ends_at),
    }
    if window.reason:
        text += " " + window.reason
    return Conflict(Reason.FREEZE, window.name, window.starts_at, window.ends_at, text)


def period(start: datetime, end: datetime) -> str:
    """Both ends in local time, the day named once when they share it."""
    first, last = timezone.localtime(start), timezone.localtime(end)
    day, hour = "j M Y", "H.i"
    begins = formats.date_format(first, f"{day} {hour}")
    ends = formats.date_format(last, hour if first.date() == last.date() else f"{day} {hour}")
    return f"{begins}–{ends}"
