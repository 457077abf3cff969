"""Configuration data of the ticket domain."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.choices import Kind, Level


class PriorityRule(models.Model):
    """One cell of the impact x urgency matrix."""

    impact = models.PositiveSmallIntegerField(_("dampak"), choices=Level)
    urgency = models.PositiveSmallIntegerField(_("urgensi"), choices=Level)
    priority = models.PositiveSmallIntegerField(_("prioritas"), choices=Level)

    class Meta:
        ordering = ["-impact", "-urgency"]
        verbose_name = _("sel matriks prioritas")
        verbose_name_plural = _("matriks prioritas")
        constraints = [models.UniqueConstraint(fields=["impact", "urgency"], name="tickets_priority_cell")]

    def __str__(self) -> str:
        return f"{self.get_impact_display()} × {self.get_urgency_display()}"


class NumberSequence(models.Model):
    """Prefix per kind, and the last number given out in a year."""

    kind = models.CharField(_("jenis"), max_length=12, choices=Kind)
    year = models.PositiveSmallIntegerField(_("tahun"))
    prefix = models.CharField(_("awalan"), max_length=8)
    last = models.PositiveIntegerField(_("nomor terakhir"), default=0)

    class Meta:
        verbose_name = _("penomoran")
        verbose_name_plural = _("penomoran")
        constraints = [models.UniqueConstraint(fields=["kind", "year"], name="tickets_sequence_unique")]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}"
