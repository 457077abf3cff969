"""Steps and their moments as Indonesian words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.templatetags.ui import durasi, hari_jam
from sla.models import EscalationStep, Metric
from tickets.choices import Kind, Level
from tickets.models import Ticket


def moment(step: EscalationStep) -> str:
    """When a step fires, seen from its target: "80% target terpakai", "1 j sesudah tenggat"."""
    if step.percent is not None:
        return _("%(percent)d%% target terpakai") % {"percent": step.percent}
    return _offset(step.offset_minutes or 0)


def _offset(minutes: int) -> str:
    if minutes == 0:
        return _("tepat pada tenggat")
    amount = durasi(abs(minutes), 1440)
    if minutes < 0:
        return _("%(amount)s sebelum tenggat") % {"amount": amount}
    return _("%(amount)s sesudah tenggat") % {"amount": amount}


def describe(step: EscalationStep) -> str:
    """The whole step: "Pada 80% target tanggapan pertama gangguan kritis: beri tahu petugas dan koordinator"."""
    what = subject(step)
    if step.percent is not None:
        when = _("Pada %(percent)d%% target %(what)s") % {"percent": step.percent, "what": what}
    else:
        when = f"{_offset(step.offset_minutes or 0).capitalize()} {what}"
    if step.outside_hours:
        when += _(" (jam dinding)")
    return f"{when}: {_listed(actions(step))}"


def subject(step: EscalationStep) -> str:
    """Which clocks of which tickets: metric, kind, priority, team."""
    metric = str(Metric(step.metric).label).lower() if step.metric else _("apa pun")
    kind = str(Kind(step.kind).label).lower() if step.kind else ""
    level = str(Level(step.priority).label).lower() if step.priority else ""
    if level and not kind:
        level = _("prioritas %(level)s") % {"level": level}
    team = _("tim %(team)s") % {"team": step.team} if step.team else ""
    return " ".join(filter(None, (metric, kind, level, team)))


def actions(step: EscalationStep) -> list[str]:
    """What the step does, in the order in which it does it."""
    hearers = [
        word
        for told, word in (
            (step.notify_assignee, _("petugas")),
            (step.notify_team, _("seluruh tim")),
            (step.notify_coordinator, _("koordinator")),
            (step.notify_office_head, _("kepala perangkat daerah")),
        )
        if told
    ]
    found = [_("beri tahu %(people)s") % {"people": _listed(hearers)}] if hearers else []
    if step.reassign_to:
        found.append(_("alihkan ke tim %(team)s") % {"team": step.reassign_to})
    if step.raise_priority:
        found.append(_("naikkan prioritas satu tingkat"))
    if step.rule:
        found.append(_("jalankan aturan “%(rule)s”") % {"rule": step.rule})
    return found


def _listed(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return _("%(first)s dan %(last)s") % {"first": ", ".join(words[:-1]), "last": words[-1]}


def lateness(minutes: int) -> str:
    """What is said of a step that fired late: " (terlambat 2 j 10 m)"; "" for zero."""
    return _(" (terlambat %(amount)s)") % {"amount": durasi(minutes, 1440)} if minutes else ""


def digest_title(count: int) -> str:
    return ngettext(
        "%(count)d tiket mendekati atau melewati tenggat", "%(count)d tiket mendekati atau melewati tenggat", count
    ) % {"count": count}


@dataclass(frozen=True, slots=True)
class Line:
    """One clock in a digest."""

    ticket: Ticket
    metric: str
    due_at: datetime | None


def digest(title: str, lines: Sequence[Line], now: datetime) -> str:
    """The text of a digest: tickets under what is the matter with them, the most urgent first, each once with its
    address; nothing of what they are about."""
    ordered = sorted(lines, key=lambda line: (line.due_at is None, line.due_at or now, line.ticket.pk))
    by_ticket: dict[int, list[Line]] = {}
    for line in ordered:
        by_ticket.setdefault(line.ticket.pk, []).append(line)
    parts = [f"{title}."]
    groups = groupby(sorted(by_ticket.values(), key=lambda of: _rank(of, now)), key=lambda of: _rank(of, now))
    for rank, tickets in groups:
        told = [_ticket_lines(of, now) for of in tickets]
        parts.append("\n".join([f"{_headings()[rank]} ({len(told)}):", *told]))
    parts.append(_("Antrean Anda: %(url)s") % {"url": f"{settings.BASE_URL}{reverse('agent:queue')}"})
    return "\n\n".join(parts)


def _headings() -> list[str]:
    return [_("Lewat tenggat"), _("Mendekati tenggat"), _("Sedang berhenti"), _("Ada pembaruan")]


def _rank(of: Sequence[Line], now: datetime) -> int:
    """Under which heading a ticket stands; `of`: its lines, the earliest due first."""
    first = of[0]
    if first.ticket.is_restricted:
        return 3
    if first.due_at is None:
        return 2
    return 0 if first.due_at < now else 1


def _ticket_lines(of: Sequence[Line], now: datetime) -> str:
    ticket = of[0].ticket
    url = f"{settings.BASE_URL}{reverse('agent:ticket', args=[ticket.number])}"
    if ticket.is_restricted:
        return f"- {ticket.number}\n  {url}"
    return "\n".join([f"- {ticket.number}: {'; '.join(_fact(line, now) for line in of)}", f"  {url}"])


def _fact(line: Line, now: datetime) -> str:
    if line.due_at is None:
        return _("%(metric)s, sedang berhenti") % {"metric": line.metric}
    said = _("%(metric)s, lewat sejak %(due)s") if line.due_at < now else _("%(metric)s, tenggat %(due)s")
    return said % {"metric": line.metric, "due": hari_jam(line.due_at)}
