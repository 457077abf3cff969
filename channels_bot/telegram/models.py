"""What the bot must remember between two messages."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact, Team, User
from core.models import TimeStampedModel
from tickets.models import Message, Ticket


class TelegramChat(TimeStampedModel):
    """A private chat with the bot: whose it is, the report being written, and the ticket being talked about.

    `draft` is described in `telegram.drafts`; `awaiting` ({"what", "value", "asked"}) says what the next plain message
    is taken for, such as the reason of a refusal. The two flood fields count the messages of the present minute.
    """

    chat_id = models.BigIntegerField(unique=True)
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="telegram_chats")
    draft = models.JSONField(default=dict, blank=True)
    awaiting = models.JSONField(default=dict, blank=True)
    current_ticket = models.ForeignKey(Ticket, models.SET_NULL, null=True, blank=True, related_name="+")
    flood_since = models.DateTimeField(null=True, blank=True)
    flood_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("percakapan Telegram")
        verbose_name_plural = _("percakapan Telegram")

    def __str__(self) -> str:
        return str(self.chat_id)


class TelegramUpdate(models.Model):
    """An update that was handled. Its unique id makes a second delivery harmless."""

    update_id = models.BigIntegerField(unique=True)
    handled_at = models.DateTimeField(auto_now_add=True, db_index=True)
    error = models.CharField(max_length=500, blank=True)
    payload = models.JSONField(null=True, blank=True, help_text=_("Hanya disimpan bila gagal diproses."))

    class Meta:
        verbose_name = _("pembaruan Telegram")
        verbose_name_plural = _("pembaruan Telegram")

    def __str__(self) -> str:
        return str(self.update_id)


class TelegramMessage(models.Model):
    """A message of a chat that must be known again.

    One of ours: `ticket` is what it is about, so that a reply to it addresses that ticket. One of a person's: `entry`
    is the message it became (or became a part of), `text` its own words, `album` the group of pictures it belongs to.
    `erase_at`: from then on it is to disappear from the chat.
    """

    chat_id = models.BigIntegerField()
    message_id = models.BigIntegerField()
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, blank=True, related_name="+")
    entry = models.ForeignKey(Message, models.CASCADE, null=True, blank=True, related_name="+")
    text = models.TextField(blank=True)
    album = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=timezone.now)
    erase_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("pesan Telegram")
        verbose_name_plural = _("pesan Telegram")
        constraints = [models.UniqueConstraint(fields=["chat_id", "message_id"], name="channels_message_unique")]
        indexes = [
            models.Index(fields=["chat_id", "album"], name="channels_message_album", condition=~Q(album="")),
            models.Index(fields=["chat_id", "at"], name="channels_message_recent"),
            models.Index(fields=["erase_at"], name="channels_message_erase", condition=Q(erase_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class TelegramFile(models.Model):
    """A file of a message that is still to be fetched, or why it could not be."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Sedang diambil")
        DONE = "done", _("Tersimpan")
        FAILED = "failed", _("Tidak dapat diambil")

    entry = models.ForeignKey(Message, models.CASCADE, related_name="telegram_files")
    file_id = models.CharField(max_length=255)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=150)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("berkas Telegram")
        verbose_name_plural = _("berkas Telegram")
        indexes = [models.Index(fields=["next_attempt_at"], name="channels_file_due", condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.state} {self.pk}"


class TelegramGroup(TimeStampedModel):
    """A group in which a team hears of its tickets. Nothing of restricted tickets ever goes there."""

    chat_id = models.BigIntegerField(unique=True)
    title = models.CharField(_("nama grup"), max_length=150, blank=True)
    team = models.ForeignKey(Team, models.CASCADE, related_name="telegram_groups", verbose_name=_("tim"))
    shows_subject = models.BooleanField(
        _("tampilkan perihal"),
        default=False,
        help_text=_("Perihal ditulis pelapor dan dapat memuat data pribadi. Pastikan anggota grup hanya petugas tim."),
    )
    linked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    linked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("grup Telegram")
        verbose_name_plural = _("grup Telegram")

    def __str__(self) -> str:
        return self.title or str(self.pk)


class TelegramPost(models.Model):
    """That a group was told of a ticket, once for each occasion ("new", "due:<escalation>"); when to do so again."""

    group = models.ForeignKey(TelegramGroup, models.CASCADE, related_name="posts")
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="+")
    occasion = models.CharField(max_length=40)
    repeat_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("kabar grup Telegram")
        verbose_name_plural = _("kabar grup Telegram")
        constraints = [models.UniqueConstraint(fields=["group", "ticket", "occasion"], name="channels_post_once")]
        indexes = [
            models.Index(fields=["repeat_at"], name="channels_post_repeat", condition=Q(repeat_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.group_id} {self.occasion}"


class TelegramCode(models.Model):
    """A one-time code that links a chat to an account, or a group to a team. Only its SHA-256 is stored."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("kode Telegram")
        verbose_name_plural = _("kode Telegram")

    def __str__(self) -> str:
        return str(self.pk)
