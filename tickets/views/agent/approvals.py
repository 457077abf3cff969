"""What waits for one's decision, and handing a vote to a colleague."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from tickets.approvals import ballots, delegation, panel
from tickets.errors import Forbidden, InvalidInputs, Stale, WrongState
from tickets.models.approvals import Vote
from tickets.models.ticket import Ticket
from tickets.views.agent.shared import INVALID, AgentRequest, after_change, sentence, version_in, workspace


class DelegationForm(forms.Form):
    """Whom to hand the vote to."""

    to = forms.ModelChoiceField(
        User.objects.none(),
        required=False,
        label=gettext_lazy("Limpahkan kepada"),
        empty_label=gettext_lazy("Tidak dilimpahkan"),
        help_text=gettext_lazy("Anda sendiri tetap dapat memutuskan selama rekan Anda belum memutuskan."),
    )

    def __init__(self, data: object = None, *, vote: Vote, ticket: Ticket) -> None:
        super().__init__(data, initial={"to": vote.delegated_to_id})  # type: ignore[arg-type]
        field = self.fields["to"]
        field.queryset = delegation.candidates(vote, ticket).select_related("office")  # type: ignore[attr-defined]
        field.label_from_instance = _label  # type: ignore[attr-defined]


def _label(user: User) -> str:
    return f"{user.display_name} – {user.office}" if user.office else user.display_name


@require_GET
@workspace
def approvals(request: AgentRequest) -> HttpResponse:
    """Every open vote this person may decide, also as substitute or delegate."""
    votes = list(panel.waiting_for(request.user))
    rows = [{"vote": vote, "behalf": ballots.on_behalf_of(vote, request.user)} for vote in votes]
    return render(request, "agent/approvals.html", {"rows": rows, "is_cut": len(votes) == panel.MAX_ROWS})


@require_http_methods(["GET", "POST"])
@workspace
def delegate(request: AgentRequest, number: str, pk: int) -> HttpResponse:
    """Hand an open vote to a colleague, or take it back."""
    found = delegation.vote_of(request.user, pk, number) if pk < 2**63 else None
    if found is None:
        raise Http404(_("Suara persetujuan tidak ditemukan."))
    vote, ticket = found
    if vote.approver_id != request.user.pk:
        raise Forbidden(_("Hanya penyetuju sendiri yang dapat melimpahkan keputusannya."))
    form = DelegationForm(request.POST if request.method == "POST" else None, vote=vote, ticket=ticket)
    context = {"ticket": ticket, "vote": vote, "form": form, "is_open": delegation.may_delegate(vote, request.user)}
    if request.method == "GET" or not form.is_valid():
        return render(request, "agent/approvals_delegate.html", context, status=INVALID if form.is_bound else 200)
    chosen = form.cleaned_data["to"]
    try:
        delegation.delegate(vote_id=vote.pk, actor=request.user, to=chosen, expected_version=version_in(request))
    except (InvalidInputs, Stale, WrongState) as error:
        messages.error(request, sentence(error, ticket, request.user))
        return after_change(request, ticket.number)
    messages.success(request, _("Keputusan dilimpahkan.") if chosen else _("Pelimpahan ditarik kembali."))
    return after_change(request, ticket.number)
