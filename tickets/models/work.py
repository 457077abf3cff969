"""What people keep around a ticket: tags, tasks, time spent, merges."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from tickets.models.ticket import Ticket


class Tag(models.Model):
    """A word by which tickets are found again, in lower case."""

    name = models.CharField(_("nama"), max_length=40, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("label")
        verbose_name_plural = _("label")

    def __str__(self) -> str:
        return self.name


class Task(models.Model):
    """A piece of the work on a ticket. Tasks of a later position wait until the earlier ones are done."""

    class State(models.TextChoices):
        OPEN = "open", _("Belum selesai")
        DONE = "done", _("Selesai")
        CANCELLED = "cancelled", _("Tidak jadi")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="tasks")
    position = models.PositiveSmallIntegerField(_("urutan"), default=1)
    title = models.CharField(_("tugas"), max_length=200)
    state = models.CharField(_("keadaan"), max_length=10, choices=State, default=State.OPEN)
    assignee = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="tasks", verbose_name=_("petugas")
    )
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="tasks", verbose_name=_("tim"))
    working_hours = models.PositiveSmallIntegerField(_("tenggat (jam kerja)"), null=True, blank=True)
    due_at = models.DateTimeField(_("tenggat"), null=True, blank=True)
    done_at = models.DateTimeField(_("diselesaikan"), null=True, blank=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("tugas")
        verbose_name_plural = _("tugas")
        indexes = [models.Index(fields=["assignee", "due_at"], name="tickets_task_mine", condition=Q(state="open"))]

    def __str__(self) -> str:
        return self.title


class TimeEntry(models.Model):
    """Minutes somebody spent on a ticket."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="time_entries")
    user = models.ForeignKey(User, models.PROTECT, related_name="time_entries")
    minutes = models.PositiveSmallIntegerField(_("menit"))
    spent_on = models.DateField(_("tanggal"))
    note = models.CharField(_("keterangan"), max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["spent_on", "pk"]
        verbose_name = _("waktu kerja")
        verbose_name_plural = _("waktu kerja")
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes__lte=1440), name="tickets_time_entry_minutes")
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.user_id} {self.minutes}"


class Merge(models.Model):
    """One ticket put into another, with what is needed to take it back within a day."""

    source = models.ForeignKey(Ticket, models.PROTECT, related_name="merges_out")
    target = models.ForeignKey(Ticket, models.PROTECT, related_name="merges_in")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    moved = models.JSONField(
        default=dict, help_text=_("Pengenal yang dipindahkan: messages, participants, watchers, tags.")
    )

    class Meta:
        ordering = ["at"]
        verbose_name = _("penggabungan")
        verbose_name_plural = _("penggabungan")
        constraints = [
            models.UniqueConstraint(fields=["source"], condition=Q(undone_at=None), name="tickets_merge_once"),
            models.CheckConstraint(condition=~Q(source=models.F("target")), name="tickets_merge_not_self"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} → {self.target_id}"
