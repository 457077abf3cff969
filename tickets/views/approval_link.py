"""The page behind the link in an approver's mail: it works without signing in, and only a POST decides."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from tickets import workflow
from tickets.actors import Actor
from tickets.approvals import ballots, links
from tickets.choices import Channel, Kind
from tickets.errors import TicketError
from tickets.models import ChangeDetail

GONE = 410
INVALID = 422


class VoteForm(forms.Form):
    """The vote; a refusal needs its reason."""

    comment = forms.CharField(
        label=gettext_lazy("Catatan"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Wajib diisi bila Anda menolak; alasan penolakan dibaca pemohon."),
    )
    decision = forms.ChoiceField(choices=[("approve", "approve"), ("reject", "reject")], widget=forms.HiddenInput)

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if data.get("decision") == "reject" and not str(data.get("comment") or "").strip():
            self.add_error("comment", _("Tulis alasan penolakan."))
        return data


@never_cache
@require_http_methods(["GET", "POST"])
def approval_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is asked, or cast the vote. GET never votes, so that programs that follow links do no harm."""
    try:
        ballot = links.read(token)
    except links.Expired:
        return _over(request, _("Tautan ini sudah lebih dari 14 hari dan tidak berlaku lagi."))
    if ballot is None:
        return _over(request, _("Tautan ini tidak berlaku."))
    if not ballot.is_open:
        return _over(request, _("Keputusan ini sudah diambil atau tidak diperlukan lagi."))
    if request.method == "GET":
        return _page(request, ballot, VoteForm())
    form = VoteForm(request.POST)
    if not form.is_valid():
        return _page(request, ballot, form, status=INVALID)
    decision, comment = form.cleaned_data["decision"], form.cleaned_data["comment"]
    inputs = {"note": comment} if decision == "approve" else {"reason": comment}
    try:
        workflow.perform(ballot.ticket.pk, decision, Actor(user=ballot.person, channel=Channel.EMAIL), **inputs)
    except TicketError as error:
        return _over(request, error.message)
    return _thanks(request, ballot, approved=decision == "approve")


def _page(request: HttpRequest, ballot: links.Ballot, form: VoteForm, *, status: int = 200) -> HttpResponse:
    """Of a restricted ticket only the number: a mail account may be read by others."""
    ticket = ballot.ticket
    is_change = ticket.kind == Kind.CHANGE and not ticket.is_restricted
    context = {
        "ticket": ticket,
        "vote": ballot.vote,
        "person": ballot.person,
        "behalf": ballots.on_behalf_of(ballot.vote, ballot.person),
        "detail": ChangeDetail.objects.filter(ticket_id=ticket.pk).first() if is_change else None,
        "form": form,
    }
    return _private(render(request, "approval/link.html", context, status=status))


def _thanks(request: HttpRequest, ballot: links.Ballot, *, approved: bool) -> HttpResponse:
    context = {"ticket": ballot.ticket, "approved": approved}
    return _private(render(request, "approval/done.html", context))


def _over(request: HttpRequest, reason: str) -> HttpResponse:
    return _private(render(request, "approval/over.html", {"reason": reason}, status=GONE))


def _private(response: HttpResponse) -> HttpResponse:
    """The address is a key: it must not travel to other sites, nor into an index.

    Not "no-referrer": then browsers send the form without its origin, and the check against forgery refuses it.
    """
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
