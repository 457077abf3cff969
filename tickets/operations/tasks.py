"""The pieces of work on a ticket: made from the service's templates or by hand, done in their order."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Team, User
from catalog.models import TaskTemplate
from tickets import access, clocks, notices, timeline, workflow
from tickets.access import Action
from tickets.actors import SYSTEM, Actor, actor_of
from tickets.choices import Kind
from tickets.errors import Forbidden, InvalidInputs, NotVisible, WrongState
from tickets.models import Task, Ticket
from tickets.models.ticket import NO_DUE

State = Task.State
MAX_TASKS = 50


def plan(ticket: Ticket, at: datetime) -> list[Task]:
    """Make the tasks that the service of a locked request takes, once; called when its work is cleared to begin."""
    if ticket.kind != Kind.REQUEST or ticket.service_id is None or ticket.tasks.exists():
        return []
    made = [
        Task.objects.create(
            ticket_id=ticket.pk,
            position=template.position,
            title=template.title,
            team_id=template.team_id,
            working_hours=template.working_hours,
            created_at=at,
        )
        for template in TaskTemplate.objects.filter(service_id=ticket.service_id).order_by("position", "pk")
    ]
    for task in made:
        timeline.record(ticket, code=timeline.TASK_ADDED, actor=SYSTEM, at=at, changes={"title": task.title})
    _open_next(ticket, at)
    return made


@transaction.atomic
def add(
    *,
    ticket_id: int,
    actor: Actor | User,
    title: str,
    position: int | None = None,
    assignee: User | None = None,
    team: Team | None = None,
    working_hours: int | None = None,
) -> Task:
    """A task by hand; without `position` it comes last. Raises NotVisible, Forbidden, WrongState or InvalidInputs."""
    ticket, who = _editable(ticket_id, actor)
    _check(ticket, title, assignee)
    at = timezone.now()
    if position is None:
        position = ticket.tasks.aggregate(last=Max("position"))["last"] or 1
    task = Task.objects.create(
        ticket_id=ticket.pk,
        position=position,
        title=title.strip()[:200],
        assignee=assignee,
        team=team,
        working_hours=working_hours,
        created_at=at,
    )
    _note(ticket, timeline.TASK_ADDED, who, at, title=task.title)
    return task


def _check(ticket: Ticket, title: str, assignee: User | None) -> None:
    if not ticket.is_open:
        raise WrongState(_("Tiket ini sudah selesai; tugas baru tidak dapat ditambahkan."))
    if not title.strip():
        raise InvalidInputs(_("Tugas belum diberi nama."), {"title": [_("Tulis apa yang dikerjakan.")]})
    if ticket.tasks.count() >= MAX_TASKS:
        raise WrongState(_("Paling banyak %(count)d tugas dalam satu tiket.") % {"count": MAX_TASKS})
    _check_assignee(ticket, assignee)


def _check_assignee(ticket: Ticket, assignee: User | None) -> None:
    """Whoever cannot see the ticket cannot do its work."""
    if assignee is None:
        return
    if not assignee.is_workspace_user or not access.visible_to(assignee).filter(pk=ticket.pk).exists():
        reason = _("Petugas ini tidak dapat melihat tiketnya. Pilih petugas lain.")
        raise InvalidInputs(reason, {"assignee": [reason]})


@transaction.atomic
def assign(*, ticket_id: int, task_id: int, actor: Actor | User, assignee: User | None) -> Task:
    """Give an open task to somebody, or to nobody. Raises as `add` does."""
    ticket, who = _editable(ticket_id, actor)
    task = _task(ticket, task_id)
    if task.state != State.OPEN:
        raise WrongState(_("Tugas ini sudah selesai."))
    _check_assignee(ticket, assignee)
    if task.assignee != assignee:
        task.assignee = assignee
        task.save(update_fields=["assignee"])
        person = assignee.display_name if assignee else _("belum ada petugas")
        _note(ticket, timeline.TASK_ASSIGNED, who, timezone.now(), title=task.title, person=person)
        if task.pk in _ready_ids(ticket):
            _tell(ticket, task)
    return task


@transaction.atomic
def complete(*, ticket_id: int, task_id: int, actor: Actor | User) -> Task:
    """Mark a task as done; the tasks after it may begin. Done twice is done once.

    Raises NotVisible, Forbidden, or WrongState while tasks before it are open.
    """
    who = actor_of(actor)
    ticket = workflow.lock(ticket_id, who)
    task = _task(ticket, task_id)
    if not may_complete(task, ticket, who):
        raise Forbidden(_("Tugas ini milik petugas atau tim lain."))
    if task.state == State.DONE:
        return task
    if task.state == State.CANCELLED or task.pk not in _ready_ids(ticket):
        raise WrongState(_("Tugas ini belum boleh dikerjakan: selesaikan dahulu tugas sebelumnya."))
    return _finish(ticket, task, State.DONE, timeline.TASK_DONE, who)


@transaction.atomic
def cancel(*, ticket_id: int, task_id: int, actor: Actor | User) -> Task:
    """Drop a task that is not needed. Raises NotVisible, Forbidden or WrongState."""
    ticket, who = _editable(ticket_id, actor)
    task = _task(ticket, task_id)
    if task.state == State.CANCELLED:
        return task
    if task.state == State.DONE:
        raise WrongState(_("Tugas ini sudah selesai."))
    return _finish(ticket, task, State.CANCELLED, timeline.TASK_CANCELLED, who)


def _finish(ticket: Ticket, task: Task, state: str, code: str, actor: Actor) -> Task:
    at = timezone.now()
    task.state, task.done_at, task.done_by = state, at, actor.user
    task.save(update_fields=["state", "done_at", "done_by"])
    _note(ticket, code, actor, at, title=task.title)
    return task


def may_complete(task: Task, ticket: Ticket, actor: Actor) -> bool:
    """Its assignee, its team, and whoever works on the ticket."""
    if actor.user is None or not access.allowed(actor, Action.SEE_INTERNAL, ticket):
        return False
    mine = task.assignee_id == actor.user.pk or (task.team_id is not None and task.team_id in actor.user.team_ids)
    return mine or access.allowed(actor, Action.EDIT, ticket)


def _editable(ticket_id: int, actor: Actor | User) -> tuple[Ticket, Actor]:
    who = actor_of(actor)
    ticket = workflow.lock(ticket_id, who)
    if not access.allowed(who, Action.EDIT, ticket):
        raise Forbidden(_("Anda tidak berwenang mengubah tugas tiket ini."))
    return ticket, who


def _task(ticket: Ticket, task_id: int) -> Task:
    task = Task.objects.select_related("assignee").filter(pk=task_id, ticket_id=ticket.pk).first()
    if task is None:
        raise NotVisible(_("Tugas tidak ditemukan di tiket ini."))
    return task


def _note(ticket: Ticket, code: str, actor: Actor, at: datetime, **changes: Any) -> None:
    timeline.record(ticket, code=code, actor=actor, at=at, changes=changes)
    _open_next(ticket, at)
    workflow.save(ticket, at)


def _ready_ids(ticket: Ticket) -> set[int]:
    """The open tasks of the lowest position: what can be done now."""
    open_tasks = Task.objects.filter(ticket_id=ticket.pk, state=State.OPEN)
    position = open_tasks.aggregate(first=Min("position"))["first"]
    return set(open_tasks.filter(position=position).values_list("pk", flat=True))


def _open_next(ticket: Ticket, at: datetime) -> None:
    """The deadline of a task counts from when it may begin, in open time of the county's calendar."""
    ready = Task.objects.filter(pk__in=_ready_ids(ticket), due_at=None, working_hours__isnull=False)
    for task in ready.select_related("assignee"):
        task.due_at = clocks.default_calendar().add(at, timedelta(hours=task.working_hours or 0))
        task.save(update_fields=["due_at"])
    for task in Task.objects.filter(pk__in=_ready_ids(ticket), assignee__isnull=False).select_related("assignee"):
        _tell(ticket, task)


def _tell(ticket: Ticket, task: Task) -> None:
    """Tell the assignee once that the task may begin; of restricted cases not even what it is."""
    if task.assignee is None:
        return
    text = _("Ada tugas untuk Anda di tiket %(number)s.") % {"number": ticket.number} + f"\n\n{task.title}"
    notices.staff_notice(ticket, task.assignee, key=f"task:{task.pk}:{task.assignee.pk}", event="task", text=text)


def of_ticket(ticket: Ticket) -> QuerySet[Any]:
    """The tasks in their order; `waits` says that an earlier one is still open."""
    earlier = Task.objects.filter(ticket=OuterRef("ticket"), state=State.OPEN, position__lt=OuterRef("position"))
    tasks = Task.objects.filter(ticket_id=ticket.pk).annotate(waits=Exists(earlier))
    return tasks.select_related("assignee", "team", "done_by").order_by("position", "pk")


def mine(user: User) -> QuerySet[Any]:
    """Open tasks of this person, and of their teams while nobody has them, on tickets that exist for them.

    `sort_due_at` is the key of the list's pages; tasks without a deadline come last.
    """
    earlier = Task.objects.filter(ticket=OuterRef("ticket"), state=State.OPEN, position__lt=OuterRef("position"))
    own = Q(assignee=user) | Q(assignee=None, team__in=user.team_ids)
    tasks = Task.objects.filter(own, state=State.OPEN, ticket__in=access.visible_to(user).filter(is_open=True))
    tasks = tasks.annotate(waits=Exists(earlier), sort_due_at=Coalesce(F("due_at"), NO_DUE))
    return tasks.select_related("ticket", "assignee", "team")
