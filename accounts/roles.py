"""Roles of people: Django groups with fixed names, so that administrators hand them out in one place."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """A user may hold several roles; everybody is a requester."""

    AGENT = "agent", _("Petugas")
    COORDINATOR = "coordinator", _("Koordinator tim")
    LIAISON = "liaison", _("Pejabat penghubung")
    CHANGE_APPROVER = "change_approver", _("Penilai perubahan (CAB)")
    ASSET_MANAGER = "asset_manager", _("Pengelola aset")
    MANAGER = "manager", _("Pimpinan")
    CONFIDENTIAL_OFFICER = "confidential_officer", _("Petugas rahasia")
    ADMINISTRATOR = "administrator", _("Administrator")


WORKSPACE_ROLES = frozenset(
    {
        Role.AGENT,
        Role.COORDINATOR,
        Role.LIAISON,
        Role.CHANGE_APPROVER,
        Role.CONFIDENTIAL_OFFICER,
        Role.ADMINISTRATOR,
    }
)
"""Roles that work on tickets in the agent workspace."""
