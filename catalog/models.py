"""The catalogue of ICT services."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Office, Team


class ServiceCategory(models.Model):
    """A heading of the catalogue."""

    code = models.SlugField(_("kode"), max_length=60, unique=True)
    name = models.CharField(_("nama"), max_length=120)
    description = models.CharField(_("keterangan"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("urutan"), default=100)

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _("kategori layanan")
        verbose_name_plural = _("kategori layanan")

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    """Something users can ask for or report about: an ICT service or an application of an office."""

    class Audience(models.TextChoices):
        CITIZEN = "citizen", _("Warga")
        ASN = "asn", _("ASN")
        ALL = "all", _("Semua")

    class Status(models.TextChoices):
        PLANNED = "planned", _("Rencana")
        ACTIVE = "active", _("Aktif")
        MAINTENANCE = "maintenance", _("Pemeliharaan")
        RETIRED = "retired", _("Pensiun")

    code = models.SlugField(_("kode"), max_length=80, unique=True)
    name = models.CharField(_("nama"), max_length=200)
    category = models.ForeignKey(ServiceCategory, models.PROTECT, related_name="services", verbose_name=_("kategori"))
    description = models.TextField(_("keterangan"), blank=True)
    audience = models.CharField(_("pengguna"), max_length=10, choices=Audience, default=Audience.ALL)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.ACTIVE)
    owner_office = models.ForeignKey(
        Office, models.PROTECT, null=True, blank=True, related_name="services", verbose_name=_("pemilik")
    )
    support_team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="services", verbose_name=_("tim pendukung")
    )
    requestable = models.BooleanField(_("dapat diminta"), default=False)
    needs_approval = models.BooleanField(_("permintaan perlu persetujuan"), default=False)
    url = models.URLField(_("alamat"), blank=True)
    source = models.CharField(_("sumber data"), max_length=200, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("layanan")
        verbose_name_plural = _("layanan")

    def __str__(self) -> str:
        return self.name
