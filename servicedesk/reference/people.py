"""Roles as groups, and the teams."""

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from accounts.models import Office, Team
from accounts.roles import Role
from servicedesk.reference.store import Store

SETTINGS_APPS = ("accounts", "catalog", "assets", "sla")
"""Apps whose data an administrator without superuser rights edits in the admin."""


def load_roles(store: Store) -> None:
    """A group per role; the two roles that edit data in the admin get their permissions when the group is made."""
    for role in Role.values:
        group, created = store.put(Group, {"name": role}, {})
        if created or store.update:
            group.permissions.set(_permissions(role))


def _permissions(role: str) -> list[Permission]:
    if role == Role.ADMINISTRATOR:
        wanted = Q(content_type__app_label__in=SETTINGS_APPS) | Q(
            content_type__app_label="tickets",
            content_type__model__in=["priorityrule", "numbersequence", "replytemplate"],
        )
        views = Q(content_type__app_label__in=["tickets", "notify"], codename__startswith="view_")
        return list(Permission.objects.filter(wanted | views))
    if role == Role.ASSET_MANAGER:
        return list(Permission.objects.filter(content_type__app_label="assets"))
    return []


def load_teams(store: Store) -> None:
    offices = Office.objects.in_bulk(field_name="code")
    rows = store.document("tim.toml")["team"]
    store.put_many(Team, [{**row, "office": offices.get(row.get("office", ""))} for row in rows])
