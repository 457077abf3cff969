"""The register of ICT assets."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Office
from catalog.models import Service
from core.models import TimeStampedModel


class AssetType(models.Model):
    """A type of asset with its kode barang (Permendagri 108/2016), which may be empty."""

    code = models.SlugField(_("kode"), max_length=60, unique=True)
    name = models.CharField(_("nama"), max_length=120)
    goods_code = models.CharField(_("kode barang"), max_length=40, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("jenis aset")
        verbose_name_plural = _("jenis aset")

    def __str__(self) -> str:
        return self.name


class Asset(TimeStampedModel):
    """One asset of an office."""

    class Condition(models.TextChoices):
        GOOD = "baik", _("Baik")
        LIGHT_DAMAGE = "rusak_ringan", _("Rusak Ringan")
        HEAVY_DAMAGE = "rusak_berat", _("Rusak Berat")

    class Status(models.TextChoices):
        PLANNED = "direncanakan", _("Direncanakan")
        PROCURED = "diadakan", _("Diadakan")
        IN_USE = "digunakan", _("Digunakan")
        LENT = "dipinjam", _("Dipinjam")
        REPAIR = "perbaikan", _("Perbaikan")
        LOST = "hilang", _("Hilang")
        DISPOSED = "dihapuskan", _("Dihapuskan")

    code = models.CharField(_("kode"), max_length=80, unique=True)
    name = models.CharField(_("nama"), max_length=200)
    asset_type = models.ForeignKey(AssetType, models.PROTECT, related_name="assets", verbose_name=_("jenis"))
    office = models.ForeignKey(
        Office,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assets",
        verbose_name=_("perangkat daerah"),
    )
    services = models.ManyToManyField(Service, blank=True, related_name="assets", verbose_name=_("layanan"))
    brand = models.CharField(_("merek"), max_length=100, blank=True)
    model = models.CharField(_("tipe"), max_length=150, blank=True)
    serial = models.CharField(_("nomor seri"), max_length=100, blank=True)
    condition = models.CharField(_("kondisi"), max_length=15, choices=Condition, default=Condition.GOOD)
    status = models.CharField(_("status"), max_length=15, choices=Status, default=Status.IN_USE)
    details = models.JSONField(_("rincian"), default=dict, blank=True)
    source = models.CharField(_("sumber data"), max_length=200, blank=True)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("aset")
        verbose_name_plural = _("aset")

    def __str__(self) -> str:
        return self.name


class AssetRelation(models.Model):
    """`source` <type> `target`: what happens to the target reaches the source, save for a mere connection."""

    class Type(models.TextChoices):
        RUNS_ON = "runs_on", _("berjalan di")
        DEPENDS_ON = "depends_on", _("bergantung pada")
        CONNECTS_TO = "connects_to", _("terhubung ke")

    source = models.ForeignKey(Asset, models.CASCADE, related_name="relations_out", verbose_name=_("aset"))
    type = models.CharField(_("hubungan"), max_length=12, choices=Type)
    target = models.ForeignKey(Asset, models.CASCADE, related_name="relations_in", verbose_name=_("aset tujuan"))

    class Meta:
        verbose_name = _("hubungan aset")
        verbose_name_plural = _("hubungan aset")
        constraints = [
            models.UniqueConstraint(fields=["source", "type", "target"], name="assets_relation_unique"),
            models.CheckConstraint(condition=~models.Q(source=models.F("target")), name="assets_relation_not_self"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.get_type_display()} {self.target}"
