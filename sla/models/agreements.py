"""SLA agreements as documents: what is promised for a service, by whom, until when."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Office, User
from catalog.models import Service


class Agreement(models.Model):
    """One version of the agreement on one service.

    Targets and hours are those of the policies in force; the document adds what no policy says. `signatories` is a
    list of {"name", "position", "nip", "signed_on" (ISO date or "")}. Once signed it is replaced, not changed.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Rancangan")
        SIGNED = "signed", _("Ditandatangani")
        ENDED = "ended", _("Berakhir")

    service = models.ForeignKey(Service, models.PROTECT, related_name="agreements", verbose_name=_("layanan"))
    number = models.CharField(_("nomor perjanjian"), max_length=80, unique=True)
    version = models.PositiveIntegerField(_("versi"), default=1)
    title = models.CharField(_("judul"), max_length=200)
    owner = models.ForeignKey(Office, models.PROTECT, related_name="agreements", verbose_name=_("penanggung jawab"))
    scope = models.TextField(_("cakupan layanan"), blank=True)
    exclusions = models.TextField(_("pengecualian"), blank=True)
    obligations = models.TextField(_("kewajiban pengguna"), blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    valid_from = models.DateField(_("berlaku mulai"))
    valid_until = models.DateField(_("berlaku sampai"), null=True, blank=True)
    review_on = models.DateField(_("ditinjau pada"), null=True, blank=True)
    signatories = models.JSONField(_("penanda tangan"), default=list, blank=True)
    targets = models.JSONField(
        _("target"), default=list, blank=True, help_text=_("Target saat ditandatangani, sebagaimana tercetak.")
    )
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["service", "-version"]
        verbose_name = _("perjanjian tingkat layanan")
        verbose_name_plural = _("perjanjian tingkat layanan")
        constraints = [
            models.UniqueConstraint(fields=["service", "version"], name="sla_agreement_version"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")), name="sla_agreement_order"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def holds_on(self, day: date) -> bool:
        """Whether the signed agreement is in force on that date; one that was ended holds up to its last day."""
        return (
            self.status != self.Status.DRAFT
            and self.valid_from <= day
            and (self.valid_until is None or day <= self.valid_until)
        )
