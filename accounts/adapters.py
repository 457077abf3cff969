"""Our choices where django-allauth asks for them."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

MISMATCH = gettext_lazy("Nama pengguna atau kata sandi tidak cocok. Periksa keduanya, lalu coba lagi.")


class AccountAdapter(DefaultAccountAdapter):
    # One sentence whatever was typed into the field, so that it never tells which half was wrong.
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": MISMATCH,
        "email_password_mismatch": MISMATCH,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by administrators: citizens need none, and civil servants get theirs by NIP."""
        return False
