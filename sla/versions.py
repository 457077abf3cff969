"""Making, replacing and ending versions of a policy. A version in force is never edited: tickets keep what it promised.

A new version holds for tickets opened from now on. That it should hold for open tickets too is a revision of its own
(`tickets.revisions`), which is tried on their clocks first.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from sla.models import Calendar, Policy, PolicyTarget, Revision
from sla.replay import Target


class Refused(Exception):
    """The version cannot be made; `message` is a sentence for the screen, `field` where it belongs ("" for none).

    `is_stale`: somebody else was faster.
    """

    def __init__(self, message: str, field: str = "", *, is_stale: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.is_stale = is_stale


@dataclass(frozen=True, slots=True)
class Conditions:
    """For which tickets a policy holds; what is "" or None holds for all. The names are those of `Policy`."""

    kind: str = ""
    priority: int | None = None
    service_id: int | None = None
    requester_class: str = ""
    complaint_class: str = ""
    team_id: int | None = None

    @classmethod
    def of(cls, policy: Policy) -> "Conditions":
        return cls(**{name: getattr(policy, name) for name in Policy.CONDITIONS})


def targets_of(policy: Policy) -> dict[str, Target]:
    """Metric → target of this version."""
    return {each.metric: Target(each.minutes, each.working_days) for each in policy.targets.all()}


def twin_of(conditions: Conditions, but: Policy | None = None) -> Policy | None:
    """Another current policy with exactly the same conditions."""
    same = Policy.objects.filter(is_active=True, valid_until=None, **asdict(conditions))
    return (same.exclude(pk=but.pk) if but else same).first()


@transaction.atomic
def publish(
    *,
    policy: Policy | None,
    conditions: Conditions,
    targets: Mapping[str, Target],
    calendar: Calendar | None,
    name: str,
    note: str,
    by: User | None,
    at: datetime | None = None,
) -> Policy:
    """Bring the first version of a policy, or the one that follows `policy`, into force for tickets opened from now on.

    `by` None: nobody to record, as when reference data is loaded or the caller records it. Raises Refused for a missing
    name or target, a tie, a name in use, and when `policy` is no longer the current version.
    """
    at = at or timezone.now()
    old = _locked(policy) if policy else None
    values = _checked(old, conditions, targets, name)
    if old is not None:
        old.valid_until = at
        old.save(update_fields=["valid_until"])
    values |= {"calendar": calendar, "note": note.strip(), "valid_from": at}
    made = _make(old, values, targets)
    _record(made, by, at, made.note)
    return made


@transaction.atomic
def retire(*, policy: Policy, note: str, by: User | None, at: datetime | None = None) -> Policy:
    """End a policy without a successor: tickets opened before keep it, later ones fall to the next that fits.

    Raises Refused when `policy` is no longer the current version.
    """
    at = at or timezone.now()
    ended = _locked(policy)
    ended.valid_until = at
    ended.save(update_fields=["valid_until"])
    _record(ended, by, at, _("Tidak berlaku lagi. %(note)s") % {"note": note.strip()})
    return ended


def _locked(policy: Policy) -> Policy:
    row = Policy.objects.select_for_update().get(pk=policy.pk)
    if row.valid_until is not None:
        raise Refused(
            _("Kebijakan “%(name)s” sudah diganti atau diakhiri sejak Anda membukanya. Buka versi yang terbaru.")
            % {"name": row.name},
            is_stale=True,
        )
    return row


def _checked(old: Policy | None, conditions: Conditions, targets: Mapping[str, Target], name: str) -> dict[str, Any]:
    """The columns of the new version so far. Raises Refused."""
    name = name.strip()
    if not name:
        raise Refused(_("Beri nama kebijakan ini."), "name")
    if not targets:
        raise Refused(_("Isi paling sedikit satu target."))
    twin = twin_of(conditions, but=old)
    if twin is not None:
        raise Refused(
            _("Kebijakan “%(name)s” sudah punya syarat yang sama. Ubah kebijakan itu, atau bedakan syaratnya.")
            % {"name": twin.name}
        )
    namesakes = Policy.objects.filter(name=name, valid_until=None)
    if (namesakes.exclude(pk=old.pk) if old else namesakes).exists():
        raise Refused(_("Nama itu sudah dipakai kebijakan lain. Pilih nama lain."), "name")
    return asdict(conditions) | {"name": name}


def _make(old: Policy | None, values: dict[str, Any], targets: Mapping[str, Target]) -> Policy:
    highest = Policy.objects.filter(name=values["name"]).aggregate(number=Max("number"))["number"] or 0
    number = max(highest, old.number if old else 0) + 1
    made = Policy.objects.create(number=number, replaces=old, **values)
    PolicyTarget.objects.bulk_create(
        PolicyTarget(policy=made, metric=metric, minutes=target.minutes, working_days=target.working_days)
        for metric, target in targets.items()
    )
    return made


def _record(policy: Policy, by: User | None, at: datetime, summary: str) -> None:
    """Who changed a policy, among the changes that also recompute clocks; this one had nothing to recompute."""
    if by is None:
        return
    Revision.objects.create(
        kind=Revision.Kind.POLICY,
        state=Revision.State.DONE,
        policy=policy,
        summary=summary or _("Kebijakan “%(name)s” dibuat.") % {"name": policy.name},
        payload={"policy": policy.pk, "replaces": policy.replaces_id, "also_open": False},
        made_by=by,
        made_at=at,
        applied_by=by,
        applied_at=at,
        finished_at=at,
    )
