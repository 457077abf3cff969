"""What the admin pages of all apps share."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:  # generic for the type checker only
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline


class NoDeleteMixin:
    """Rows are deactivated, not deleted.

    Tickets refer to them, and the page that asks before a deletion would list the numbers of tickets the
    administrator must not know.
    """

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class FixedCodeMixin:
    """The code of a row never changes: loading the reference data again finds rows by it."""

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))  # type: ignore[misc]
        return (*fields, "code") if obj else fields


class ReadOnlyMixin(NoDeleteMixin):
    """Rows are looked at only."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
