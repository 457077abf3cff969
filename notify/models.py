"""The outbox: every message that leaves the desk is a row here first, in the transaction that caused it."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact, User


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
    user = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Petugas yang diberi tahu; pilihannya tentang pemberitahuan berlaku."),
    )
    event = models.CharField(_("kejadian"), max_length=40, blank=True)
    domain = models.CharField(
        max_length=254, blank=True, help_text=_("Server yang dituju; laju dan kiriman serempak dibatasi menurut ini.")
    )
    subject = models.CharField(_("perihal"), max_length=300, blank=True)
    text = models.TextField(_("isi"))
    html = models.TextField(blank=True)
    options = models.JSONField(
        default=dict,
        blank=True,
        help_text=_("Khusus kanal: in_reply_to, references, auto_submitted, reply_markup, attachments."),
    )
    is_secret = models.BooleanField(
        default=False, help_text=_("Memuat tautan atau kode yang membuka sesuatu: isinya dihapus setelah terkirim.")
    )
    in_digest = models.BooleanField(default=False, help_text=_("Menunggu ringkasan, tidak berangkat sendiri."))
    carrier = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="carried", help_text=_("Ringkasan yang memuatnya.")
    )
    state = models.CharField(_("keadaan"), max_length=12, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("percobaan"), default=0)
    crashes = models.PositiveSmallIntegerField(
        default=0, help_text=_("Berapa kali pekerja berhenti di tengah pengiriman ini.")
    )
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
            models.Index(fields=["state", "-id"], name="notify_state"),
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


class Pace(models.Model):
    """How fast one server may be written to, or one channel at all; shared by every worker.

    `name`: "email" for the channel, "email:contoh.id" for a domain.
    """

    name = models.CharField(max_length=280, unique=True)
    paced_until = models.DateTimeField(null=True, blank=True, help_text=_("Sampai sini jatah laju sudah terpakai."))
    resume_at = models.DateTimeField(_("dicoba lagi"), null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(_("galat"), max_length=500, blank=True)

    def __str__(self) -> str:
        return self.name


class Preference(models.Model):
    """How one account wants to be told. No row: at once, by the channel last used."""

    class Choice(models.TextChoices):
        NOW = "now", _("Langsung")
        DIGEST = "digest", _("Dalam ringkasan harian")
        OFF = "off", _("Tidak usah")

    user = models.OneToOneField(User, models.CASCADE, related_name="notice_preference")
    first_channel = models.CharField(
        _("kanal pertama"),
        max_length=12,
        choices=Delivery.Channel,
        blank=True,
        help_text=_("Kosong: yang terakhir dipakai."),
    )
    is_quiet = models.BooleanField(_("tenang di luar jam kerja"), default=False)
    digest_hour = models.PositiveSmallIntegerField(_("jam ringkasan"), default=8)
    choices = models.JSONField(default=dict, blank=True, help_text=_("Kejadian → pilihan."))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(digest_hour__lte=23), name="notify_preference_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}"


class OptOut(models.Model):
    """Somebody without an account asked not to be told of this any more."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="opt_outs")
    event = models.CharField(max_length=40)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["contact", "event"], name="notify_opt_out")]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.event}"


class Wording(models.Model):
    """One version of the words of an event; the highest number counts. Rows are never changed.

    Empty texts mean the words the product comes with.
    """

    event = models.CharField(_("kejadian"), max_length=40)
    number = models.PositiveIntegerField(_("versi"))
    subject = models.CharField(_("perihal"), max_length=150, blank=True)
    text = models.TextField(_("isi"), blank=True)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name=_("oleh"))
    made_at = models.DateTimeField(_("dibuat"), default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "number"], name="notify_wording_number")]

    def __str__(self) -> str:
        return f"{self.event} {self.number}"

    @property
    def is_default(self) -> bool:
        return not self.text
