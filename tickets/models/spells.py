"""Where a ticket spent its time."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from tickets.choices import HoldReason, Stage
from tickets.models.ticket import Ticket


class Spell(models.Model):
    """A stretch in which state, reason of waiting and team of a ticket stayed the same. One is open at a time.

    `work_seconds` is its working time by the default calendar, known once it has ended.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="spells")
    state = models.CharField(_("keadaan"), max_length=24)
    stage = models.CharField(_("tahap"), max_length=10, choices=Stage)
    hold_reason = models.CharField(_("alasan menunggu"), max_length=12, choices=HoldReason, blank=True)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="+", verbose_name=_("tim"))
    started_at = models.DateTimeField(_("mulai"))
    ended_at = models.DateTimeField(_("selesai"), null=True)
    work_seconds = models.PositiveIntegerField(_("detik kerja"), null=True)

    class Meta:
        ordering = ["started_at", "pk"]
        verbose_name = _("masa keadaan")
        verbose_name_plural = _("masa keadaan")
        constraints = [
            models.UniqueConstraint(fields=["ticket"], condition=Q(ended_at=None), name="tickets_spell_one_open")
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.state} {self.started_at}"
