"""Questions people keep, and when their answers are sent."""

from datetime import time

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import TimeStampedModel


class SavedReport(TimeStampedModel):
    """A question with a name: which report, and the query of its address.

    A named period ("bulan-lalu") stays a name, so that the report moves along; dates stay dates.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_reports")
    name = models.CharField(_("nama"), max_length=120)
    page = models.CharField(_("laporan"), max_length=30)
    query = models.CharField(_("pertanyaan"), max_length=1000, blank=True)
    is_shared = models.BooleanField(
        _("dibagikan"), default=False, help_text=_("Pembaca laporan lain dapat membukanya; masing-masing melihat "
        "angka dari tiket yang boleh dilihatnya.")
    )  # fmt: skip

    class Meta:
        verbose_name = _("laporan tersimpan")
        verbose_name_plural = _("laporan tersimpan")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="reports_saved_name")]

    def __str__(self) -> str:
        return self.name


class ReportSchedule(models.Model):
    """When a saved report goes out by email, and to whom. `next_run_at` is the truth; empty means paused."""

    class Cadence(models.TextChoices):
        WEEKLY = "weekly", _("Setiap Senin")
        MONTHLY = "monthly", _("Setiap hari kerja pertama bulan")

    class Format(models.TextChoices):
        PDF = "pdf", _("PDF berkop")
        XLSX = "xlsx", _("Buku kerja XLSX")

    class Pause(models.TextChoices):
        OWNER = "owner", _("pemiliknya tidak aktif atau tidak lagi membaca laporan")
        NOBODY = "nobody", _("tidak ada penerima yang boleh membaca laporan")
        QUESTION = "question", _("saringannya tidak dikenal lagi")

    report = models.OneToOneField(SavedReport, models.CASCADE, related_name="schedule")
    cadence = models.CharField(_("irama"), max_length=8, choices=Cadence, default=Cadence.MONTHLY)
    at = models.TimeField(_("jam"), default=time(8))
    file_format = models.CharField(_("berkas"), max_length=5, choices=Format, default=Format.PDF)
    recipients = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="scheduled_reports", verbose_name=_("penerima"), blank=True
    )
    next_run_at = models.DateTimeField(_("berikutnya"), null=True, blank=True)
    last_run_at = models.DateTimeField(_("terakhir dikirim"), null=True, blank=True)
    pause = models.CharField(_("sebab jeda"), max_length=10, choices=Pause, blank=True)

    class Meta:
        verbose_name = _("jadwal laporan")
        verbose_name_plural = _("jadwal laporan")
        indexes = [models.Index(fields=["next_run_at"], name="reports_due", condition=Q(next_run_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.report_id} {self.cadence} {self.next_run_at}"
