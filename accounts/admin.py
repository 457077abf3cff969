"""Administration of people, offices, teams and contacts. They are deactivated, never deleted: see NoDeleteMixin."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from import_export.admin import ImportExportModelAdmin
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget

from accounts.models import (
    Absence,
    ApiToken,
    Contact,
    ContactPoint,
    IdentityView,
    Office,
    Substitution,
    Team,
    TeamMembership,
    User,
)
from accounts.normalize import mask
from accounts.roles import Role
from core.adminbase import FixedCodeMixin, ModelAdmin, NoDeleteMixin, ReadOnlyMixin, TabularInline
from core.spreadsheets import SafeResource

admin.site.site_header = _("Administrasi Pusat Layanan SPBE")
admin.site.site_title = _("Administrasi")
admin.site.index_title = _("Data dan pengaturan")


def may_appoint(user: Any) -> bool:
    """Whether this person may hand out or change the right to see restricted tickets.

    Only confidential officers may, so that an administrator cannot let themselves in; while there is none, an
    administrator appoints the first.
    """
    return user.has_role(Role.CONFIDENTIAL_OFFICER) or not _officers().exists()


def _officers() -> QuerySet[User]:
    return User.objects.filter(is_active=True, groups__name=Role.CONFIDENTIAL_OFFICER)


class OfficeResource(SafeResource):
    parent = Field("parent", "parent", ForeignKeyWidget(Office, "code"))

    class Meta:
        model = Office
        import_id_fields = ("code",)
        fields = ("code", "name", "kind", "parent", "website", "bandwidth_mbps", "is_active")
        export_order = fields
        clean_model_instances = True
        skip_unchanged = True


@admin.register(Office)
class OfficeAdmin(FixedCodeMixin, NoDeleteMixin, ImportExportModelAdmin):
    resource_classes = [OfficeResource]
    list_display = ("name", "code", "kind", "parent", "bandwidth_mbps", "is_active")
    list_filter = ("kind", "is_active")
    list_select_related = ("parent",)
    search_fields = ("name", "code")
    autocomplete_fields = ("parent", "head")


class MembershipInline(TabularInline):
    model = TeamMembership
    extra = 0

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "team" and not may_appoint(request.user):
            kwargs["queryset"] = Team.objects.filter(is_confidential=False)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class TeamMembersInline(MembershipInline):
    autocomplete_fields = ("user",)


@admin.register(Team)
class TeamAdmin(FixedCodeMixin, NoDeleteMixin, ModelAdmin):
    list_display = ("name", "code", "office", "sees_all", "is_confidential", "receives_whistleblowing", "is_active")
    list_filter = ("is_active", "is_confidential")
    list_select_related = ("office",)
    search_fields = ("name", "code")
    autocomplete_fields = ("office",)
    inlines = [TeamMembersInline]

    def has_change_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or not obj.is_confidential or may_appoint(request.user))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        fields = super().get_readonly_fields(request, obj)
        return fields if may_appoint(request.user) else (*fields, "is_confidential", "receives_whistleblowing")


@admin.register(User)
class PersonAdmin(NoDeleteMixin, UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "display_name", "nip_masked", "office", "role_list", "is_active")
    list_filter = ("is_active", "groups", "teams")
    list_select_related = ("office",)
    search_fields = ("username", "first_name", "last_name", "email", "nip")
    autocomplete_fields = ("office",)
    filter_horizontal = ("groups",)
    inlines = [MembershipInline]
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Data diri"), {"fields": ("first_name", "last_name", "email", "nip", "office")}),
        (_("Hak"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Waktu"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")

    @admin.display(description=_("nama"))
    def display_name(self, user: User) -> str:
        return user.display_name

    @admin.display(description=_("NIP"))
    def nip_masked(self, user: User) -> str:
        return mask(user.nip)

    @admin.display(description=_("peran"))
    def role_list(self, user: User) -> str:
        return ", ".join(str(Role(group.name).label) for group in user.groups.all() if group.name in Role.values)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """The account of a confidential officer, its password above all, is changed by such an officer only."""
        allowed = super().has_change_permission(request, obj)
        if not allowed or obj is None or obj.pk == request.user.pk:
            return allowed
        if obj.is_superuser and not request.user.is_superuser:
            return False
        return may_appoint(request.user) or not obj.has_role(Role.CONFIDENTIAL_OFFICER)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, "is_superuser")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups" and not may_appoint(request.user):
            kwargs["queryset"] = Group.objects.exclude(name=Role.CONFIDENTIAL_OFFICER)
        return super().formfield_for_manytomany(db_field, request, **kwargs)


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(NoDeleteMixin, GroupAdmin):
    """Groups carry the roles; the names of these are fixed."""

    list_display = ("name", "role_label")

    @admin.display(description=_("peran"))
    def role_label(self, group: Group) -> str:
        return str(Role(group.name).label) if group.name in Role.values else ""

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("name",) if isinstance(obj, Group) and obj.name in Role.values else ()


@admin.register(Absence)
class AbsenceAdmin(ModelAdmin):
    """Days on which nobody is given new tickets."""

    list_display = ("user", "starts_on", "ends_on", "note")
    list_filter = ("starts_on",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__first_name", "user__last_name", "note")
    autocomplete_fields = ("user",)


@admin.register(Substitution)
class SubstitutionAdmin(NoDeleteMixin, ModelAdmin):
    """Plt, Plh and delegates. What ended stays on record: the end date ends it.

    For an office only while its head is vacant; for somebody who heads an office name the person.
    """

    list_display = ("substitute", "kind", "person", "office", "starts_on", "ends_on", "note")
    list_filter = ("kind", "starts_on")
    list_select_related = ("substitute", "person", "office")
    search_fields = ("substitute__username", "substitute__first_name", "person__username", "office__name", "note")
    autocomplete_fields = ("person", "office", "substitute")


class ContactPointInline(ReadOnlyMixin, TabularInline):
    model = ContactPoint
    extra = 0
    fields = readonly_fields = ("kind", "masked", "is_verified", "unreachable_at")

    @admin.display(description=_("alamat"))
    def masked(self, point: ContactPoint) -> str:
        return mask(point.value)


@admin.register(Contact)
class ContactAdmin(NoDeleteMixin, ModelAdmin):
    list_display = ("name", "office", "user", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("office", "user")
    search_fields = ("name",)
    fields = ("name", "office", "user")
    readonly_fields = ("user",)
    autocomplete_fields = ("office",)
    inlines = [ContactPointInline]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(IdentityView)
class IdentityViewAdmin(ReadOnlyMixin, ModelAdmin):
    list_display = ("at", "viewer", "reason")
    list_filter = ("at",)
    list_select_related = ("viewer",)
    search_fields = ("viewer__username", "reason")
    fields = ("at", "viewer", "reason")


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    """Tokens are made by `manage.py create_token`, which shows them once; here they are withdrawn."""

    list_display = ("name", "user", "scopes", "expires_at", "last_used_at", "created_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    fields = ("name", "user", "scopes", "expires_at", "last_used_at", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
