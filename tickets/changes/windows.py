"""What the steps of a change write besides its state. The caller runs a transition and holds the ticket's row."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import timeline
from tickets.changes import assessment
from tickets.changes.conflicts import Conflict, conflicts, lock_surroundings, period
from tickets.choices import Level
from tickets.errors import InvalidInputs
from tickets.models.details import ChangeDetail
from tickets.models.ticket import Ticket

if TYPE_CHECKING:
    from tickets.actors import Actor


def assess(ticket: Ticket, *, actor: "Actor", facts: dict[str, Any]) -> None:
    """Store an assessment (fields of ChangeDetail); a level other than the score's leaves its reason in the history."""
    ChangeDetail.objects.update_or_create(ticket_id=ticket.pk, defaults=facts)
    if not facts.get("risk_reason"):
        return
    by_score = assessment.level_of(facts["risk_score"], assessment.bands())
    changes = {
        "level": str(Level(facts["risk"]).label),
        "score": facts["risk_score"],
        "by_score": str(Level(by_score).label) if by_score else "–",
        "reason": facts["risk_reason"],
    }
    timeline.record(ticket, code=timeline.RISK_OVERRIDDEN, actor=actor, at=timezone.now(), changes=changes)


def put_window(
    ticket: Ticket, *, actor: "Actor", window_start: datetime, window_end: datetime, override_reason: str = ""
) -> None:
    """Take a window. Raises InvalidInputs when something stands in its way and no reason is given.

    The form has asked before; it is asked again under the locks, for another change may have taken the time meanwhile.
    """
    lock_surroundings(ticket)
    found, reason = conflicts(ticket, window_start, window_end), override_reason.strip()
    if found and not reason:
        sentences = [each.sentence for each in found]
        raise InvalidInputs(
            _("Jadwal berbenturan. Pilih waktu lain atau tulis alasannya."), {"override_reason": sentences}
        )
    _record(ticket, actor, window_start, window_end, found, reason)
    facts = {
        "window_start": window_start,
        "window_end": window_end,
        "override_reason": reason if found else "",
    }
    ChangeDetail.objects.update_or_create(ticket_id=ticket.pk, defaults=facts)


def _record(ticket: Ticket, actor: "Actor", start: datetime, end: datetime, found: list[Conflict], reason: str) -> None:
    at = timezone.now()
    before = ChangeDetail.objects.filter(ticket_id=ticket.pk).first()
    old = period(before.window_start, before.window_end) if before and before.window_start and before.window_end else ""
    changes = {"old": old, "new": period(start, end), "start": start.isoformat(), "end": end.isoformat()}
    timeline.record(ticket, code=timeline.WINDOW_SET, actor=actor, at=at, changes=changes, public=True)
    if found:
        named = " ".join(each.sentence for each in found)
        overridden = {"conflicts": named, "reason": reason}
        timeline.record(ticket, code=timeline.CONFLICT_OVERRIDDEN, actor=actor, at=at, changes=overridden)
