"""Tags, and the record of merges. Tasks and time belong to the workspace, where access is decided per ticket."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from catalog.models import TaskTemplate
from core.adminbase import ModelAdmin, NoDeleteMixin, ReadOnlyMixin
from tickets import access
from tickets.models import Merge, Tag
from tickets.operations import tagging


@admin.register(Tag)
class TagAdmin(NoDeleteMixin, ModelAdmin):
    """Words can be corrected; of those in use only the ones on tickets that this person sees are shown."""

    list_display = ("name",)
    search_fields = ("name",)
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        return super().get_queryset(request).filter(Q(tickets=None) | Q(tagging.on_visible(request.user))).distinct()


@admin.register(Merge)
class MergeAdmin(ReadOnlyMixin, ModelAdmin):
    """Who merged what into what, and took it back."""

    list_display = ("source", "target", "by", "at", "undone_by", "undone_at")
    list_select_related = ("source", "target", "by", "undone_by")
    ordering = ("-at",)
    fields = ("source", "target", "by", "at", "undone_by", "undone_at")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Merge]:
        seen = access.visible_to(request.user).values("pk")
        return super().get_queryset(request).filter(source__in=seen, target__in=seen)


@admin.register(TaskTemplate)
class TaskTemplateAdmin(ModelAdmin):
    """The tasks that fulfilling a request of a service takes, in their order."""

    list_display = ("service", "position", "title", "team", "working_hours")
    list_select_related = ("service", "team")
    list_filter = ("service",)
    search_fields = ("title", "service__name")
    autocomplete_fields = ("service",)
    ordering = ("service", "position", "pk")
