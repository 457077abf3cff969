"""Approvals as they happened, to look at. They are decided in the workspace, never here."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.adminbase import ModelAdmin, ReadOnlyMixin, TabularInline
from tickets import access
from tickets.models import ApprovalRound, ApprovalStep


class ApprovalStepInline(ReadOnlyMixin, TabularInline):
    model = ApprovalStep
    extra = 0
    fields = readonly_fields = ("position", "name", "quorum", "needed", "state", "opened_at", "due_at", "decided_at")


@admin.register(ApprovalRound)
class ApprovalRoundAdmin(ReadOnlyMixin, ModelAdmin):
    """Only rounds of tickets this person sees anyway."""

    list_display = ("ticket_number", "number", "rule", "state", "started_at", "ended_at")
    list_filter = ("state", "rule")
    list_select_related = ("ticket", "rule")
    search_fields = ("ticket__number",)
    ordering = ("-started_at",)
    show_full_result_count = False
    fields = ("ticket_number", "number", "rule", "state", "started_at", "ended_at")
    inlines = [ApprovalStepInline]

    @admin.display(description=_("tiket"))
    def ticket_number(self, row: ApprovalRound) -> str:
        return row.ticket.number

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApprovalRound]:
        seen = access.visible_to(request.user)
        return super().get_queryset(request).filter(ticket__in=seen.values("pk"))
