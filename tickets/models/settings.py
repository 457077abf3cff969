"""Configuration data of the ticket domain."""

from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from catalog.models import Service
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


class CandidateRule(models.Model):
    """From how many similar incidents in how many days a service is proposed for a problem."""

    service = models.ForeignKey(
        Service,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("layanan"),
        help_text=_("Kosong: semua layanan tanpa aturan sendiri."),
    )
    incidents = models.PositiveSmallIntegerField(_("jumlah gangguan"), default=3)
    days = models.PositiveSmallIntegerField(_("dalam hari"), default=7)

    class Meta:
        verbose_name = _("ambang calon masalah")
        verbose_name_plural = _("ambang calon masalah")
        constraints = [
            models.UniqueConstraint(Coalesce("service_id", 0), name="tickets_candidate_service_unique"),
            models.CheckConstraint(condition=models.Q(incidents__gte=2, days__gte=1), name="tickets_candidate_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.service or '*'}: {self.incidents}/{self.days}"
