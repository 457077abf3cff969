"""The county as the generator sees it: read once, so that no ticket costs a query."""

import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime

from accounts.models import Contact, ContactPoint, Office, Team, TeamMembership, User
from accounts.roles import Role
from catalog.models import Service
from servicedesk.volume.words import Words
from sla import calendars
from sla.clocks import threshold_of
from sla.models import CalendarUse, EscalationStep, Policy
from sla.policies import ChosenTarget, Facts, targets_for
from sla.replay import Threshold
from sla.worktime import WorkCalendar
from tickets.access import secret_team, whistleblowing_team
from tickets.choices import RequesterClass
from tickets.clocks import default_calendar
from tickets.models import PriorityRule

EMAIL_DOMAIN = "volume.example"
MINUTES_A_DAY = 450
"""Working minutes of an ordinary day, to turn targets in days into a usual amount of work."""


class NotReady(Exception):
    """The reference data are missing."""


@dataclass(slots=True)
class World:
    """Everything tickets refer to."""

    offices: list[Office]
    services: list[Service]
    service_weights: list[float]
    requestable: list[Service]
    request_weights: list[float]
    desk: Team
    secret: Team | None
    whistleblowing: Team | None
    members: dict[int, list[User]]
    liaisons: dict[int, list[User]]
    coordinators: list[User]
    approvers: list[User]
    citizens: list[Contact]
    civil_servants: list[Contact]
    calendar: WorkCalendar
    matrix: dict[tuple[int, int], int]
    steps: list[EscalationStep]
    special_services: frozenset[int | None]
    special_teams: frozenset[int | None]
    calendars: dict[int, WorkCalendar] = field(default_factory=dict)
    _targets: dict[Facts, dict[str, ChosenTarget]] = field(default_factory=dict)
    _thresholds: dict[str, list[Threshold]] = field(default_factory=dict)

    def targets(self, facts: Facts) -> dict[str, ChosenTarget]:
        """Targets of a ticket with these facts, looked up once for all that no policy tells apart."""
        if facts.service_id not in self.special_services:
            facts = replace(facts, service_id=None)
        if facts.team_id not in self.special_teams:
            facts = replace(facts, team_id=None)
        found = self._targets.get(facts)
        if found is None:
            found = self._targets[facts] = targets_for(facts)
            for target in found.values():
                self.calendars.setdefault(target.calendar_id, calendars.load(target.calendar_id))
        return found

    def thresholds(self, metric: str) -> list[Threshold]:
        if metric not in self._thresholds:
            self._thresholds[metric] = [threshold_of(step) for step in self.steps if step.metric in ("", metric)]
        return self._thresholds[metric]


def load(*, seed: int, count: int, words: Words, at: datetime) -> World:
    """Read the county and make the reporters. Raises NotReady without reference data."""
    offices = list(Office.objects.filter(is_active=True).exclude(kind=Office.Kind.LOCATION).order_by("code"))
    services = list(
        Service.objects.filter(status=Service.Status.ACTIVE)
        .exclude(support_team=None)
        .select_related("support_team")
        .order_by("code")
    )
    requestable = [service for service in services if service.requestable]
    desk = Team.objects.filter(sees_all=True, is_active=True).order_by("pk").first()
    if not (offices and requestable and desk):
        raise NotReady
    citizens, civil_servants = _reporters(seed, count, words, offices, at)
    people = User.objects.filter(is_active=True).order_by("username")
    return World(
        offices=offices,
        services=services,
        service_weights=[_weight(service) for service in services],
        requestable=requestable,
        request_weights=[_weight(service) for service in requestable],
        desk=desk,
        secret=secret_team(),
        whistleblowing=whistleblowing_team(),
        members=_members(),
        liaisons=_liaisons(),
        coordinators=list(people.filter(groups__name=Role.COORDINATOR)),
        approvers=list(people.filter(groups__name=Role.CHANGE_APPROVER)),
        citizens=citizens,
        civil_servants=civil_servants,
        calendar=default_calendar(),
        matrix={(rule.impact, rule.urgency): rule.priority for rule in PriorityRule.objects.all()},
        steps=list(EscalationStep.objects.filter(is_active=True)),
        special_services=frozenset(Policy.objects.filter(is_active=True).values_list("service_id", flat=True)),
        special_teams=frozenset(
            [
                *Policy.objects.filter(is_active=True).values_list("team_id", flat=True),
                *CalendarUse.objects.values_list("team_id", flat=True),
            ]
        ),
    )


def _weight(service: Service) -> float:
    """Common services are reported far more often than any single application."""
    return 1.0 if service.source else 8.0


def _members() -> dict[int, list[User]]:
    members: dict[int, list[User]] = defaultdict(list)
    rows = TeamMembership.objects.filter(user__is_active=True, team__is_active=True).select_related("user")
    for row in rows.order_by("user__username"):
        members[row.team_id].append(row.user)
    return members


def _liaisons() -> dict[int, list[User]]:
    liaisons: dict[int, list[User]] = defaultdict(list)
    for user in (
        User.objects.filter(is_active=True, groups__name=Role.LIAISON).exclude(office=None).order_by("username")
    ):
        liaisons[user.office_id or 0].append(user)
    return liaisons


def _reporters(
    seed: int, count: int, words: Words, offices: list[Office], at: datetime
) -> tuple[list[Contact], list[Contact]]:
    """Contacts with an address each, the same ones again for the same seed: (citizens, civil servants)."""
    wanted = min(20 + count // 10, 6000)
    known = {
        point.value: point.contact
        for point in ContactPoint.objects.filter(
            kind=ContactPoint.Kind.EMAIL, value__startswith=f"lapor-{seed}-", value__endswith=f"@{EMAIL_DOMAIN}"
        ).select_related("contact__office")
    }
    contacts: list[Contact] = []
    missing: list[tuple[str, Contact]] = []
    for position in range(wanted):
        address = f"lapor-{seed}-{position}@{EMAIL_DOMAIN}"
        office = offices[position % len(offices)] if position % 5 < 3 else None
        name = words.person()  # drawn also for a known one, so that both runs draw alike
        contact = known.get(address)
        if contact is None:
            contact = Contact(name=name, office=office, created_at=at)
            missing.append((address, contact))
        contacts.append(contact)
    Contact.objects.bulk_create([contact for _address, contact in missing], batch_size=1000)
    ContactPoint.objects.bulk_create(
        [
            ContactPoint(contact=contact, kind=ContactPoint.Kind.EMAIL, value=address, created_at=at)
            for address, contact in missing
        ],
        batch_size=1000,
    )
    return [c for c in contacts if c.office_id is None], [c for c in contacts if c.office_id is not None]


def requester_class(contact: Contact) -> str:
    return RequesterClass.ASN if contact.office_id else RequesterClass.CITIZEN


def choose(rng: random.Random, people: list[User]) -> User | None:
    """One of these people; None when there are none."""
    return people[int(rng.random() * len(people))] if people else None
