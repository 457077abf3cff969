"""The forms of signing in and of the account's email address."""

from typing import Any

from allauth.account.forms import AddEmailForm as AllauthAddEmailForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.models import EmailAddress
from django.http import HttpRequest


class LoginForm(AllauthLoginForm):
    """Log-in without texts inside the inputs: each has a label, and the library's words contradict ours."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class AddEmailForm(AllauthAddEmailForm):
    """Another address for the account, which replaces the present one when it is proven."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs.pop("placeholder", None)

    def save(self, request: HttpRequest) -> EmailAddress:
        """Note the address and send its link; one that waited for its proof is forgotten.

        The library's own way would also forget the present address when that is unproven, so that the account would
        have none until the link is followed.
        """
        waiting = EmailAddress.objects.filter(user=self.user, verified=False)
        waiting.exclude(email__iexact=self.user.email).delete()
        return EmailAddress.objects.add_email(request, self.user, self.cleaned_data["email"], confirm=True)
