"""Who acts, and by which channel."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Contact, User
from tickets.choices import Channel


@dataclass(frozen=True, slots=True)
class Actor:
    """The doer of a change: a signed-in user, a known contact without account, or the system itself."""

    user: User | None = None
    contact: Contact | None = None
    channel: str = Channel.WEB
    is_system: bool = False

    @property
    def name(self) -> str:
        if self.is_system:
            return _("Sistem")
        if self.user:
            return self.user.display_name
        return str(self.contact) if self.contact else _("Tanpa nama")

    @property
    def contact_id(self) -> int | None:
        """The contact behind this actor, also for a user who has one."""
        if self.contact:
            return self.contact.pk
        if self.user:
            return Contact.objects.filter(user=self.user).values_list("pk", flat=True).first()
        return None


SYSTEM = Actor(is_system=True, channel=Channel.SYSTEM)


def actor_of(who: "Actor | User | Contact | None", channel: str = Channel.WEB) -> Actor:
    """Wrap a user or contact as an actor; None is the system."""
    if who is None:
        return SYSTEM
    if isinstance(who, Actor):
        return who
    if isinstance(who, Contact):
        return Actor(contact=who, channel=channel)
    return Actor(user=who, channel=channel)
