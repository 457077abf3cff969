"""What people chose to be told of, and how: read when a notice is planned, written by their page and their links."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from accounts.models import Contact, User
from notify.events import Event, event_of, registry
from notify.models import OptOut, Preference

SALT = "notify.unsubscribe"
Choice = Preference.Choice


def of(user: User) -> Preference:
    """The choices of this person; an unsaved row with the usual ones when there are none."""
    return Preference.objects.filter(user=user).first() or Preference(user=user)


def choice(preference: Preference, event: Event) -> Choice:
    """How this person wants to be told of it. What nobody may do without comes at once."""
    if not event.is_optional:
        return Choice.NOW
    chosen = preference.choices.get(event.code, Choice.NOW)
    return Choice(chosen) if chosen in Choice.values else Choice.NOW


def wants(contact: Contact, code: str) -> bool:
    """Whether somebody outside the staff still wants to hear of an optional event."""
    event = event_of(code)
    if event is None or not event.is_optional:
        return True
    if contact.user is not None:
        return choice(of(contact.user), event) != Choice.OFF
    return not OptOut.objects.filter(contact=contact, event=code).exists()


def events_for(user: User) -> list[Event]:
    """The events this person may decide about."""
    return [event for event in registry().values() if event.is_optional and event.to_staff == user.is_workspace_user]


@transaction.atomic
def save(*, user: User, first_channel: str, is_quiet: bool, digest_hour: int, choices: Mapping[str, str]) -> Preference:
    """Keep the choices of one person; only what is optional is kept."""
    known = {event.code for event in registry().values() if event.is_optional}
    kept = {code: value for code, value in choices.items() if code in known and value in Choice.values}
    values = {"first_channel": first_channel, "is_quiet": is_quiet, "digest_hour": digest_hour, "choices": kept}
    return Preference.objects.update_or_create(user=user, defaults=values)[0]


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a link to unsubscribe belongs to, and what it is about."""

    event: Event
    user: User | None
    contact: Contact | None

    @property
    def is_off(self) -> bool:
        if self.user is not None:
            return choice(of(self.user), self.event) == Choice.OFF
        return self.contact is not None and not wants(self.contact, self.event.code)


def unsubscribe_url(event: Event, *, user: User | None = None, contact: Contact | None = None) -> str:
    """The link by which the reader of a mail can do without such mails, without signing in; "" without a reader."""
    who = ["u", user.pk] if user else ["c", contact.pk] if contact else None
    if who is None:
        return ""
    token = unsubscribe_token([*who, event.code])
    return f"{settings.BASE_URL}{reverse('notify:unsubscribe', args=[token])}"


def unsubscribe_token(claim: list[Any]) -> str:
    """["u" for an account or "c" for a contact, its id, code of the event], signed; the same each time."""
    return signing.Signer(salt=SALT).sign_object(claim)


def read(token: str) -> Reader | None:
    """What an intact link stands for. It has no end: a mail may be read years later."""
    try:
        kind, pk, code = signing.Signer(salt=SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    event = event_of(code)
    if event is None or not event.is_optional:
        return None
    if kind == "u":
        user = User.objects.filter(pk=pk, is_active=True).first()
        return Reader(event, user, None) if user else None
    contact = Contact.objects.select_related("user").filter(pk=pk).first()
    if contact is None:
        return None
    return Reader(event, contact.user, None if contact.user else contact)


@transaction.atomic
def set_choice(reader: Reader, *, is_off: bool) -> None:
    """Turn such notices off or on again; the same twice is the same once."""
    if reader.user is not None:
        Preference.objects.get_or_create(user=reader.user)
        preference = Preference.objects.select_for_update().get(user=reader.user)
        preference.choices = {**preference.choices, reader.event.code: Choice.OFF if is_off else Choice.NOW}
        preference.save(update_fields=["choices"])
    elif is_off:
        OptOut.objects.get_or_create(contact=reader.contact, event=reader.event.code)
    else:
        OptOut.objects.filter(contact=reader.contact, event=reader.event.code).delete()
