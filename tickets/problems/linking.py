"""Saying which incidents a problem explains."""

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from accounts.models import User
from tickets import access
from tickets.access import Action
from tickets.actors import Actor, actor_of
from tickets.choices import Kind, LinkType
from tickets.errors import Forbidden, InvalidInputs, NotVisible, TicketError, WrongState
from tickets.models import Ticket
from tickets.operations import linking
from tickets.problems.results import Row, reason_of

MAX_AT_ONCE = 50
SEPARATORS = re.compile(r"[\s,;]+")


def numbers_in(text: str) -> list[str]:
    """Ticket numbers as somebody types or pastes them, each once, in their order."""
    return list(dict.fromkeys(part.upper() for part in SEPARATORS.split(text) if part))


def link_incidents(*, problem_id: int, numbers: Iterable[str], actor: Actor | User) -> list[Row]:
    """Link each of these incidents to the problem, on its own; safe to repeat. One row per number, in their order.

    Hidden and missing numbers get the same reason. Raises NotVisible, Forbidden or WrongState for the problem itself,
    InvalidInputs without numbers or with more than MAX_AT_ONCE of them; then nothing was linked.
    """
    who = actor_of(actor)
    wanted = list(dict.fromkeys(number.strip().upper() for number in numbers if number.strip()))
    if not wanted or len(wanted) > MAX_AT_ONCE:
        reason = _("Tulis satu sampai %(count)d nomor gangguan.") % {"count": MAX_AT_ONCE}
        raise InvalidInputs(reason, {"numbers": [reason]})
    problem = open_problem(problem_id, who)
    found = {ticket.number: ticket for ticket in Ticket.objects.filter(number__in=[number[:40] for number in wanted])}
    return [_one(problem, number, found.get(number), who) for number in wanted]


def open_problem(problem_id: int, actor: Actor) -> Ticket:
    """The problem, if incidents may be linked to it by this actor."""
    problem = Ticket.objects.filter(pk=problem_id).first()
    if problem is None or problem.kind != Kind.PROBLEM or not access.is_visible(actor, problem):
        raise NotVisible(_("Masalah tidak ditemukan."))
    if not access.allowed(actor, Action.EDIT, problem):
        raise Forbidden(_("Anda tidak berwenang menautkan gangguan ke masalah ini."))
    if not problem.is_open:
        raise WrongState(_("Masalah ini sudah selesai. Buka kembali masalahnya sebelum menautkan gangguan."))
    return problem


def _one(problem: Ticket, number: str, incident: Ticket | None, actor: Actor) -> Row:
    if incident is None or not access.is_visible(actor, incident):
        return Row(number[:40], _("Tiket tidak ditemukan."))
    if incident.kind != Kind.INCIDENT:
        return Row(number, _("Tiket ini bukan gangguan."))
    if incident.merged_into_id is not None:
        return Row(number, _("Tiket ini sudah digabung. Tautkan tiket gabungannya."))
    try:
        linking.link(ticket_id=problem.pk, actor=actor, type=LinkType.CAUSED_BY, number=number, backward=True)
    except TicketError as error:
        return Row(number, reason_of(error))
    return Row(number)


def link_to_number(incident: Ticket, actor: User, number: str) -> Row:
    """Link one incident to the problem of that number, as the bulk bar does. Raises InvalidInputs or as above."""
    problem = access.visible_to(actor).filter(kind=Kind.PROBLEM, number=number.strip().upper()).first()
    if problem is None:
        reason = _("Tidak ada masalah bernomor %(number)s yang dapat Anda lihat.") % {"number": number.strip()[:40]}
        raise InvalidInputs(reason, {"problem": [reason]})
    (row,) = link_incidents(problem_id=problem.pk, numbers=[incident.number], actor=actor)
    if not row.is_done:
        raise WrongState(row.reason)
    return row
