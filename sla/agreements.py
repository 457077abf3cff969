"""Which agreement was in force for a service on a date, and which ones need to be looked at again."""

from datetime import date, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from core.templatetags.ui import tanggal
from sla.models import Agreement

PROMISED = (Agreement.Status.SIGNED, Agreement.Status.ENDED)
"""An agreement that was ended early still holds for the days up to its last."""
WARN_DAYS = 60
"""So many days before it runs out, an agreement should be talked about."""


def in_force(day: date) -> QuerySet[Agreement]:
    """Signed agreements that hold on that date; at most one for each service."""
    return Agreement.objects.filter(
        Q(valid_until=None) | Q(valid_until__gte=day), status__in=PROMISED, valid_from__lte=day
    )


def agreement_for(service_id: int | None, day: date) -> Agreement | None:
    """The agreement on that service in force on that date, with its service; without its frozen targets."""
    if service_id is None:
        return None
    found = in_force(day).filter(service_id=service_id).select_related("service").defer("targets")
    return found.order_by("-version").first()


def overlapping(agreement: Agreement) -> QuerySet[Agreement]:
    """Other signed versions for the same service with a day in common, the earliest first."""
    others = Agreement.objects.filter(service_id=agreement.service_id, status__in=PROMISED).exclude(pk=agreement.pk)
    others = others.filter(Q(valid_until=None) | Q(valid_until__gte=agreement.valid_from))
    if agreement.valid_until:
        others = others.filter(valid_from__lte=agreement.valid_until)
    return others.order_by("valid_from", "pk")


def state_on(agreement: Agreement, day: date) -> str:
    """ "draft", "future", "current" or "past"."""
    if agreement.status == Agreement.Status.DRAFT:
        return "draft"
    if agreement.valid_until and agreement.valid_until < day:
        return "past"
    return "future" if day < agreement.valid_from else "current"


def reminder(agreement: Agreement, day: date, *, succeeded: bool = False) -> str:
    """Why the agreement should be looked at again; "" when there is nothing to do, or a signed successor follows."""
    if succeeded:
        return ""
    if state_on(agreement, day) not in ("current", "future"):
        return ""
    if agreement.review_on and agreement.review_on <= day:
        return _("perlu ditinjau sejak %(day)s") % {"day": tanggal(agreement.review_on)}
    last = agreement.valid_until
    if last and last - timedelta(days=WARN_DAYS) <= day:
        return _("berakhir %(day)s, belum ada penerusnya") % {"day": tanggal(last)}
    return ""
