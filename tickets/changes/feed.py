"""The change calendar for calendar programs (RFC 5545), under a secret address per person."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from accounts.models import User
from tickets import access
from tickets.choices import Kind
from tickets.models import CalendarFeed, Ticket

PAST = timedelta(days=90)
MOST_EVENTS = 1_000


@dataclass(frozen=True, slots=True)
class Document:
    """The calendar as bytes, its ETag (quoted), and when its content changed last."""

    body: bytes
    etag: str
    modified: datetime


def address_of(user: User) -> str:
    """The person's feed address, or "" while there is none."""
    key = CalendarFeed.objects.filter(user=user).values_list("key", flat=True).first()
    return f"{settings.BASE_URL}{reverse('change_feed', args=[key])}" if key else ""


@transaction.atomic
def renew(*, user: User) -> CalendarFeed:
    """A new address; the old one stops working at once."""
    CalendarFeed.objects.filter(user=user).delete()
    return CalendarFeed.objects.create(user=user)


def owner_of(key: str) -> CalendarFeed | None:
    """The feed with that key while its owner is an active member of the staff."""
    feed = CalendarFeed.objects.select_related("user").filter(key=key, user__is_active=True).first()
    return feed if feed and feed.user.is_workspace_user else None


def document(feed: CalendarFeed, now: datetime) -> Document:
    """The feed of its owner: changes they see, without restricted ones, as the address may lie in other hands."""
    tickets = list(_changes(feed.user, now))
    calendar = Calendar()
    calendar.add("prodid", "-//Manajemen Layanan SPBE//Kalender perubahan//ID")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("Kalender perubahan"))
    for ticket in tickets:
        calendar.add_component(_event(ticket))
    body: bytes = calendar.to_ical()
    modified = max([feed.created_at, *(ticket.updated_at for ticket in tickets)])
    return Document(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', modified)


def _changes(user: User, now: datetime) -> list[Ticket]:
    """Changes with a window in the last months or to come; cancelled ones too, so that programs drop them."""
    return list(
        access.visible_to(user)
        .filter(
            kind=Kind.CHANGE,
            is_restricted=False,
            merged_into=None,
            change_detail__window_end__gt=now - PAST,
        )
        .select_related("change_detail", "service", "assignee", "team")
        .order_by("change_detail__window_start", "pk")[:MOST_EVENTS]
    )


def _event(ticket: Ticket) -> Event:
    detail = ticket.change_detail
    event = Event()
    event.add("uid", f"perubahan-{ticket.pk}@{urlsplit(settings.BASE_URL).hostname or 'localhost'}")
    event.add("sequence", ticket.version)
    event.add("dtstamp", _utc(ticket.updated_at))
    event.add("last-modified", _utc(ticket.updated_at))
    event.add("dtstart", _utc(detail.window_start or ticket.created_at))
    event.add("dtend", _utc(detail.window_end or ticket.created_at))
    event.add("summary", f"{ticket.number} {ticket.subject}")
    event.add("status", "CANCELLED" if ticket.state == "cancelled" else "CONFIRMED")
    event.add("description", "\n".join(_facts(ticket)))
    event.add("url", f"{settings.BASE_URL}{reverse('agent:ticket', args=[ticket.number])}")
    return event


def _facts(ticket: Ticket) -> list[str]:
    facts = [(_("Keadaan"), ticket.state_label), (_("Layanan"), ticket.service), (_("Petugas"), ticket.assignee)]
    return [f"{label}: {value}" for label, value in facts if value]


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)
