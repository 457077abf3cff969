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
    """An IMAP mailbox the worker reads, or the destination of a pipe.

    The mailbox of IMAP_URL is kept here too, so that its health is visible.
    """

    class Auth(models.TextChoices):
        PASSWORD = "password", _("Kata sandi")
        OAUTH = "xoauth2", _("OAuth 2 (Google, Microsoft)")

    name = models.SlugField(_("nama"), max_length=60, unique=True)
    url = models.CharField(
        _("alamat IMAP"),
        max_length=300,
        blank=True,
        help_text=_(
            "imaps://pengguna:sandi@server:993/INBOX; imap+tls:// untuk STARTTLS. Sandi boleh dikosongkan di sini dan "
            "diisi di bawah. Kosong: dari lingkungan (IMAP_URL), atau hanya lewat pipa."
        ),
    )
    auth = models.CharField(_("cara masuk"), max_length=8, choices=Auth, default=Auth.PASSWORD)
    password = models.CharField(_("kata sandi"), max_length=300, blank=True)
    token_url = models.CharField(_("alamat token OAuth"), max_length=300, blank=True)
    client_id = models.CharField(_("client id"), max_length=300, blank=True)
    client_secret = models.CharField(_("client secret"), max_length=300, blank=True)
    refresh_token = models.TextField(
        _("refresh token"), blank=True, help_text=_("Kosong: token diminta atas nama aplikasi (client credentials).")
    )
    scope = models.CharField(_("scope"), max_length=300, blank=True)
    processed_folder = models.CharField(_("folder selesai"), max_length=100, default="Diproses")
    failed_folder = models.CharField(
        _("folder gagal"), max_length=100, default="Gagal", help_text=_("Untuk pesan yang sama sekali tidak tersimpan.")
    )
    address = models.EmailField(_("alamat email"), blank=True)
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, verbose_name=_("tim"))
    service = models.ForeignKey(Service, models.SET_NULL, null=True, blank=True, verbose_name=_("layanan"))
    kind = models.CharField(_("jenis tiket"), max_length=12, choices=Kind, default=Kind.INCIDENT)
    is_active = models.BooleanField(_("aktif"), default=True)
    last_poll_at = models.DateTimeField(_("terakhir dibaca"), null=True, blank=True, editable=False)
    last_error = models.CharField(_("galat terakhir"), max_length=500, blank=True, editable=False)
    waiting = models.PositiveIntegerField(
        _("belum diambil"), default=0, editable=False, help_text=_("Pesan di kotak masuk setelah pembacaan terakhir.")
    )

    class Meta:
        verbose_name = _("kotak surat")
        verbose_name_plural = _("kotak surat")

    def __str__(self) -> str:
        return self.name
