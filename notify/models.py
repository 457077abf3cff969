"""The outbox: every message that leaves the desk is a row here first, in the transaction that caused it."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact


class Delivery(models.Model):
    """One message to one recipient by one channel.

    `topic` ("ticket:17") and `cause` ("message:99") tie the row to what it is about without this app knowing tickets.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Menunggu dikirim")
        SENDING = "sending", _("Sedang dikirim")
        SENT = "sent", _("Terkirim")
        FAILED = "failed", _("Gagal")
        BOUNCED = "bounced", _("Terpental")
        SUPPRESSED = "suppressed", _("Tidak dikirim")

    class Channel(models.TextChoices):
        EMAIL = "email", _("Email")
        TELEGRAM = "telegram", _("Telegram")

    key = models.CharField(max_length=150, unique=True, help_text=_("Kejadian dan penerima: yang sama dikirim sekali."))
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    topic = models.CharField(max_length=60, blank=True)
    cause = models.CharField(max_length=60, blank=True)
    channel = models.CharField(_("kanal"), max_length=12, choices=Channel)
    recipient = models.CharField(_("penerima"), max_length=254)
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="deliveries")
    subject = models.CharField(_("perihal"), max_length=300, blank=True)
    text = models.TextField(_("isi"))
    html = models.TextField(blank=True)
    options = models.JSONField(
        default=dict,
        blank=True,
        help_text=_("Khusus kanal: in_reply_to, references, auto_submitted, reply_markup, attachments."),
    )
    state = models.CharField(_("keadaan"), max_length=12, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("percobaan"), default=0)
    next_attempt_at = models.DateTimeField(_("dicoba lagi"), default=timezone.now)
    message_id = models.CharField(
        max_length=255, blank=True, help_text=_("Pengenal pada kanal: Message-ID atau nomor pesan.")
    )
    error = models.CharField(_("sebab gagal"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("dibuat"), default=timezone.now)
    sent_at = models.DateTimeField(_("terkirim"), null=True, blank=True)

    class Meta:
        verbose_name = _("kiriman")
        verbose_name_plural = _("kiriman")
        indexes = [
            models.Index(fields=["state", "next_attempt_at"], name="notify_due"),
            models.Index(fields=["topic", "id"], name="notify_topic"),
            models.Index(fields=["cause"], name="notify_cause", condition=~Q(cause="")),
            models.Index(fields=["message_id"], name="notify_message_id", condition=~Q(message_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state} {self.pk}"

    @property
    def public_id(self) -> str:
        """The id on its channel as screens show it; of a Telegram message without the chat, which is the person's."""
        return self.message_id.rpartition(":")[2] if self.channel == self.Channel.TELEGRAM else self.message_id
