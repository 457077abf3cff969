"""Conditions of a change's steps that other kinds do not share."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from tickets.choices import ChangeType
from tickets.kinds.guards import change_detail
from tickets.models.ticket import Ticket

if TYPE_CHECKING:
    from tickets.actors import Actor


def template_when_standard(ticket: Ticket, actor: "Actor") -> str | None:
    """A standard change goes without approval because its template was approved; without one it does not."""
    detail = change_detail(ticket)
    if detail.change_type == ChangeType.STANDARD and detail.template_id is None:
        return _("Perubahan standar harus dibuat dari templat. Batalkan, lalu buat lagi dari templatnya.")
    return None
