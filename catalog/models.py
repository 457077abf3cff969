"""The catalogue of ICT services."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Office, Team, User
from accounts.roles import Role


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


class ApprovalRule(models.Model):
    """How a request of a service, or a change of a type, is approved: steps in order, each with its approvers.

    A rule without steps, or no rule at all, asks the usual approver of the ticket (see `tickets.approvals`).
    """

    code = models.SlugField(_("kode"), max_length=60, unique=True)
    name = models.CharField(_("nama"), max_length=120)
    change_type = models.CharField(
        _("untuk perubahan jenis"),
        max_length=10,
        blank=True,
        help_text=_("standard, normal, atau emergency; kosong untuk permintaan layanan."),
    )
    is_active = models.BooleanField(_("aktif"), default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("aturan persetujuan")
        verbose_name_plural = _("aturan persetujuan")
        constraints = [
            models.UniqueConstraint(
                fields=["change_type"],
                condition=models.Q(is_active=True) & ~models.Q(change_type=""),
                name="catalog_approvalrule_change_type",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ApprovalRuleStep(models.Model):
    """One step; steps of the same position run side by side, later positions wait for the earlier."""

    class Quorum(models.TextChoices):
        ANY = "any", _("Salah satu")
        ALL = "all", _("Semua")
        COUNT = "count", _("Sejumlah orang")

    rule = models.ForeignKey(ApprovalRule, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(_("urutan"), default=1)
    name = models.CharField(_("nama"), max_length=120)
    quorum = models.CharField(_("kuorum"), max_length=5, choices=Quorum, default=Quorum.ANY)
    count = models.PositiveSmallIntegerField(_("jumlah penyetuju"), null=True, blank=True)
    deadline_hours = models.PositiveSmallIntegerField(_("tenggat (jam kerja)"), default=16)
    reminder_hours = models.PositiveSmallIntegerField(
        _("diingatkan setelah (jam kerja)"), default=8, help_text=_("0: tidak diingatkan.")
    )

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("langkah persetujuan")
        verbose_name_plural = _("langkah persetujuan")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(quorum="count") | models.Q(count__gte=1), name="catalog_approvalstep_count"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Approver(models.Model):
    """Who is asked in a step: a person, a role, a team, the service's owner office, or the head of an office."""

    class Type(models.TextChoices):
        PERSON = "person", _("Orang tertentu")
        ROLE = "role", _("Semua pemegang peran")
        TEAM = "team", _("Anggota tim")
        COORDINATORS = "coordinators", _("Koordinator tim")
        SERVICE_OWNER = "service_owner", _("Pejabat penghubung pemilik layanan")
        OWNER_HEAD = "owner_head", _("Kepala pemilik layanan")
        REQUESTER_HEAD = "requester_head", _("Kepala perangkat daerah pemohon")

    step = models.ForeignKey(ApprovalRuleStep, models.CASCADE, related_name="approvers")
    type = models.CharField(_("jenis"), max_length=15, choices=Type)
    person = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("orang"))
    role = models.CharField(_("peran"), max_length=25, choices=Role, blank=True)
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("tim"))

    class Meta:
        verbose_name = _("penyetuju")
        verbose_name_plural = _("penyetuju")
        constraints = [
            models.CheckConstraint(
                condition=(~models.Q(type="person") | models.Q(person__isnull=False))
                & (~models.Q(type="role") | ~models.Q(role=""))
                & (~models.Q(type__in=["team", "coordinators"]) | models.Q(team__isnull=False)),
                name="catalog_approver_complete",
            )
        ]

    def __str__(self) -> str:
        return str(self.person or self.team or (self.get_role_display() if self.role else self.get_type_display()))


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
    approval_rule = models.ForeignKey(
        ApprovalRule,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="services",
        verbose_name=_("aturan persetujuan"),
        help_text=_("Kosong: penghubung pemilik layanan, atau koordinator tim pendukung."),
    )
    experts = models.ManyToManyField(
        User,
        blank=True,
        related_name="expert_in",
        verbose_name=_("petugas ahli"),
        help_text=_("Didahulukan oleh tim yang menugaskan menurut layanan."),
    )
    url = models.URLField(_("alamat"), blank=True)
    source = models.CharField(_("sumber data"), max_length=200, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("layanan")
        verbose_name_plural = _("layanan")

    def __str__(self) -> str:
        return self.name


class TaskTemplate(models.Model):
    """A task that fulfilling a request of this service takes; equal positions may be done side by side."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="task_templates", verbose_name=_("layanan"))
    position = models.PositiveSmallIntegerField(_("urutan"), default=1)
    title = models.CharField(_("tugas"), max_length=200)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("tim"))
    working_hours = models.PositiveSmallIntegerField(
        _("tenggat (jam kerja)"), null=True, blank=True, help_text=_("Sejak tugas boleh dimulai.")
    )

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("tugas pemenuhan")
        verbose_name_plural = _("tugas pemenuhan")

    def __str__(self) -> str:
        return self.title
