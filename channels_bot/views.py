"""How the mail is doing, and the words of the notices: pages for administrators."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.roles import Role
from channels_bot.email import health
from channels_bot.forms import WordingForm
from notify import outbox, wording
from notify.events import Event, event_of, registry
from notify.models import Delivery
from notify.wording import Words
from tickets import queues
from tickets.errors import Forbidden
from tickets.views.agent.shared import INVALID, AgentRequest, View, workspace

AT_ONCE = 200
"""Dead letters that one press sends again."""


def administrators(view: View) -> View:
    """For administrators; others of the workspace get 403."""

    def guarded(request: AgentRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_role(Role.ADMINISTRATOR):
            raise Forbidden(_("Surat diurus administrator."))
        return view(request, *args, **kwargs)

    return workspace(guarded)


@require_GET
@administrators
def mail(request: AgentRequest) -> HttpResponse:
    """Mailboxes, the way out, and what did not arrive."""
    page = queues.keyset_page(
        health.dead_letters(request.user),
        after=request.GET.get("sesudah", ""),
        before=request.GET.get("sebelum", ""),
        newest_first=True,
    )
    context = {
        "health": health.of(request.user, timezone.now()),
        "page": page,
        "letters": health.shown(page.rows, request.user),
    }
    return render(request, "channels/mail.html", context)


@require_POST
@administrators
def mail_retry(request: AgentRequest, pk: int) -> HttpResponse:
    """Send one dead letter again."""
    delivery = health.dead_letters(request.user).filter(pk=pk).first() if pk < 2**63 else None
    if delivery is None:
        raise Http404(_("Kiriman tidak ditemukan."))
    if outbox.retry(delivery):
        messages.success(request, _("Kiriman dimasukkan lagi ke kotak keluar."))
    else:
        messages.error(request, _("Kiriman ini tidak dapat dikirim ulang: isinya sudah dihapus."))
    return redirect("channels:mail")


@require_POST
@administrators
def mail_retry_all(request: AgentRequest) -> HttpResponse:
    """Send the newest dead letters again, e.g. after a wrong setting was repaired."""
    rows = list(health.dead_letters(request.user).order_by("-pk")[:AT_ONCE])
    count = sum(outbox.retry(row) for row in rows)
    text = ngettext("%(count)d kiriman dimasukkan lagi.", "%(count)d kiriman dimasukkan lagi.", count)
    messages.success(request, text % {"count": count})
    return redirect("channels:mail")


@require_GET
@administrators
def wordings(request: AgentRequest) -> HttpResponse:
    """Every notice and whose words it uses."""
    newest = wording.newest()
    rows = [{"event": event, "version": newest.get(event.code)} for event in registry().values()]
    return render(request, "channels/wordings.html", {"rows": rows})


def _event(code: str) -> Event:
    event = event_of(code)
    if event is None:
        raise Http404(_("Pemberitahuan tidak ditemukan."))
    return event


@require_http_methods(["GET", "POST"])
@administrators
def wording_edit(request: AgentRequest, code: str) -> HttpResponse:
    """Edit the words of one notice, look at them, send a sample to oneself, or keep them."""
    event = _event(code)
    if request.method == "GET":
        words = wording.words_of(event)
        form = WordingForm(event=event, initial={"subject": words.subject, "text": words.text})
        return _page(request, event, form, wording.example(event, words))
    form = WordingForm(request.POST, event=event)
    if not form.is_valid():
        return _page(request, event, form, None, status=INVALID)
    shown = wording.example(event, form.words)
    if "preview" in request.POST:
        return _page(request, event, form, shown)
    if "test" in request.POST:
        _send_sample(request, event, shown)
        return _page(request, event, form, shown)
    saved = wording.save(event=event, words=form.words, actor=request.user)
    messages.success(request, _("Versi %(number)d berlaku mulai sekarang.") % {"number": saved.number})
    return redirect("channels:wording_edit", code=code)


def _page(
    request: AgentRequest, event: Event, form: WordingForm, shown: Words | None, *, status: int = 200
) -> HttpResponse:
    context = {
        "event": event,
        "form": form,
        "shown": shown,
        "versions": list(wording.history(event)[:20]),
        "variables": [
            {"name": name, "meaning": meaning, "is_required": name in event.required, "example": event.examples[name]}
            for name, meaning in event.variables.items()
        ],
    }
    return render(request, "channels/wording_edit.html", context, status=status)


def _send_sample(request: AgentRequest, event: Event, shown: Words) -> None:
    """A mail as people would get it, made of examples, to whoever asks for it."""
    if not request.user.email:
        messages.error(request, _("Akun Anda belum punya alamat email. Isi dahulu di Alamat email."))
        return
    outbox.plan(
        key=f"sample:{uuid.uuid4()}",
        channel=Delivery.Channel.EMAIL,
        recipient=request.user.email,
        subject=_("Contoh: %(subject)s") % {"subject": shown.subject},
        text=shown.text,
        event="sample",
        options={"auto_submitted": "auto-generated", "is_staff": event.to_staff},
    )
    messages.success(request, _("Contoh dikirim ke %(email)s.") % {"email": request.user.email})


@require_POST
@administrators
def wording_use(request: AgentRequest, code: str) -> HttpResponse:
    """Take an earlier version, or the words of the product, as the newest one."""
    event = _event(code)
    number = request.POST.get("version", "")
    if number:
        saved = wording.reuse(event=event, number=int(number) if number.isdigit() else 0, actor=request.user)
        if saved is None:
            messages.error(request, _("Versi itu tidak dapat dipakai lagi. Salin kata-katanya ke dalam formulir."))
            return redirect("channels:wording_edit", code=code)
    else:
        wording.restore_default(event=event, actor=request.user)
    messages.success(request, _("Kata-kata itu berlaku mulai sekarang."))
    return redirect("channels:wording_edit", code=code)
