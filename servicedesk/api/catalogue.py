"""The catalogue of services and the register of assets, read-only."""

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Role
from assets.models import Asset
from catalog.models import Service
from servicedesk.api.base import ApiView, caller
from servicedesk.api.inputs import LISTED
from servicedesk.api.pagination import paginate
from servicedesk.api.schema import PAGE, page_of, problems
from servicedesk.api.serializers import AssetSerializer, ServiceSerializer

BY_NAME = {"name": "name"}


class ServicesView(ApiView):
    """What people can ask for or report about."""

    @extend_schema(
        operation_id="services_list",
        summary="List services",
        description="By name. Planned and retired services are shown to staff only.",
        parameters=PAGE,
        responses={200: page_of(ServiceSerializer), **problems(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """One page of the catalogue."""
        services = Service.objects.select_related("category", "owner_office", "support_team")
        if not caller(request).is_workspace_user:
            services = services.filter(status__in=LISTED)
        page = paginate(request, services, BY_NAME, "name")
        shown = ServiceSerializer(page.results, many=True).data
        return Response({"next": page.next, "previous": page.previous, "results": shown})


class AssetsView(ApiView):
    """The register of ICT assets."""

    @extend_schema(
        operation_id="assets_list",
        summary="List assets",
        description="By name. Staff see all assets, others those of their own office.",
        parameters=PAGE,
        responses={200: page_of(AssetSerializer), **problems(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """One page of the register."""
        user = caller(request)
        sees_all = user.is_workspace_user or user.has_role(Role.ASSET_MANAGER)
        own = Q(office__isnull=False, office=user.office_id)
        assets = Asset.objects.select_related("asset_type", "office").prefetch_related("services")
        page = paginate(request, assets if sees_all else assets.filter(own), BY_NAME, "name")
        shown = AssetSerializer(page.results, many=True).data
        return Response({"next": page.next, "previous": page.previous, "results": shown})
