"""People, offices, teams, and the addresses by which a person is reached."""

from functools import cached_property

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.normalize import mask
from accounts.roles import WORKSPACE_ROLES, Role
from core.models import TimeStampedModel


class Office(models.Model):
    """An organisational unit of the county (perangkat daerah), or a room or building of one."""

    class Kind(models.TextChoices):
        AGENCY = "dinas", _("Dinas")
        BOARD = "badan", _("Badan")
        SECTION = "bagian", _("Bagian")
        DISTRICT = "kecamatan", _("Kecamatan")
        SECRETARIAT = "sekretariat", _("Sekretariat")
        INSPECTORATE = "inspektorat", _("Inspektorat")
        UNIT = "satuan", _("Satuan")
        HOSPITAL = "rsud", _("RSUD")
        LOCATION = "lokasi", _("Lokasi")
        OTHER = "lainnya", _("Lainnya")

    code = models.SlugField(_("kode"), max_length=60, unique=True)
    name = models.CharField(_("nama"), max_length=200)
    kind = models.CharField(_("jenis"), max_length=20, choices=Kind, default=Kind.AGENCY)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    website = models.URLField(_("situs"), blank=True)
    bandwidth_mbps = models.PositiveIntegerField(_("bandwidth (Mbps)"), null=True, blank=True)
    head = models.ForeignKey(
        "User", models.SET_NULL, null=True, blank=True, related_name="headed_offices", verbose_name=_("kepala")
    )
    is_active = models.BooleanField(_("aktif"), default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("perangkat daerah")
        verbose_name_plural = _("perangkat daerah")

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """A group of people that works on tickets."""

    class Strategy(models.TextChoices):
        """Who gets a new ticket of the team; people who are absent are passed over."""

        MANUAL = "manual", _("Manual: petugas mengambil sendiri")
        ROUND_ROBIN = "round_robin", _("Bergiliran")
        LEAST_LOADED = "least_loaded", _("Yang paling sedikit tiketnya")
        BY_SERVICE = "by_service", _("Menurut layanan keahlian")

    code = models.SlugField(_("kode"), max_length=60, unique=True)
    name = models.CharField(_("nama"), max_length=120)
    office = models.ForeignKey(Office, models.PROTECT, null=True, blank=True, related_name="teams")
    sees_all = models.BooleanField(
        _("meja layanan"),
        default=False,
        help_text=_("Anggotanya melihat tiket semua tim, kecuali yang rahasia."),
    )
    is_confidential = models.BooleanField(
        _("menangani tiket rahasia"),
        default=False,
        help_text=_("Hanya anggota tim ini yang melihat tiket rahasia dan pelaporan pelanggaran di tim ini."),
    )
    receives_whistleblowing = models.BooleanField(_("menerima pelaporan pelanggaran"), default=False)
    email = models.EmailField(_("email tim"), blank=True)
    strategy = models.CharField(_("cara penugasan"), max_length=12, choices=Strategy, default=Strategy.MANUAL)
    is_active = models.BooleanField(_("aktif"), default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("tim")
        verbose_name_plural = _("tim")

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person who signs in. Civil servants sign in with their NIP, everybody with email or user name."""

    nip = models.CharField(_("NIP"), max_length=18, blank=True)
    office = models.ForeignKey(
        Office,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("perangkat daerah"),
    )
    teams = models.ManyToManyField(Team, through="TeamMembership", related_name="members")

    class Meta:
        verbose_name = _("pengguna")
        verbose_name_plural = _("pengguna")
        constraints = [
            models.UniqueConstraint(fields=["nip"], condition=~Q(nip=""), name="accounts_user_nip_unique"),
        ]

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    @cached_property
    def role_names(self) -> frozenset[str]:
        """Names of the roles this person holds, read once per object."""
        return frozenset(self.groups.values_list("name", flat=True)) & frozenset(Role.values)

    def has_role(self, *roles: str) -> bool:
        return not self.role_names.isdisjoint(roles)

    @property
    def is_workspace_user(self) -> bool:
        return self.is_active and not self.role_names.isdisjoint(WORKSPACE_ROLES)

    @cached_property
    def memberships(self) -> "list[TeamMembership]":
        """Memberships with their active teams, read once per object."""
        return list(self.team_memberships.select_related("team").filter(team__is_active=True))

    @cached_property
    def stands_for(self) -> "tuple[frozenset[int], frozenset[int]]":
        """(people, offices) for whom this person may decide today, read once per object.

        People: oneself and those whose Plh or delegate one is. Offices: those these people head, and those whose
        vacant head one stands in for as Plt.
        """
        facts = ("person", "office", "office__head__is_active")
        deputed = list(Substitution.valid().filter(substitute=self).values_list(*facts))
        people = frozenset([self.pk, *(person for person, _office, _headed in deputed if person)])
        vacant = {office for _person, office, is_headed in deputed if office and not is_headed}
        headed = Office.objects.filter(head__in=people).values_list("pk", flat=True)
        return people, frozenset([*vacant, *headed])

    @property
    def team_ids(self) -> list[int]:
        return [m.team_id for m in self.memberships]

    def coordinates(self, team_id: int | None) -> bool:
        """Whether this person is coordinator of that team."""
        return any(m.team_id == team_id and m.is_coordinator for m in self.memberships)


class TeamMembership(models.Model):
    """A person in a team; coordinators hear of escalations and may assign."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="team_memberships")
    is_coordinator = models.BooleanField(_("koordinator"), default=False)
    last_assigned_at = models.DateTimeField(_("terakhir ditugasi"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("keanggotaan tim")
        verbose_name_plural = _("keanggotaan tim")
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="accounts_membership_unique")]

    def __str__(self) -> str:
        return f"{self.user} · {self.team}"


class Absence(models.Model):
    """Days on which somebody is away: no ticket is assigned to them by itself. Both dates are included."""

    user = models.ForeignKey(User, models.CASCADE, related_name="absences", verbose_name=_("pengguna"))
    starts_on = models.DateField(_("mulai"))
    ends_on = models.DateField(_("sampai"))
    note = models.CharField(_("keterangan"), max_length=200, blank=True)

    class Meta:
        ordering = ["-starts_on"]
        verbose_name = _("ketidakhadiran")
        verbose_name_plural = _("ketidakhadiran")
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=models.F("starts_on")), name="accounts_absence_dates")
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.starts_on}–{self.ends_on}"


class Substitution(models.Model):
    """Who decides in place of a person, or of the vacant head of an office, on these days (both included).

    Plt stands in for a vacant post, Plh for somebody who is away, a delegate by the person's own wish
    (PP 11/2017; SE BKN 1/SE/I/2021). A substitute may do what the person may decide, and nothing more.
    """

    class Kind(models.TextChoices):
        PLT = "plt", _("Plt. (pelaksana tugas)")
        PLH = "plh", _("Plh. (pelaksana harian)")
        DELEGATE = "delegate", _("Pelimpahan wewenang")

    person = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="substitutions", verbose_name=_("pejabat")
    )
    office = models.ForeignKey(
        Office, models.CASCADE, null=True, blank=True, related_name="substitutions", verbose_name=_("perangkat daerah")
    )
    substitute = models.ForeignKey(User, models.CASCADE, related_name="substitutes_for", verbose_name=_("pengganti"))
    kind = models.CharField(_("sebagai"), max_length=10, choices=Kind, default=Kind.PLH)
    starts_on = models.DateField(_("mulai"))
    ends_on = models.DateField(_("sampai"), null=True, blank=True)
    note = models.CharField(_("dasar surat"), max_length=200, blank=True)

    class Meta:
        ordering = ["-starts_on"]
        verbose_name = _("pejabat pengganti")
        verbose_name_plural = _("pejabat pengganti")
        constraints = [
            models.CheckConstraint(
                condition=Q(person=None, office__isnull=False) | Q(person__isnull=False, office=None),
                name="accounts_substitution_of_one",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")), name="accounts_substitution_dates"
            ),
            models.CheckConstraint(
                condition=Q(person=None) | ~Q(person=models.F("substitute")), name="accounts_substitution_of_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.substitute} {self.get_kind_display()} {self.person or self.office}"

    @classmethod
    def valid(cls) -> "models.QuerySet[Substitution]":
        """Those in force today, by the date of the county."""
        today = timezone.localdate()
        return cls._default_manager.filter(Q(ends_on=None) | Q(ends_on__gte=today), starts_on__lte=today)


class Contact(TimeStampedModel):
    """One person as the desk knows them, with or without an account; the addresses are ContactPoints."""

    name = models.CharField(_("nama"), max_length=150, blank=True)
    user = models.OneToOneField(User, models.SET_NULL, null=True, blank=True, related_name="contact")
    office = models.ForeignKey(Office, models.SET_NULL, null=True, blank=True, related_name="contacts")

    class Meta:
        verbose_name = _("kontak")
        verbose_name_plural = _("kontak")

    def __str__(self) -> str:
        return self.name or str(_("Tanpa nama"))


class ContactPoint(TimeStampedModel):
    """An address by which one contact is reached. Each address belongs to exactly one contact."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("Email")
        PHONE = "phone", _("Telepon")
        TELEGRAM = "telegram", _("Telegram")

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="points")
    kind = models.CharField(_("jenis"), max_length=12, choices=Kind)
    value = models.CharField(_("alamat"), max_length=254, help_text=_("Bentuk baku: lihat accounts.normalize."))
    is_verified = models.BooleanField(_("terverifikasi"), default=False)
    unreachable_at = models.DateTimeField(_("tidak terjangkau sejak"), null=True, blank=True)

    class Meta:
        verbose_name = _("alamat kontak")
        verbose_name_plural = _("alamat kontak")
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="accounts_contactpoint_unique")]

    def __str__(self) -> str:
        # Shown in admin pages and logs, where whole addresses do not belong.
        return f"{self.kind}:{mask(self.value)}"


class IdentityView(models.Model):
    """Who looked at whose identity data, when and why (UU 27/2022). Append-only by practice."""

    viewer = models.ForeignKey(User, models.PROTECT, related_name="identity_views")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="identity_views")
    reason = models.CharField(_("keperluan"), max_length=200)
    at = models.DateTimeField(_("waktu"), auto_now_add=True)

    class Meta:
        ordering = ["-at"]
        verbose_name = _("catatan akses identitas")
        verbose_name_plural = _("catatan akses identitas")

    def __str__(self) -> str:
        # The heading of an admin page, where the person does not belong who may be hidden.
        return f"{self.viewer} · {self.at:%Y-%m-%d %H:%M}"


class ApiToken(models.Model):
    """A bearer token of the REST API. Only its SHA-256 is stored."""

    class Scope(models.TextChoices):
        READ = "read", _("Baca")
        WRITE = "write", _("Tulis")

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("nama"), max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("cakupan"), default=list)
    expires_at = models.DateTimeField(_("berlaku sampai"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("terakhir dipakai"), null=True, blank=True)
    created_at = models.DateTimeField(_("dibuat"), auto_now_add=True)

    class Meta:
        verbose_name = _("token API")
        verbose_name_plural = _("token API")

    def __str__(self) -> str:
        return f"{self.name} ({self.user})"
