"""The first page: one question, one search, four doors."""

from datetime import timedelta

from django.core.cache import cache
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog.models import Service
from tickets.choices import Kind
from tickets.models import IncidentDetail, Ticket
from tickets.views.portal.catalog import categories, listed_services

POPULAR = 6
POPULAR_PERIOD = timedelta(days=90)
POPULAR_KEPT = 15 * 60
NOTICES = 5


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "portal/home.html",
        {"notices": notices(), "popular": popular_services(), "categories": categories()},
    )


def notices() -> QuerySet[IncidentDetail]:
    """Public words about major incidents that are still open, newest first; never of a restricted ticket."""
    return (
        IncidentDetail.objects.filter(
            is_major=True, ticket__kind=Kind.INCIDENT, ticket__is_open=True, ticket__is_restricted=False
        )
        .exclude(public_notice="")
        .select_related("ticket__service")
        .order_by("-declared_at", "-pk")[:NOTICES]
    )


def popular_services() -> list[Service]:
    """The services with most unrestricted tickets of the last three months, filled up in catalogue order.

    The count is kept for a quarter of an hour: it is the one query of this page that grows with the desk.
    """
    ranked = cache.get_or_set("portal:popular", _most_reported, POPULAR_KEPT) or []
    found = {service.pk: service for service in listed_services().filter(pk__in=ranked)}
    services = [found[pk] for pk in ranked if pk in found]
    if len(services) < POPULAR:
        services += listed_services().exclude(pk__in=found)[: POPULAR - len(services)]
    return services


def _most_reported() -> list[int]:
    since = timezone.now() - POPULAR_PERIOD
    counts = (
        Ticket.objects.filter(created_at__gte=since, is_restricted=False, service__isnull=False)
        .values("service_id")
        .annotate(number=Count("pk"))
        .order_by("-number", "service_id")
    )
    return [row["service_id"] for row in counts[:POPULAR]]
