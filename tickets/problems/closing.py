"""Resolving the incidents of a problem together with it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import access, messages, timeline, workflow
from tickets.actors import SYSTEM, Actor
from tickets.choices import Kind, LinkType, Visibility
from tickets.errors import TicketError
from tickets.models import Ticket, TicketLink
from tickets.problems.results import Row, reason_of


def open_incidents(problem: Ticket) -> list[Ticket]:
    """The open incidents this problem explains, oldest first; a merged one stands for the ticket it lives on in.

    One query, and one more for each time that merged tickets were merged again.
    """
    links = TicketLink.objects.filter(target_id=problem.pk, type=LinkType.CAUSED_BY, source__kind=Kind.INCIDENT)
    found: dict[int, Ticket] = {}
    wanted = set(links.values_list("source_id", flat=True))
    while wanted:
        tickets = Ticket.objects.filter(pk__in=wanted).only(
            "pk", "number", "kind", "state", "is_open", "is_restricted", "merged_into_id"
        )
        found |= {ticket.pk: ticket for ticket in tickets}
        wanted = {each.merged_into_id for each in found.values() if each.merged_into_id} - found.keys()
    same = [each for each in found.values() if each.is_restricted == problem.is_restricted]
    return sorted((each for each in same if each.is_open and each.kind == Kind.INCIDENT), key=lambda ticket: ticket.pk)


def companion_ids(problem_id: int) -> list[int]:
    """Ids of the tickets that resolving this problem may change with it."""
    problem = Ticket.objects.filter(pk=problem_id, kind=Kind.PROBLEM).first()
    return [incident.pk for incident in open_incidents(problem)] if problem else []


def resolve_incidents(problem: Ticket, *, code: str, message: str, actor: Actor) -> list[Row]:
    """Resolve every open incident of the locked problem, each in its own savepoint, with one public message each.

    What refuses stays open and is named, with its reason, in an internal note on the problem. Called by the
    transition that resolves the problem, which saves it.
    """
    incidents = open_incidents(problem)
    seen = _seen_by(actor, incidents)
    rows = [_resolve(incident, code, message, actor) for incident in incidents if incident.pk in seen]
    kept = [row for row in rows if not row.is_done]
    at = timezone.now()
    changes = {
        "resolved": [row.number for row in rows if row.is_done],
        "kept": [[row.number, row.reason] for row in kept],
        "count": len(rows) - len(kept),
        "kept_count": len(incidents) - len(rows) + len(kept),
    }
    timeline.record(problem, code=timeline.INCIDENTS_RESOLVED, actor=actor, at=at, changes=changes)
    text = _note(rows, kept, len(incidents) - len(rows))
    messages.append(problem, actor=SYSTEM, text=text, visibility=Visibility.INTERNAL, at=at)
    return rows


def _seen_by(actor: Actor, incidents: list[Ticket]) -> set[int]:
    ids = [incident.pk for incident in incidents]
    if actor.user is None:
        return set(ids) if actor.is_system else set()
    return set(access.visible_to(actor.user).filter(pk__in=ids).values_list("pk", flat=True))


def _resolve(incident: Ticket, code: str, message: str, actor: Actor) -> Row:
    try:
        with transaction.atomic():
            if incident.state == "new":
                # Nobody had taken it up; a refusal of the next step takes this one back as well.
                workflow.perform(incident.pk, "start", SYSTEM)
            workflow.perform(incident.pk, "resolve", actor, code=code, solution=message)
    except TicketError as error:
        return Row(incident.number, reason_of(error))
    return Row(incident.number)


def _note(rows: list[Row], kept: list[Row], hidden: int) -> str:
    done = [row.number for row in rows if row.is_done]
    lines = [_("%(count)d gangguan tertaut diselesaikan bersama masalah ini.") % {"count": len(done)}]
    if done:
        lines.append(", ".join(done))
    if kept:
        lines.append(_("Tetap terbuka:"))
        lines += [f"{row.number}: {row.reason}" for row in kept]
    if hidden:
        text = _("%(count)d gangguan tim lain tetap terbuka. Minta koordinator meja layanan menyelesaikannya.")
        lines.append(text % {"count": hidden})
    return "\n".join(lines)
