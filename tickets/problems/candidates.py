"""Services whose incidents repeat: candidates for a problem. The thresholds are data (`CandidateRule`)."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.contacts import Identity
from accounts.models import Team, User
from accounts.roles import Role
from catalog.models import Service
from tickets import access, intake
from tickets.choices import Channel, Kind, LinkType
from tickets.errors import Forbidden, WrongState
from tickets.models import CandidateRule, Ticket, TicketLink
from tickets.problems import linking
from tickets.problems.results import Row

LISTED = 50
"""Incidents named on a candidate, and linked to the problem made of it."""
MOST = 1000
"""Incidents looked at together; a busier county than that has rules with fewer days."""


@dataclass(slots=True)
class Candidate:
    """A service with its repeated incidents (newest first), and how many of them came from which office."""

    service_id: int
    service: str
    code: str
    threshold: int
    days: int
    incidents: list[tuple[int, str, str]] = field(default_factory=list)
    offices: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        return self.offices.total()

    @property
    def by_office(self) -> list[tuple[str, int]]:
        """(office, incidents), most first."""
        return self.offices.most_common()


def candidates(user: User, now: datetime, service_id: int | None = None) -> list[Candidate]:
    """The services that reached their threshold among the incidents this person sees, most incidents first.

    Incidents that an open problem explains already do not count, nor do restricted, cancelled and merged ones.
    Three queries at most.
    """
    rules = list(CandidateRule.objects.all())
    own = {rule.service_id: rule for rule in rules if rule.service_id}
    default = next((rule for rule in rules if rule.service_id is None), None)
    incidents = _unexplained(user).filter(_recent(own, default, now))
    if service_id is not None:
        incidents = incidents.filter(service_id=service_id)
    columns = ("pk", "number", "subject", "service_id", "service__name", "service__code", "office__name")
    found: dict[int, Candidate] = {}
    for row in incidents.order_by("-id").values_list(*columns, named=True)[:MOST]:
        rule = own.get(row.service_id) or default
        if rule is None:
            continue
        candidate = found.setdefault(
            row.service_id,
            Candidate(row.service_id, row.service__name, row.service__code, rule.incidents, rule.days),
        )
        candidate.offices[row.office__name or _("Tanpa perangkat daerah")] += 1
        if len(candidate.incidents) < LISTED:
            candidate.incidents.append((row.pk, row.number, row.subject))
    reached = [each for each in found.values() if each.count >= each.threshold]
    return sorted(reached, key=lambda each: (-each.count, each.service))


def _unexplained(user: User) -> QuerySet[Ticket]:
    explained = TicketLink.objects.filter(
        source_id=OuterRef("pk"), type=LinkType.CAUSED_BY, target__kind=Kind.PROBLEM, target__is_open=True
    )
    incidents = access.visible_to(user).filter(kind=Kind.INCIDENT, is_restricted=False, service__isnull=False)
    return incidents.exclude(state__in=["cancelled", "merged"]).filter(~Exists(explained))


def _recent(own: dict[int, CandidateRule], default: CandidateRule | None, now: datetime) -> Q:
    """Within the days of the rule that holds for the service; the widest span first, which the index bounds."""
    widest = max([rule.days for rule in own.values()] + ([default.days] if default else []), default=0)
    matches = Q(pk__in=[])
    if default:
        matches |= ~Q(service__in=list(own)) & Q(created_at__gte=now - timedelta(days=default.days))
    for service_id, rule in own.items():
        matches |= Q(service_id=service_id, created_at__gte=now - timedelta(days=rule.days))
    return Q(created_at__gte=now - timedelta(days=widest)) & matches


def may_create(user: User) -> bool:
    return user.has_role(Role.AGENT, Role.COORDINATOR)


def create_problem(*, service_id: int, actor: User, now: datetime) -> tuple[Ticket, list[Row]]:
    """A problem for a candidate, through the intake, with its incidents linked. A second click gives the same problem.

    Raises Forbidden, and WrongState when the service is no candidate (any more).
    """
    if not may_create(actor):
        raise Forbidden(_("Masalah dicatat petugas."))
    candidate = next(iter(candidates(actor, now, service_id)), None)
    if candidate is None:
        raise WrongState(_("Layanan ini bukan calon masalah lagi: gangguannya sudah tertaut ke masalah lain."))
    service = Service.objects.select_related("support_team").get(pk=service_id)
    result = intake.receive(_report(candidate, service, actor))
    if result.ticket is None:
        raise WrongState(_("Masalah tidak dapat dibuat. Catat masalah baru lewat Tiket Baru."))
    numbers = [number for _pk, number, _subject in candidate.incidents]
    rows = linking.link_incidents(problem_id=result.ticket.pk, numbers=numbers, actor=actor)
    return result.ticket, rows


def _report(candidate: Candidate, service: Service, actor: User) -> intake.InboundMessage:
    """The same incidents make the same message, which the intake takes once."""
    numbers = [number for _pk, number, _subject in candidate.incidents]
    text = _("%(count)d gangguan layanan %(service)s dalam %(days)d hari:") % {
        "count": candidate.count,
        "service": candidate.service,
        "days": candidate.days,
    }
    lines = [f"{number} {subject}" for _pk, number, subject in candidate.incidents]
    return intake.InboundMessage(
        channel=Channel.WEB,
        mailbox="candidate",
        external_id=hashlib.sha256(" ".join(sorted(numbers)).encode()).hexdigest(),
        sender=Identity(user=actor, email=actor.email),
        subject=_("Gangguan berulang: %(service)s") % {"service": candidate.service},
        text="\n".join([text, *lines]),
        draft=intake.TicketDraft(kind=Kind.PROBLEM, service=service, team=_team(service, actor)),
    )


def _team(service: Service, actor: User) -> Team | None:
    """The service's team when the actor works with it, else the actor's own: who finds a problem can go on with it."""
    teams = [membership.team for membership in actor.memberships]
    if service.support_team in teams or any(team.sees_all for team in teams):
        return service.support_team
    return teams[0] if teams else None
