"""An agent's decision on what was kept in quarantine."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import contacts
from accounts.models import User
from accounts.roles import Role
from tickets import access, intake
from tickets.actors import Actor, actor_of
from tickets.errors import Forbidden, InvalidInputs, NotVisible, Stale
from tickets.models import InboundRecord

State = InboundRecord.State


def may_decide(user: User) -> bool:
    """Agents and coordinators of the service desk look after the quarantine."""
    return user.has_role(Role.AGENT, Role.COORDINATOR) and any(m.team.sees_all for m in user.memberships)


@transaction.atomic
def decide(*, record_id: int, actor: Actor | User, decision: str, number: str = "") -> InboundRecord:
    """Join the message to ticket `number`, make a `new` ticket of it, or `discard` it (it stays stored).

    Raises Forbidden, NotVisible (no such record or ticket), Stale (decided already), InvalidInputs.
    """
    who = actor_of(actor)
    if who.user is None or not may_decide(who.user):
        raise Forbidden(_("Hanya petugas meja layanan yang memutuskan karantina."))
    record = InboundRecord.objects.select_for_update().filter(pk=record_id).first()
    if record is None:
        raise NotVisible(_("Pesan karantina tidak ditemukan."))
    if record.state != State.QUARANTINED:
        raise Stale(_("Pesan ini sudah diputuskan oleh petugas lain."))
    if decision not in {"join", "new", "discard"}:
        raise InvalidInputs(_("Keputusan tidak dikenal."), {"decision": [_("Pilih gabung, tiket baru, atau buang.")]})
    if decision == "discard":
        record.state = State.DISCARDED
    else:
        ticket = access.get_visible(who.user, number) if decision == "join" else None
        message = intake.message_of(record)
        intake.place(record, message, contacts.resolve(message.sender), ticket)
    record.decided_at = timezone.now()
    record.save()
    return record
