"""Contacts and the log of opened identities, as an administrator may read them without learning of a hidden case."""

import re

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Greatest, StrIndex, Substr
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin import ContactAdmin, IdentityViewAdmin
from accounts.models import Contact, IdentityView
from tickets import access
from tickets.choices import Confidentiality
from tickets.models import Participant, Ticket

NUMBER_FIRST = re.compile(r"^[A-Z]+-\d{4}-\w+: ")

# Whoever could mark an address as proven here would have its reports; the account page shows what is proven.
admin.site.unregister(EmailAddress)
admin.site.unregister(Contact)
admin.site.unregister(IdentityView)


def _known_openly(contact_id: str) -> Q:
    """Matches rows whose contact reported, or takes part in, a ticket that hides nothing."""
    openly = Ticket.objects.filter(confidentiality=Confidentiality.NORMAL)
    part = Participant.objects.filter(contact=OuterRef(contact_id), ticket__confidentiality=Confidentiality.NORMAL)
    return Q(Exists(openly.filter(requester=OuterRef(contact_id)))) | Q(Exists(part))


@admin.register(Contact)
class OpenContactAdmin(ContactAdmin):
    """Accounts, and the people known by an ordinary ticket: a list with a whistleblower's name would tell who it is."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        return super().get_queryset(request).filter(Q(user__isnull=False) | _known_openly("pk"))


@admin.register(IdentityView)
class OpenIdentityViewAdmin(IdentityViewAdmin):
    """Without people known by hidden tickets alone, and without the numbers of tickets that were hidden later."""

    list_display = ("at", "viewer", "purpose")
    search_fields = ("viewer__username", "viewer__first_name")
    fields = ("at", "viewer", "purpose")

    @admin.display(description=_("keperluan"))
    def purpose(self, view: IdentityView) -> str:
        return view.reason if getattr(view, "shows_number", False) else NUMBER_FIRST.sub("", view.reason)

    def get_queryset(self, request: HttpRequest) -> QuerySet[IdentityView]:
        rows: QuerySet[IdentityView] = super().get_queryset(request)
        rows = rows.filter(Q(contact__user__isnull=False) | _known_openly("contact"))
        before_colon = Greatest(StrIndex(F("reason"), Value(": ")) - 1, 0)
        seen = access.visible_to(request.user).filter(number=OuterRef("ticket_number"))
        return rows.annotate(ticket_number=Substr("reason", 1, before_colon)).annotate(shows_number=Exists(seen))
