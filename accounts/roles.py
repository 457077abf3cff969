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


WORKSPACE_ROLES = frozenset(Role.values) - {Role.ASSET_MANAGER}
"""Roles that open the workspace; what each may do on a ticket is decided by `tickets.access`."""
