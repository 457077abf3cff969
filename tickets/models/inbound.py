"""Everything that arrived, kept whether or not it became a message."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.choices import Channel
from tickets.models.conversation import Message
from tickets.models.ticket import Ticket


class InboundRecord(models.Model):
    """One arrival. (channel, mailbox, external_id, content_hash) is unique: the same message twice is one entry."""

    class State(models.TextChoices):
        ACCEPTED = "accepted", _("Diterima")
        QUARANTINED = "quarantined", _("Dikarantina")
        DISCARDED = "discarded", _("Disingkirkan petugas")

    class Reason(models.TextChoices):
        STRANGER = "stranger", _("Pengirim bukan pihak dalam tiket yang dirujuk")
        LOOP = "loop", _("Balasan otomatis atau terlalu sering")
        UNREADABLE = "unreadable", _("Pesan tidak dapat dibaca")
        BOUNCE = "bounce", _("Pemberitahuan gagal kirim tanpa kiriman asal")
        EMPTY = "empty", _("Pesan tanpa isi")
        ERROR = "error", _("Gagal diproses")

    channel = models.CharField(max_length=12, choices=Channel)
    mailbox = models.CharField(max_length=150, blank=True)
    external_id = models.CharField(max_length=255)
    content_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State)
    reason = models.CharField(max_length=12, choices=Reason, blank=True)
    sender = models.CharField(_("pengirim"), max_length=254, blank=True)
    subject = models.CharField(_("perihal"), max_length=300, blank=True)
    text = models.TextField(_("isi"), blank=True)
    payload = models.JSONField(
        default=dict, help_text=_("Pesan terurai, agar keputusan petugas dapat memprosesnya kembali.")
    )
    raw = models.BinaryField(null=True, help_text=_("Pesan mentah, terkompresi zlib."))
    suggested_ticket = models.ForeignKey(Ticket, models.SET_NULL, null=True, blank=True, related_name="+")
    message = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="inbound")
    received_at = models.DateTimeField(_("diterima"), default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("pesan masuk")
        verbose_name_plural = _("pesan masuk")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "mailbox", "external_id", "content_hash"], name="tickets_inbound_once"
            )
        ]
        indexes = [
            models.Index(fields=["state", "id"], name="tickets_quarantine"),
            models.Index(fields=["channel", "received_at"], name="tickets_inbound_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state} {self.pk}"
