"""The append-only history of a ticket."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tickets.choices import Channel
from tickets.models.ticket import Ticket


class TimelineEntry(models.Model):
    """One event. Database triggers refuse UPDATE and DELETE; `digest` chains each entry to the one before."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="timeline")
    position = models.PositiveIntegerField()
    code = models.CharField(max_length=60)
    actor_user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    actor_name = models.CharField(max_length=150, blank=True)
    channel = models.CharField(max_length=12, choices=Channel)
    is_public = models.BooleanField(default=False)
    at = models.DateTimeField()
    changes = models.JSONField(default=dict)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["position"]
        verbose_name = _("riwayat")
        verbose_name_plural = _("riwayat")
        constraints = [models.UniqueConstraint(fields=["ticket", "position"], name="tickets_timeline_position")]

    def __str__(self) -> str:
        return f"{self.ticket_id}/{self.position} {self.code}"


class AuditSeal(models.Model):
    """One day's seal over the ends of all chains; each seal covers the one before, so history cannot be rewritten."""

    day = models.DateField(_("tanggal"), unique=True)
    last_entry_id = models.BigIntegerField(help_text=_("Pengenal riwayat terakhir yang tercakup."))
    entries = models.PositiveIntegerField(_("jumlah riwayat"))
    root = models.CharField(max_length=64, help_text=_("SHA-256 atas semua riwayat hari itu, menurut urutan pengenal."))
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["day"]
        verbose_name = _("segel audit")
        verbose_name_plural = _("segel audit")

    def __str__(self) -> str:
        return f"{self.day} {self.digest[:12]}"
