"""Filters of the ticket list, strict: a value nobody knows is an error, not a list of everything."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from accounts.models import ContactPoint, Office, Team, User
from accounts.normalize import email_key
from accounts.roles import Role
from catalog.models import Service
from servicedesk.api.base import caller
from servicedesk.api.inputs import STATES, BooleanWord, InstantField, Strict, choice_field, code_field, text_field
from servicedesk.api.serializers import LEVELS
from tickets.choices import CONCEALING, OPEN_STAGES, Kind, Level, Stage
from tickets.filters import NUMBER
from tickets.models import Ticket

PAGING = frozenset({"cursor", "page_size", "ordering"})
ORDERINGS = {
    "created_at": "created_at",
    "updated_at": "updated_at",
    "due_at": "sort_due_at",
    "priority": "priority",
}
DEFAULT_ORDERING = "-created_at"


class TicketQuery(Strict):
    """Query parameters of the ticket list; all are optional and narrow together."""

    kind = choice_field(Kind.choices, required=False)
    state = choice_field([(state, state) for state in STATES], required=False)
    stage = choice_field(Stage.choices, required=False)
    priority = choice_field(LEVELS, required=False)
    service = code_field(Service.objects.all(), required=False)
    office = code_field(Office.objects.all(), required=False)
    team = code_field(Team.objects.all(), required=False)
    assignee = text_field(150, required=False, help_text="a user name, `me`, or `none`; names for staff only")
    requester = text_field(254, required=False, help_text="an email address or the id of a contact")
    q = text_field(100, required=False, help_text="a ticket number, or words of the subject")
    created_after = InstantField(required=False, help_text="ISO 8601 with offset, inclusive")
    created_before = InstantField(required=False, help_text="ISO 8601 with offset, exclusive")
    overdue = BooleanWord(required=False, help_text="open tickets past their deadline, or all others")

    def validate_priority(self, value: str) -> int:
        return int(Level.from_code(value))

    def validate_assignee(self, value: str) -> User | str:
        """A person, or "none". User names are for colleagues, so others learn nothing by trying some."""
        user: User = self.context["user"]
        if value == "me":
            return user
        if value == "none":
            return value
        found = User.objects.filter(username=value).first() if user.is_workspace_user else None
        if found is None:
            raise ValidationError(_("Tidak ada petugas dengan nama pengguna itu. Pakai juga: me, none."))
        return found

    def validate_requester(self, value: str) -> Q:
        """Contacts by address or id; whether one exists is not told apart from having no visible tickets."""
        if value.isascii() and value.isdigit() and len(value) <= 18:
            return Q(requester=int(value))
        email = email_key(value)
        if not email:
            raise ValidationError(_("Tulis alamat email atau nomor kontak."))
        points = ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL, value=email)
        return Q(requester__in=points.values("contact"))


def narrowed(request: Request, tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """The tickets that pass the filters in the query string. Raises ValidationError."""
    given = {name: value for name, value in request.query_params.items() if name not in PAGING and value != ""}
    query = TicketQuery(data=given, context={"user": caller(request)})
    query.is_valid(raise_exception=True)
    for name, value in query.validated_data.items():
        tickets = tickets.filter(_condition(name, value, caller(request)))
    return tickets


def _condition(name: str, value: Any, user: User) -> Q:
    special: dict[str, Callable[[], Q]] = {
        "assignee": lambda: Q(assignee=None) if value == "none" else Q(assignee=value),
        "requester": lambda: value & _searchable(user),
        "q": lambda: _words(value),
        "created_after": lambda: Q(created_at__gte=value),
        "created_before": lambda: Q(created_at__lt=value),
        "overdue": lambda: _overdue(value, timezone.now()),
    }
    return special[name]() if name in special else Q(**{name: value})


def _searchable(user: User) -> Q:
    """Tickets whose reporter may be searched for: looking for a person must not show what they said anonymously."""
    own = Q(requester__user=user)
    if user.has_role(Role.CONFIDENTIAL_OFFICER):
        return Q()
    return own | ~Q(confidentiality__in=CONCEALING) if user.is_workspace_user else own


def _words(text: str) -> Q:
    """A whole number is looked up by its index; other words are sought in the subject and the number."""
    if NUMBER.match(text):
        return Q(number=text.upper())
    return Q(subject__icontains=text) | Q(number__icontains=text)


def _overdue(value: bool, now: datetime) -> Q:
    overdue = Q(stage__in=OPEN_STAGES, sort_due_at__lt=now)
    return overdue if value else ~overdue
