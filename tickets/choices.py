"""Enumerations of the ticket domain. English codes, Indonesian labels."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    COMPLAINT = "complaint", _("Pengaduan")
    INCIDENT = "incident", _("Gangguan")
    PROBLEM = "problem", _("Masalah")
    REQUEST = "request", _("Permintaan")
    CHANGE = "change", _("Perubahan")


class Stage(models.TextChoices):
    """What queues, reports and clocks rely on; every state of every kind belongs to one stage."""

    NEW = "new", _("Baru")
    ACTIVE = "active", _("Dikerjakan")
    WAITING = "waiting", _("Menunggu")
    RESOLVED = "resolved", _("Terselesaikan")
    CLOSED = "closed", _("Ditutup")


OPEN_STAGES = (Stage.NEW, Stage.ACTIVE, Stage.WAITING)


class Level(models.IntegerChoices):
    """Priority, impact and urgency. `code` is the name used by the REST API."""

    LOW = 1, _("Rendah")
    MEDIUM = 2, _("Sedang")
    HIGH = 3, _("Tinggi")
    CRITICAL = 4, _("Kritis")

    @property
    def code(self) -> str:
        return self.name.lower()

    @classmethod
    def from_code(cls, code: str) -> "Level":
        """The level of "low", "medium", "high" or "critical". Raises ValueError for anything else."""
        for level in cls:
            if level.code == code:
                return level
        raise ValueError(code)


class Channel(models.TextChoices):
    WEB = "web", _("Web")
    EMAIL = "email", _("Email")
    TELEGRAM = "telegram", _("Telegram")
    PHONE = "phone", _("Telepon")
    WALK_IN = "walk_in", _("Tatap muka")
    LETTER = "letter", _("Surat atau faksimili")
    API = "api", _("API")
    EVENT = "event", _("Pemantauan")
    SYSTEM = "system", _("Sistem")


class Confidentiality(models.TextChoices):
    """Anonymous hides the reporter, not the case; secret and whistleblowing hide the whole case."""

    NORMAL = "normal", _("Biasa")
    ANONYMOUS = "anonymous", _("Anonim")
    SECRET = "secret", _("Rahasia")
    WHISTLEBLOWING = "whistleblowing", _("Pelaporan pelanggaran")


RESTRICTED = (Confidentiality.SECRET, Confidentiality.WHISTLEBLOWING)
CONCEALING = (Confidentiality.ANONYMOUS, Confidentiality.WHISTLEBLOWING)
"""Kinds that hide the reporter, whoever may see the case."""
STRICTNESS = (
    Confidentiality.NORMAL, Confidentiality.ANONYMOUS, Confidentiality.SECRET, Confidentiality.WHISTLEBLOWING,
)  # fmt: skip
"""From the least to the most confidential."""


class ComplaintClass(models.TextChoices):
    """Classes of SP4N-LAPOR! practice; the limits are policies (data)."""

    INFORMATION = "information", _("Permintaan informasi")
    ORDINARY = "ordinary", _("Pengaduan tidak berkadar pengawasan")
    SUPERVISORY = "supervisory", _("Pengaduan berkadar pengawasan")
    ASPIRATION = "aspiration", _("Aspirasi")


class RequesterClass(models.TextChoices):
    CITIZEN = "citizen", _("Warga")
    ASN = "asn", _("ASN")


class ChangeType(models.TextChoices):
    STANDARD = "standard", _("Standar")
    NORMAL = "normal", _("Normal")
    EMERGENCY = "emergency", _("Darurat")


class HoldReason(models.TextChoices):
    REQUESTER = "requester", _("Menunggu pelapor")
    THIRD_PARTY = "third_party", _("Menunggu pihak ketiga")
    CHANGE = "change", _("Menunggu perubahan")
    PROBLEM = "problem", _("Menunggu penanganan masalah")


class ResolutionCode(models.TextChoices):
    FIXED = "fixed", _("Diperbaiki")
    WORKAROUND = "workaround", _("Solusi sementara")
    INFORMATION = "information", _("Penjelasan diberikan")
    NOT_REPRODUCIBLE = "not_reproducible", _("Tidak terulang")
    DUPLICATE = "duplicate", _("Sudah dilaporkan")


class Direction(models.TextChoices):
    IN = "in", _("Masuk")
    OUT = "out", _("Keluar")
    NOTE = "note", _("Catatan internal")


class Visibility(models.TextChoices):
    PUBLIC = "public", _("Publik")
    INTERNAL = "internal", _("Internal")


class LinkType(models.TextChoices):
    DUPLICATES = "duplicates", _("duplikat dari")
    CAUSED_BY = "caused_by", _("disebabkan oleh")
    FIXED_BY = "fixed_by", _("diperbaiki oleh")
    PARENT = "parent", _("bagian dari")
    RELATED = "related", _("terkait dengan")
