"""The clocks that measure tickets, and what they set off."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from core.models import TimeStampedModel
from sla.models.calendars import Calendar
from sla.models.metrics import Metric
from sla.models.policies import EscalationStep, Policy


class Clock(TimeStampedModel):
    """One metric of one ticket. Everything but its identity is derived from the segments.

    Some metrics run more than once on a ticket: `cycle` numbers the runs, and `team` is whom the run measures.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Berjalan")
        PAUSED = "paused", _("Berhenti sementara")
        MET = "met", _("Tercapai")
        BREACHED = "breached", _("Lewat tenggat")

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="clocks")
    metric = models.CharField(_("ukuran"), max_length=12, choices=Metric)
    cycle = models.PositiveIntegerField(_("putaran"), default=1)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+", verbose_name=_("tim"))
    calendar = models.ForeignKey(Calendar, models.PROTECT, null=True, related_name="+")
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
        constraints = [models.UniqueConstraint(fields=["ticket", "metric", "cycle"], name="sla_clock_cycle_unique")]
        indexes = [
            models.Index(fields=["next_event_at"], name="sla_clock_sweep", condition=Q(next_event_at__isnull=False)),
            models.Index(fields=["metric", "stopped_at"], name="sla_clock_report"),
            models.Index(fields=["calendar", "id"], name="sla_clock_open", condition=Q(is_stopped=False)),
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
    planned_at = models.DateTimeField(_("seharusnya"), null=True)
    fired_at = models.DateTimeField(_("dijalankan"))
    is_late = models.BooleanField(_("terlambat"), default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clock", "step", "target_version"], name="sla_escalation_once")]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.step_id}"


class EscalationNotice(models.Model):
    """That a person is to be told of an escalation; told one by one, or many at once in a digest."""

    escalation = models.ForeignKey(Escalation, models.CASCADE, related_name="notices")
    person = models.ForeignKey(User, models.CASCADE, related_name="+")
    tell_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["escalation", "person"], name="sla_notice_once")]
        indexes = [models.Index(fields=["tell_at", "person"], name="sla_notice_due", condition=Q(told_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.escalation_id} {self.person_id}"
