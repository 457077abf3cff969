"""Addresses of the REST API (version 1) and its description."""

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, path, re_path, resolve
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView

from servicedesk.api.catalogue import AssetsView, ServicesView
from servicedesk.api.files import AttachmentView, OriginalView
from servicedesk.api.operations import DeliveriesView, QuarantineView
from servicedesk.api.problem_management import CandidatesView, KnownErrorsView, ProblemIncidentsView
from servicedesk.api.problems import not_found
from servicedesk.api.reports import SlaReportView
from servicedesk.api.tickets import MessagesView, TicketsView, TicketView, TransitionView

app_name = "api"


@csrf_exempt
def elsewhere(request: HttpRequest) -> HttpResponse:
    """A forgotten slash is forgiven, with the method kept; any other address is none of ours."""
    if not request.path.endswith("/"):
        try:
            is_ours = resolve(f"{request.path}/").func is not elsewhere
        except Resolver404:
            is_ours = False
        if is_ours:
            query = request.META.get("QUERY_STRING", "")
            target = f"{request.path}/?{query}" if query else f"{request.path}/"
            return HttpResponse(status=308, headers={"Location": target})
    return not_found(request)


urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("v1/tickets/", TicketsView.as_view(), name="tickets"),
    path("v1/tickets/<str:number>/", TicketView.as_view(), name="ticket"),
    path("v1/tickets/<str:number>/messages/", MessagesView.as_view(), name="messages"),
    path("v1/tickets/<str:number>/transitions/<slug:name>/", TransitionView.as_view(), name="transition"),
    path("v1/tickets/<str:number>/incidents/", ProblemIncidentsView.as_view(), name="problem_incidents"),
    path("v1/known-errors/", KnownErrorsView.as_view(), name="known_errors"),
    path("v1/problem-candidates/", CandidatesView.as_view(), name="problem_candidates"),
    path("v1/messages/<int:pk>/original/", OriginalView.as_view(), name="original"),
    path("v1/attachments/<uuid:uuid>/", AttachmentView.as_view(), name="attachment"),
    path("v1/quarantine/", QuarantineView.as_view(), name="quarantine"),
    path("v1/deliveries/", DeliveriesView.as_view(), name="deliveries"),
    path("v1/services/", ServicesView.as_view(), name="services"),
    path("v1/assets/", AssetsView.as_view(), name="assets"),
    path("v1/reports/sla/", SlaReportView.as_view(), name="sla_report"),
    re_path(r"^v1/", elsewhere),
]
