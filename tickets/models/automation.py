"""Automation as data: rules that act on tickets by themselves, and the log of what they did."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.ticket import Ticket


class ReplyTemplate(models.Model):
    """A canned text. Names in double braces, such as {{ number }}, are filled in."""

    code = models.SlugField(_("kode"), max_length=60, unique=True)
    name = models.CharField(_("nama"), max_length=120)
    text = models.TextField(_("isi"))
    is_active = models.BooleanField(_("aktif"), default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("templat balasan")
        verbose_name_plural = _("templat balasan")

    def __str__(self) -> str:
        return self.name


class AutomationRule(models.Model):
    """When an event happens and all conditions hold, the actions run; `stops` ends the list for this event."""

    class Event(models.TextChoices):
        CREATED = "created", _("Tiket dibuat")
        MESSAGE_IN = "message_in", _("Pesan masuk dari pelapor")
        TRANSITION = "transition", _("Keadaan berubah")
        CHANGED = "changed", _("Data tiket berubah")
        SLA = "sla", _("Eskalasi SLA")

    name = models.CharField(_("nama"), max_length=150)
    event = models.CharField(_("ketika"), max_length=12, choices=Event)
    conditions = models.JSONField(_("syarat"), default=list, blank=True, help_text=_("[{field, operator, value}]"))
    actions = models.JSONField(_("tindakan"), default=list, help_text=_("[{action, …}]"))
    position = models.PositiveSmallIntegerField(_("urutan"), default=100)
    stops = models.BooleanField(_("berhenti di sini"), default=False)
    is_active = models.BooleanField(_("aktif"), default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("aturan otomasi")
        verbose_name_plural = _("aturan otomasi")

    def __str__(self) -> str:
        return self.name


class AutomationRun(models.Model):
    """That a rule fired on a ticket, and what came of it."""

    rule = models.ForeignKey(AutomationRule, models.SET_NULL, null=True, related_name="runs")
    rule_name = models.CharField(_("aturan"), max_length=150)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="automation_runs")
    event = models.CharField(_("ketika"), max_length=12, choices=AutomationRule.Event)
    at = models.DateTimeField(_("waktu"), default=timezone.now)
    results = models.JSONField(_("hasil"), default=list)
    error = models.CharField(_("kesalahan"), max_length=500, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("catatan otomasi")
        verbose_name_plural = _("catatan otomasi")

    def __str__(self) -> str:
        return f"{self.rule_name} {self.ticket_id}"
