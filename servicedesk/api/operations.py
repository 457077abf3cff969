"""What the staff watches over: messages in quarantine, and the fate of what was sent."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.normalize import mask
from notify import outbox
from notify.models import Delivery
from servicedesk.api import presentation
from servicedesk.api.base import ApiView, caller, visible_ticket
from servicedesk.api.pagination import paginate
from servicedesk.api.presentation import Rights
from servicedesk.api.schema import PAGE, page_of, problems
from servicedesk.api.serializers import DeliverySerializer, QuarantineSerializer
from tickets import quarantine
from tickets.errors import Forbidden
from tickets.models import InboundRecord, Ticket


class QuarantineView(ApiView):
    """Messages that wait for a decision of the service desk."""

    @extend_schema(
        operation_id="quarantine_list",
        summary="List the quarantine",
        description="Newest first. For agents and coordinators of the service desk.",
        parameters=PAGE,
        responses={200: page_of(QuarantineSerializer), **problems(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """One page of undecided messages."""
        if not quarantine.may_decide(caller(request)):
            raise Forbidden(_("Karantina diurus petugas meja layanan."))
        waiting = InboundRecord.objects.filter(state=InboundRecord.State.QUARANTINED).defer("raw", "payload")
        page = paginate(request, waiting, {"received_at": "received_at"}, "-received_at")
        shown = QuarantineSerializer(page.results, many=True).data
        return Response({"next": page.next, "previous": page.previous, "results": shown})


class DeliveriesView(ApiView):
    """What was sent about a ticket, and whether it arrived."""

    @extend_schema(
        operation_id="deliveries_list",
        summary="List the deliveries of a ticket",
        description="Newest first. For staff who read the ticket's internal notes.",
        parameters=[OpenApiParameter("ticket", str, required=True, description="the number of the ticket"), *PAGE],
        responses={200: page_of(DeliverySerializer), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """One page of deliveries."""
        user, number = caller(request), request.query_params.get("ticket", "")
        if not number:
            raise ValidationError({"ticket": [_("Wajib diisi.")]})
        if not user.is_workspace_user:
            raise Forbidden(_("Kiriman hanya dilihat petugas."))
        ticket = visible_ticket(request, number)
        rights = Rights.of(user, ticket)
        if not rights.internal:
            raise Forbidden(_("Anda melihat tiket ini sebagai pelapor; kirimannya hanya untuk petugas."))
        rows = Delivery.objects.filter(topic=outbox.topic_of(ticket.pk))
        page = paginate(request, rows, {"created_at": "created_at"}, "-created_at")
        if rights.identity and any(row.contact_id == ticket.requester_id for row in page.results):
            presentation.note_identity_view(ticket, user)
        shown = DeliverySerializer([_shown(row, ticket, rights) for row in page.results], many=True).data
        return Response({"next": page.next, "previous": page.previous, "results": shown})


def _shown(row: Delivery, ticket: Ticket, rights: Rights) -> dict[str, Any]:
    """One delivery. Addresses of a hidden reporter are left out, those of others masked without the right to them.

    What staff is told goes to their office address, which is nobody's secret.
    """
    to_staff = bool(row.options.get("is_staff"))
    is_open = to_staff or rights.identity
    concealed = _("Anonim") if rights.conceal else mask(row.recipient)
    return {
        "id": row.pk,
        "ticket": ticket.number,
        "channel": row.channel,
        "recipient": row.recipient if is_open else concealed,
        "state": Delivery.State.QUEUED if row.state == Delivery.State.SENDING else row.state,
        "attempts": row.attempts,
        "message_id": row.public_id,
        # The words of a mail server usually repeat the address.
        "error": row.error if is_open else "",
        "created_at": row.created_at,
        "sent_at": row.sent_at,
    }
