"""What was said on a ticket, and the files that came with it."""

import uuid
from pathlib import PurePosixPath

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact, User
from tickets.choices import Channel, Direction, Visibility
from tickets.models.ticket import Ticket


class Message(models.Model):
    """One utterance. `text` is the visible reply; `original_text` keeps the untrimmed words when they differ."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages")
    # No index: always read together with the ticket.
    origin = models.ForeignKey(
        Ticket,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text=_("Tiket yang digabung, tempat kata-kata ini diucapkan; pelapor tiket lain tidak membacanya."),
    )
    direction = models.CharField(max_length=4, choices=Direction)
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.PUBLIC)
    author_user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="messages")
    author_contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="messages")
    author_name = models.CharField(max_length=150, blank=True)
    is_automatic = models.BooleanField(default=False, help_text=_("Ditulis sistem: tidak menghentikan jam tanggapan."))
    channel = models.CharField(max_length=12, choices=Channel)
    external_id = models.CharField(max_length=255, blank=True)
    text = models.TextField(_("isi"))
    original_text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "id"]
        verbose_name = _("pesan")
        verbose_name_plural = _("pesan")
        indexes = [
            models.Index(fields=["ticket", "created_at"], name="tickets_message_order"),
            models.Index(fields=["external_id"], name="tickets_message_external", condition=~models.Q(external_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.direction} {self.pk}"

    @property
    def cause(self) -> str:
        """The `cause` of the deliveries that carry this message."""
        return f"message:{self.pk}"


class MessageRevision(models.Model):
    """Words of a message that its author replaced later, as a chat lets them."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="revisions")
    text = models.TextField(_("isi"))
    replaced_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        verbose_name = _("isi pesan sebelumnya")
        verbose_name_plural = _("isi pesan sebelumnya")

    def __str__(self) -> str:
        return f"{self.message_id} {self.pk}"


def attachment_path(attachment: "Attachment", _name: str) -> str:
    """A path that tells nothing and cannot be guessed; the original name lives in the database only."""
    token = uuid.uuid4().hex
    return str(PurePosixPath("attachments") / token[:2] / token)


class Attachment(models.Model):
    """A private file of a message, served only by a view that asks `tickets.access`."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    name = models.CharField(_("nama berkas"), max_length=200)
    content_type = models.CharField(max_length=150)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    content_id = models.CharField(max_length=255, blank=True)
    file = models.FileField(upload_to=attachment_path, max_length=200)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        verbose_name = _("lampiran")
        verbose_name_plural = _("lampiran")

    def __str__(self) -> str:
        return self.name
