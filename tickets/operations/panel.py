"""What the operations show on the ticket page, as far as the person may see and do it."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from tickets import access, workbench
from tickets.access import Action
from tickets.choices import Direction
from tickets.models import Tag, Task, Ticket, TimeEntry
from tickets.operations import converting, linking, merging, splitting, tagging, tasks, timesheet, watching
from tickets.operations.forms import LinkForm, TagForm, TaskForm, TimeForm
from tickets.operations.merging import Absorbed


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task with what this person may do with it now."""

    task: Task
    may_complete: bool
    may_cancel: bool


@dataclass(frozen=True, slots=True)
class TimeRow:
    entry: TimeEntry
    may_remove: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """Tags, watchers, tasks, time and merges of one ticket. Forms are None where the person may not use them."""

    tags: list[Tag]
    offered: QuerySet[Tag] | None
    watchers: list[User]
    may_watch: bool
    is_watching: bool
    tasks: list[TaskRow]
    times: list[TimeRow]
    total_minutes: int
    absorbed: list[Absorbed]
    followers: int
    children: list[Ticket]
    splits: dict[int, str]
    may_split: bool
    may_convert: bool
    tag_form: TagForm | None
    link_form: LinkForm | None
    task_form: TaskForm | None
    time_form: TimeForm | None


def panel(ticket: Ticket, user: User) -> Panel | None:
    """None for people who do not read the ticket as staff."""
    if not access.can(user, Action.SEE_INTERNAL, ticket):
        return None
    may_edit, may_note = access.can(user, Action.EDIT, ticket), access.can(user, Action.NOTE, ticket)
    watchers = list(ticket.watchers.order_by("first_name", "username"))
    alive = ticket.merged_into_id is None
    return Panel(
        tags=list(ticket.tags.all()),
        offered=tagging.offered(user) if may_edit else None,
        watchers=watchers,
        may_watch=watching.may_watch(user, ticket) and alive,
        is_watching=any(person.pk == user.pk for person in watchers),
        tasks=_tasks(ticket, user, may_edit),
        times=_times(ticket, user),
        total_minutes=timesheet.total(ticket),
        absorbed=_absorbed(ticket, user),
        followers=ticket.participants.exclude(via=None).filter(hears_replies=True).count(),
        children=linking.open_children(ticket, user),
        splits=splitting.split_of(ticket),
        may_split=may_edit and alive,
        may_convert=may_edit and not converting.why_not(ticket),
        tag_form=TagForm() if may_edit else None,
        link_form=LinkForm() if may_edit else None,
        task_form=TaskForm(ticket=ticket) if may_edit and ticket.is_open else None,
        time_form=TimeForm() if may_note else None,
    )


def _tasks(ticket: Ticket, user: User, may_edit: bool) -> list[TaskRow]:
    rows = []
    for task in tasks.of_ticket(ticket):
        is_open = task.state == Task.State.OPEN
        mine = task.assignee_id == user.pk or (task.team_id is not None and task.team_id in user.team_ids)
        rows.append(TaskRow(task, is_open and not task.waits and (may_edit or mine), is_open and may_edit))
    return rows


def _times(ticket: Ticket, user: User) -> list[TimeRow]:
    entries = TimeEntry.objects.filter(ticket_id=ticket.pk).select_related("user").order_by("-spent_on", "-pk")[:30]
    return [TimeRow(entry, timesheet.may_remove(entry, user)) for entry in entries]


def _absorbed(ticket: Ticket, user: User) -> list[Absorbed]:
    """The merged tickets with their history, which stays with them."""
    found = merging.absorbed(ticket, user)
    for each in found:
        conceal = access.hides_requester(user, each.ticket)
        internal = access.can(user, Action.SEE_INTERNAL, each.ticket)
        each.events.extend(workbench.history(each.ticket, internal=internal, conceal=conceal))
        each.reporters.append(workbench.requester(each.ticket, user).name)
    return found


def marks(ticket: Ticket, conversation: list[Any], shown: Panel | None) -> None:
    """Say on each message from which merged ticket it came, which ticket was made from it, and whether one can be."""
    for spoken in conversation:
        message = spoken.message
        message.origin_number = message.origin.number if message.origin else ""
        message.split_number = shown.splits.get(message.pk, "") if shown else ""
        message.may_split = bool(shown and shown.may_split and message.direction == Direction.IN)
