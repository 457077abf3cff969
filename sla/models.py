"""Working calendars, targets, and the clocks that measure tickets against them."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Service
from core.models import TimeStampedModel


class Metric(models.TextChoices):
    VERIFICATION = "verification", _("Verifikasi")
    RESPONSE = "response", _("Tanggapan pertama")
    RESOLUTION = "resolution", _("Penyelesaian")


class Calendar(models.Model):
    """Weekly working hours in one time zone. `week` maps "0" (Monday) to "6" to lists of ["07:30", "12:00"]."""

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


class Policy(models.Model):
    """Targets for the tickets that match every filled-in condition; the most specific policy wins."""

    name = models.CharField(_("nama"), max_length=150, unique=True)
    kind = models.CharField(_("jenis tiket"), max_length=12, blank=True)
    priority = models.PositiveSmallIntegerField(_("prioritas"), null=True, blank=True)
    service = models.ForeignKey(Service, models.CASCADE, null=True, blank=True, verbose_name=_("layanan"))
    requester_class = models.CharField(_("golongan pelapor"), max_length=12, blank=True)
    complaint_class = models.CharField(_("golongan pengaduan"), max_length=30, blank=True)
    calendar = models.ForeignKey(
        Calendar, models.PROTECT, null=True, blank=True, help_text=_("Kosong: kalender bawaan.")
    )
    is_active = models.BooleanField(_("aktif"), default=True)

    CONDITIONS = ("service_id", "complaint_class", "requester_class", "priority", "kind")

    class Meta:
        ordering = ["name"]
        verbose_name = _("kebijakan SLA")
        verbose_name_plural = _("kebijakan SLA")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a tie: a second active policy with exactly the same conditions."""
        if not self.is_active:
            return
        same = Policy.objects.filter(is_active=True, **{name: getattr(self, name) for name in self.CONDITIONS})
        twin = same.exclude(pk=self.pk).first()
        if twin:
            raise ValidationError(
                _("Kebijakan “%(name)s” sudah punya syarat yang sama. Ubah yang itu atau nonaktifkan."),
                params={"name": twin.name},
            )


class PolicyTarget(models.Model):
    """How long one metric may take: working minutes or working days, exactly one of them."""

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="targets")
    metric = models.CharField(_("ukuran"), max_length=12, choices=Metric)
    minutes = models.PositiveIntegerField(_("menit kerja"), null=True, blank=True)
    working_days = models.PositiveIntegerField(_("hari kerja"), null=True, blank=True)

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("target")
        constraints = [
            models.UniqueConstraint(fields=["policy", "metric"], name="sla_target_unique"),
            models.CheckConstraint(
                condition=Q(minutes__gte=1, working_days=None) | Q(minutes=None, working_days__gte=1),
                name="sla_target_one_unit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy}: {self.get_metric_display()}"


class EscalationStep(models.Model):
    """What happens when a clock has used `percent` of its target. Fires once per clock and target version."""

    metric = models.CharField(_("ukuran"), max_length=12, choices=Metric, blank=True, help_text=_("Kosong: semua."))
    percent = models.PositiveSmallIntegerField(_("persen target"))
    notify_assignee = models.BooleanField(_("beri tahu petugas"), default=True)
    notify_coordinator = models.BooleanField(_("beri tahu koordinator"), default=True)
    is_active = models.BooleanField(_("aktif"), default=True)

    class Meta:
        ordering = ["percent"]
        verbose_name = _("langkah eskalasi")
        verbose_name_plural = _("langkah eskalasi")
        constraints = [
            models.UniqueConstraint(fields=["metric", "percent"], name="sla_step_unique"),
            models.CheckConstraint(condition=Q(percent__gte=1, percent__lte=1000), name="sla_step_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.percent}%"


class Clock(TimeStampedModel):
    """One metric of one ticket. Everything but `ticket` and `metric` is derived from the segments."""

    class State(models.TextChoices):
        RUNNING = "running", _("Berjalan")
        PAUSED = "paused", _("Berhenti sementara")
        MET = "met", _("Tercapai")
        BREACHED = "breached", _("Lewat tenggat")

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="clocks")
    metric = models.CharField(_("ukuran"), max_length=12, choices=Metric)
    state = models.CharField(_("keadaan"), max_length=10, choices=State, default=State.RUNNING)
    is_stopped = models.BooleanField(_("selesai diukur"), default=False)
    started_at = models.DateTimeField(_("mulai"))
    stopped_at = models.DateTimeField(_("berhenti"), null=True)
    due_at = models.DateTimeField(_("tenggat"), null=True)
    breached_at = models.DateTimeField(_("dilewati"), null=True)
    target_seconds = models.PositiveBigIntegerField(_("target (detik kerja)"), default=0)
    elapsed_seconds = models.PositiveBigIntegerField(_("terpakai (detik kerja)"), default=0)
    next_event_at = models.DateTimeField(_("kejadian berikut"), null=True)
    target_version = models.PositiveIntegerField(_("versi target"), default=1)
    policy = models.ForeignKey(Policy, models.SET_NULL, null=True, related_name="clocks")

    class Meta:
        verbose_name = _("jam SLA")
        verbose_name_plural = _("jam SLA")
        constraints = [models.UniqueConstraint(fields=["ticket", "metric"], name="sla_clock_unique")]
        indexes = [
            models.Index(fields=["next_event_at"], name="sla_clock_sweep", condition=Q(next_event_at__isnull=False)),
            models.Index(fields=["metric", "stopped_at"], name="sla_clock_report"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.metric} {self.state}"


class ClockSegment(models.Model):
    """From `started_at` on, until the next segment, the clock is in `run` against this target. Never changed."""

    class Run(models.TextChoices):
        RUNNING = "running", _("Berjalan")
        PAUSED = "paused", _("Berhenti sementara")
        STOPPED = "stopped", _("Selesai")

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="segments")
    position = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    run = models.CharField(max_length=8, choices=Run)
    calendar = models.ForeignKey(Calendar, models.PROTECT)
    minutes = models.PositiveIntegerField(null=True)
    working_days = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["clock", "position"], name="sla_segment_unique")]

    def __str__(self) -> str:
        return f"{self.position} {self.run} {self.started_at}"


class Escalation(models.Model):
    """A step that fired. The unique constraint is what makes it fire once."""

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="escalations")
    step = models.ForeignKey(EscalationStep, models.PROTECT)
    target_version = models.PositiveIntegerField()
    fired_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clock", "step", "target_version"], name="sla_escalation_once")]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.step_id}"
