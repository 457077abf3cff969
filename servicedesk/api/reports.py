"""Figures for managers."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Role
from reports import sla
from servicedesk.api.base import ApiView, caller
from servicedesk.api.inputs import Strict, choice_field
from servicedesk.api.schema import problems
from servicedesk.api.serializers import ALL_METRICS, SlaReportSerializer
from tickets.errors import Forbidden

READERS = (Role.MANAGER, Role.COORDINATOR, Role.ADMINISTRATOR)
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)


def _day(help_text: str) -> serializers.DateField:
    errors: dict[str, Any] = {"invalid": gettext_lazy("Tulis tanggal seperti 2026-11-24.")}
    return serializers.DateField(required=False, help_text=help_text, error_messages=errors)


class ReportQuery(Strict):
    """Period (local dates of the tickets' creation, both included) and grouping."""

    to = _day("today unless told")
    group_by = choice_field(list(sla.GROUPS.items()), default="month")

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python, so it cannot be declared as an attribute."""
        return {"from": _day("the first day of the month of `to` unless told"), **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Fill in the period. Raises ValidationError for one that is reversed or outside this century."""
        end = attrs.setdefault("to", timezone.localdate())
        start = attrs.setdefault("from", end.replace(day=1))
        if start > end:
            raise ValidationError({"from": [_("Tanggal awal harus sebelum tanggal akhir.")]})
        if not FIRST_DAY <= start <= end <= LAST_DAY:
            raise ValidationError({"from": [_("Pilih tanggal dari 2000-01-01 sampai 2100-12-31.")]})
        return attrs


class SlaReportView(ApiView):
    """Attainment of the SLA."""

    @extend_schema(
        operation_id="reports_sla",
        summary="SLA attainment",
        description="One row per group and metric, worst group first, months in order. For managers, coordinators "
        "and administrators; restricted tickets count only for their officers.",
        parameters=[ReportQuery],
        responses={200: SlaReportSerializer, **problems(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """The same figures as the report page."""
        user = caller(request)
        if not user.has_role(*READERS):
            raise Forbidden(_("Laporan hanya untuk pimpinan, koordinator, dan administrator."))
        query = ReportQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        rows = sla.attainment(user, start=asked["from"], end=asked["to"], group_by=asked["group_by"])
        figures = [figure for row in rows for figure in _figures(row)]
        return Response(SlaReportSerializer({**asked, "results": figures}).data)


def _figures(row: sla.Row) -> Iterator[dict[str, Any]]:
    """One row per metric, after the row of all metrics together."""
    for metric, counts in [(ALL_METRICS, row), *row.metrics.items()]:
        yield {
            "key": row.key,
            "label": row.label,
            "metric": metric,
            "total": counts.total,
            "met": counts.met,
            "breached": counts.breached,
            "running": counts.running,
            "attainment": counts.attainment,
        }
