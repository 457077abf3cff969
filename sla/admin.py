"""Administration of calendars, holidays and targets."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.admin import ImportExportModelAdmin
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget

from core.adminbase import ModelAdmin, TabularInline
from core.spreadsheets import SafeResource
from sla import calendars
from sla.models import Calendar, CalendarPeriod, EscalationStep, Holiday, Policy, PolicyTarget
from sla.worktime import WorkCalendar


def check_calendar(timezone: str, week: Any, periods: Iterable[tuple[Any, Any, Any]] = ()) -> None:
    """Raise ValidationError when no calendar can be built from this."""
    try:
        WorkCalendar(
            tz=timezone,
            week=calendars.as_week(week),
            periods=[(first, last, calendars.as_week(own)) for first, last, own in periods],
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise ValidationError(
            _(
                "Jam kerja tidak sah. Periksa zona waktu, hari “0” (Senin) sampai “6”, jam seperti "
                '["07:30", "12:00"] yang tidak tumpang tindih, dan masa khusus yang tidak bertumpuk.'
            )
        ) from error


class CalendarForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "timezone" in data and "week" in data:
            check_calendar(data["timezone"], data["week"])
        return data


class PeriodFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    def clean(self) -> None:
        """Periods must not overlap: a calendar with two weeks for one day cannot be used."""
        super().clean()
        kept = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data]
        rows = [row for row in kept if not row.get("DELETE") and row.get("first_date")]
        check_calendar("UTC", {}, [(row["first_date"], row["last_date"], row["week"]) for row in rows])


class PeriodInline(TabularInline):
    model = CalendarPeriod
    formset = PeriodFormSet
    extra = 0


@admin.register(Calendar)
class CalendarAdmin(ModelAdmin):
    form = CalendarForm
    list_display = ("name", "code", "timezone", "is_default")
    search_fields = ("name", "code")
    inlines = [PeriodInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Calendar | None = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Calendar | None = None) -> bool:
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        calendars.touch(form.instance.pk)


class HolidayResource(SafeResource):
    calendar = Field("calendar", "calendar", ForeignKeyWidget(Calendar, "code"))

    class Meta:
        model = Holiday
        import_id_fields = ("calendar", "date")
        fields = ("calendar", "date", "name", "kind", "status", "source")
        export_order = fields
        clean_model_instances = True
        skip_unchanged = True

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        for calendar_id in Calendar.objects.values_list("pk", flat=True):
            calendars.touch(calendar_id)


@admin.register(Holiday)
class HolidayAdmin(ImportExportModelAdmin):
    resource_classes = [HolidayResource]
    list_display = ("date", "name", "kind", "status", "calendar")
    list_filter = ("status", "kind", "calendar", "date")
    list_select_related = ("calendar",)
    search_fields = ("name",)
    date_hierarchy = "date"
    actions = ["confirm"]

    @admin.action(description=gettext_lazy("Tetapkan hari libur terpilih"))
    def confirm(self, request: HttpRequest, queryset: QuerySet[Holiday]) -> None:
        count = queryset.update(status=Holiday.Status.CONFIRMED)
        self.message_user(request, _("%(count)d hari libur ditetapkan.") % {"count": count})

    def save_model(self, request: HttpRequest, obj: Holiday, form: Any, change: bool) -> None:
        before = form.initial.get("calendar")
        super().save_model(request, obj, form, change)
        for calendar_id in {obj.calendar_id, before} - {None}:
            calendars.touch(calendar_id)

    def delete_model(self, request: HttpRequest, obj: Holiday) -> None:
        calendar_id = obj.calendar_id
        super().delete_model(request, obj)
        calendars.touch(calendar_id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Holiday]) -> None:
        touched = set(queryset.values_list("calendar_id", flat=True))
        super().delete_queryset(request, queryset)
        for calendar_id in touched:
            calendars.touch(calendar_id)


class TargetInline(TabularInline):
    model = PolicyTarget
    extra = 0


@admin.register(Policy)
class PolicyAdmin(ModelAdmin):
    list_display = ("name", "kind", "priority", "service", "complaint_class", "requester_class", "is_active")
    list_filter = ("is_active", "kind", "priority", "complaint_class")
    list_select_related = ("service",)
    search_fields = ("name",)
    autocomplete_fields = ("service",)
    inlines = [TargetInline]


class PolicyTargetResource(SafeResource):
    policy = Field("policy", "policy", ForeignKeyWidget(Policy, "name"))

    class Meta:
        model = PolicyTarget
        import_id_fields = ("policy", "metric")
        fields = ("policy", "metric", "minutes", "working_days")
        export_order = fields
        clean_model_instances = True
        skip_unchanged = True


@admin.register(PolicyTarget)
class PolicyTargetAdmin(ImportExportModelAdmin):
    """The same targets as on the policies, as one table to review and to exchange as a spreadsheet."""

    resource_classes = [PolicyTargetResource]
    list_display = ("policy", "metric", "minutes", "working_days")
    list_filter = ("metric", "policy__kind")
    list_select_related = ("policy",)
    search_fields = ("policy__name",)


@admin.register(EscalationStep)
class EscalationStepAdmin(ModelAdmin):
    list_display = ("percent", "metric", "notify_assignee", "notify_coordinator", "is_active")
    list_filter = ("is_active",)

    def has_delete_permission(self, request: HttpRequest, obj: EscalationStep | None = None) -> bool:
        """Steps that fired are part of the history; a step that is not wanted is switched off."""
        return False
