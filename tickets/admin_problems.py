"""Settings of problem management."""

from django.contrib import admin

from core.adminbase import ModelAdmin
from tickets.models import CandidateRule


@admin.register(CandidateRule)
class CandidateRuleAdmin(ModelAdmin):
    """The row without a service is the rule for all services that have none of their own."""

    list_display = ("__str__", "service", "incidents", "days")
    list_select_related = ("service",)
    autocomplete_fields = ("service",)
