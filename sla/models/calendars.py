"""Working calendars: hours, periods with other hours, holidays, and who works by which calendar."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Office, Team


class Calendar(models.Model):
    """Weekly working hours in one time zone. `week` maps "0" (Monday) to "6" to lists of ["07:30", "12:00"].

    `week` holds from the beginning until the first of `weeks` begins.
    """

    code = models.SlugField(_("kode"), max_length=40, unique=True)
    name = models.CharField(_("nama"), max_length=120)
    timezone = models.CharField(_("zona waktu"), max_length=60, default="Asia/Jakarta")
    week = models.JSONField(_("jam kerja"), default=dict)
    is_default = models.BooleanField(_("bawaan"), default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("kalender kerja")
        verbose_name_plural = _("kalender kerja")
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="sla_one_default_calendar"
            )
        ]

    def __str__(self) -> str:
        return self.name


class CalendarWeek(models.Model):
    """Other weekly hours from a date on, until the next of them begins."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="weeks")
    valid_from = models.DateField(_("berlaku mulai"))
    week = models.JSONField(_("jam kerja"), default=dict)
    source = models.CharField(_("dasar"), max_length=200, blank=True)

    class Meta:
        ordering = ["valid_from"]
        verbose_name = _("jam kerja baru")
        verbose_name_plural = _("jam kerja baru")
        constraints = [models.UniqueConstraint(fields=["calendar", "valid_from"], name="sla_week_unique")]

    def __str__(self) -> str:
        return f"{self.calendar_id} {self.valid_from}"


class CalendarPeriod(models.Model):
    """A range of dates with its own week, such as Ramadan; it replaces the whole week."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="periods")
    name = models.CharField(_("nama"), max_length=120)
    first_date = models.DateField(_("tanggal pertama"))
    last_date = models.DateField(_("tanggal terakhir"))
    week = models.JSONField(_("jam kerja"), default=dict)
    source = models.CharField(_("dasar"), max_length=200, blank=True)

    class Meta:
        ordering = ["first_date"]
        verbose_name = _("masa khusus")
        verbose_name_plural = _("masa khusus")
        constraints = [
            models.CheckConstraint(condition=Q(last_date__gte=models.F("first_date")), name="sla_period_order"),
            models.UniqueConstraint(fields=["calendar", "first_date"], name="sla_period_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.first_date}–{self.last_date}"


class Holiday(models.Model):
    """A date on which a calendar is closed all day."""

    class Kind(models.TextChoices):
        PUBLIC = "public", _("Libur nasional")
        GOVERNMENT = "government", _("Cuti bersama")
        LOCAL = "local", _("Libur daerah")

    class Status(models.TextChoices):
        ESTIMATED = "estimated", _("Perkiraan")
        CONFIRMED = "confirmed", _("Ditetapkan")

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="holidays")
    date = models.DateField(_("tanggal"))
    name = models.CharField(_("nama"), max_length=200)
    kind = models.CharField(_("jenis"), max_length=12, choices=Kind, default=Kind.PUBLIC)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.CONFIRMED)
    source = models.CharField(_("sumber"), max_length=200, blank=True)

    class Meta:
        ordering = ["date"]
        verbose_name = _("hari libur")
        verbose_name_plural = _("hari libur")
        constraints = [models.UniqueConstraint(fields=["calendar", "date"], name="sla_holiday_unique")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"


class CalendarUse(models.Model):
    """That a team, or an office with all below it, works by another calendar than the default one."""

    calendar = models.ForeignKey(Calendar, models.PROTECT, related_name="uses", verbose_name=_("kalender"))
    team = models.OneToOneField(
        Team, models.CASCADE, null=True, blank=True, related_name="calendar_use", verbose_name=_("tim")
    )
    office = models.OneToOneField(
        Office, models.CASCADE, null=True, blank=True, related_name="calendar_use", verbose_name=_("perangkat daerah")
    )

    class Meta:
        verbose_name = _("pemakai kalender")
        verbose_name_plural = _("pemakai kalender")
        constraints = [
            models.CheckConstraint(
                condition=Q(team=None, office__isnull=False) | Q(office=None, team__isnull=False),
                name="sla_use_one_user",
            )
        ]

    def __str__(self) -> str:
        return f"{self.team_id or self.office_id}: {self.calendar_id}"


class Revision(models.Model):
    """A change of working hours or targets: tried on open clocks, confirmed, carried out, and worked through.

    `payload` says what is to become of the calendar, its users or a policy. The job walks over the open clocks in the
    order of their ids, first to list in `moves` what would change, then, once confirmed, to change it. `cursor` is the
    last clock that is done, so that a worker that dies is taken over where it stopped.
    """

    class Kind(models.TextChoices):
        CALENDAR = "calendar", _("Kalender kerja")
        USE = "use", _("Pemakai kalender")
        POLICY = "policy", _("Kebijakan SLA")

    class State(models.TextChoices):
        PREVIEWING = "previewing", _("Dihitung")
        READY = "ready", _("Menunggu konfirmasi")
        APPLYING = "applying", _("Diterapkan")
        DONE = "done", _("Selesai")
        DISCARDED = "discarded", _("Dibuang")
        FAILED = "failed", _("Gagal")

    kind = models.CharField(_("jenis"), max_length=10, choices=Kind)
    state = models.CharField(_("keadaan"), max_length=12, choices=State, default=State.PREVIEWING)
    calendar = models.ForeignKey(Calendar, models.CASCADE, null=True, blank=True, related_name="revisions")
    policy = models.ForeignKey("sla.Policy", models.CASCADE, null=True, blank=True, related_name="revisions")
    summary = models.TextField(_("perubahan"))
    payload = models.JSONField(default=dict)
    base = models.CharField(max_length=64, blank=True, help_text=_("Versi yang diubah; yang lebih baru menolaknya."))
    total = models.PositiveIntegerField(_("jam yang diperiksa"), default=0)
    checked = models.PositiveIntegerField(_("sudah diperiksa"), default=0)
    moved = models.PositiveIntegerField(_("tenggat berubah"), default=0)
    cursor = models.BigIntegerField(default=0)
    error = models.CharField(_("kesalahan"), max_length=500, blank=True)
    made_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+", verbose_name=_("pengusul"))
    made_at = models.DateTimeField(_("diusulkan"), default=timezone.now)
    applied_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    applied_at = models.DateTimeField(_("diterapkan"), null=True)
    finished_at = models.DateTimeField(_("selesai"), null=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("perubahan SLA")
        verbose_name_plural = _("perubahan SLA")
        indexes = [
            models.Index(fields=["id"], name="sla_revision_work", condition=Q(state__in=["previewing", "applying"]))
        ]

    def __str__(self) -> str:
        return self.summary


class RevisionMove(models.Model):
    """A deadline that a revision moves (until it is carried out: would move)."""

    revision = models.ForeignKey(Revision, models.CASCADE, related_name="moves")
    clock = models.ForeignKey("sla.Clock", models.CASCADE, related_name="moves")
    old_due_at = models.DateTimeField(null=True)
    new_due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["revision", "clock"], name="sla_move_unique")]

    def __str__(self) -> str:
        return f"{self.revision_id} {self.clock_id}"
