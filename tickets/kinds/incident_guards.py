"""Conditions of the transitions of major incidents. Each returns the reason of a refusal, or None."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from tickets.kinds.base import Party
from tickets.models.details import IncidentDetail
from tickets.models.ticket import Ticket

if TYPE_CHECKING:
    from tickets.actors import Actor


def major_detail(ticket: Ticket) -> IncidentDetail | None:
    return IncidentDetail.objects.filter(ticket_id=ticket.pk, is_major=True).first()


def may_become_major(ticket: Ticket, actor: "Actor") -> str | None:
    """A notice about a restricted ticket would tell that it exists."""
    if ticket.is_restricted:
        return _("Tiket rahasia tidak dapat diumumkan sebagai gangguan besar.")
    if major_detail(ticket):
        return _("Tiket ini sudah dinyatakan gangguan besar. Sampaikan kabar baru saja.")
    return None


def leads_major(ticket: Ticket, actor: "Actor") -> str | None:
    """Its own coordinator, or whoever coordinates the ticket."""
    from tickets import access

    detail = major_detail(ticket)
    if detail is None:
        return _("Tiket ini bukan gangguan besar.")
    is_named = actor.user is not None and detail.coordinator_id == actor.user.pk
    if is_named or Party.COORDINATOR in access.parties(actor, ticket):
        return None
    return _("Kabar gangguan besar disampaikan koordinator penanganannya.")


def speaks_for_major(ticket: Ticket, actor: "Actor") -> str | None:
    """As `leads_major`, and never in public about a ticket that became secret since."""
    if ticket.is_restricted:
        return _("Tiket ini kini rahasia: tidak ada kabar untuk umum. Akhiri gangguan besar tanpa kabar.")
    return leads_major(ticket, actor)
