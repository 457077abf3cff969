"""Policies in plain words."""

from django.utils.translation import gettext as _

from core.templatetags.ui import target_sla
from sla.models import Metric, Policy
from tickets.choices import ComplaintClass, Kind, Level, RequesterClass

LABELS = {
    "kind": Kind,
    "priority": Level,
    "requester_class": RequesterClass,
    "complaint_class": ComplaintClass,
}


def conditions(policy: Policy) -> list[tuple[str, str]]:
    """(name, value) of each filled-in condition. Reads `service` and `team`: select them."""
    found = [
        (_("Jenis"), _label("kind", policy.kind)),
        (_("Prioritas"), _label("priority", policy.priority)),
        (_("Layanan"), policy.service.name if policy.service else ""),
        (_("Golongan pelapor"), _label("requester_class", policy.requester_class)),
        (_("Golongan pengaduan"), _label("complaint_class", policy.complaint_class)),
        (_("Tim"), policy.team.name if policy.team else ""),
    ]
    return [(name, value) for name, value in found if value]


def sentence(policy: Policy) -> str:
    """The conditions in one line, e.g. "Jenis: Gangguan, Prioritas: Tinggi"."""
    return ", ".join(f"{name}: {value}" for name, value in conditions(policy)) or _("semua tiket")


def targets(policy: Policy) -> list[tuple[str, str]]:
    """(metric, amount) in the order of the metrics; targets are read from the prefetched rows."""
    by_metric = {each.metric: target_sla(each) for each in policy.targets.all()}
    return [(str(metric.label), by_metric[metric.value]) for metric in Metric if metric.value in by_metric]


def _label(name: str, value: str | int | None) -> str:
    if value in ("", None):
        return ""
    choices = LABELS[name]
    return str(dict(choices.choices).get(value, value))


def differences(old: Policy, new: Policy) -> list[str]:
    """What the newer version changed, a sentence each; empty when nothing did."""
    before = _facts(old)
    after = _facts(new)
    names = dict.fromkeys([*before, *after])
    return [
        _("%(name)s: %(old)s → %(new)s")
        % {"name": name, "old": before.get(name) or _("tidak ada"), "new": after.get(name) or _("tidak ada")}
        for name in names
        if before.get(name) != after.get(name)
    ]


def _facts(policy: Policy) -> dict[str, str]:
    found = {_("Nama"): policy.name}
    found |= dict(conditions(policy))
    found |= {_("Target %(metric)s") % {"metric": metric.lower()}: amount for metric, amount in targets(policy)}
    found[_("Kalender")] = policy.calendar.name if policy.calendar else _("menurut tim atau perangkat daerah")
    return found
