"""Everything that arrived, kept whether or not it became a message."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
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
        BLOCKED = "blocked", _("Pengirim diblokir petugas")

    channel = models.CharField(max_length=12, choices=Channel)
    # Empty for email: one mail to several of our mailboxes is one entry, and `inbox` says where it came first.
    mailbox = models.CharField(max_length=150, blank=True)
    inbox = models.CharField(_("kotak surat"), max_length=150, blank=True)
    external_id = models.CharField(max_length=255)
    content_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State)
    reason = models.CharField(max_length=12, choices=Reason, blank=True)
    sender = models.CharField(_("pengirim"), max_length=254, blank=True)
    sender_key = models.CharField(
        max_length=254, blank=True, help_text=_("Alamat pengirim tanpa tanda +, untuk batas kiriman dan blokir.")
    )
    subject = models.CharField(_("perihal"), max_length=300, blank=True)
    text = models.TextField(_("isi"), blank=True)
    payload = models.JSONField(
        default=dict, help_text=_("Pesan terurai, agar keputusan petugas dapat memprosesnya kembali.")
    )
    raw = models.BinaryField(
        null=True, help_text=_("Pesan mentah, terkompresi zlib; kosong bila ada di berkas, NULL bila tidak disimpan.")
    )
    raw_name = models.CharField(max_length=200, blank=True, editable=False)
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
            models.Index(
                fields=["sender_key", "received_at"], name="tickets_inbound_sender", condition=~models.Q(sender_key="")
            ),
            models.Index(fields=["received_at"], name="tickets_inbound_raw", condition=models.Q(raw__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state} {self.pk}"


class BlockedSender(models.Model):
    """An address whose mail is kept, but shown to nobody and never answered."""

    address = models.CharField(_("alamat"), max_length=254, unique=True, help_text=_("Huruf kecil, tanpa tanda +."))
    blocked_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    blocked_at = models.DateTimeField(_("diblokir"), default=timezone.now)

    class Meta:
        verbose_name = _("pengirim diblokir")
        verbose_name_plural = _("pengirim diblokir")

    def __str__(self) -> str:
        return self.address
