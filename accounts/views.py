"""The page of the account's email address."""

from typing import Any

from allauth.account.views import EmailView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


class EmailPage(EmailView):
    """The address, its proof, and its change, which takes effect when the new address is proven and not before."""

    template_name = "account/email.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add an address or send its link; nothing that changes the address without a proof, and no removal."""
        if not {"action_add", "action_send"} & request.POST.keys():
            return redirect("account_email")
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer
