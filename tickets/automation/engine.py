"""Running the rules of an event on a ticket, inside the transaction of what caused it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets.automation import rules
from tickets.errors import InvalidInputs, TicketError
from tickets.models import AutomationRule, AutomationRun, Ticket

logger = logging.getLogger(__name__)

MAX_DEPTH = 3
"""Rules that fire because of what rules did, which fire because of … stop here."""


@dataclass(slots=True)
class _Cause:
    """What happens because of one act of a person or of time: how deep we are, and who has fired already."""

    depth: int = 0
    fired: set[tuple[int, int]] = field(default_factory=set)


_current: ContextVar[_Cause | None] = ContextVar("automation_cause", default=None)


@contextmanager
def _deeper() -> Iterator[_Cause]:
    cause = _current.get()
    token = None
    if cause is None:
        cause = _Cause()
        token = _current.set(cause)
    cause.depth += 1
    try:
        yield cause
    finally:
        cause.depth -= 1
        if token is not None:
            _current.reset(token)


@contextmanager
def one_cause() -> Iterator[None]:
    """What happens inside is one act: no rule fires twice on a ticket, whoever asks for it."""
    if _current.get() is not None:
        yield
        return
    token = _current.set(_Cause())
    try:
        yield
    finally:
        _current.reset(token)


def run_rule(rule: AutomationRule, ticket: Ticket, at: datetime) -> bool:
    """Run one rule that an escalation step names, if its conditions hold; its event does not matter.

    The ticket is saved and locked, and fresh afterwards. Restricted tickets are left alone. What an
    action was refused is in the log of the automation.
    """
    from tickets.automation.conditions import Facts, match

    ticket.refresh_from_db()
    if ticket.is_restricted:
        return False
    with _deeper() as cause:
        if (
            cause.depth > MAX_DEPTH
            or (rule.pk, ticket.pk) in cause.fired
            or not match(rule.conditions, Facts(ticket, at))
        ):
            return False
        cause.fired.add((rule.pk, ticket.pk))
        _fire(rule, AutomationRule.Event.SLA, ticket, at)
    return True


def after(event: str, ticket: Ticket, at: datetime | None = None) -> None:
    """Run the active rules of an event on a saved ticket whose row this transaction has locked.

    Never raises for what a rule does. Restricted tickets are left alone altogether. The ticket is fresh afterwards
    when a rule fired. Without rules for the event it costs a look into the cache.
    """
    if ticket.is_restricted or event not in rules.active_events():
        return
    with _deeper() as cause:
        if cause.depth > MAX_DEPTH:
            logger.warning("automation on ticket %s stopped at depth %s", ticket.pk, cause.depth)
            return
        _run_all(event, ticket, at or timezone.now(), cause)


def _run_all(event: str, ticket: Ticket, at: datetime, cause: _Cause) -> None:
    from tickets.automation.conditions import Facts, match

    ticket.refresh_from_db()  # the event itself may have moved it on, e.g. out of a hold
    for rule in AutomationRule.objects.filter(event=event, is_active=True).order_by("position", "pk"):
        if (rule.pk, ticket.pk) in cause.fired or not match(rule.conditions, Facts(ticket, at)):
            continue
        cause.fired.add((rule.pk, ticket.pk))
        _fire(rule, event, ticket, at)
        if rule.stops or ticket.is_restricted:
            break


def _fire(rule: AutomationRule, event: str, ticket: Ticket, at: datetime) -> None:
    """Run the actions in order; one that fails is undone alone and the others still run."""
    results = [_act(rule, row, ticket) for row in rule.actions]
    error = next((row["text"] for row in results if not row["ok"]), "")
    AutomationRun.objects.create(
        rule=rule, rule_name=rule.name, ticket_id=ticket.pk, event=event, at=at, results=results, error=error[:500]
    )


def _act(rule: AutomationRule, row: dict[str, Any], ticket: Ticket) -> dict[str, Any]:
    from tickets.automation.actions import ACTIONS

    done = {"action": row.get("action", ""), "value": row.get("value", ""), "ok": False}
    action = ACTIONS.get(row.get("action", ""))
    if action is None:
        return done | {"text": _("tindakan tidak dikenal")}
    try:
        with transaction.atomic():
            text = action.run(ticket, row.get("value", ""), row.get("detail", ""), rule)
    except InvalidInputs as error:
        text = " ".join([error.message, *(said for texts in error.errors.values() for said in texts)])
    except TicketError as error:
        text = error.message
    except Exception as error:
        logger.exception("rule %s: action %s failed on ticket %s", rule.pk, row.get("action"), ticket.pk)
        text = _("gagal: %(error)s") % {"error": type(error).__name__}
    else:
        return done | {"ok": True, "text": text}
    ticket.refresh_from_db()  # what the action had done to the object is undone in the database
    return done | {"text": text}
