"""Facts that only one kind of ticket has."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Office, User
from tickets.choices import ChangeType, ComplaintClass, Level
from tickets.models.ticket import Ticket


class IncidentDetail(models.Model):
    """A major incident has a coordinator and a public notice."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, related_name="incident_detail")
    is_major = models.BooleanField(_("gangguan besar"), default=False)
    coordinator = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    public_notice = models.TextField(_("pengumuman"), blank=True)
    declared_at = models.DateTimeField(_("dinyatakan besar"), null=True, blank=True)
    ended_at = models.DateTimeField(_("pengumuman berakhir"), null=True, blank=True)
    update_minutes = models.PositiveSmallIntegerField(_("irama kabar (menit)"), default=60)
    next_update_at = models.DateTimeField(_("kabar berikutnya"), null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_update_at"], name="tickets_major_update", condition=models.Q(is_major=True)),
        ]

    def __str__(self) -> str:
        return str(self.ticket_id)


class ProblemDetail(models.Model):
    ticket = models.OneToOneField(Ticket, models.CASCADE, related_name="problem_detail")
    root_cause = models.TextField(_("akar masalah"), blank=True)
    workaround = models.TextField(_("solusi sementara"), blank=True)
    whys = models.JSONField(
        _("lima mengapa"), default=list, blank=True, help_text=_("Jawaban berurutan, paling banyak lima.")
    )

    def __str__(self) -> str:
        return str(self.ticket_id)


class ChangeDetail(models.Model):
    class Outcome(models.TextChoices):
        IMPLEMENTED = "implemented", _("Berhasil")
        ROLLED_BACK = "rolled_back", _("Dikembalikan")
        FAILED = "failed", _("Gagal")

    ticket = models.OneToOneField(Ticket, models.CASCADE, related_name="change_detail")
    change_type = models.CharField(_("jenis perubahan"), max_length=10, choices=ChangeType, default=ChangeType.NORMAL)
    requested_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    template = models.ForeignKey(
        "tickets.ChangeTemplate",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="changes",
        verbose_name=_("templat"),
    )
    risk = models.PositiveSmallIntegerField(_("risiko"), choices=Level, null=True, blank=True)
    risk_score = models.PositiveSmallIntegerField(_("skor risiko"), null=True, blank=True)
    risk_answers = models.JSONField(
        _("jawaban risiko"), default=list, blank=True, help_text=_("[{question, answer, score}], seperti saat dijawab.")
    )
    risk_reason = models.TextField(_("alasan risiko berbeda dari skor"), blank=True)
    impact_note = models.TextField(_("dampak"), blank=True)
    plan = models.TextField(_("rencana"), blank=True)
    back_out_plan = models.TextField(_("rencana pengembalian"), blank=True)
    test_plan = models.TextField(_("rencana uji"), blank=True)
    window_start = models.DateTimeField(_("mulai"), null=True, blank=True)
    window_end = models.DateTimeField(_("selesai"), null=True, blank=True)
    override_reason = models.TextField(_("alasan tetap dijadwalkan"), blank=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    implemented_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    outcome = models.CharField(_("hasil"), max_length=12, choices=Outcome, blank=True)
    is_achieved = models.BooleanField(_("tujuan tercapai"), null=True, blank=True)
    review = models.TextField(_("tinjauan"), blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(window_end=None) | models.Q(window_end__gt=models.F("window_start")),
                name="tickets_change_window",
            )
        ]
        indexes = [
            models.Index(fields=["window_start", "window_end"], name="tickets_change_schedule"),
        ]

    def __str__(self) -> str:
        return str(self.ticket_id)


class ComplaintDetail(models.Model):
    ticket = models.OneToOneField(Ticket, models.CASCADE, related_name="complaint_detail")
    complaint_class = models.CharField(
        _("golongan"), max_length=15, choices=ComplaintClass, default=ComplaintClass.ORDINARY
    )
    forwarded_to = models.ForeignKey(
        Office,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="forwarded_complaints",
        verbose_name=_("disposisi"),
    )
    external_number = models.CharField(_("nomor SP4N-LAPOR"), max_length=60, blank=True)
    handed_off_to = models.CharField(_("diteruskan ke"), max_length=200, blank=True)

    def __str__(self) -> str:
        return str(self.ticket_id)
