"""What is done to a ticket from its page besides working on it, and to many tickets from the queue."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tickets import access
from tickets.access import Action
from tickets.choices import Direction
from tickets.errors import Forbidden, InvalidInputs, NotVisible, Stale, WrongState
from tickets.models import Message, Task, Ticket
from tickets.operations import bulk, converting, linking, splitting, tagging, tasks, timesheet, watching
from tickets.operations.forms import ConvertForm, LinkForm, SplitForm, TagForm, TaskAssigneeForm, TaskForm, TimeForm
from tickets.queues import keyset_page
from tickets.views.agent.shared import INVALID, AgentRequest, safe_back, sentence, workspace

RESULTS = "bulk_results"
"""Session key of what came of the last act on many tickets."""

Act = Callable[..., str]


def _small(anchor: str) -> Callable[[Act], Callable[..., HttpResponse]]:
    """A view for a small form of the ticket page: does one thing, says so or why not, and comes back to the form."""

    def decorate(act: Act) -> Callable[..., HttpResponse]:
        @require_POST
        @workspace
        @wraps(act)
        def view(request: AgentRequest, number: str, **more: Any) -> HttpResponse:
            shown = access.get_visible(request.user, number)
            try:
                messages.success(request, act(request, shown, **more))
            except InvalidInputs as error:
                first = next((text for texts in error.errors.values() for text in texts), error.message)
                messages.error(request, first)
            except (Stale, WrongState) as error:
                messages.error(request, sentence(error, shown, request.user))
            return redirect(f"{reverse('agent:ticket', args=[shown.number])}#{anchor}")

        return view

    return decorate


def _valid(form: forms.Form) -> dict[str, Any]:
    """The cleaned values. Raises InvalidInputs with the sentences of the form."""
    if not form.is_valid():
        errors = {name: [f"{form[name].label}: {text}" for text in texts] for name, texts in form.errors.items()}
        raise InvalidInputs(_("Isian belum lengkap."), errors)
    return form.cleaned_data


@_small("label")
def tag(request: AgentRequest, shown: Ticket) -> str:
    """Add a tag, or remove the one named by `hapus`."""
    if gone := request.POST.get("hapus", ""):
        tagging.remove(ticket_id=shown.pk, actor=request.user, name=gone)
        return _("Label dilepas.")
    tagging.add(ticket_id=shown.pk, actor=request.user, name=_valid(TagForm(request.POST))["tag"])
    return _("Label dipasang.")


@_small("pengamat")
def watch(request: AgentRequest, shown: Ticket) -> str:
    if request.POST.get("berhenti"):
        watching.unwatch(ticket_id=shown.pk, actor=request.user)
        return _("Anda tidak lagi mengamati tiket ini.")
    watching.watch(ticket_id=shown.pk, actor=request.user)
    return _("Anda akan diberi tahu tentang balasan dan perubahan keadaan tiket ini.")


@_small("tautan")
def link(request: AgentRequest, shown: Ticket) -> str:
    form = LinkForm(request.POST)
    _valid(form)
    linking.link(ticket_id=shown.pk, actor=request.user, **form.facts())
    return _("Tautan disimpan.")


@_small("tautan")
def unlink(request: AgentRequest, shown: Ticket, pk: int) -> str:
    linking.unlink(ticket_id=shown.pk, actor=request.user, link_id=pk)
    return _("Tautan dilepas.")


@_small("tugas")
def task_add(request: AgentRequest, shown: Ticket) -> str:
    tasks.add(ticket_id=shown.pk, actor=request.user, **_valid(TaskForm(request.POST, ticket=shown)))
    return _("Tugas ditambahkan.")


@_small("tugas")
def task(request: AgentRequest, shown: Ticket, pk: int) -> str:
    """`selesai`, `batal`, or another assignee for one task."""
    if request.POST.get("selesai"):
        tasks.complete(ticket_id=shown.pk, task_id=pk, actor=request.user)
        return _("Tugas selesai.")
    if request.POST.get("batal"):
        tasks.cancel(ticket_id=shown.pk, task_id=pk, actor=request.user)
        return _("Tugas dibatalkan.")
    assignee = _valid(TaskAssigneeForm(request.POST, ticket=shown))["assignee"]
    tasks.assign(ticket_id=shown.pk, task_id=pk, actor=request.user, assignee=assignee)
    return _("Petugas tugas disimpan.")


@_small("waktu")
def time_add(request: AgentRequest, shown: Ticket) -> str:
    timesheet.add(ticket_id=shown.pk, actor=request.user, **_valid(TimeForm(request.POST)))
    return _("Waktu kerja dicatat.")


@_small("waktu")
def time_remove(request: AgentRequest, shown: Ticket, pk: int) -> str:
    timesheet.remove(ticket_id=shown.pk, entry_id=pk, actor=request.user)
    return _("Catatan waktu dihapus.")


@require_http_methods(["GET", "POST"])
@workspace
def convert(request: AgentRequest, number: str) -> HttpResponse:
    """Another kind for the ticket."""
    shown = access.get_visible(request.user, number)
    if not access.can(request.user, Action.EDIT, shown):
        raise Forbidden(_("Anda tidak berwenang mengubah jenis tiket ini."))
    form = ConvertForm(request.POST if request.method == "POST" else None, ticket=shown)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        try:
            converting.convert(ticket_id=shown.pk, actor=request.user, expected_version=data.pop("version"), **data)
        except InvalidInputs as error:
            _add_errors(form, error)
        except (Stale, WrongState) as error:
            messages.error(request, sentence(error, shown, request.user))
            return redirect("agent:ticket", number=shown.number)
        else:
            messages.success(request, _("Jenis tiket sudah diubah."))
            return redirect("agent:ticket", number=shown.number)
    context = {"ticket": shown, "form": form, "reason": converting.why_not(shown)}
    return render(request, "agent/operations/convert.html", context, status=INVALID if form.errors else 200)


@require_http_methods(["GET", "POST"])
@workspace
def split(request: AgentRequest, number: str, pk: int) -> HttpResponse:
    """One message as a ticket of its own."""
    shown = access.get_visible(request.user, number)
    if not access.can(request.user, Action.EDIT, shown):
        raise Forbidden(_("Anda tidak berwenang memisahkan pesan tiket ini."))
    message = Message.objects.filter(pk=pk, ticket_id=shown.pk, direction=Direction.IN).first()
    if message is None:
        raise NotVisible(_("Pesan tidak ditemukan."))
    first_line = message.text.strip().partition("\n")[0][:120]
    form = SplitForm(request.POST if request.method == "POST" else None, ticket=shown, subject=first_line)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        version = data.pop("version")
        try:
            made = splitting.split(
                ticket_id=shown.pk, message_id=pk, actor=request.user, expected_version=version, **data
            )
        except InvalidInputs as error:
            _add_errors(form, error)
        except (Stale, WrongState) as error:
            messages.error(request, sentence(error, shown, request.user))
            return redirect("agent:ticket", number=shown.number)
        else:
            messages.success(request, _("Pesan dijadikan tiket baru %(number)s.") % {"number": made.number})
            seen = access.visible_to(request.user).filter(pk=made.pk).exists()
            return redirect("agent:ticket", number=made.number if seen else shown.number)
    context = {"ticket": shown, "form": form, "message": message}
    return render(request, "agent/operations/split.html", context, status=INVALID if form.errors else 200)


def _add_errors(form: forms.Form, error: InvalidInputs) -> None:
    for name, texts in error.errors.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)


@require_GET
@workspace
def my_tasks(request: AgentRequest) -> HttpResponse:
    """The open tasks of this person and of their teams, the most urgent first."""
    page = keyset_page(
        tasks.mine(request.user), after=request.GET.get("sesudah", ""), before=request.GET.get("sebelum", "")
    )
    return render(request, "agent/operations/my_tasks.html", {"page": page})


@require_POST
@workspace
def task_done(request: AgentRequest, pk: int) -> HttpResponse:
    """Finish a task from the list of one's own tasks."""
    found = Task.objects.filter(pk=pk, ticket__in=access.visible_to(request.user)).first()
    if found is None:
        raise NotVisible(_("Tugas tidak ditemukan."))
    try:
        tasks.complete(ticket_id=found.ticket_id, task_id=pk, actor=request.user)
    except WrongState as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Tugas selesai."))
    return redirect("agent:my_tasks")


@require_POST
@workspace
def many(request: AgentRequest) -> HttpResponse:
    """Ask for the inputs of an act on the ticked tickets; with them (`jalankan`), do it and show what came of each."""
    code, numbers = request.POST.get("aksi", ""), request.POST.getlist("tiket")
    back = request.POST.get("kembali", "")
    try:
        action = bulk.action_of(code)
        if not numbers:
            raise InvalidInputs(_("Centang dahulu tiketnya."), {})
        runs = "jalankan" in request.POST
        form = action.form(request.POST if runs else None) if action.form else None
        if runs and (form is None or form.is_valid()):
            inputs = form.cleaned_data if form else {}
            results = bulk.run(action=code, numbers=numbers, actor=request.user, inputs=inputs)
            request.session[RESULTS] = _kept(str(action.label), results, back)
            return redirect("agent:many_results")
    except InvalidInputs as error:
        messages.warning(request, error.message)
        return redirect(safe_back(request, back))
    seen = access.visible_to(request.user).filter(number__in=numbers[: bulk.MAX_AT_ONCE]).order_by("number")
    context = {
        "action": action, "code": code, "form": form, "tickets": seen, "back": safe_back(request, back),
        "offered": tagging.offered(request.user) if code == "label" else None,
    }  # fmt: skip
    return render(request, "agent/operations/many.html", context, status=INVALID if form and form.errors else 200)


def _kept(label: str, results: Iterable[bulk.Result], back: str) -> dict[str, Any]:
    return {"label": label, "back": back, "rows": [[each.number, each.reason, each.is_known] for each in results]}


@require_GET
@workspace
def many_results(request: AgentRequest) -> HttpResponse:
    """What came of the last act on many tickets, ticket by ticket; a reload does nothing again."""
    kept = request.session.get(RESULTS) or {"label": "", "back": "", "rows": []}
    results = [bulk.Result(*row) for row in kept["rows"]]
    context = {
        "label": kept["label"],
        "results": results,
        "done": sum(each.is_done for each in results),
        "back": safe_back(request, kept["back"]),
    }
    return render(request, "agent/operations/many_results.html", context)
