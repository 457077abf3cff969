"""Our choices where django-allauth asks for them."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.contacts import Identity, resolve
from accounts.models import User

MISMATCH = gettext_lazy("Nama pengguna atau kata sandi tidak cocok. Periksa keduanya, lalu coba lagi.")


class AccountAdapter(DefaultAccountAdapter):
    # One sentence whatever was typed into the field, so that it never tells which half was wrong.
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": MISMATCH,
        "email_password_mismatch": MISMATCH,
        "duplicate_email": gettext_lazy(
            "Alamat itu sudah tercatat di akun Anda. Bila belum terbukti, kirim tautannya dari daftar di atas."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by administrators: citizens need none, and civil servants get theirs by NIP."""
        return False

    @transaction.atomic
    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Whether the address is now proven; then earlier reports from it belong to this account.

        Only the person signed in to that account confirms. Otherwise whoever typed somebody's address would have
        their reports as soon as the owner followed the link out of curiosity.
        """
        if not isinstance(request.user, User) or request.user.pk != email_address.user_id:
            messages.error(request, _("Masuklah dahulu dengan akun yang meminta tautan itu, lalu buka lagi tautannya."))
            return False
        confirmed: bool = super().confirm_email(request, email_address)
        if confirmed:
            resolve(Identity(user=request.user))
        return confirmed

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        """After a proof the reports that came with it, else the page where a new link is asked for."""
        return reverse("portal:my_tickets" if email_address.verified else "account_email")
