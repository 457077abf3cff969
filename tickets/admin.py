"""Settings of the ticket domain, and tickets to look at. The daily work happens in the workspace, never here."""

from django.contrib import admin
from django.db.models import CharField, Model, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.adminbase import ModelAdmin, NoDeleteMixin, ReadOnlyMixin
from notify.admin import DeliveryAdmin
from notify.models import Delivery
from tickets import access
from tickets.choices import Confidentiality
from tickets.models import NumberSequence, PriorityRule, Ticket


@admin.register(Ticket)
class TicketAdmin(ReadOnlyMixin, ModelAdmin):
    """Read-only, only what this person may see anyway, and without the reporter's identity or the access code."""

    list_display = ("number", "kind", "subject", "state_name", "priority", "service", "team", "created_at", "due_at")
    list_filter = ("kind", "stage", "priority", "team", "created_at")
    list_select_related = ("service", "team")
    search_fields = ("number", "subject")
    ordering = ("-created_at", "-id")
    show_full_result_count = False
    fields = (
        "number",
        "kind",
        "subject",
        "state_name",
        "priority",
        "impact",
        "urgency",
        "service",
        "office",
        "team",
        "assignee",
        "channel",
        "created_at",
        "due_at",
        "resolved_at",
        "closed_at",
    )

    @admin.display(description=_("keadaan"))
    def state_name(self, ticket: Ticket) -> str:
        return ticket.state_label

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        return access.visible_to(request.user, super().get_queryset(request))


@admin.register(Delivery)
class TicketDeliveryAdmin(DeliveryAdmin):
    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Without the mail of confidential tickets, from which one could learn who reported something."""
        hidden = (
            Ticket.objects.exclude(confidentiality=Confidentiality.NORMAL)
            .annotate(topic=Concat(Value("ticket:"), Cast("pk", CharField())))
            .values("topic")
        )
        return super().get_queryset(request).exclude(topic__in=hidden)


@admin.register(PriorityRule)
class PriorityRuleAdmin(NoDeleteMixin, ModelAdmin):
    """The sixteen cells of the matrix: only the priority in them changes."""

    list_display = ("impact", "urgency", "priority")
    list_display_links = ("impact",)
    list_editable = ("priority",)
    readonly_fields = ("impact", "urgency")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(NumberSequence)
class NumberSequenceAdmin(NoDeleteMixin, ModelAdmin):
    """The prefix may change; the counter is the services' own."""

    list_display = ("kind", "year", "prefix", "last")
    list_filter = ("year",)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("kind", "year", "last") if obj else ("last",)


from tickets import admin_approvals  # noqa: E402, F401  isort: skip
from tickets import admin_people, admin_work  # noqa: E402, F401  isort: skip
from tickets import admin_automation  # noqa: E402, F401  isort: skip
from tickets import admin_problems  # noqa: E402, F401  isort: skip
from tickets import admin_changes  # noqa: E402, F401  isort: skip
