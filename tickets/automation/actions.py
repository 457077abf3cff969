"""What a rule can do. Each action is checked when the rule is saved and run as the system actor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Team, User
from accounts.roles import WORKSPACE_ROLES, Role
from tickets import access
from tickets.actors import SYSTEM
from tickets.automation import templates
from tickets.automation.conditions import Choices, Text, choose
from tickets.choices import Level, Visibility
from tickets.errors import WrongState
from tickets.kinds import machines
from tickets.kinds.base import Party
from tickets.models import AutomationRule, AutomationRun, ReplyTemplate, Tag, Ticket

MAX_ACTIONS = 10
Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do. `value` is chosen from `choices` or, without them, written; `detail` says what else it needs.

    `run(ticket, value, detail, rule)` gets a saved, locked ticket, leaves it fresh, and returns what it did.
    """

    label: Text
    value: Text
    choices: Callable[[], Choices] | None
    run: Callable[[Ticket, str, str, AutomationRule], str]
    detail: Text = ""
    needs_detail: bool = False


def _teams() -> Choices:
    """Not the confidential teams: an ordinary ticket has no business there."""
    return list(Team.objects.filter(is_active=True, is_confidential=False).values_list("code", "name"))


def _agents() -> Choices:
    people = User.objects.filter(is_active=True, groups__name__in=[Role.AGENT, Role.COORDINATOR]).distinct()
    return [(user.username, user.display_name) for user in people.order_by("username")]


def _staff() -> Choices:
    people = User.objects.filter(is_active=True, groups__name__in=WORKSPACE_ROLES).distinct()
    return [(user.username, user.display_name) for user in people.order_by("username")]


def _levels() -> Choices:
    return [(level.code, str(level.label)) for level in Level]


def _templates() -> Choices:
    return list(ReplyTemplate.objects.filter(is_active=True).values_list("code", "name"))


def _transitions() -> Choices:
    """The steps that some machine lets the system take."""
    found: dict[str, str] = {}
    for machine in machines().values():
        for info in machine.transitions():
            if Party.SYSTEM in info.edge.by:
                found.setdefault(info.name, str(info.edge.label))
    return list(found.items())


def _assign_team(ticket: Ticket, value: str, _detail: str, _rule: AutomationRule) -> str:
    from tickets.automation import assignment

    team = Team.objects.get(Q(code=value), is_active=True, is_confidential=False)
    if ticket.team_id != team.pk:
        assignment.put(ticket, team=team)
    assignment.fill(ticket)
    name = ticket.assignee.display_name if ticket.assignee else _("tanpa petugas")
    return _("tim %(team)s, %(person)s") % {"team": team, "person": name}


def _assign_person(ticket: Ticket, value: str, _detail: str, _rule: AutomationRule) -> str:
    from tickets.automation import assignment

    person = User.objects.get(username=value, is_active=True)
    team = ticket.team
    if team is None or not team.members.filter(pk=person.pk).exists():
        team = Team.objects.filter(members=person, is_active=True, is_confidential=False).order_by("pk").first()
        if team is None:
            raise WrongState(_("%(person)s tidak berada di satu tim pun.") % {"person": person.display_name})
        assignment.put(ticket, team=team)
    if ticket.assignee_id != person.pk:
        assignment.put(ticket, assignee=person)
    return _("petugas %(person)s") % {"person": person.display_name}


def _set_priority(ticket: Ticket, value: str, detail: str, _rule: AutomationRule) -> str:
    from tickets import edits

    level = Level.from_code(value)
    edits.change(ticket_id=ticket.pk, actor=SYSTEM, priority=level.value, priority_reason=detail)
    ticket.refresh_from_db()
    return _("prioritas %(level)s") % {"level": level.label}


def _add_watcher(ticket: Ticket, value: str, _detail: str, _rule: AutomationRule) -> str:
    person = User.objects.get(username=value, is_active=True)
    if not access.visible_to(person).filter(pk=ticket.pk).exists():
        raise WrongState(_("%(person)s tidak boleh melihat tiket ini.") % {"person": person.display_name})
    if not ticket.watchers.filter(pk=person.pk).exists():
        ticket.watchers.add(person)
        _record(ticket, {"watchers": ["", person.display_name]})
    return _("pengamat %(person)s") % {"person": person.display_name}


def _add_tag(ticket: Ticket, value: str, _detail: str, _rule: AutomationRule) -> str:
    tag = Tag.objects.get_or_create(name=value)[0]
    if not ticket.tags.filter(pk=tag.pk).exists():
        ticket.tags.add(tag)
        _record(ticket, {"tags": ["", tag.name]})
    return _("label %(tag)s") % {"tag": tag.name}


def _record(ticket: Ticket, changes: dict[str, list[str]]) -> None:
    from tickets import timeline, workflow

    locked = workflow.lock(ticket.pk, SYSTEM)
    at = timezone.now()
    timeline.record(locked, code=timeline.CHANGED, actor=SYSTEM, at=at, changes=changes)
    workflow.save(locked, at)
    ticket.refresh_from_db()


def _send_template(ticket: Ticket, value: str, _detail: str, rule: AutomationRule) -> str:
    """Once for each ticket and rule, however often the event comes: two automatic writers must not talk for ever."""
    from tickets import messages, notices, workflow

    if _was_sent(ticket, value, rule):
        return _("templat sudah pernah dikirim")
    template = ReplyTemplate.objects.get(code=value, is_active=True)
    locked = workflow.lock(ticket.pk, SYSTEM)
    at = timezone.now()
    text = templates.render(template, locked)
    message = messages.append(locked, actor=SYSTEM, text=text, visibility=Visibility.PUBLIC, at=at)
    workflow.save(locked, at)
    notices.reply(locked, message)
    ticket.refresh_from_db()
    return _("templat %(name)s") % {"name": template.name}


def _was_sent(ticket: Ticket, code: str, rule: AutomationRule) -> bool:
    earlier = AutomationRun.objects.filter(rule=rule, ticket_id=ticket.pk).values_list("results", flat=True)
    return any(
        row.get("action") == "send_template" and row.get("value") == code and row.get("ok")
        for results in earlier
        for row in results
    )


def _run_transition(ticket: Ticket, value: str, detail: str, _rule: AutomationRule) -> str:
    from tickets import workflow

    inputs: dict[str, Any] = {**inputs_of(detail)}
    workflow.perform(ticket.pk, value, SYSTEM, **inputs)
    ticket.refresh_from_db()
    return _("langkah “%(name)s”, kini “%(state)s”") % {"name": value, "state": ticket.state_label}


def inputs_of(detail: str) -> dict[str, str]:
    """Inputs of a step written as "name=value; name=value". Raises ValueError with a sentence."""
    inputs: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in detail.split(";"))):
        name, equals, value = part.partition("=")
        if not equals or not name.strip().isidentifier():
            raise ValueError(_("isian langkah ditulis “nama=nilai”, dipisahkan titik koma."))
        if name.strip() in {"ticket_id", "transition", "actor", "expected_version"}:
            raise ValueError(_("“%(name)s” bukan isian langkah.") % {"name": name.strip()})
        inputs[name.strip()] = value.strip()
    return inputs


ACTIONS: Mapping[str, Action] = {
    "assign_team": Action(gettext_lazy("Serahkan kepada tim"), gettext_lazy("Tim"), _teams, _assign_team),
    "assign_person": Action(gettext_lazy("Tugaskan kepada"), gettext_lazy("Petugas"), _agents, _assign_person),
    "set_priority": Action(
        gettext_lazy("Tetapkan prioritas"),
        gettext_lazy("Prioritas"),
        _levels,
        _set_priority,
        gettext_lazy("Alasan"),
        needs_detail=True,
    ),
    "add_watcher": Action(gettext_lazy("Tambah pengamat"), gettext_lazy("Pegawai"), _staff, _add_watcher),
    "add_tag": Action(gettext_lazy("Beri label"), gettext_lazy("Label"), None, _add_tag),
    "send_template": Action(
        gettext_lazy("Kirim templat kepada pelapor"), gettext_lazy("Templat"), _templates, _send_template
    ),
    "transition": Action(
        gettext_lazy("Jalankan langkah"),
        gettext_lazy("Langkah"),
        _transitions,
        _run_transition,
        gettext_lazy("Isian langkah: nama=nilai; nama=nilai"),
    ),
}


def clean(rows: Any) -> tuple[list[dict[str, str]], list[str]]:
    """Canonical actions and what is wrong, as sentences."""
    if not isinstance(rows, list):
        return [], [_("Tindakan harus berupa daftar.")]
    if not rows:
        return [], [_("Isi paling sedikit satu tindakan.")]
    if len(rows) > MAX_ACTIONS:
        return [], [_("Paling banyak %(count)d tindakan.") % {"count": MAX_ACTIONS}]
    good: list[dict[str, str]] = []
    bad: list[str] = []
    for position, row in enumerate(rows, start=1):
        try:
            good.append(_clean_one(row))
        except ValueError as error:
            bad.append(_("Tindakan %(position)d: %(problem)s") % {"position": position, "problem": error})
    return good, bad


def _clean_one(row: Any) -> dict[str, str]:
    if not isinstance(row, dict) or set(row) - {"action", "value", "detail"}:
        raise ValueError(_("bentuknya tidak dikenal; pakai action, value, detail."))
    action = ACTIONS.get(str(row.get("action")))
    if action is None:
        raise ValueError(_("“%(name)s” bukan tindakan yang dikenal.") % {"name": str(row.get("action"))[:40]})
    value, detail = str(row.get("value") or "").strip(), str(row.get("detail") or "").strip()[:300]
    if not value:
        raise ValueError(_missing(action.value, action))
    if action.choices:
        value = choose(value, action.choices(), str(action.value))
    elif row["action"] == "add_tag":
        value = " ".join(value.lower().split())[:40]
    if action.needs_detail and not detail:
        raise ValueError(_missing(action.detail, action))
    if row["action"] == "transition":
        inputs_of(detail)
    return {"action": str(row["action"]), "value": value, "detail": detail if action.detail else ""}


def _missing(what: Text, action: Action) -> str:
    return _("%(what)s untuk “%(action)s” belum diisi.") % {"what": what, "action": action.label}


def describe(row: Spec) -> str:
    """One action as words."""
    action = ACTIONS.get(row.get("action", ""))
    if action is None:
        return str(row.get("action"))
    names = dict(action.choices()) if action.choices else {}
    value = names.get(row.get("value", ""), row.get("value", ""))
    return f"{action.label}: {value}" + (f" ({row['detail']})" if row.get("detail") else "")
