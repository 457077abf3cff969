"""The catalogue of services: search, categories, and what each service promises."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import Case, Count, Q, QuerySet, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from catalog.models import Service, ServiceCategory
from sla.models import Metric
from sla.policies import ChosenTarget, Facts, targets_for
from tickets.choices import Kind, Level, RequesterClass
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
    kinds = [Kind.INCIDENT, Kind.REQUEST] if found.requestable else [Kind.INCIDENT]
    promises = [promise for kind in kinds if (promise := promise_of(found, kind))]
    return render(request, "portal/service.html", {"service": found, "promises": promises})


@dataclass(frozen=True, slots=True)
class Promise:
    """What the desk promises for one kind of ticket on a service, in words."""

    title: str
    response: str
    resolution: str


def promise_of(service: Service, kind: Kind) -> Promise | None:
    """The SLA targets at medium priority, or None when there are none."""
    audience = RequesterClass.ASN if service.audience == Service.Audience.ASN else RequesterClass.CITIZEN
    targets = targets_for(Facts(kind, Level.MEDIUM, service.pk, audience))
    title = _("Permintaan") if kind == Kind.REQUEST else _("Gangguan")
    response, resolution = (amount(targets.get(metric.value)) for metric in (Metric.RESPONSE, Metric.RESOLUTION))
    return Promise(title, response, resolution) if response or resolution else None


def amount(target: ChosenTarget | None) -> str:
    """A target in plain words, such as "2 jam kerja"; "" without one."""
    if target is None:
        return ""
    if target.working_days:
        return ngettext("%(count)d hari kerja", "%(count)d hari kerja", target.working_days) % {
            "count": target.working_days
        }
    hours, minutes = divmod(target.minutes or 0, 60)
    if not hours:
        return _("%(minutes)d menit kerja") % {"minutes": minutes}
    if not minutes:
        return _("%(hours)d jam kerja") % {"hours": hours}
    return _("%(hours)d jam %(minutes)d menit kerja") % {"hours": hours, "minutes": minutes}
