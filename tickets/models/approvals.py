"""Approvals as they happened on a ticket: rounds of steps of votes."""

import secrets

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Office, User
from catalog.models import ApprovalRule, ApprovalRuleStep
from tickets.choices import Channel
from tickets.models.ticket import Ticket


class ApprovalRound(models.Model):
    """One attempt to get a ticket approved; a new submission starts a new round and old votes count no more."""

    class State(models.TextChoices):
        PENDING = "pending", _("Menunggu")
        APPROVED = "approved", _("Disetujui")
        REJECTED = "rejected", _("Ditolak")
        WITHDRAWN = "withdrawn", _("Ditarik")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="approval_rounds")
    number = models.PositiveSmallIntegerField(_("putaran"))
    rule = models.ForeignKey(ApprovalRule, models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(_("keadaan"), max_length=10, choices=State, default=State.PENDING)
    started_at = models.DateTimeField(_("dimulai"), default=timezone.now)
    ended_at = models.DateTimeField(_("selesai"), null=True, blank=True)

    class Meta:
        ordering = ["number"]
        verbose_name = _("putaran persetujuan")
        verbose_name_plural = _("putaran persetujuan")
        constraints = [
            models.UniqueConstraint(fields=["ticket", "number"], name="tickets_approval_round"),
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(state="pending"), name="tickets_approval_one_pending"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}/{self.number}"


class ApprovalStep(models.Model):
    """One step of a round, copied from the rule so that later edits of the rule change nothing here."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Belum tiba")
        PENDING = "pending", _("Menunggu keputusan")
        APPROVED = "approved", _("Disetujui")
        REJECTED = "rejected", _("Ditolak")
        SKIPPED = "skipped", _("Tidak jadi")

    round = models.ForeignKey(ApprovalRound, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(_("urutan"))
    name = models.CharField(_("nama"), max_length=120)
    quorum = models.CharField(_("kuorum"), max_length=5, choices=ApprovalRuleStep.Quorum)
    needed = models.PositiveSmallIntegerField(_("suara yang diperlukan"))
    state = models.CharField(_("keadaan"), max_length=10, choices=State, default=State.WAITING)
    deadline_hours = models.PositiveSmallIntegerField(_("tenggat (jam kerja)"))
    reminder_hours = models.PositiveSmallIntegerField(_("diingatkan setelah (jam kerja)"), default=0)
    opened_at = models.DateTimeField(_("dibuka"), null=True, blank=True)
    due_at = models.DateTimeField(_("tenggat"), null=True, blank=True)
    next_event_at = models.DateTimeField(_("pengingat berikutnya"), null=True, blank=True)
    is_overdue = models.BooleanField(_("lewat tenggat"), default=False)
    decided_at = models.DateTimeField(_("diputus"), null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("langkah persetujuan")
        verbose_name_plural = _("langkah persetujuan")
        indexes = [
            models.Index(
                fields=["next_event_at"], name="tickets_approval_due", condition=Q(next_event_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name


def _nonce() -> str:
    return secrets.token_urlsafe(12)


class Vote(models.Model):
    """One approver asked in a step. `decided_by` is the addressee or the valid substitute who decided.

    With `office` the head of that office is asked, whoever that is on the day of the decision: `approver` is who held
    the post, or stood in for it as Plt, when the vote was opened.
    """

    class Decision(models.TextChoices):
        APPROVE = "approve", _("Setuju")
        REJECT = "reject", _("Tolak")

    step = models.ForeignKey(ApprovalStep, models.CASCADE, related_name="votes")
    approver = models.ForeignKey(User, models.PROTECT, related_name="votes", verbose_name=_("penyetuju"))
    office = models.ForeignKey(
        Office, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("selaku kepala")
    )
    delegated_to = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="delegated_votes",
        verbose_name=_("dilimpahkan kepada"),
    )
    decision = models.CharField(_("keputusan"), max_length=7, choices=Decision, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("diputus oleh")
    )
    comment = models.TextField(_("catatan"), blank=True)
    channel = models.CharField(_("kanal"), max_length=12, choices=Channel, blank=True)
    decided_at = models.DateTimeField(_("diputus"), null=True, blank=True)
    nonce = models.CharField(
        max_length=24, default=_nonce, editable=False, help_text=_("Bagian rahasia tautan dan tombol; sekali pakai.")
    )

    class Meta:
        ordering = ["pk"]
        verbose_name = _("suara persetujuan")
        verbose_name_plural = _("suara persetujuan")
        constraints = [
            models.UniqueConstraint(fields=["step", "approver"], name="tickets_vote_unique"),
            models.CheckConstraint(
                condition=Q(decision="", decided_by=None) | (~Q(decision="") & Q(decided_by__isnull=False)),
                name="tickets_vote_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["approver"], name="tickets_vote_open", condition=Q(decision="")),
        ]

    def __str__(self) -> str:
        return f"{self.step_id} {self.approver_id} {self.decision or '?'}"
