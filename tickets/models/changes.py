"""Data of change enablement: templates, the risk questionnaire, freeze windows, and the log of the work."""

import secrets

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from catalog.models import Service
from tickets.choices import Level
from tickets.models.ticket import Ticket


class ChangeTemplate(models.Model):
    """A standard change: assessed and approved once, used many times."""

    code = models.SlugField(_("kode"), max_length=60, unique=True)
    name = models.CharField(_("nama"), max_length=150)
    description = models.TextField(_("keterangan"), blank=True)
    service = models.ForeignKey(
        Service, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("layanan")
    )
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("tim"))
    risk = models.PositiveSmallIntegerField(_("risiko"), choices=Level, default=Level.LOW)
    impact_note = models.TextField(_("dampak"), blank=True)
    plan = models.TextField(_("rencana"))
    back_out_plan = models.TextField(_("rencana pengembalian"))
    test_plan = models.TextField(_("rencana uji"))
    duration_minutes = models.PositiveSmallIntegerField(_("lama (menit)"), default=60)
    is_active = models.BooleanField(_("aktif"), default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("templat perubahan standar")
        verbose_name_plural = _("templat perubahan standar")

    def __str__(self) -> str:
        return self.name


class RiskQuestion(models.Model):
    """A question of the risk assessment."""

    code = models.SlugField(_("kode"), max_length=60, unique=True)
    text = models.CharField(_("pertanyaan"), max_length=250)
    position = models.PositiveSmallIntegerField(_("urutan"), default=100)
    is_active = models.BooleanField(_("aktif"), default=True)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("pertanyaan risiko")
        verbose_name_plural = _("pertanyaan risiko")

    def __str__(self) -> str:
        return self.text


class RiskChoice(models.Model):
    """An answer and what it adds to the score."""

    question = models.ForeignKey(RiskQuestion, models.CASCADE, related_name="choices")
    label = models.CharField(_("jawaban"), max_length=200)
    score = models.PositiveSmallIntegerField(_("skor"))
    position = models.PositiveSmallIntegerField(_("urutan"), default=100)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("pilihan jawaban")
        verbose_name_plural = _("pilihan jawaban")

    def __str__(self) -> str:
        return self.label


class RiskBand(models.Model):
    """From which score on a change has that risk."""

    level = models.PositiveSmallIntegerField(_("risiko"), choices=Level, unique=True)
    from_score = models.PositiveSmallIntegerField(_("mulai skor"), unique=True)

    class Meta:
        ordering = ["from_score"]
        verbose_name = _("batas skor risiko")
        verbose_name_plural = _("batas skor risiko")

    def __str__(self) -> str:
        return f"{self.get_level_display()} ≥ {self.from_score}"


class FreezeWindow(models.Model):
    """A time in which nothing is changed, such as an election or the closing of the books."""

    name = models.CharField(_("nama"), max_length=150)
    starts_at = models.DateTimeField(_("mulai"))
    ends_at = models.DateTimeField(_("sampai"))
    reason = models.TextField(_("alasan"), blank=True)
    services = models.ManyToManyField(
        Service, blank=True, related_name="+", verbose_name=_("layanan"), help_text=_("Kosong: semua layanan.")
    )

    class Meta:
        ordering = ["-starts_at"]
        verbose_name = _("masa beku perubahan")
        verbose_name_plural = _("masa beku perubahan")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="tickets_freeze_window_order"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ImplementationEntry(models.Model):
    """One line of the log kept while a change is carried out; never edited."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="implementation_log")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("waktu"), default=timezone.now)
    text = models.TextField(_("catatan"))

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = _("catatan pelaksanaan")
        verbose_name_plural = _("catatan pelaksanaan")

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.at:%Y-%m-%d %H:%M}"


def _feed_key() -> str:
    return secrets.token_urlsafe(32)


class CalendarFeed(models.Model):
    """The secret address under which one person's calendar program reads the change calendar."""

    user = models.OneToOneField(User, models.CASCADE, related_name="calendar_feed")
    key = models.CharField(max_length=64, unique=True, default=_feed_key)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("langganan kalender")
        verbose_name_plural = _("langganan kalender")

    def __str__(self) -> str:
        return str(self.user)
