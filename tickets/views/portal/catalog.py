"""The catalogue of services: search, categories, and what each service promises."""

from django.core.paginator import Paginator
from django.db.models import Case, Count, Q, QuerySet, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalog.models import Service, ServiceCategory
from sla.agreements import agreement_for
from tickets.agreements import promises
from tickets.portal_forms import LISTED

PAGE_SIZE = 18
MAX_WORDS = 6


def listed_services() -> QuerySet[Service]:
    """Services people may use now, with what a tile shows, in catalogue order."""
    return (
        Service.objects.filter(status__in=LISTED)
        .select_related("category", "owner_office")
        .order_by("category__position", "category__name", "name")
    )


def categories() -> QuerySet[ServiceCategory]:
    """Headings that have listed services, with their number as `listed`."""
    return (
        ServiceCategory.objects.annotate(listed=Count("services", filter=Q(services__status__in=LISTED)))
        .filter(listed__gt=0)
        .order_by("position", "name")
    )


def matching(services: QuerySet[Service], query: str) -> QuerySet[Service]:
    """Services whose name, description, heading or owner holds every word of the query, names first."""
    in_name = Q()
    for word in query.split()[:MAX_WORDS]:
        in_name &= Q(name__icontains=word)
        services = services.filter(
            Q(name__icontains=word)
            | Q(description__icontains=word)
            | Q(category__name__icontains=word)
            | Q(owner_office__name__icontains=word)
        )
    if not in_name:
        return services
    rank = Case(When(in_name, then=0), default=1)
    return services.order_by(rank, "category__position", "category__name", "name")


@require_safe
def catalog(request: HttpRequest) -> HttpResponse:
    query = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    chosen = request.GET.get("kategori", "")
    headings = list(categories())
    category = next((heading for heading in headings if heading.code == chosen), None)
    services = matching(listed_services(), query)
    if category:
        services = services.filter(category=category)
    page = Paginator(services, PAGE_SIZE).get_page(request.GET.get("hal"))
    context = {"query": query, "category": category, "categories": headings, "page": page}
    return render(request, "portal/catalog.html", context)


@require_safe
def service(request: HttpRequest, code: str) -> HttpResponse:
    found = listed_services().filter(code=code).first()
    if found is None:
        raise Http404(_("Layanan tidak ditemukan."))
    today = timezone.localdate()
    context = {
        "service": found,
        "promises": promises.promises_of(found, promises.kinds_of(found), today),
        "agreement": agreement_for(found.pk, today),
    }
    return render(request, "portal/service.html", context)
