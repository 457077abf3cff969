"""What people do with a revision: propose, confirm, throw away."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from sla.models import Calendar, Policy, Revision
from tickets import access
from tickets.errors import Forbidden, NotVisible, Stale, WrongState
from tickets.revisions.plans import plan_of, prepare

STALE = gettext_lazy(
    "Sudah diubah orang lain sejak usulan ini dibuat. Buang usulan ini, lalu buat lagi dari keadaan terbaru."
)
OPEN = (Revision.State.PREVIEWING, Revision.State.READY, Revision.State.FAILED)


@transaction.atomic
def propose(
    *,
    kind: str,
    payload: Mapping[str, Any],
    summary: str,
    by: User,
    calendar: Calendar | None = None,
    policy: Policy | None = None,
    at: datetime | None = None,
) -> Revision:
    """Write down a change and have it tried on the open clocks. Payloads by kind: see the package.

    Raises Forbidden, and InvalidInputs for a payload that cannot work.
    """
    check_keeper(by)
    revision = Revision(
        kind=kind, calendar=calendar, policy=policy, summary=summary.strip(), made_by=by, made_at=at or timezone.now()
    )
    revision.payload = prepare(revision, payload)
    revision.base = plan_of(revision).version()
    revision.save(force_insert=True)
    return revision


@transaction.atomic
def apply(revision_id: int, *, by: User, at: datetime | None = None) -> Revision:
    """Make it so, and have the open clocks worked through.

    Raises Forbidden, NotVisible, WrongState unless the dry run is finished and no other change is being worked
    through, and Stale when what it changes was changed since.
    """
    check_keeper(by)
    revision = _locked(revision_id)
    if revision.state != Revision.State.READY:
        raise WrongState(_("Perubahan ini tidak sedang menunggu konfirmasi. Muat ulang halamannya."))
    if Revision.objects.filter(state=Revision.State.APPLYING).exists():
        raise WrongState(_("Perubahan lain sedang diterapkan. Tunggu sampai selesai, lalu terapkan lagi."))
    plan = plan_of(revision)
    plan.lock()
    if plan.version() != revision.base:
        raise Stale(str(STALE))
    plan.carry_out()
    revision.state = Revision.State.APPLYING
    revision.applied_by, revision.applied_at = by, at or timezone.now()
    revision.cursor = revision.total = revision.checked = revision.moved = 0
    revision.payload = {**revision.payload, "result": {}}
    revision.save()
    return revision


@transaction.atomic
def discard(revision_id: int, *, by: User, at: datetime | None = None) -> Revision:
    """Throw a proposal away; its list of deadlines goes with it. Raises Forbidden, NotVisible and WrongState."""
    check_keeper(by)
    revision = _locked(revision_id)
    if revision.state not in OPEN:
        raise WrongState(_("Perubahan ini sudah diterapkan atau dibuang. Muat ulang halamannya."))
    revision.moves.all().delete()
    revision.state = Revision.State.DISCARDED
    revision.finished_at = at or timezone.now()
    revision.save(update_fields=["state", "finished_at"])
    return revision


def check_keeper(by: User) -> None:
    """Raise Forbidden for everybody who does not keep the SLA settings."""
    if not access.may_automate(by):
        raise Forbidden(_("Pengaturan SLA dikelola koordinator meja layanan dan administrator."))


def _locked(revision_id: int) -> Revision:
    revision = Revision.objects.select_for_update().filter(pk=revision_id).first()
    if revision is None:
        raise NotVisible(_("Perubahan tidak ditemukan."))
    return revision
