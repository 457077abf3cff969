"""What a revision changes, by kind, behind one face that the job drives."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sla.models import Revision
from tickets.revisions import recalendar, retarget
from tickets.revisions.rows import Change, OpenClock


class Plan(Protocol):
    """One revision as the job sees it."""

    brings_metrics: bool
    """Whether tickets may come to be measured by what they were not measured by before; hours alone bring none."""

    def version(self) -> str:
        """The version of what is to be changed, as it is now."""

    def lock(self) -> None:
        """Hold the rows that `carry_out` writes."""

    def carry_out(self) -> None:
        """Write the new definition; clocks follow in the job."""

    def count(self) -> int:
        """About how many open clocks there are to look at."""

    def candidates(self, after: int, size: int) -> list[int]:
        """Ids of open clocks that may move, the next ones after `after` in rising order."""

    def beginning(self, ticket_ids: Collection[int]) -> dict[int, set[str]]:
        """Ticket → metrics it has no clock of and would begin to be measured by."""

    def changes(self, rows: Sequence[OpenClock], at: datetime) -> list[Change]:
        """What becomes of these clocks; those that stay as they are left out."""


def plan_of(revision: Revision) -> Plan:
    if revision.kind == Revision.Kind.CALENDAR:
        return recalendar.Recalendar(revision)
    if revision.kind == Revision.Kind.USE:
        return retarget.Reuse(revision)
    return retarget.Repolicy(revision)


def prepare(revision: Revision, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload as it is kept. Raises InvalidInputs."""
    if revision.kind == Revision.Kind.CALENDAR:
        return recalendar.prepare(revision, payload)
    if revision.kind == Revision.Kind.USE:
        return retarget.prepare_use(revision, payload)
    return retarget.prepare_policy(revision, payload)
