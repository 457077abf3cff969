"""Administration of the asset register."""

from django.contrib import admin
from import_export.admin import ImportExportModelAdmin
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget, ManyToManyWidget

from accounts.models import Office
from assets.models import Asset, AssetRelation, AssetType
from catalog.models import Service
from core.adminbase import FixedCodeMixin, ModelAdmin, NoDeleteMixin, TabularInline
from core.spreadsheets import SafeResource


@admin.register(AssetType)
class AssetTypeAdmin(FixedCodeMixin, NoDeleteMixin, ModelAdmin):
    list_display = ("name", "code", "goods_code")
    search_fields = ("name", "code", "goods_code")


class AssetResource(SafeResource):
    asset_type = Field("asset_type", "asset_type", ForeignKeyWidget(AssetType, "code"))
    office = Field("office", "office", ForeignKeyWidget(Office, "code"))
    services = Field("services", "services", ManyToManyWidget(Service, field="code", separator=","))

    class Meta:
        model = Asset
        import_id_fields = ("code",)
        fields = (
            "code",
            "name",
            "asset_type",
            "office",
            "services",
            "brand",
            "model",
            "serial",
            "condition",
            "status",
            "source",
        )
        export_order = fields
        clean_model_instances = True
        skip_unchanged = True


class AssetRelationInline(TabularInline):
    """What this asset runs on, depends on or connects to; changes of those reach it."""

    model = AssetRelation
    fk_name = "source"
    autocomplete_fields = ("target",)
    extra = 0


@admin.register(Asset)
class AssetAdmin(FixedCodeMixin, NoDeleteMixin, ImportExportModelAdmin):
    """An asset that is gone gets the status "Dihapuskan": tickets and history keep referring to it."""

    resource_classes = [AssetResource]
    list_display = ("code", "name", "asset_type", "office", "condition", "status")
    list_filter = ("status", "condition", "asset_type")
    list_select_related = ("asset_type", "office")
    search_fields = ("code", "name", "serial", "brand", "model", "office__name")
    autocomplete_fields = ("asset_type", "office", "services")
    inlines = (AssetRelationInline,)
