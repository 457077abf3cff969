"""Finding and joining the identities of one person."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from accounts.models import Contact, ContactPoint, User
from accounts.normalize import email_key, phone_key


@dataclass(frozen=True, slots=True)
class Identity:
    """What a channel knows of a sender.

    `user` is set only when the channel authenticated the person. `verified` says that the channel, or an agent who
    spoke with the person, vouches for all the addresses together; without it they are only claims.
    """

    name: str = ""
    email: str = ""
    phone: str = ""
    telegram: str = ""
    user: User | None = None
    verified: bool = False

    def points(self) -> list[tuple[str, str]]:
        """(kind, canonical value) pairs, the one that decides first; unusable values are left out."""
        pairs = [
            (ContactPoint.Kind.TELEGRAM, self.telegram.strip()),
            (ContactPoint.Kind.EMAIL, email_key(self.email)),
            (ContactPoint.Kind.PHONE, phone_key(self.phone) if self.phone else ""),
        ]
        return [(str(kind), value) for kind, value in pairs if value]


@transaction.atomic
def resolve(identity: Identity) -> Contact:
    """The contact of that person, created when unknown.

    A signed-in user always gets their own contact, with the addresses they proved, and vouches for no other address
    given beside. A claim is matched by its first address alone and adds nothing to a contact that exists already:
    otherwise whoever types somebody's address next to their own would from then on receive that person's mail. Vouched
    addresses are matched together, and are taken over from mere claims.
    """
    vouched = identity.verified
    points = identity.points()
    contact = _of_user(identity.user) if identity.user else None
    held = _held(points)
    if contact is None:
        contact = _known(points, held, vouched)
    is_new = contact is None
    if contact is None:
        contact = Contact.objects.create(name=identity.name[:150])
        _free_from_accounts(points[:1], held)
    for kind, value in points:
        _attach(contact, kind, value, held.get((kind, value)), vouched=vouched, is_new=is_new)
    if identity.name and not contact.name:
        contact.name = identity.name[:150]
        contact.save(update_fields=["name", "updated_at"])
    return contact


def _held(points: Sequence[tuple[str, str]]) -> dict[tuple[str, str], ContactPoint]:
    """The rows of those of these addresses that somebody has, by (kind, value)."""
    values = [value for _kind, value in points]
    rows = ContactPoint.objects.select_related("contact").filter(value__in=values) if values else ()
    return {key: row for row in rows if (key := (row.kind, row.value)) in points}


def _known(
    points: Sequence[tuple[str, str]], held: Mapping[tuple[str, str], ContactPoint], vouched: bool
) -> Contact | None:
    """The contact that has the deciding address, or for vouched addresses any of them that was vouched for before.

    What an account merely claims decides nothing: it would receive the reports of whoever really has the address.
    """
    for position, key in enumerate(points if vouched else points[:1]):
        point = held.get(key)
        if point and (point.is_verified or (position == 0 and point.contact.user_id is None)):
            return point.contact
    return None


def _free_from_accounts(points: Sequence[tuple[str, str]], held: dict[tuple[str, str], ContactPoint]) -> None:
    """Take these addresses from accounts that never proved them, for the person who now writes with them."""
    for key in points:
        point = held.get(key)
        if point and not point.is_verified and point.contact.user_id is not None:
            del held[key]
            point.delete()


def _attach(
    contact: Contact, kind: str, value: str, point: ContactPoint | None, *, vouched: bool, is_new: bool
) -> None:
    """Give the contact this address, where the rules of `resolve` allow it. `point`: the row, if somebody has it."""
    if point is None:
        if is_new or vouched:
            with suppress(IntegrityError), transaction.atomic():  # another transaction may be first
                ContactPoint.objects.create(contact=contact, kind=kind, value=value, is_verified=vouched)
    elif vouched and not point.is_verified:
        point.contact, point.is_verified = contact, True
        point.save(update_fields=["contact", "is_verified", "updated_at"])


def _of_user(user: User) -> Contact:
    """The account's own contact, made when there is none, with everything the account proved until now.

    Only an address that allauth knows as verified is proof. Any other may have been typed by its user or by an
    administrator: a new contact claims it when nobody has it, and no more.
    """
    contact, created = Contact.objects.get_or_create(
        user=user, defaults={"name": user.display_name[:150], "office": user.office}
    )
    verified = EmailAddress.objects.filter(user=user, verified=True).annotate(key=Lower("email"))
    known = contact.points.filter(kind=ContactPoint.Kind.EMAIL, value=OuterRef("key"), is_verified=True)
    for address in verified.filter(~Exists(known)).values_list("key", flat=True):
        if key := email_key(address):
            _prove(contact, key)
    claimed = email_key(user.email) if created else ""
    if claimed:
        point = ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL, value=claimed).first()
        _attach(contact, ContactPoint.Kind.EMAIL, claimed, point, vouched=False, is_new=True)
    return contact


def _prove(contact: Contact, email: str) -> None:
    """Give an account the address it proved, and what was reported from it before by somebody without an account.

    The newest proof counts: another account that had the address loses it and keeps its tickets, and an address this
    account proved earlier and has no longer becomes a claim.
    """
    point = ContactPoint.objects.select_related("contact").filter(kind=ContactPoint.Kind.EMAIL, value=email).first()
    if point and point.contact.user_id is None:
        # What somebody else may have typed next to this address does not come along.
        point.contact.points.filter(is_verified=False).exclude(pk=point.pk).delete()
        merge(survivor=contact, other=point.contact)
    current = EmailAddress.objects.filter(user=contact.user_id, verified=True).values(key=Lower("email"))
    contact.points.filter(kind=ContactPoint.Kind.EMAIL).exclude(value__in=current).update(is_verified=False)
    ContactPoint.objects.update_or_create(
        kind=ContactPoint.Kind.EMAIL,
        value=email,
        defaults={"contact": contact, "is_verified": True, "unreachable_at": None},
    )


@transaction.atomic
def merge(*, survivor: Contact, other: Contact) -> None:
    """Make two records of one person one: addresses and every reference move to `survivor`.

    Raises ValueError when both belong to different accounts.
    """
    if other.pk == survivor.pk:
        return
    if other.user_id and survivor.user_id:
        raise ValueError(_("Kedua kontak punya akun masing-masing dan tidak dapat digabung."))
    for relation in Contact._meta.related_objects:
        if relation.one_to_many or relation.one_to_one:
            relation.related_model._base_manager.filter(**{relation.field.name: other}).update(
                **{relation.field.name: survivor}
            )
        elif relation.many_to_many:
            through = relation.through  # type: ignore[attr-defined]
            name = relation.field.m2m_reverse_field_name()  # type: ignore[attr-defined]
            for row in through._base_manager.filter(**{name: other.pk}):
                setattr(row, f"{name}_id", survivor.pk)
                try:
                    with transaction.atomic():
                        row.save()
                except IntegrityError:  # the survivor takes part already
                    row.delete()
    if other.user_id and not survivor.user_id:
        other_user, other.user = other.user, None
        other.save(update_fields=["user"])
        survivor.user = other_user
        survivor.save(update_fields=["user"])
    other.delete()


def email_of(contact: Contact) -> str:
    """The reachable email address of a contact, or "".

    An account whose address is still unproven is written to at that address, unless somebody else proved it.
    """
    return ways_to(contact)[0]


def telegram_of(contact: Contact) -> str:
    """The reachable Telegram chat id of a contact, or ""."""
    return _reachable(contact).get(ContactPoint.Kind.TELEGRAM, "")


def ways_to(contact: Contact) -> tuple[str, str]:
    """(email address as by `email_of`, Telegram chat id as by `telegram_of`), read together."""
    reachable = _reachable(contact)
    email = reachable.get(ContactPoint.Kind.EMAIL) or _claimed_email(contact)
    return email, reachable.get(ContactPoint.Kind.TELEGRAM, "")


def mark_unreachable(kind: str, value: str, at: datetime) -> bool:
    """Remember that nobody is reached at this address, so that another way is taken. Whether that was news."""
    key = email_key(value) if kind == ContactPoint.Kind.EMAIL else value
    points = ContactPoint.objects.filter(kind=kind, value=key, unreachable_at=None)
    return bool(points.update(unreachable_at=at))


def mark_reachable(kind: str, value: str) -> None:
    """Take an address for good again: its owner wrote from it, or somebody of the staff knows better."""
    key = email_key(value) if kind == ContactPoint.Kind.EMAIL else value
    ContactPoint.objects.filter(kind=kind, value=key).exclude(unreachable_at=None).update(unreachable_at=None)


def _reachable(contact: Contact) -> dict[str, str]:
    """Kind → the address of a contact that reaches them: a proven one first, then the newest."""
    worst_first = contact.points.filter(unreachable_at=None).order_by("is_verified", "pk")
    return dict(worst_first.values_list("kind", "value"))


def _claimed_email(contact: Contact) -> str:
    email = email_key(contact.user.email) if contact.user else ""
    point = ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL, value=email).first() if email else None
    if point and (point.unreachable_at or (point.is_verified and point.contact_id != contact.pk)):
        return ""
    return email
