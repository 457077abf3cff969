"""Settings of change enablement. The changes themselves, their logs and the feeds' addresses are not here."""

from django.contrib import admin

from core.adminbase import FixedCodeMixin, ModelAdmin, NoDeleteMixin, TabularInline
from tickets.models import ChangeTemplate, FreezeWindow, RiskBand, RiskChoice, RiskQuestion


@admin.register(ChangeTemplate)
class ChangeTemplateAdmin(FixedCodeMixin, NoDeleteMixin, ModelAdmin):
    """A template that is not wanted any more is switched off; changes made from it keep their own copy."""

    list_display = ("name", "code", "service", "team", "risk", "duration_minutes", "is_active")
    list_filter = ("is_active", "risk")
    list_select_related = ("service", "team")
    search_fields = ("name", "code", "description")
    autocomplete_fields = ("service",)


class RiskChoiceInline(TabularInline):
    """Choices may be removed: assessments keep the words and points they were answered with."""

    model = RiskChoice
    extra = 0


@admin.register(RiskQuestion)
class RiskQuestionAdmin(FixedCodeMixin, NoDeleteMixin, ModelAdmin):
    list_display = ("text", "code", "position", "is_active")
    list_filter = ("is_active",)
    search_fields = ("text", "code")
    inlines = (RiskChoiceInline,)


@admin.register(RiskBand)
class RiskBandAdmin(ModelAdmin):
    list_display = ("level", "from_score")


@admin.register(FreezeWindow)
class FreezeWindowAdmin(ModelAdmin):
    list_display = ("name", "starts_at", "ends_at")
    list_filter = ("starts_at",)
    search_fields = ("name", "reason")
    autocomplete_fields = ("services",)
