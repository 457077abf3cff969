"""Tickets: list, report, read, speak, and move on."""

import uuid
from typing import Any, cast

from django.http import QueryDict
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.contacts import Identity
from accounts.models import User
from servicedesk.api import presentation
from servicedesk.api.base import ApiView, FormParser, JsonParser, body_of, caller, visible_ticket
from servicedesk.api.filters import DEFAULT_ORDERING, ORDERINGS, TicketQuery, narrowed
from servicedesk.api.idempotency import once
from servicedesk.api.inputs import MessageForm, MessageInput, TicketInput, inline_uploads, uploads_of
from servicedesk.api.pagination import paginate
from servicedesk.api.schema import IDEMPOTENCY_KEY, IF_MATCH, ORDERING, PAGE, page_of, problems
from servicedesk.api.serializers import MessageSerializer, TicketDetailSerializer, TicketSerializer
from tickets import access, intake, messages, workflow
from tickets.actors import Actor
from tickets.choices import Channel, Kind, Stage, Visibility
from tickets.errors import Forbidden, InvalidInputs, WrongState
from tickets.kinds import as_kind, machine_of
from tickets.models import Message, Ticket

OPEN_TO_ALL = (Kind.INCIDENT, Kind.COMPLAINT, Kind.REQUEST)
"""What a requester may report; problems and changes are work of the staff."""
ANY_VERSION = None
"""No ticket has this version, so expecting it is always stale."""


class TicketsView(ApiView):
    """The tickets the caller sees."""

    @extend_schema(
        operation_id="tickets_list",
        summary="List tickets",
        description="Tickets that exist for the caller, newest first.",
        parameters=[TicketQuery, *PAGE, ORDERING],
        responses={200: page_of(TicketSerializer), **problems(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """One page of visible tickets."""
        user = caller(request)
        tickets = narrowed(request, presentation.with_relations(access.visible_to(user)))
        page = paginate(request, tickets, ORDERINGS, DEFAULT_ORDERING)
        shown = TicketSerializer(presentation.items(page.results, user), many=True).data
        return Response({"next": page.next, "previous": page.previous, "results": shown})

    @extend_schema(
        operation_id="tickets_create",
        summary="Report something",
        description="The caller becomes the requester. Staff may report for somebody else with `requester`.",
        parameters=[IDEMPOTENCY_KEY],
        request=TicketInput,
        responses={201: TicketDetailSerializer, **problems(400, 401, 403, 413, 415, 422)},
    )
    def post(self, request: Request) -> Response:
        """A new ticket through the intake."""
        return once(request, lambda: self._create(request))

    def _create(self, request: Request) -> Response:
        user = caller(request)
        given = TicketInput(data=body_of(request))
        given.is_valid(raise_exception=True)
        result = intake.receive(_report(user, given.validated_data))
        if result.ticket is None:
            raise RuntimeError("a validated report of the API ended without a ticket")
        response = _ticket_response(result.ticket, request, status=201)
        response["Location"] = reverse("api:ticket", [result.ticket.number], request=request)
        return response


def _report(user: User, data: dict[str, Any]) -> intake.InboundMessage:
    """The report as the intake takes it. Raises Forbidden for what only staff may report.

    A repeated request is recognised by its Idempotency-Key before it comes here, so every report has a new id.
    """
    reporter = data.get("requester")
    if not user.is_workspace_user:
        if reporter is not None:
            raise Forbidden(_("Hanya petugas yang melapor atas nama orang lain. Hapus requester."))
        if data["kind"] not in OPEN_TO_ALL:
            raise Forbidden(_("Masalah dan perubahan hanya dicatat petugas."))
    drafted = (
        *("kind", "service", "office", "impact", "urgency", "confidentiality"),
        *("change_type", "change_template"),
    )
    return intake.InboundMessage(
        channel=Channel.API,
        external_id=uuid.uuid4().hex,
        mailbox=f"user:{user.pk}",
        sender=Identity(user=user) if reporter is None else Identity(**reporter),
        subject=data["subject"],
        text=data["description"],
        draft=intake.TicketDraft(**{name: data[name] for name in drafted if name in data}),
        created_by=user if reporter is not None else None,
    )


class TicketView(ApiView):
    """One ticket."""

    @extend_schema(
        operation_id="tickets_read",
        summary="Read a ticket",
        description="`ETag` names the version; send it as `If-Match` with a change.",
        responses={200: TicketDetailSerializer, **problems(401, 403, 404)},
    )
    def get(self, request: Request, number: str) -> Response:
        """The ticket with everything the caller may see of it."""
        return _ticket_response(visible_ticket(request, number), request)


class MessagesView(ApiView):
    """Words on a ticket."""

    parser_classes = [JsonParser, FormParser]

    @extend_schema(
        operation_id="tickets_message",
        summary="Reply or note",
        description="A public reply reaches the requester by their channel; an internal note never does.",
        parameters=[IDEMPOTENCY_KEY, IF_MATCH],
        request={"application/json": MessageInput, "multipart/form-data": MessageForm},
        responses={201: MessageSerializer, **problems(400, 401, 403, 404, 409, 413, 415, 422)},
    )
    def post(self, request: Request, number: str) -> Response:
        """One message, with its files."""
        return once(request, lambda: self._post(request, number))

    def _post(self, request: Request, number: str) -> Response:
        user, ticket = caller(request), visible_ticket(request, number)
        text, visibility, uploads = _words(request)
        _refuse_when_over(user, ticket, visibility)
        entry = messages.post(
            ticket_id=ticket.pk,
            actor=Actor(user=user, channel=Channel.API),
            text=text,
            visibility=visibility,
            uploads=uploads,
            expected_version=_expected_version(request, ticket),
        )
        fresh = Ticket.objects.select_related("requester", "service").get(pk=ticket.pk)
        entry = Message.objects.prefetch_related("attachments").get(pk=entry.pk)
        shown = presentation.message(entry, presentation.Rights.of(user, fresh), request)
        return Response(MessageSerializer(shown).data, status=201, headers={"ETag": fresh.etag})


def _words(request: Request) -> tuple[str, str, list[Any]]:
    """(text, visibility, uploads) of a message as JSON or as a form. Raises ValidationError."""
    if request.content_type.startswith("multipart/"):
        sent = cast(QueryDict, request.data)
        form = MessageForm(data={name: sent[name] for name in ("text", "visibility") if name in sent})
        form.is_valid(raise_exception=True)
        unknown = set(request.FILES) - {"attachments", "attachments[]"}
        if unknown:
            raise InvalidInputs(
                _("Ada berkas di isian yang tidak dikenal."),
                {name: [_("Kirim berkas di isian attachments.")] for name in sorted(unknown)},
            )
        files = [*request.FILES.getlist("attachments"), *request.FILES.getlist("attachments[]")]
        return form.validated_data["text"], form.validated_data["visibility"], uploads_of(files)
    given = MessageInput(data=body_of(request))
    given.is_valid(raise_exception=True)
    data = given.validated_data
    return data["text"], data["visibility"], inline_uploads(data.get("attachments", ()))


def _refuse_when_over(user: User, ticket: Ticket, visibility: str) -> None:
    """A requester's words on a ticket that nobody can reopen would reach no one. Raises WrongState."""
    live = access.survivor_of(ticket)
    over = live.stage == Stage.CLOSED and not messages.can_reopen(as_kind(live))
    if over and visibility == Visibility.PUBLIC and not access.parties(Actor(user=user), ticket) & access.INSIDERS:
        raise WrongState(_("Tiket ini sudah ditutup. Buat tiket baru dan sebutkan nomornya."))


class TransitionView(ApiView):
    """One step of a ticket."""

    @extend_schema(
        operation_id="tickets_transition",
        summary="Run a transition",
        description="`transitions` of the ticket lists what the caller may run now, with the inputs of each.",
        parameters=[
            IDEMPOTENCY_KEY,
            IF_MATCH,
            OpenApiParameter("name", str, OpenApiParameter.PATH, description="e.g. `assign`, `start`, `resolve`"),
        ],
        request=OpenApiTypes.OBJECT,
        examples=[
            OpenApiExample("assign", {"team": "jaringan", "assignee": "budi"}, request_only=True),
            OpenApiExample("resolve", {"code": "fixed", "solution": "Kabel diganti."}, request_only=True),
        ],
        responses={200: TicketDetailSerializer, **problems(400, 401, 403, 404, 409, 413, 415, 422)},
    )
    def post(self, request: Request, number: str, name: str) -> Response:
        """Run it and answer with the ticket as it is then."""
        return once(request, lambda: self._perform(request, number, name))

    def _perform(self, request: Request, number: str, name: str) -> Response:
        ticket = visible_ticket(request, number)
        actor = Actor(user=caller(request), channel=Channel.API)
        inputs = _inputs(body_of(request), name, ticket, actor)
        moved = workflow.perform(ticket.pk, name, actor, expected_version=_expected_version(request, ticket), **inputs)
        return _ticket_response(moved, request)


def _inputs(given: dict[str, Any], name: str, ticket: Ticket, actor: Actor) -> dict[str, str]:
    """The inputs as a form takes them. Raises InvalidInputs for unknown names and for nested values.

    Whoever may not run the step at all hears that first.
    """
    info = machine_of(ticket.kind).transition(name)
    form = workflow.form_of(info, ticket) if info else None
    known = form.fields if form else {}
    errors = {each: [_("Tidak dikenal.")] for each in given if each not in known}
    errors |= {
        each: [_("Tulis teks, bilangan, atau true/false.")]
        for each, value in given.items()
        if each in known and isinstance(value, dict | list)
    }
    if errors:
        workflow.check(as_kind(ticket), name, actor)
        raise InvalidInputs(_("Ada isian yang tidak sah. Lihat errors."), errors)
    return {each: "" if value is None else str(value) for each, value in given.items()}


def _expected_version(request: Request, ticket: Ticket) -> int | None:
    """The version `If-Match` names, for the service to compare under its lock.

    Compressed answers carry the weak form of the same tag, so `W/` is not held against the caller.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return ANY_VERSION
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return ticket.version if ticket.etag in tags else workflow.NO_VERSION


def _ticket_response(ticket: Ticket, request: Request, status: int = 200) -> Response:
    shown = presentation.detail(ticket, request)
    return Response(TicketDetailSerializer(shown).data, status=status, headers={"ETag": shown["etag"]})
