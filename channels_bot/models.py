"""What the channels must remember between two messages."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from catalog.models import Service
from channels_bot.telegram.models import (
    TelegramChat,
    TelegramCode,
    TelegramFile,
    TelegramGroup,
    TelegramMessage,
    TelegramPost,
    TelegramUpdate,
)
from tickets.choices import Kind

__all__ = [
    "Mailbox",
    "TelegramChat",
    "TelegramCode",
    "TelegramFile",
    "TelegramGroup",
    "TelegramMessage",
    "TelegramPost",
    "TelegramUpdate",
]


class Mailbox(models.Model):
    """An IMAP mailbox the worker reads. The one of IMAP_URL is kept here too, so that its health is visible."""

    name = models.SlugField(_("nama"), max_length=60, unique=True)
    url = models.CharField(
        _("alamat IMAP"),
        max_length=300,
        blank=True,
        help_text=_("imaps://pengguna:sandi@server:993/INBOX. Kosong: dari lingkungan (IMAP_URL)."),
    )
    address = models.EmailField(_("alamat email"), blank=True)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, verbose_name=_("tim"))
    service = models.ForeignKey(Service, models.SET_NULL, null=True, blank=True, verbose_name=_("layanan"))
    kind = models.CharField(_("jenis tiket"), max_length=12, choices=Kind, default=Kind.INCIDENT)
    is_active = models.BooleanField(_("aktif"), default=True)
    last_poll_at = models.DateTimeField(_("terakhir dibaca"), null=True, blank=True, editable=False)
    last_error = models.CharField(_("galat terakhir"), max_length=500, blank=True, editable=False)

    class Meta:
        verbose_name = _("kotak surat")
        verbose_name_plural = _("kotak surat")

    def __str__(self) -> str:
        return self.name
