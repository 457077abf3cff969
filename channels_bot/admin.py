"""Administration of the mailboxes that are read."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from channels_bot import mailboxes
from channels_bot.email.access import parse_url
from channels_bot.models import Mailbox
from core.adminbase import ModelAdmin, NoDeleteMixin

SECRETS = ("password", "client_secret", "refresh_token")


class MailboxForm(forms.ModelForm):  # type: ignore[type-arg]
    """Secrets are written, never shown: a field left empty keeps what was there."""

    class Meta:
        model = Mailbox
        fields = (
            "name",
            "address",
            "is_active",
            "url",
            "auth",
            *SECRETS,
            "token_url",
            "client_id",
            "scope",
            "processed_folder",
            "failed_folder",
            "team",
            "service",
            "kind",
        )
        widgets = {name: forms.PasswordInput(render_value=False) for name in SECRETS}

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        if url:
            try:
                address = parse_url(url)
            except ValueError as error:
                raise forms.ValidationError(str(error)) from error
            if address.password:
                raise forms.ValidationError(_("Tulis kata sandi di kolom kata sandi, bukan di dalam alamat."))
        return url

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in SECRETS:
            if not data.get(name):
                data[name] = getattr(self.instance, name)
        if data.get("auth") == Mailbox.Auth.OAUTH:
            if not str(data.get("token_url", "")).startswith("https://"):
                self.add_error("token_url", _("OAuth 2 memerlukan alamat token yang diawali https://"))
            if not data.get("client_id"):
                self.add_error("client_id", _("OAuth 2 memerlukan client id."))
        return data


@admin.register(Mailbox)
class MailboxAdmin(NoDeleteMixin, ModelAdmin):
    """Mailboxes are switched off, not deleted: what came by them names them."""

    form = MailboxForm
    list_display = ("name", "address", "kind", "team", "is_active", "last_poll_at", "waiting", "last_error")
    list_select_related = ("team",)
    search_fields = ("name", "address")

    def save_model(self, request: HttpRequest, obj: Mailbox, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        mailboxes.forget()
