"""Steps and their moments as Indonesian words."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.templatetags.ui import durasi
from sla.models import EscalationStep, Metric
from tickets.choices import Kind, Level


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
