"""Who is asked to approve a ticket: the steps of its rule with the people behind each kind of approver."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Office, Substitution, User
from accounts.roles import Role
from catalog.models import ApprovalRule, ApprovalRuleStep, Approver
from tickets.choices import Kind
from tickets.models.details import ChangeDetail
from tickets.models.ticket import Ticket

Quorum = ApprovalRuleStep.Quorum
USUAL_DEADLINE_HOURS = 16
USUAL_REMINDER_HOURS = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody who is asked; with `office` as its head or Plt, whoever that is on the day of the decision."""

    person: User
    office: Office | None = None


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step to come. `needed`: approvals that make the quorum; hours are working hours, reminder 0 for none."""

    position: int
    name: str
    quorum: str
    needed: int
    deadline_hours: int
    reminder_hours: int
    voters: tuple[Asked, ...]


def rule_of(ticket: Ticket) -> ApprovalRule | None:
    """The rule with steps by which this ticket is approved; None when its usual approvers are asked.

    A restricted ticket goes by no rule: whom a rule names must not even learn of it.
    """
    if ticket.is_restricted:
        return None
    rule: ApprovalRule | None = None
    if ticket.kind == Kind.CHANGE:
        change_type = _change_detail(ticket).change_type
        rule = ApprovalRule.objects.filter(is_active=True, change_type=change_type).first()
    elif ticket.service is not None:
        rule = ticket.service.approval_rule
    return rule if rule is not None and rule.is_active and rule.steps.exists() else None


def plan(ticket: Ticket) -> list[PlannedStep]:
    """The steps in order with their people; a step that nobody may decide has no voters."""
    involved = involved_in(ticket)
    rule = rule_of(ticket)
    if rule is None:
        return [_usual_step(ticket, involved)]
    return [_planned(step, ticket, involved) for step in rule.steps.prefetch_related("approvers__person")]


def refusal(ticket: Ticket) -> str | None:
    """Why approval cannot be asked for now: the first step that lacks people. None when every step can be decided."""
    for step in plan(ticket):
        if not step.voters:
            return _(
                "Langkah persetujuan “%(step)s” tidak punya penyetuju yang boleh memutuskan. "
                "Minta administrator menetapkan penyetujunya."
            ) % {"step": step.name}
        if len(step.voters) < step.needed:
            return _(
                "Langkah persetujuan “%(step)s” memerlukan %(needed)d suara, tetapi hanya %(count)d orang "
                "yang boleh memutuskan. Minta administrator menambah penyetujunya."
            ) % {"step": step.name, "needed": step.needed, "count": len(step.voters)}
    return None


def involved_in(ticket: Ticket) -> frozenset[int]:
    """Users who may not decide on this ticket: its requester; of a change also who asked, does or did the work."""
    involved = {ticket.requester.user_id}
    if ticket.kind == Kind.CHANGE:
        detail = _change_detail(ticket)
        involved |= {detail.requested_by_id, detail.implemented_by_id, ticket.assignee_id}
    return frozenset(user_id for user_id in involved if user_id is not None)


def _change_detail(ticket: Ticket) -> ChangeDetail:
    return ChangeDetail.objects.filter(ticket_id=ticket.pk).first() or ChangeDetail(ticket_id=ticket.pk)


def _planned(step: ApprovalRuleStep, ticket: Ticket, involved: frozenset[int]) -> PlannedStep:
    asked = [one for approver in step.approvers.all() for one in _people(approver, ticket)]
    voters = _eligible(asked, involved)
    needed = {Quorum.ALL: max(len(voters), 1), Quorum.COUNT: step.count or 1}.get(Quorum(step.quorum), 1)
    return PlannedStep(step.position, step.name, step.quorum, needed, step.deadline_hours, step.reminder_hours, voters)


def _eligible(asked: Iterable[Asked], involved: frozenset[int]) -> tuple[Asked, ...]:
    """Each person once, in the order of their ids, without those who have a part in the ticket."""
    found: dict[int, Asked] = {}
    for one in asked:
        if one.person.is_active and one.person.pk not in involved:
            found.setdefault(one.person.pk, one)
    return tuple(found[pk] for pk in sorted(found))


def _people(approver: Approver, ticket: Ticket) -> list[Asked]:
    owner = ticket.service.owner_office if ticket.service else None
    types = Approver.Type
    if approver.type == types.PERSON:
        return [Asked(approver.person)] if approver.person else []
    if approver.type == types.OWNER_HEAD:
        return _heads(owner)
    if approver.type == types.REQUESTER_HEAD:
        return _heads(_office_of_requester(ticket))
    people = {
        types.ROLE: lambda: with_role(approver.role),
        types.TEAM: lambda: _active().filter(team_memberships__team=approver.team_id),
        types.COORDINATORS: lambda: _coordinators(approver.team_id),
        types.SERVICE_OWNER: lambda: _liaisons(owner),
    }[types(approver.type)]()
    return [Asked(person) for person in people.distinct()]


def _heads(office: Office | None) -> list[Asked]:
    """The head of an office, or of a vacant post whoever stands in for it today (Plt)."""
    if office is None:
        return []
    if office.head is not None and office.head.is_active:
        return [Asked(office.head, office)]
    deputies = Substitution.valid().filter(office=office).select_related("substitute")
    return [Asked(each.substitute, office) for each in deputies]


def _office_of_requester(ticket: Ticket) -> Office | None:
    account = ticket.requester.user
    return (account.office if account else None) or ticket.requester.office


def _active() -> QuerySet[User]:
    return User.objects.filter(is_active=True)


def with_role(role: str) -> QuerySet[User]:
    return _active().filter(groups__name=role)


def _coordinators(team_id: int | None) -> QuerySet[User]:
    return _active().filter(team_memberships__team=team_id, team_memberships__is_coordinator=True)


def _liaisons(office: Office | None) -> QuerySet[User]:
    return with_role(Role.LIAISON).filter(office=office) if office else User.objects.none()


def _usual_step(ticket: Ticket, involved: frozenset[int]) -> PlannedStep:
    name, people = _usual(ticket)
    voters = _eligible((Asked(person) for person in people), involved)
    return PlannedStep(1, name, Quorum.ANY, 1, USUAL_DEADLINE_HOURS, USUAL_REMINDER_HOURS, voters)


def _usual(ticket: Ticket) -> tuple[str, Iterable[User]]:
    """(name of the step, people) without a rule: CAB, owner's liaisons, coordinators; of restricted cases officers."""
    if ticket.is_restricted:
        return _("Petugas rahasia"), _officers(ticket)
    if ticket.kind == Kind.CHANGE:
        return _("Tim Penilai Perubahan (CAB)"), with_role(Role.CHANGE_APPROVER).distinct()
    service = ticket.service
    if service is None:
        return _("Penyetuju"), []
    if service.owner_office is not None:
        return _("Penghubung pemilik layanan"), _liaisons(service.owner_office).distinct()
    at_desk = Q(team_memberships__team__sees_all=True, team_memberships__team__is_active=True)
    coordinates = Q(team_memberships__team=service.support_team_id, team_memberships__is_coordinator=True)
    people = with_role(Role.COORDINATOR).filter(coordinates | at_desk)
    return _("Koordinator tim pendukung"), people.distinct()


def _officers(ticket: Ticket) -> list[User]:
    """Confidential officers who see this case anyway."""
    from tickets import access

    officers = with_role(Role.CONFIDENTIAL_OFFICER).distinct()
    return [each for each in officers if access.visible_to(each).filter(pk=ticket.pk).exists()]
