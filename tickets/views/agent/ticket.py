"""The ticket page and everything an agent does from it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tickets import access, claims, clocks, particulars, undelivered, workbench
from tickets import messages as words
from tickets.access import Action
from tickets.agent_forms import ComposerForm, IdentityForm
from tickets.agreements.document import applied_to
from tickets.approvals import panel as approvals
from tickets.automation import templates
from tickets.choices import Visibility
from tickets.errors import InvalidInputs, Stale, WrongState
from tickets.models import Ticket
from tickets.operations import panel
from tickets.problems.known_errors import workaround_of
from tickets.views.agent.shared import INVALID, AgentRequest, go, sentence, version_in, workspace

SENT = "agent_sent"
"""Session key of the ticket whose reply just left, so that the browser forgets its draft."""


@require_GET
@workspace
def ticket(request: AgentRequest, number: str) -> HttpResponse:
    """The whole ticket. A refresh by htmx gets the parts that others can change, never the composer."""
    shown = access.get_visible(request.user, number)
    survivor = access.survivor_of(shown)
    if survivor.pk != shown.pk and access.visible_to(request.user).filter(pk=survivor.pk).exists():
        text = _("Tiket %(old)s sudah digabung ke tiket ini, %(number)s.")
        messages.info(request, text % {"old": shown.number, "number": survivor.number})
        return go(request, "agent:ticket", number=survivor.number)
    if request.htmx:
        return render(request, "agent/_ticket_live.html", page_context(request, shown))
    is_sent = request.session.pop(SENT, "") == shown.number
    return _page(request, shown, is_sent=is_sent)


def _page(
    request: AgentRequest,
    shown: Ticket,
    composer: ComposerForm | None = None,
    *,
    error: str = "",
    is_sent: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = page_context(request, shown)
    default = Visibility.PUBLIC if context["may_reply"] else Visibility.INTERNAL
    borrowed = workaround_of(user=request.user, number=request.GET.get("solusi", "")) if context["may_reply"] else ""
    canned = templates.canned(shown) if context["may_reply"] else []
    chosen = next((each.text for each in canned if each.code == request.GET.get("templat")), "")
    start = {"visibility": default, "version": shown.version, "text": borrowed or chosen}
    composer = composer or ComposerForm(initial=start)
    context |= {"composer": composer, "composer_error": error, "identity_form": IdentityForm(), "is_sent": is_sent}
    context["canned"] = canned
    return render(request, "agent/ticket.html", context, status=status)


def page_context(request: AgentRequest, shown: Ticket) -> dict[str, Any]:
    """Everything the page shows of a visible ticket, as far as this person may see it."""
    user = request.user
    internal = access.can(user, Action.SEE_INTERNAL, shown)
    conceal = access.hides_requester(user, shown)
    operations = panel.panel(shown, user)
    conversation = workbench.conversation(shown, internal=internal, conceal=conceal)
    panel.marks(shown, conversation, operations)
    steps = workbench.steps(shown, user)
    known_errors = workbench.known_errors(shown, user)
    links = workbench.links(shown, user)
    return particulars.of(shown, user, internal=internal, known_errors=known_errors, links=links) | {
        "ticket": shown,
        "operations": operations,
        "conversation": conversation,
        "clocks": clocks.readings(shown, timezone.now()),
        "steps": steps,
        "may_resolve": any(step.name == "resolve" for step in steps),
        "may_take": bool(claims.step_for(shown, user)),
        "may_reply": access.can(user, Action.REPLY, shown),
        "may_export": internal,
        "may_see_originals": not conceal,
        "may_note": internal and access.can(user, Action.NOTE, shown),
        "may_edit": access.can(user, Action.EDIT, shown),
        "requester": workbench.requester(shown, user),
        "others": workbench.other_tickets(shown, user),
        "links": links,
        "agreement": applied_to(shown),
        "assets": shown.assets.order_by("name", "pk"),
        "known_errors": known_errors,
        "approvals": approvals.rounds(shown, user) if internal else [],
        "events": workbench.history(shown, internal=internal, conceal=conceal),
    }


@require_http_methods(["GET", "POST"])
@workspace
def reply(request: AgentRequest, number: str) -> HttpResponse:
    """Post a reply or a note. A refusal gives the page back with every typed word and a fresh version."""
    shown = access.get_visible(request.user, number)
    if request.method == "GET":
        return redirect("agent:ticket", number=shown.number)
    composer = ComposerForm(request.POST, request.FILES)
    if not composer.is_valid():
        return _page(request, shown, composer, status=INVALID)
    data = composer.cleaned_data
    try:
        posted = words.post(
            ticket_id=shown.pk,
            actor=request.user,
            text=data["text"],
            visibility=data["visibility"],
            uploads=data["attachments"],
            expected_version=data["version"],
        )
    except InvalidInputs as error:
        for name, texts in error.errors.items():
            for text in texts:
                composer.add_error(name if name in composer.fields else None, text)
        return _page(request, shown, composer, status=INVALID)
    except (Stale, WrongState) as error:
        fresh = access.get_visible(request.user, number)
        again = request.POST.copy()
        again["version"] = str(fresh.version)
        composer = ComposerForm(again)
        said = sentence(error, fresh, request.user)
        return _page(request, fresh, composer, error=said, status=error.status)
    request.session[SENT] = shown.number
    target = reverse("agent:ticket", kwargs={"number": shown.number})
    return redirect(f"{target}#pesan-{posted.pk}")


@require_POST
@workspace
def take(request: AgentRequest, number: str) -> HttpResponse:
    """Assign the ticket to oneself."""
    shown = access.get_visible(request.user, number)
    try:
        claims.take(ticket_id=shown.pk, actor=request.user, expected_version=version_in(request))
    except (Stale, WrongState) as error:
        messages.error(request, sentence(error, shown, request.user))
    else:
        messages.success(request, _("Tiket kini ditugaskan kepada Anda."))
    return redirect("agent:ticket", number=shown.number)


@require_POST
@workspace
def resend(request: AgentRequest, number: str, pk: int) -> HttpResponse:
    """Send once more what did not arrive."""
    if pk >= 2**63:
        raise Http404
    try:
        undelivered.resend(number=number, delivery_id=pk, actor=request.user)
    except WrongState as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Kiriman dimasukkan lagi ke kotak keluar."))
    return redirect("agent:ticket", number=number)
