"""Administration of the service catalogue."""

from django.contrib import admin
from import_export.admin import ImportExportModelAdmin
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget

from accounts.models import Office, Team
from catalog.models import ApprovalRule, ApprovalRuleStep, Approver, Service, ServiceCategory
from core.adminbase import FixedCodeMixin, ModelAdmin, NoDeleteMixin, TabularInline
from core.spreadsheets import SafeResource


@admin.register(ServiceCategory)
class ServiceCategoryAdmin(FixedCodeMixin, NoDeleteMixin, ModelAdmin):
    list_display = ("name", "code", "position")
    list_editable = ("position",)
    search_fields = ("name", "code")


class StepInline(TabularInline):
    """The steps; who is asked in each is on the page of the step."""

    model = ApprovalRuleStep
    extra = 0
    show_change_link = True


@admin.register(ApprovalRule)
class ApprovalRuleAdmin(FixedCodeMixin, NoDeleteMixin, ModelAdmin):
    """Changes hold for rounds that start afterwards."""

    list_display = ("name", "code", "change_type", "is_active")
    list_filter = ("is_active", "change_type")
    search_fields = ("name", "code")
    inlines = [StepInline]


class ApproverInline(TabularInline):
    model = Approver
    extra = 1
    autocomplete_fields = ("person", "team")


@admin.register(ApprovalRuleStep)
class ApprovalRuleStepAdmin(ModelAdmin):
    list_display = ("name", "rule", "position", "quorum", "count", "deadline_hours", "reminder_hours")
    list_filter = ("rule",)
    list_select_related = ("rule",)
    search_fields = ("name", "rule__name")
    autocomplete_fields = ("rule",)
    inlines = [ApproverInline]


class ServiceResource(SafeResource):
    category = Field("category", "category", ForeignKeyWidget(ServiceCategory, "code"))
    owner_office = Field("owner_office", "owner_office", ForeignKeyWidget(Office, "code"))
    support_team = Field("support_team", "support_team", ForeignKeyWidget(Team, "code"))

    class Meta:
        model = Service
        import_id_fields = ("code",)
        fields = (
            "code",
            "name",
            "category",
            "description",
            "audience",
            "status",
            "owner_office",
            "support_team",
            "requestable",
            "needs_approval",
            "url",
            "source",
        )
        export_order = fields
        clean_model_instances = True
        skip_unchanged = True


@admin.register(Service)
class ServiceAdmin(FixedCodeMixin, NoDeleteMixin, ImportExportModelAdmin):
    resource_classes = [ServiceResource]
    list_display = ("name", "category", "owner_office", "support_team", "audience", "status", "requestable")
    list_filter = ("status", "category", "audience", "requestable", "needs_approval", "support_team")
    list_select_related = ("category", "owner_office", "support_team")
    search_fields = ("name", "code", "description")
    autocomplete_fields = ("owner_office", "support_team", "approval_rule")
