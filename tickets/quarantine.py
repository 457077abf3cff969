"""An agent's decision on what was kept in quarantine."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import contacts
from accounts.models import User
from accounts.roles import Role
from tickets import access, intake, rawmail
from tickets.actors import Actor, actor_of
from tickets.errors import Forbidden, InvalidInputs, NotVisible, Stale
from tickets.models import BlockedSender, InboundRecord

State = InboundRecord.State


def may_decide(user: User) -> bool:
    """Agents and coordinators of the service desk look after the quarantine."""
    return user.has_role(Role.AGENT, Role.COORDINATOR) and any(m.team.sees_all for m in user.memberships)


@transaction.atomic
def decide(*, record_id: int, actor: Actor | User, decision: str, number: str = "") -> InboundRecord:
    """Join the message to ticket `number`, make a `new` ticket of it, `discard` it, or `block` its sender.

    What is discarded stays stored. Blocking also discards what else of that sender waits here. Raises Forbidden,
    NotVisible (no such record or ticket), Stale (decided already), InvalidInputs.
    """
    user = _authorised(actor)
    record = InboundRecord.objects.select_for_update().filter(pk=record_id).first()
    if record is None:
        raise NotVisible(_("Pesan karantina tidak ditemukan."))
    if record.state != State.QUARANTINED:
        raise Stale(_("Pesan ini sudah diputuskan oleh petugas lain."))
    if decision not in {"join", "new", "discard", "block"}:
        raise InvalidInputs(
            _("Keputusan tidak dikenal."), {"decision": [_("Pilih gabung, tiket baru, singkirkan, atau blokir.")]}
        )
    if decision == "block":
        _block(record, user)
    if decision in {"discard", "block"}:
        record.state = State.DISCARDED
    else:
        ticket = access.get_visible(user, number) if decision == "join" else None
        message = intake.message_of(record)
        intake.place(record, message, contacts.resolve(message.sender), ticket)
    record.decided_at = timezone.now()
    record.save()
    return record


def _authorised(actor: Actor | User) -> User:
    user = actor_of(actor).user
    if user is None or not may_decide(user):
        raise Forbidden(_("Hanya petugas meja layanan yang memutuskan karantina."))
    return user


def can_block(record: InboundRecord) -> bool:
    """Whether the record names a mail address that may be blocked: never that of a colleague or an empty one."""
    key = record.sender_key
    return bool(key) and not User.objects.filter(email__iexact=key, is_active=True).exists()


def _block(record: InboundRecord, user: User) -> None:
    if not can_block(record):
        raise InvalidInputs(
            _("Pengirim ini tidak dapat diblokir."),
            {"decision": [_("Hanya alamat email di luar akun pegawai yang dapat diblokir.")]},
        )
    BlockedSender.objects.get_or_create(address=record.sender_key, defaults={"blocked_by": user})
    others = InboundRecord.objects.filter(sender_key=record.sender_key, state=State.QUARANTINED)
    others.update(state=State.DISCARDED, reason=InboundRecord.Reason.BLOCKED, decided_at=timezone.now())
    record.reason = InboundRecord.Reason.BLOCKED


@transaction.atomic
def unblock(*, actor: Actor | User, pk: int) -> str:
    """Let the mail of a blocked sender in again; returns the address. Raises Forbidden or NotVisible."""
    _authorised(actor)
    blocked = BlockedSender.objects.select_for_update().filter(pk=pk).first()
    if blocked is None:
        raise NotVisible(_("Alamat itu tidak diblokir."))
    blocked.delete()
    return blocked.address


@transaction.atomic
def forget_raw(before: datetime, limit: int = 200) -> int:
    """Remove the raw form, and what was parsed of it, from up to `limit` decided records that came before an instant.

    Returns how many. The messages on tickets stay; what still waits for a decision keeps everything.
    """
    old = InboundRecord.objects.filter(raw__isnull=False, received_at__lt=before).exclude(state=State.QUARANTINED)
    found = dict(old.order_by("received_at").values_list("pk", "raw_name")[:limit])
    for name in filter(None, found.values()):
        rawmail.drop(rawmail.Kept(name=name))
    return InboundRecord.objects.filter(pk__in=found).update(raw=None, raw_name="", payload={})
