"""Administration of calendars, holidays and targets."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.admin import ExportMixin
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget

from core.adminbase import ModelAdmin, ReadOnlyMixin, TabularInline
from core.spreadsheets import SafeResource
from sla.models import Calendar, CalendarPeriod, CalendarWeek, EscalationStep, Holiday, Policy, PolicyTarget


class PeriodInline(ReadOnlyMixin, TabularInline):
    model = CalendarPeriod
    extra = 0


class WeekInline(ReadOnlyMixin, TabularInline):
    model = CalendarWeek
    extra = 0


@admin.register(Calendar)
class CalendarAdmin(ReadOnlyMixin, ModelAdmin):
    """Calendars to look at. Hours change on the screens of the workspace, where open deadlines follow."""

    list_display = ("name", "code", "timezone", "is_default", "screen")
    search_fields = ("name", "code")
    readonly_fields = ("screen",)
    inlines = [WeekInline, PeriodInline]

    @admin.display(description=gettext_lazy("ubah"))
    def screen(self, calendar: Calendar) -> str:
        address = reverse("agent:sla_calendar", args=(calendar.pk,))
        return format_html('<a href="{}">{}</a>', address, _("Buka di ruang kerja"))


class HolidayResource(SafeResource):
    calendar = Field("calendar", "calendar", ForeignKeyWidget(Calendar, "code"))

    class Meta:
        model = Holiday
        fields = ("calendar", "date", "name", "kind", "status", "source")
        export_order = fields


@admin.register(Holiday)
class HolidayAdmin(ReadOnlyMixin, ExportMixin, ModelAdmin):
    """Holidays of all calendars as one table, to review and to take along as a spreadsheet."""

    resource_classes = [HolidayResource]
    list_display = ("date", "name", "kind", "status", "calendar")
    list_filter = ("status", "kind", "calendar", "date")
    list_select_related = ("calendar",)
    search_fields = ("name",)
    date_hierarchy = "date"


class TargetInline(ReadOnlyMixin, TabularInline):
    model = PolicyTarget
    extra = 0


@admin.register(Policy)
class PolicyAdmin(ReadOnlyMixin, ModelAdmin):
    """Versions to look at. They are made and ended on the screens of the workspace: nothing changes in place."""

    list_display = ("name", "number", "kind", "priority", "service", "complaint_class", "is_current", "screen")
    list_filter = ("is_active", ("valid_until", admin.EmptyFieldListFilter), "kind", "priority", "complaint_class")
    list_select_related = ("service",)
    search_fields = ("name",)
    readonly_fields = ("screen",)
    inlines = [TargetInline]

    @admin.display(description=gettext_lazy("berlaku"), boolean=True)
    def is_current(self, policy: Policy) -> bool:
        return policy.is_active and policy.valid_until is None

    @admin.display(description=gettext_lazy("ubah"))
    def screen(self, policy: Policy) -> str:
        address = reverse("agent:sla_policy_history", args=(policy.pk,))
        return format_html('<a href="{}">{}</a>', address, _("Buka di ruang kerja"))


class PolicyTargetResource(SafeResource):
    policy = Field("policy", "policy", ForeignKeyWidget(Policy, "name"))

    class Meta:
        model = PolicyTarget
        fields = ("policy", "policy__number", "metric", "minutes", "working_days")
        export_order = fields


@admin.register(PolicyTarget)
class PolicyTargetAdmin(ReadOnlyMixin, ExportMixin, ModelAdmin):
    """The targets of all versions as one table, to review and to take along as a spreadsheet."""

    resource_classes = [PolicyTargetResource]
    list_display = ("policy", "metric", "minutes", "working_days")
    list_filter = ("metric", ("policy__valid_until", admin.EmptyFieldListFilter), "policy__kind")
    list_select_related = ("policy",)
    search_fields = ("policy__name",)


@admin.register(EscalationStep)
class EscalationStepAdmin(ModelAdmin):
    list_display = (
        "__str__", "metric", "kind", "priority", "team", "notify_assignee", "notify_coordinator", "is_active",
    )  # fmt: skip
    list_filter = ("is_active", "metric")
    list_select_related = ("team",)

    def get_readonly_fields(self, request: HttpRequest, obj: EscalationStep | None = None) -> tuple[str, ...]:
        """What fired stays what it was; it can be switched off."""
        if obj is None or not obj.escalation_set.exists():
            return ()
        return tuple(each.name for each in obj._meta.fields if each.editable and each.name not in ("id", "is_active"))

    def save_model(self, request: HttpRequest, obj: EscalationStep, form: Any, change: bool) -> None:
        """From now on, and known to the clocks that run."""
        obj.active_since, obj.needs_planning = timezone.now(), obj.is_active
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: EscalationStep | None = None) -> bool:
        """Steps that fired are part of the history; a step that is not wanted is switched off."""
        return False
