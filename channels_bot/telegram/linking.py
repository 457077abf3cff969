"""Joining a chat to an account, and a group to a team, by a code that is shown on the web and used once.

The code alone joins nothing: whoever is made to send somebody else's code is asked first whose account it is.
"""

import secrets
from datetime import timedelta

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import contacts
from accounts.contacts import Identity
from accounts.models import Contact, ContactPoint, Team, User
from accounts.roles import Role
from accounts.tokens import digest_of
from channels_bot.telegram.models import TelegramChat, TelegramCode, TelegramGroup
from tickets.errors import Forbidden, WrongState

LIFETIME = timedelta(minutes=15)
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without letters that are taken for digits."""
LENGTH = 10
MOST_TRIES = 5
TRIES_FORGOTTEN_AFTER = 3600
"""Wrong codes of one sender, and seconds after which they are forgotten."""


@transaction.atomic
def issue(*, user: User, team: Team | None = None) -> str:
    """A new code in plain text, for the only time; earlier ones of the same purpose end.

    For a team only its coordinator gets one, and never for a confidential team. Raises Forbidden.
    """
    if team is not None:
        check_team(user, team)
    TelegramCode.objects.filter(user=user, team=team).delete()
    code = "".join(secrets.choice(ALPHABET) for _each in range(LENGTH))
    TelegramCode.objects.create(user=user, team=team, digest=digest_of(code), expires_at=timezone.now() + LIFETIME)
    return code


def may_link(user: User, team: Team) -> bool:
    """Whether this person keeps the groups of that team. What is confidential has no group."""
    return not team.is_confidential and (user.coordinates(team.pk) or user.has_role(Role.ADMINISTRATOR))


def check_team(user: User, team: Team) -> None:
    if not user.is_active or not may_link(user, team):
        raise Forbidden(_("Hanya koordinator tim yang menghubungkan grup, dan tidak untuk tim rahasia."))


def find(code: str, *, sender: int, for_team: bool) -> TelegramCode | None:
    """The valid code of that purpose; None also for a sender who guessed too often."""
    key = f"telegram:tries:{sender}"
    if cache.get(key, 0) >= MOST_TRIES:
        return None
    digest = digest_of(code.strip().upper().replace("-", ""))
    found = TelegramCode.objects.select_related("user", "team").filter(digest=digest, team__isnull=not for_team).first()
    if found is None or found.expires_at <= timezone.now() or not found.user.is_active:
        cache.set(key, cache.get(key, 0) + 1, TRIES_FORGOTTEN_AFTER)
        return None
    return found


@transaction.atomic
def link_chat(*, chat_id: int, code_id: int) -> User:
    """Use the code: the chat, and what was reported from it, belong to the account now.

    Raises WrongState when the code was used or ran out, or the chat belongs to another account already.
    """
    code = TelegramCode.objects.select_for_update().filter(pk=code_id, team=None).first()
    if code is None or code.expires_at <= timezone.now() or not code.user.is_active:
        raise WrongState(_("Kode ini sudah dipakai atau kedaluwarsa. Buat kode baru di halaman akun Anda."))
    contact = contacts.resolve(Identity(user=code.user))
    point = (
        ContactPoint.objects.select_related("contact")
        .filter(kind=ContactPoint.Kind.TELEGRAM, value=str(chat_id))
        .first()
    )
    if point is not None and point.contact.user_id not in (None, code.user_id):
        raise WrongState(_("Percakapan ini sudah terhubung dengan akun lain. Putuskan dahulu dari akun itu."))
    if point is not None and point.contact_id != contact.pk:
        contacts.merge(survivor=contact, other=point.contact)
    _release_others(contact, chat_id)
    ContactPoint.objects.update_or_create(
        kind=ContactPoint.Kind.TELEGRAM,
        value=str(chat_id),
        defaults={"contact": contact, "is_verified": True, "unreachable_at": None},
    )
    TelegramChat.objects.filter(chat_id=chat_id).update(contact=contact)
    code.delete()
    return code.user


def linked(user: User) -> ContactPoint | None:
    """The chat of an account, None while there is none."""
    points = ContactPoint.objects.filter(contact__user=user, kind=ContactPoint.Kind.TELEGRAM, is_verified=True)
    return points.order_by("-pk").first()


@transaction.atomic
def unlink(user: User) -> bool:
    """Take every chat from the account: its tickets stay, its answers go by email. Whether there was one."""
    contact = Contact.objects.filter(user=user).first()
    return contact is not None and _release_others(contact, None) > 0


def _release_others(contact: Contact, kept_chat_id: int | None) -> int:
    """An account has one chat: give the others a contact of their own again."""
    points = contact.points.filter(kind=ContactPoint.Kind.TELEGRAM).exclude(value=str(kept_chat_id))
    released = list(points.values_list("value", flat=True))
    points.delete()
    for value in released:
        chat = TelegramChat.objects.filter(chat_id=int(value)).first() if value.lstrip("-").isdecimal() else None
        if chat is not None:
            chat.contact = contacts.resolve(Identity(telegram=value, verified=True))
            chat.current_ticket, chat.draft, chat.awaiting = None, {}, {}
            chat.save()
    return len(released)


def account_of(telegram_id: int | str) -> User | None:
    """The active account whose verified Telegram this person is: private chats have the id of their person."""
    point = (
        ContactPoint.objects.select_related("contact__user")
        .filter(kind=ContactPoint.Kind.TELEGRAM, value=str(telegram_id), is_verified=True)
        .first()
    )
    user = point.contact.user if point else None
    return user if user is not None and user.is_active else None


# Groups


@transaction.atomic
def link_group(*, chat_id: int, title: str, sender: int, code: str) -> TelegramGroup:
    """Use a code in a group: the team hears of its tickets there. Raises WrongState, Forbidden.

    The sender must be the coordinator who asked for the code: a code that was seen over a shoulder opens nothing.
    """
    found = find(code, sender=sender, for_team=True)
    if found is None or found.team is None:
        raise WrongState(_("Kode tidak dikenal, sudah dipakai, atau kedaluwarsa. Buat kode baru di ruang kerja."))
    user = account_of(sender)
    if user is None or user.pk != found.user_id:
        raise Forbidden(_("Kode ini hanya berlaku bila dikirim koordinator yang membuatnya, dari akun terhubung."))
    check_team(user, found.team)
    group, _created = TelegramGroup.objects.update_or_create(
        chat_id=chat_id,
        defaults={"team": found.team, "title": title[:150], "linked_by": user, "linked_at": timezone.now()},
    )
    found.delete()
    return group


@transaction.atomic
def unlink_group(*, group: TelegramGroup, actor: User) -> None:
    """The group hears no more. Raises Forbidden."""
    check_team(actor, group.team)
    group.delete()


@transaction.atomic
def set_shows_subject(*, group: TelegramGroup, actor: User, shows: bool) -> None:
    """Whether the group is told what tickets are about. Raises Forbidden."""
    check_team(actor, group.team)
    TelegramGroup.objects.filter(pk=group.pk).update(shows_subject=shows)
