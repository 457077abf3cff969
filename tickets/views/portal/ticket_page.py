"""One ticket as its requester sees it, whether they came by account or by number and code.

Nothing internal is read here: the selectors of `tickets.access` leave notes out, and staff appear by name alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.contacts import Identity
from tickets import access, clocks, intake, tracking, workflow
from tickets.access import Action
from tickets.actors import Actor
from tickets.agreements.document import applied_to
from tickets.choices import Channel
from tickets.errors import Forbidden, InvalidInputs, NotVisible, TicketError
from tickets.kinds.base import Party, TransitionInfo
from tickets.kinds.inputs import TransitionForm
from tickets.models import Message, Ticket
from tickets.portal_forms import ReplyForm, for_requester
from tickets.views.portal import limits

REPLIES_PER_HOUR = 40
SENT = "reply_sent"
"""Session key: the ticket whose reply has just arrived, so that the page drops the draft on the device."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A requester or participant at their ticket. `page` and `step` are the addresses of the page and its buttons."""

    ticket: Ticket
    actor: Actor
    sender: Identity
    page: str
    step: Callable[[str], str]
    by_code: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A transition the requester may run, in their words."""

    name: str
    label: Any
    hint: Any
    url: str
    form: TransitionForm | None
    is_final: bool


# (button, what it means) for the requester; a transition that is not named here keeps its own label.
WORDS = {
    "close": (
        gettext_lazy("Sudah selesai, tutup tiket"),
        gettext_lazy("Pilih bila masalah Anda sudah teratasi."),
    ),
    "reopen": (
        gettext_lazy("Belum selesai, buka kembali"),
        gettext_lazy("Ceritakan apa yang masih kurang. Petugas akan melanjutkan penanganan."),
    ),
    "cancel": (
        gettext_lazy("Batalkan tiket"),
        gettext_lazy(
            "Pilih bila laporan tidak perlu ditangani lagi. Tiket yang dibatalkan tidak dapat dibuka kembali."
        ),
    ),
}


def transitions(visit: Visit) -> list[TransitionInfo]:
    """The transitions open to the requester now; what somebody may do as staff belongs to the workspace."""
    if Party.REQUESTER not in access.parties(visit.actor, visit.ticket):
        return []
    return [info for info in workflow.available(visit.ticket, visit.actor) if Party.REQUESTER in info.edge.by]


def _step(visit: Visit, info: TransitionInfo, data: Any = None) -> Step:
    label, hint = WORDS.get(info.name, (info.edge.label, ""))
    form = workflow.form_of(info, visit.ticket, data)
    if form is not None:
        form.auto_id = f"id_{info.name}_%s"
        form = for_requester(form)
    return Step(info.name, label, hint, visit.step(info.name), form, info.edge.confirm)


def words(visit: Visit) -> list[Message]:
    """The public conversation; each message knows whose it is and under which name it is shown."""
    contact_id = visit.actor.contact_id
    user_id = visit.actor.user.pk if visit.actor.user else None
    conversation = list(access.conversation(visit.ticket, internal=False, reader_id=contact_id))
    for message in conversation:
        own = message.author_contact_id == contact_id or (user_id is not None and message.author_user_id == user_id)
        message.side = "requester" if own and message.direction == "in" else "reader"  # type: ignore[attr-defined]
        message.shown_author = _author(visit, message)  # type: ignore[attr-defined]
    return conversation


def _author(visit: Visit, message: Message) -> str:
    if message.direction == "out":
        # On a restricted case even the officer's name stays out of a page that a code alone opens.
        name = "" if visit.ticket.is_restricted else message.author_name
        return _("%(name)s (petugas)") % {"name": name} if name else _("Petugas")
    return _("Pihak lain dalam tiket ini") if visit.by_code else message.author_name


def show(
    request: HttpRequest,
    visit: Visit,
    *,
    reply_form: ReplyForm | None = None,
    steps: list[Step] | None = None,
    opened: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page of the ticket. `opened` names the step whose form has errors."""
    ticket = visit.ticket
    live = access.survivor_of(ticket)
    may_reply = access.allowed(visit.actor, Action.REPLY, ticket)
    return render(
        request,
        "portal/ticket.html",
        {
            "ticket": ticket,
            "visit": visit,
            "live": live,
            "state_note": tracking.state_note(live),
            "clocks": clocks.promises(live, timezone.now()),
            "agreement": applied_to(ticket),
            "conversation": words(visit),
            "history": tracking.public_history(ticket),
            "reply_form": (reply_form or ReplyForm()) if may_reply else None,
            "steps": [_step(visit, info) for info in transitions(visit)] if steps is None else steps,
            "opened": opened,
            "draft_sent": request.session.pop(SENT, None) == ticket.pk,
        },
        status=status,
    )


def reply(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Add the requester's words, once however often they are sent."""
    form = ReplyForm(request.POST, request.FILES)
    if not form.is_valid():
        return show(request, visit, reply_form=form, status=422)
    if not access.allowed(visit.actor, Action.REPLY, visit.ticket):
        raise Forbidden(_("Anda tidak berwenang menulis di tiket ini."))
    if not limits.spend("reply", f"ticket:{visit.ticket.pk}:{limits.sender_of(request)}", limit=REPLIES_PER_HOUR):
        form.add_error(None, _("Terlalu banyak balasan dalam satu jam. Gabungkan keterangan Anda, lalu kirim nanti."))
        return show(request, visit, reply_form=form, status=429)
    result = intake.receive(_reply_message(form, visit))
    lives_on = access.survivor_of(visit.ticket)
    if result.ticket and result.ticket.pk not in (visit.ticket.pk, lives_on.pk):
        return _moved(request, visit, result)
    messages.success(request, _("Balasan Anda sudah terkirim."))
    request.session[SENT] = visit.ticket.pk
    return redirect(visit.page)


def _reply_message(form: ReplyForm, visit: Visit) -> intake.InboundMessage:
    """The reply for the intake. A reply to a long closed ticket opens a new one, which must not be less secret."""
    ticket, data = visit.ticket, form.cleaned_data
    return intake.InboundMessage(
        channel=Channel.WEB,
        external_id=f"web-{data['submission']}",
        sender=visit.sender,
        subject=ticket.subject,
        text=data["text"].strip() or _("(lihat lampiran)"),
        uploads=tuple(data["attachments"]),
        trusted_ticket_id=ticket.pk,
        draft=intake.TicketDraft(
            kind=ticket.kind, service=ticket.service, office=ticket.office, confidentiality=ticket.confidentiality
        ),
    )


def _moved(request: HttpRequest, visit: Visit, result: intake.IntakeResult) -> HttpResponse:
    """The words went to another ticket. Its receipt is for whoever is the requester there, and for nobody else."""
    ticket, message = result.ticket, result.message
    if ticket is None or message is None or ticket.requester_id != message.author_contact_id:
        messages.success(request, _("Balasan Anda sudah terkirim."))
        return redirect(visit.page)
    messages.info(
        request,
        _("Tiket %(old)s sudah lama ditutup, jadi balasan Anda dicatat sebagai tiket baru.")
        % {"old": visit.ticket.number},
    )
    tracking.keep_receipt(request.session, ticket, timezone.now())
    return redirect("portal:received")


def run(request: HttpRequest, visit: Visit, name: str) -> HttpResponse:
    """Run one transition for the requester; what is no longer possible is said on the page."""
    infos = {info.name: info for info in transitions(visit)}
    if name not in infos:
        messages.warning(
            request,
            _("Langkah ini sudah tidak tersedia. Tiket kini “%(state)s”.") % {"state": visit.ticket.state_label},
        )
        return redirect(visit.page)
    form = workflow.form_of(infos[name], visit.ticket)
    inputs: dict[str, Any] = {field: request.POST.get(field, "") for field in (form.fields if form else {})}
    try:
        workflow.perform(visit.ticket.pk, name, visit.actor, **inputs)
    except InvalidInputs:
        steps = [_step(visit, info, inputs if info.name == name else None) for info in infos.values()]
        return show(request, visit, steps=steps, opened=name, status=422)
    except (NotVisible, Forbidden):
        raise
    except TicketError as error:
        messages.warning(request, error.message)
        return redirect(visit.page)
    messages.success(request, _done(name))
    return redirect(visit.page)


def _done(name: str) -> str:
    sentences = {
        "close": _("Terima kasih. Tiket ditutup."),
        "reopen": _("Tiket dibuka kembali. Petugas akan melanjutkan penanganan."),
        "cancel": _("Tiket dibatalkan."),
    }
    return sentences.get(name, _("Perubahan sudah disimpan."))
