"""Problem management: known errors, candidates, and the incidents a problem explains."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from catalog.models import Service
from servicedesk.api.base import ApiView, body_of, caller, visible_ticket
from servicedesk.api.idempotency import once
from servicedesk.api.inputs import Strict, text_field
from servicedesk.api.pagination import paginate
from servicedesk.api.schema import IDEMPOTENCY_KEY, PAGE, page_of, problems
from servicedesk.api.serializers import Shape
from tickets.actors import Actor
from tickets.choices import Channel
from tickets.errors import Forbidden
from tickets.models import Ticket
from tickets.problems import candidates, known_errors, linking


class KnownErrorSerializer(Shape):
    """A problem whose cause and workaround are known while its fix is still to come."""

    number = serializers.CharField()
    subject = serializers.CharField()
    state = serializers.CharField()
    service = serializers.CharField(allow_null=True)
    root_cause = serializers.CharField(allow_blank=True)
    workaround = serializers.CharField()
    whys = serializers.ListField(child=serializers.CharField(), help_text="answers in order, at most five")


class OfficeCountSerializer(Shape):
    office = serializers.CharField()
    count = serializers.IntegerField()


class CandidateSerializer(Shape):
    """A service whose incidents repeat; `incidents` names the newest of them."""

    service = serializers.CharField()
    count = serializers.IntegerField()
    threshold = serializers.IntegerField()
    days = serializers.IntegerField()
    offices = OfficeCountSerializer(many=True)
    incidents = serializers.ListField(child=serializers.CharField())


class IncidentsInput(Strict):
    """The incidents to link, by number."""

    numbers = serializers.ListField(child=text_field(40), min_length=1, max_length=linking.MAX_AT_ONCE)


class LinkResultSerializer(Shape):
    number = serializers.CharField()
    linked = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)


def _staff(request: Request) -> User:
    user = caller(request)
    if not user.is_workspace_user:
        raise Forbidden(_("Hanya untuk petugas."))
    return user


class KnownErrorsView(ApiView):
    """Known errors, to be searched by a program that helps agents."""

    @extend_schema(
        operation_id="known_errors_list",
        summary="Search known errors",
        description="Newest first, as far as the caller sees them. For staff.",
        parameters=[
            OpenApiParameter("q", str, description="words of subject, root cause, workaround or service"),
            OpenApiParameter("service", str, description="the code of a service"),
            *PAGE,
        ],
        responses={200: page_of(KnownErrorSerializer), **problems(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """One page of known errors."""
        user, code = _staff(request), request.query_params.get("service", "")
        found = known_errors.search(user, request.query_params.get("q", "")[:100])
        if code:
            found = found.filter(service__in=Service.objects.filter(code=code))
        page = paginate(request, found, {"created_at": "created_at"}, "-created_at")
        shown = KnownErrorSerializer([_known_error(each) for each in page.results], many=True).data
        return Response({"next": page.next, "previous": page.previous, "results": shown})


def _known_error(problem: Ticket) -> dict[str, Any]:
    detail = problem.problem_detail
    return {
        "number": problem.number,
        "subject": problem.subject,
        "state": problem.state,
        "service": problem.service.code if problem.service else None,
        "root_cause": detail.root_cause,
        "workaround": detail.workaround,
        "whys": detail.whys,
    }


class CandidatesView(ApiView):
    """Services that reached the threshold of repeated incidents."""

    @extend_schema(
        operation_id="problem_candidates_list",
        summary="List candidates for a problem",
        description="Most incidents first, counted among those the caller sees. For staff.",
        responses={
            200: inline_serializer("Candidates", {"results": CandidateSerializer(many=True)}),
            **problems(401, 403),
        },
    )
    def get(self, request: Request) -> Response:
        """All candidates; there are never many."""
        found = candidates.candidates(_staff(request), timezone.now())
        return Response({"results": CandidateSerializer([_candidate(each) for each in found], many=True).data})


def _candidate(found: candidates.Candidate) -> dict[str, Any]:
    return {
        "service": found.code,
        "count": found.count,
        "threshold": found.threshold,
        "days": found.days,
        "offices": [{"office": office, "count": count} for office, count in found.by_office],
        "incidents": [number for _pk, number, _subject in found.incidents],
    }


class ProblemIncidentsView(ApiView):
    """The incidents a problem explains."""

    @extend_schema(
        operation_id="problem_incidents_link",
        summary="Link incidents to a problem",
        description="Each on its own: one refusal leaves the others linked. Safe to repeat.",
        parameters=[IDEMPOTENCY_KEY],
        request=IncidentsInput,
        responses={
            200: inline_serializer("LinkResults", {"results": LinkResultSerializer(many=True)}),
            **problems(400, 401, 403, 404, 409, 413, 415, 422),
        },
    )
    def post(self, request: Request, number: str) -> Response:
        """Link them, and say of each whether it is."""
        return once(request, lambda: self._link(request, number))

    def _link(self, request: Request, number: str) -> Response:
        problem = visible_ticket(request, number)
        given = IncidentsInput(data=body_of(request))
        given.is_valid(raise_exception=True)
        actor = Actor(user=caller(request), channel=Channel.API)
        rows = linking.link_incidents(problem_id=problem.pk, numbers=given.validated_data["numbers"], actor=actor)
        results = [{"number": row.number, "linked": row.is_done, "reason": row.reason} for row in rows]
        return Response({"results": LinkResultSerializer(results, many=True).data})
