"""Tickets as one caller may see them: what is hidden on the screens is hidden here by the same rules."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.reverse import reverse

from accounts.models import Contact, ContactPoint, IdentityView, User
from accounts.normalize import mask
from servicedesk.api import clocks
from servicedesk.api.base import caller
from tickets import access, timeline, workflow
from tickets.access import Action
from tickets.actors import Actor
from tickets.approvals import panel as approvals
from tickets.choices import CONCEALING, Channel, Direction, Level
from tickets.kinds.base import TransitionInfo
from tickets.models import Attachment, Message, Task, Ticket, TicketLink, TimelineEntry
from tickets.operations import tasks, timesheet
from tickets.particulars import major_of

VIEW_LOGGED_EVERY = timedelta(hours=1)
STAFF_FACTS = frozenset({"team", "assignee"})
"""Parts of a timeline entry that are between members of staff."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What the caller may see of one ticket."""

    internal: bool
    identity: bool
    conceal: bool

    @classmethod
    def of(cls, user: User, ticket: Ticket) -> "Rights":
        identity = access.can(user, Action.VIEW_IDENTITY, ticket)
        return cls(
            internal=access.can(user, Action.SEE_INTERNAL, ticket),
            identity=identity,
            conceal=ticket.confidentiality in CONCEALING and not identity,
        )


def with_relations(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """The same tickets with everything an item shows, in a constant number of queries."""
    related = tickets.select_related("service", "office", "team", "assignee", "requester")
    return related.prefetch_related("requester__points", "clocks__segments")


def items(tickets: Sequence[Ticket], user: User) -> list[dict[str, Any]]:
    """Items of a list, for tickets read through `with_relations`."""
    readings = clocks.read(tickets, timezone.now())
    return [
        _item(ticket, user) | {"requester": _listed(ticket, user), "clocks": readings[ticket.pk]} for ticket in tickets
    ]


def _item(ticket: Ticket, user: User) -> dict[str, Any]:
    return {
        "number": ticket.number,
        "kind": ticket.kind,
        "state": ticket.state,
        "stage": ticket.stage,
        "subject": ticket.subject,
        "priority": Level(ticket.priority).code,
        "impact": Level(ticket.impact).code,
        "urgency": Level(ticket.urgency).code,
        "confidentiality": ticket.confidentiality,
        "service": ticket.service.code if ticket.service else None,
        "office": ticket.office.code if ticket.office else None,
        "team": ticket.team.code if ticket.team else None,
        # A user name is half of what signs somebody in: it is for colleagues.
        "assignee": ticket.assignee.username if ticket.assignee and user.is_workspace_user else None,
        "channel": ticket.channel,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "due_at": ticket.due_at,
    }


def _person(contact: Contact, shown: Any) -> dict[str, Any]:
    """Name and first address of each kind, each through `shown`."""
    first: dict[str, str] = {}
    for point in sorted(contact.points.all(), key=lambda point: (not point.is_verified, point.pk)):
        first.setdefault(point.kind, shown(point.value))
    email, phone = first.get(ContactPoint.Kind.EMAIL), first.get(ContactPoint.Kind.PHONE)
    return {"name": str(contact), "email": email, "phone": phone}


def _nobody() -> dict[str, Any]:
    return {"name": _("Anonim"), "email": None, "phone": None}


def _masked(ticket: Ticket, user: User) -> dict[str, Any]:
    contact = ticket.requester
    if not user.is_workspace_user:
        return {"name": str(contact), "email": None, "phone": None}
    return _person(contact, mask)


def _listed(ticket: Ticket, user: User) -> dict[str, Any]:
    """The requester in a list: oneself in full, others masked, the anonymous hidden whoever may open them."""
    if ticket.requester.user_id == user.pk:
        return _person(ticket.requester, str)
    return _nobody() if ticket.confidentiality in CONCEALING else _masked(ticket, user)


def _opened(ticket: Ticket, user: User, rights: Rights) -> dict[str, Any]:
    """The requester on the ticket itself: in full for those who may open the identity, which is then noted."""
    if rights.conceal:
        return _nobody()
    if not rights.identity:
        return _masked(ticket, user)
    note_identity_view(ticket, user)
    return _person(ticket.requester, str)


def note_identity_view(ticket: Ticket, user: User) -> None:
    """Keep who saw whose addresses (UU 27/2022): once an hour, since programs ask often. Oneself is not noted."""
    contact = ticket.requester
    if contact.user_id == user.pk:
        return
    seen = IdentityView.objects.filter(viewer=user, contact=contact, at__gt=timezone.now() - VIEW_LOGGED_EVERY)
    reason = f"{ticket.number}: API"
    if not seen.filter(reason=reason).exists():
        IdentityView.objects.create(viewer=user, contact=contact, reason=reason)


def detail(ticket: Ticket, request: Request) -> dict[str, Any]:
    """One ticket with everything the caller may see of it now."""
    user = caller(request)
    ticket = with_relations(Ticket.objects.filter(pk=ticket.pk)).get()
    rights = Rights.of(user, ticket)
    reader_id = Actor(user=user).contact_id
    words = list(access.conversation(ticket, internal=rights.internal, reader_id=reader_id))
    entries = access.timeline(ticket, internal=rights.internal)
    return _item(ticket, user) | {
        "requester": _opened(ticket, user, rights),
        "clocks": clocks.read([ticket], timezone.now())[ticket.pk],
        "etag": ticket.etag,
        "is_major": major_of(ticket) is not None,
        "merged_into": _merged_into(ticket, user),
        **_operations(ticket, rights),
        "description": words[0].text if words else "",
        "messages": [message(each, rights, request) for each in words],
        "timeline": [_event(each, ticket, rights) for each in entries],
        "links": list(_links(ticket, user)),
        "assets": ticket.assets.select_related("asset_type").order_by("name", "pk"),
        "approvals": approvals.rounds(ticket) if rights.internal else [],
        "transitions": [_transition(info, ticket) for info in workflow.available(ticket, Actor(user=user))],
    }


def _merged_into(ticket: Ticket, user: User) -> str | None:
    """The survivor's number; its reporter is somebody else for whoever does not see it."""
    survivor = access.survivor_of(ticket)
    seen = survivor.pk != ticket.pk and access.visible_to(user).filter(pk=survivor.pk).exists()
    return survivor.number if seen else None


def _operations(ticket: Ticket, rights: Rights) -> dict[str, Any]:
    """Tags, watchers, tasks and time, which are between members of staff."""
    if not rights.internal:
        return {"tags": [], "watchers": [], "tasks": [], "spent_minutes": None}
    return {
        "tags": list(ticket.tags.values_list("name", flat=True)),
        "watchers": list(ticket.watchers.order_by("username").values_list("username", flat=True)),
        "tasks": [_task(task) for task in tasks.of_ticket(ticket)],
        "spent_minutes": timesheet.total(ticket),
    }


def _task(task: Task) -> dict[str, Any]:
    return {
        "id": task.pk,
        "position": task.position,
        "title": task.title,
        "state": task.state,
        "assignee": task.assignee.username if task.assignee else None,
        "team": task.team.code if task.team else None,
        "due_at": task.due_at,
    }


def message(entry: Message, rights: Rights, request: Request) -> dict[str, Any]:
    """One message. Of a hidden reporter only the visible text remains: mail in full is signed."""
    hidden = rights.conceal and entry.direction == Direction.IN
    has_original = bool(entry.original_text) and not hidden
    return {
        "id": entry.pk,
        "direction": entry.direction,
        "visibility": entry.visibility,
        "author": _("Anonim") if hidden else entry.author_name,
        "channel": entry.channel,
        "text": entry.text,
        "html": "" if hidden else entry.html,
        "original_url": reverse("api:original", [entry.pk], request=request) if has_original else None,
        "attachments": [_attachment(each, request) for each in entry.attachments.all()],
        "created_at": entry.created_at,
    }


def _attachment(file: Attachment, request: Request) -> dict[str, Any]:
    url = reverse("api:attachment", [file.uuid], request=request)
    return {"name": file.name, "content_type": file.content_type, "size": file.size, "url": url}


def _event(entry: TimelineEntry, ticket: Ticket, rights: Rights) -> dict[str, Any]:
    changes = entry.changes
    if not rights.internal:
        changes = {name: value for name, value in changes.items() if name not in STAFF_FACTS}
    elif rights.conceal and entry.code == timeline.DELIVERY_FAILED:
        changes = {name: value for name, value in changes.items() if name != "error"}
    actor = _actor(entry, ticket, rights)
    return {"code": entry.code, "actor": actor, "channel": entry.channel, "at": entry.at, "changes": changes}


def _actor(entry: TimelineEntry, ticket: Ticket, rights: Rights) -> str:
    """Whoever acted. A hidden reporter stays hidden, and requesters are not told which member of staff it was."""
    if entry.channel == Channel.SYSTEM:
        return entry.actor_name
    by_reporter = entry.actor_user_id is None or entry.actor_user_id == ticket.requester.user_id
    if rights.conceal and (by_reporter or entry.actor_user_id in access.reporter_user_ids(ticket)):
        return _("Anonim")
    if not rights.internal and not by_reporter and entry.code != timeline.MESSAGE_IN:
        return _("Petugas")
    return entry.actor_name


def _links(ticket: Ticket, user: User) -> Iterator[dict[str, Any]]:
    """Related tickets in both directions, as far as the caller sees them."""
    visible = access.visible_to(user).values("pk")
    out = TicketLink.objects.filter(source_id=ticket.pk, target__in=visible).select_related("target")
    back = TicketLink.objects.filter(target_id=ticket.pk, source__in=visible).select_related("source")
    pairs: Iterable[tuple[str, TicketLink, Ticket]] = [
        *(("out", link, link.target) for link in out.order_by("id")),
        *(("in", link, link.source) for link in back.order_by("id")),
    ]
    for direction, link, other in pairs:
        yield {
            "type": link.type,
            "direction": direction,
            "number": other.number,
            "kind": other.kind,
            "state": other.state,
            "subject": other.subject,
        }


def _transition(info: TransitionInfo, ticket: Ticket) -> dict[str, Any]:
    form = workflow.form_of(info, ticket)
    inputs = [_input(name, field) for name, field in form.fields.items()] if form else []
    return {"name": info.name, "label": str(info.edge.label), "inputs": inputs}


def _input(name: str, field: forms.Field) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": name,
        "label": str(field.label or name),
        "type": _type_of(field),
        "required": field.required,
        "choices": None,
    }
    if isinstance(field, forms.ChoiceField):  # a ModelChoiceField is one too
        listed = cast(Iterable[tuple[Any, Any]], field.choices)
        pairs = [(str(value), str(label)) for value, label in listed if str(value)]
        shown["choices"] = [{"value": value, "label": label} for value, label in pairs]
    return shown


def _type_of(field: forms.Field) -> str:
    for kind, name in (
        (forms.ChoiceField, "choice"),
        (forms.DateTimeField, "datetime"),
        (forms.DateField, "date"),
        (forms.BooleanField, "boolean"),
        (forms.IntegerField, "integer"),
    ):
        if isinstance(field, kind):
            return name
    return "text" if isinstance(field.widget, forms.Textarea) else "string"


def is_original_readable(entry: Message, user: User) -> bool:
    """Whether the caller may read the untrimmed words of a message: as its text, but never a hidden reporter's."""
    rights = Rights.of(user, entry.ticket)
    if entry.visibility == "internal" or entry.direction == Direction.NOTE:
        return rights.internal
    return access.may_read(user, entry) and not (rights.conceal and entry.direction == Direction.IN)
