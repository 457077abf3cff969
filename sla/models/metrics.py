"""What clocks measure."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Metric(models.TextChoices):
    """`assignment` runs anew for each team that holds the ticket, `update` from each word to the requester on."""

    VERIFICATION = "verification", _("Verifikasi")
    ASSIGNMENT = "assignment", _("Penugasan")
    RESPONSE = "response", _("Tanggapan pertama")
    UPDATE = "update", _("Kabar berkala")
    RESOLUTION = "resolution", _("Penyelesaian")
