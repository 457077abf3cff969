"""Finding and joining the identities of one person."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.db import IntegrityError, transaction
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

    A signed-in user always gets their own contact. A claim is matched by its first address alone and adds nothing to
    a contact that exists already: otherwise whoever types somebody's address next to their own would from then on
    receive that person's mail. Vouched addresses are matched together, and are taken over from mere claims.
    """
    vouched = identity.verified or identity.user is not None
    points = identity.points()
    contact = _of_user(identity.user) if identity.user else _known(points, vouched)
    is_new = contact is None
    if contact is None:
        contact = Contact.objects.create(name=identity.name[:150])
    for kind, value in points:
        _attach(contact, kind, value, vouched=vouched, is_new=is_new)
    if identity.name and not contact.name:
        contact.name = identity.name[:150]
        contact.save(update_fields=["name", "updated_at"])
    return contact


def _known(points: Sequence[tuple[str, str]], vouched: bool) -> Contact | None:
    """The contact that has the deciding address, or for vouched addresses any of them that was vouched for before."""
    for position, (kind, value) in enumerate(points if vouched else points[:1]):
        point = ContactPoint.objects.select_related("contact").filter(kind=kind, value=value).first()
        if point and (position == 0 or point.is_verified):
            return point.contact
    return None


def _attach(contact: Contact, kind: str, value: str, *, vouched: bool, is_new: bool) -> None:
    """Give the contact this address, where the rules of `resolve` allow it."""
    point = ContactPoint.objects.filter(kind=kind, value=value).first()
    if point is None:
        if is_new or vouched:
            with suppress(IntegrityError), transaction.atomic():  # another transaction may be first
                ContactPoint.objects.create(contact=contact, kind=kind, value=value, is_verified=vouched)
    elif vouched and not point.is_verified:
        point.contact, point.is_verified = contact, True
        point.save(update_fields=["contact", "is_verified", "updated_at"])


def _of_user(user: User) -> Contact:
    contact, created = Contact.objects.get_or_create(
        user=user, defaults={"name": user.display_name[:150], "office": user.office}
    )
    email = email_key(user.email)
    if created and email:
        point = ContactPoint.objects.select_related("contact").filter(kind=ContactPoint.Kind.EMAIL, value=email).first()
        if point and point.contact.user_id is None:
            # What somebody else may have typed next to this address does not come along.
            point.contact.points.filter(is_verified=False).exclude(pk=point.pk).delete()
            merge(survivor=contact, other=point.contact)
        _attach(contact, ContactPoint.Kind.EMAIL, email, vouched=True, is_new=True)
    return contact


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
    """The reachable email address of a contact, or ""."""
    return _reachable(contact, ContactPoint.Kind.EMAIL)


def telegram_of(contact: Contact) -> str:
    """The reachable Telegram chat id of a contact, or ""."""
    return _reachable(contact, ContactPoint.Kind.TELEGRAM)


def _reachable(contact: Contact, kind: str) -> str:
    point = contact.points.filter(kind=kind, unreachable_at=None).order_by("-is_verified", "-pk").first()
    return point.value if point else ""
