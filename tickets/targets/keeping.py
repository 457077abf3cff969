"""Making and ending policies, for those who keep the SLA settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from sla import versions
from sla.models import Calendar, Metric, Policy, Revision
from sla.replay import Target
from sla.versions import Conditions
from tickets import access, revisions
from tickets.choices import ComplaintClass, Kind, Level, RequesterClass
from tickets.errors import Forbidden, InvalidInputs, Stale


@dataclass(frozen=True, slots=True)
class Proposal:
    """A version as it was filled in."""

    name: str
    conditions: Conditions
    targets: Mapping[str, Target]
    calendar: Calendar | None = None
    note: str = ""


@transaction.atomic
def publish(
    *, policy: Policy | None, proposal: Proposal, by: User, also_open: bool = False, at: datetime | None = None
) -> tuple[Policy, Revision | None]:
    """Bring a version into force for tickets opened from now on.

    With `also_open` the recomputing of open tickets is proposed as well, to be tried and confirmed. Returns the version
    and that proposal. Raises Forbidden, InvalidInputs or Stale.
    """
    _authorise(by)
    check(proposal, is_edit=policy is not None)
    try:
        made = versions.publish(
            policy=policy,
            conditions=proposal.conditions,
            targets=proposal.targets,
            calendar=proposal.calendar,
            name=proposal.name,
            note=proposal.note,
            by=None if also_open else by,
            at=at,
        )
    except versions.Refused as refusal:
        raise _as_ours(refusal) from refusal
    return made, _propose(made, by) if also_open else None


def _propose(made: Policy, by: User) -> Revision:
    text = _("Kebijakan “%(name)s” versi %(number)d, juga untuk tiket terbuka. %(note)s")
    return revisions.propose(
        kind=Revision.Kind.POLICY,
        policy=made,
        payload={"policy": made.pk, "replaces": made.replaces_id},
        summary=(text % {"name": made.name, "number": made.number, "note": made.note}).strip(),
        by=by,
    )


def retire(*, policy: Policy, note: str, by: User, at: datetime | None = None) -> Policy:
    """End a policy for tickets opened from now on. Raises Forbidden, InvalidInputs (no reason) or Stale."""
    _authorise(by)
    if not note.strip():
        raise InvalidInputs(_("Tuliskan alasannya."), {"note": [_("Tuliskan alasannya.")]})
    try:
        return versions.retire(policy=policy, note=note, by=by, at=at)
    except versions.Refused as refusal:
        raise _as_ours(refusal) from refusal


def check(proposal: Proposal, *, is_edit: bool) -> None:
    """What needs no look at other policies. Raises InvalidInputs."""
    given, errors = proposal.conditions, {}
    known = {"kind": Kind, "priority": Level, "requester_class": RequesterClass, "complaint_class": ComplaintClass}
    for name, choices in known.items():
        value = getattr(given, name)
        if value not in ("", None) and value not in choices.values:
            errors[name] = [_("Pilih salah satu yang ada dalam daftar.")]
    if given.complaint_class and given.kind not in ("", Kind.COMPLAINT):
        errors["complaint_class"] = [_("Golongan pengaduan hanya berlaku untuk jenis Pengaduan.")]
    if Metric.VERIFICATION in proposal.targets and given.kind not in ("", Kind.COMPLAINT):
        errors["verification"] = [_("Verifikasi hanya diukur pada pengaduan. Kosongkan target ini.")]
    if is_edit and not proposal.note.strip():
        errors["note"] = [_("Tuliskan alasan perubahan ini.")]
    if errors:
        raise InvalidInputs(_("Kebijakan belum dapat disimpan. Periksa isian yang ditandai."), errors)


def _authorise(by: User) -> None:
    if not access.may_automate(by):
        raise Forbidden(_("Pengaturan SLA dikelola koordinator meja layanan dan administrator."))


def _as_ours(refusal: versions.Refused) -> InvalidInputs | Stale:
    if refusal.is_stale:
        return Stale(refusal.message)
    return InvalidInputs(refusal.message, {refusal.field: [refusal.message]})
