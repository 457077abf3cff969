"""Targets, and what happens as they are used up."""

from typing import Protocol

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from catalog.models import Service
from sla.models.calendars import Calendar
from sla.models.metrics import Metric


class Policy(models.Model):
    """Targets for the tickets that match every filled-in condition; the most specific policy wins.

    A row is one version. An edit makes a new row and ends the old one, so that tickets keep what they were promised:
    a version holds for tickets opened from `valid_from` until `valid_until` (empty: without limit).
    """

    name = models.CharField(_("nama"), max_length=150)
    number = models.PositiveIntegerField(_("versi"), default=1)
    replaces = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replaced_by")
    valid_from = models.DateTimeField(_("berlaku sejak"), null=True, blank=True)
    valid_until = models.DateTimeField(_("berlaku sampai"), null=True, blank=True)
    note = models.CharField(_("alasan perubahan"), max_length=300, blank=True)
    kind = models.CharField(_("jenis tiket"), max_length=12, blank=True)
    priority = models.PositiveSmallIntegerField(_("prioritas"), null=True, blank=True)
    service = models.ForeignKey(Service, models.CASCADE, null=True, blank=True, verbose_name=_("layanan"))
    requester_class = models.CharField(_("golongan pelapor"), max_length=12, blank=True)
    complaint_class = models.CharField(_("golongan pengaduan"), max_length=30, blank=True)
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="policies", verbose_name=_("tim")
    )
    calendar = models.ForeignKey(
        Calendar,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("kalender"),
        help_text=_("Kosong: kalender tim, perangkat daerah, atau bawaan."),
    )
    is_active = models.BooleanField(_("aktif"), default=True)

    CONDITIONS = ("team_id", "service_id", "complaint_class", "requester_class", "priority", "kind")

    class Meta:
        ordering = ["name"]
        verbose_name = _("kebijakan SLA")
        verbose_name_plural = _("kebijakan SLA")
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=Q(valid_until=None), name="sla_policy_name"),
            models.UniqueConstraint(fields=["name", "number"], name="sla_policy_version"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a tie: a second active policy with exactly the same conditions."""
        if not self.is_active or self.valid_until:
            return
        conditions = {name: getattr(self, name) for name in self.CONDITIONS}
        same = Policy.objects.filter(is_active=True, valid_until=None, **conditions)
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


class Conditioned(Protocol):
    """What a step looks at: a ticket, or the facts of one."""

    @property
    def kind(self) -> str: ...
    @property
    def priority(self) -> int: ...
    @property
    def team_id(self) -> int | None: ...


class EscalationStep(models.Model):
    """What happens at a share of the target, or so many minutes before or after the due.

    Fires once per clock and target version. Conditions that are empty hold for every ticket.
    """

    metric = models.CharField(_("ukuran"), max_length=12, choices=Metric, blank=True, help_text=_("Kosong: semua."))
    kind = models.CharField(_("jenis tiket"), max_length=12, blank=True)
    priority = models.PositiveSmallIntegerField(_("prioritas"), null=True, blank=True)
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="escalation_steps", verbose_name=_("tim")
    )
    percent = models.PositiveSmallIntegerField(_("persen target"), null=True, blank=True)
    offset_minutes = models.IntegerField(
        _("menit dari tenggat"), null=True, blank=True, help_text=_("Negatif: sebelum tenggat.")
    )
    outside_hours = models.BooleanField(
        _("juga di luar jam kerja"),
        default=False,
        help_text=_("Menit dari tenggat dihitung menurut jam dinding, dan pemberitahuan tidak menunggu jam kerja."),
    )
    notify_assignee = models.BooleanField(_("beri tahu petugas"), default=True)
    notify_team = models.BooleanField(_("beri tahu seluruh tim"), default=False)
    notify_coordinator = models.BooleanField(_("beri tahu koordinator"), default=True)
    notify_office_head = models.BooleanField(_("beri tahu kepala perangkat daerah"), default=False)
    reassign_to = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("alihkan ke tim")
    )
    raise_priority = models.BooleanField(_("naikkan prioritas satu tingkat"), default=False)
    rule = models.ForeignKey(
        "tickets.AutomationRule", models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("jalankan aturan"),
    )  # fmt: skip
    is_active = models.BooleanField(_("aktif"), default=True)
    active_since = models.DateTimeField(
        _("berlaku sejak"), null=True, blank=True, editable=False,
        help_text=_("Hanya saat yang tercapai sesudahnya dijalankan. Kosong: sejak awal."),
    )  # fmt: skip
    needs_planning = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["percent", "offset_minutes", "pk"]
        verbose_name = _("langkah eskalasi")
        verbose_name_plural = _("langkah eskalasi")
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gte=1, percent__lte=1000, offset_minutes=None)
                | Q(percent=None, offset_minutes__isnull=False),
                name="sla_step_one_moment",
            ),
        ]

    def is_for(self, facts: Conditioned) -> bool:
        """Whether a ticket with these facts meets the conditions. Pure."""
        return (
            self.kind in ("", facts.kind)
            and self.priority in (None, facts.priority)
            and self.team_id in (None, facts.team_id)
        )

    @property
    def is_for_all(self) -> bool:
        return (self.kind, self.priority, self.team_id) == ("", None, None)

    def __str__(self) -> str:
        if self.percent is not None:
            return f"{self.percent}%"
        return f"{self.offset_minutes or 0:+d}"
