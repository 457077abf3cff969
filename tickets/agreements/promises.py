"""What is promised for a service, worked out from the policies in force and put in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.models import Service
from sla.calendars import default_calendar_id
from sla.hours import Hours, hours_of, together
from sla.models import CalendarUse, Metric, Policy
from sla.policies import ChosenTarget, Facts, by_weight, chosen_from, fits
from tickets.choices import ComplaintClass, Kind, Level, RequesterClass

METRICS = (Metric.VERIFICATION, Metric.RESPONSE, Metric.UPDATE, Metric.RESOLUTION)
"""What the desk owes the requester; what teams owe each other is no part of it."""
PRIORITIES = (Level.CRITICAL, Level.HIGH, Level.MEDIUM, Level.LOW)


@dataclass(frozen=True, slots=True)
class Promised:
    """One target of a line: working minutes or working days on the calendar of that name."""

    metric: str
    minutes: int | None
    working_days: int | None
    calendar: str

    @property
    def label(self) -> str:
        return LABELS[self.metric]()

    @property
    def amount(self) -> str:
        return amount(self)

    @property
    def sentence(self) -> str:
        """Such as "Tanggapan paling lama 1 jam kerja"."""
        return SENTENCES[self.metric]() % {"time": self.amount}


LABELS = {
    Metric.VERIFICATION.value: lambda: _("Pemeriksaan"),
    Metric.RESPONSE.value: lambda: _("Tanggapan"),
    Metric.UPDATE.value: lambda: _("Kabar berikutnya"),
    Metric.RESOLUTION.value: lambda: _("Penyelesaian"),
}
SENTENCES = {
    Metric.VERIFICATION.value: lambda: _("Pemeriksaan paling lama %(time)s"),
    Metric.RESPONSE.value: lambda: _("Tanggapan paling lama %(time)s"),
    Metric.UPDATE.value: lambda: _("Kabar berikutnya paling lama %(time)s setelah kabar terakhir"),
    Metric.RESOLUTION.value: lambda: _("Penyelesaian paling lama %(time)s"),
}


DEEDS = {
    Metric.VERIFICATION.value: lambda: _("diperiksa paling lama %(time)s"),
    Metric.RESPONSE.value: lambda: _("ditanggapi paling lama %(time)s"),
    Metric.RESOLUTION.value: lambda: _("selesai paling lama %(time)s"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """The promise for one sort of ticket at one or several priorities."""

    subject: str
    priorities: tuple[int, ...]
    targets: tuple[Promised, ...]

    @property
    def priority_label(self) -> str:
        if len(self.priorities) == len(PRIORITIES):
            return _("Semua prioritas")
        names = [str(Level(value).label) for value in self.priorities]
        return _("Prioritas %(names)s") % {"names": together([name.lower() for name in names])}

    def stored(self) -> dict[str, Any]:
        targets = [{name: getattr(each, name) for name in Promised.__slots__} for each in self.targets]
        return {"subject": self.subject, "priorities": list(self.priorities), "targets": targets}


@dataclass(frozen=True, slots=True)
class Offer:
    """Everything that is promised for a service: the lines, and the hours they are measured in."""

    lines: tuple[Line, ...]
    hours: tuple[Hours, ...]

    @property
    def groups(self) -> list[tuple[str, list[Line]]]:
        """The lines under their subject, in order."""
        found: dict[str, list[Line]] = {}
        for line in self.lines:
            found.setdefault(line.subject, []).append(line)
        return list(found.items())

    def stored(self) -> list[dict[str, Any]]:
        """As a signed agreement keeps it: lines, then the calendars."""
        return [each.stored() for each in self.lines] + [{"hours": each.stored()} for each in self.hours]


def restored(stored: Sequence[dict[str, Any]]) -> Offer:
    """The offer that a signed agreement keeps."""
    lines = [
        Line(row["subject"], tuple(row["priorities"]), tuple(Promised(**target) for target in row["targets"]))
        for row in stored
        if "hours" not in row
    ]
    return Offer(tuple(lines), tuple(Hours(**row["hours"]) for row in stored if "hours" in row))


@dataclass(frozen=True, slots=True)
class _Subject:
    """One sort of ticket; a class of complaints says by its name that it is one."""

    name: str
    kind: str
    complaint_class: str = ""


_Case = tuple[_Subject, str, int]
"""Sort of ticket, class of requester, priority."""


class Known:
    """The policies in force and who works by which calendar, read once for any number of services."""

    def __init__(self, services: Iterable[int | None]) -> None:
        ids = {pk for pk in services if pk is not None}
        found = Policy.objects.filter(
            Q(service_id=None) | Q(service_id__in=ids), is_active=True, valid_until=None
        ).prefetch_related("targets")
        self.policies = by_weight(found)
        self._teams = dict(CalendarUse.objects.filter(team__isnull=False).values_list("team", "calendar"))
        self._default = default_calendar_id()

    def calendar_of(self, team_id: int | None) -> int | None:
        return self._teams.get(team_id, self._default) if team_id else self._default


class Targets:
    """The targets of the policies in force for one service, read once for any number of questions."""

    def __init__(self, service: Service | None, known: Known | None = None) -> None:
        self.service_id = service.pk if service else None
        self.team_id = service.support_team_id if service else None
        known = known or Known([self.service_id])
        self.policies = [
            policy
            for policy in known.policies
            if policy.service_id in (None, self.service_id) and policy.team_id in (None, self.team_id)
        ]
        self.usual_calendar_id = known.calendar_of(self.team_id)

    def of(
        self, kind: str, priority: int, requester_class: str = "", complaint_class: str = ""
    ) -> dict[str, ChosenTarget]:
        """Metric → target for such a ticket opened now."""
        facts = Facts(kind, priority, self.service_id, requester_class, complaint_class, self.team_id)
        return chosen_from([policy for policy in self.policies if fits(policy, facts)], self.usual_calendar_id)


def offer_of(service: Service, on: date) -> Offer:
    """What the policies in force promise for the service, with the hours that hold on that date."""
    return offers_of([service], on)[service.pk]


def offers_of(services: Sequence[Service], on: date) -> dict[int, Offer]:
    """The same for many services by their ids. A fixed number of queries."""
    known = Known(service.pk for service in services)
    chosen = {service.pk: _chosen(service, Targets(service, known)) for service in services}
    hours = hours_of(sorted({pk for found in chosen.values() for pk in _calendars(found)}), on)
    names = {pk: each.name for pk, each in hours.items()}
    return {
        service.pk: Offer(
            _offered(service, chosen[service.pk], names),
            tuple(hours[pk] for pk in sorted(_calendars(chosen[service.pk]))),
        )
        for service in services
    }


def _chosen(service: Service, targets: Targets) -> dict[_Case, dict[str, ChosenTarget]]:
    return {
        (subject, requester, priority): targets.of(subject.kind, priority, requester, subject.complaint_class)
        for subject, requester, priority in product(_subjects(service), _audience(service), PRIORITIES)
    }


def _calendars(chosen: dict[_Case, dict[str, ChosenTarget]]) -> set[int]:
    return {each.calendar_id for found in chosen.values() for metric, each in found.items() if metric in METRICS}


def _offered(
    service: Service, chosen: dict[_Case, dict[str, ChosenTarget]], calendars: dict[int, str]
) -> tuple[Line, ...]:
    lines: list[Line] = []
    for subject in _subjects(service):
        by_requester = {
            requester: _lines(
                subject.name,
                [(priority, _promised(chosen[subject, requester, priority], calendars)) for priority in PRIORITIES],
            )
            for requester in _audience(service)
        }
        lines += _together(by_requester)
    return tuple(lines)


def kinds_of(service: Service) -> list[Kind]:
    """What people may report about the service or ask of it."""
    return [Kind.INCIDENT, *([Kind.REQUEST] if service.requestable else []), Kind.COMPLAINT]


def _subjects(service: Service) -> list[_Subject]:
    found = [_Subject(str(kind.label), kind.value) for kind in kinds_of(service) if kind != Kind.COMPLAINT]
    return found + [_Subject(str(each.label), Kind.COMPLAINT.value, each.value) for each in ComplaintClass]


def _audience(service: Service) -> list[str]:
    if service.audience == Service.Audience.ALL:
        return [RequesterClass.CITIZEN.value, RequesterClass.ASN.value]
    return [RequesterClass.ASN.value if service.audience == Service.Audience.ASN else RequesterClass.CITIZEN.value]


def _promised(chosen: dict[str, ChosenTarget], calendars: dict[int, str]) -> tuple[Promised, ...]:
    return tuple(
        Promised(metric.value, found.minutes, found.working_days, calendars[found.calendar_id])
        for metric in METRICS
        if (found := chosen.get(metric.value))
    )


def _lines(subject: str, rows: Iterable[tuple[int, tuple[Promised, ...]]]) -> list[Line]:
    """Neighbouring priorities with equal targets on one line; what has no target is left out."""
    lines: list[Line] = []
    for priority, targets in rows:
        if lines and lines[-1].targets == targets:
            lines[-1] = Line(subject, (*lines[-1].priorities, priority), targets)
        else:
            lines.append(Line(subject, (priority,), targets))
    return [line for line in lines if line.targets]


def _together(by_requester: dict[str, list[Line]]) -> list[Line]:
    """The lines once when they hold for everybody, else for each class of requesters under its name."""
    variants = list(by_requester.values())
    if all(each == variants[0] for each in variants):
        return variants[0]
    return [
        Line(f"{line.subject} ({RequesterClass(requester).label})", line.priorities, line.targets)
        for requester, lines in by_requester.items()
        for line in lines
    ]


@dataclass(frozen=True, slots=True)
class Promise:
    """What a person is told before they report: the targets of one kind of ticket at medium priority."""

    title: str
    targets: tuple[Promised, ...]
    hours: str

    @property
    def sentence(self) -> str:
        """Such as "Ditanggapi paling lama 1 jam kerja, selesai paling lama 2 hari kerja."."""
        parts = [DEEDS[each.metric]() % {"time": each.amount} for each in self.targets if each.metric in DEEDS]
        text = ", ".join(parts)
        return f"{text[:1].upper()}{text[1:]}." if text else ""


def promises_of(service: Service | None, kinds: Sequence[Kind], on: date, requester_class: str = "") -> list[Promise]:
    """The promises for ordinary tickets of these kinds; those without targets are left out."""
    targets = Targets(service)
    who = requester_class or (_audience(service)[0] if service else RequesterClass.CITIZEN.value)
    chosen = [(kind, targets.of(kind.value, Level.MEDIUM.value, who, _usual_class(kind))) for kind in kinds]
    hours = hours_of(sorted({each.calendar_id for _kind, found in chosen for each in found.values()}), on)
    names = {pk: each.name for pk, each in hours.items()}
    found = []
    for kind, by_metric in chosen:
        promised = _promised(by_metric, names)
        if any(each.metric in DEEDS for each in promised):
            used = [each.short for each in hours.values() if each.name in {target.calendar for target in promised}]
            found.append(Promise(str(kind.label), promised, "; ".join(used)))
    return found


def _usual_class(kind: Kind) -> str:
    """As which class a complaint is taken up until somebody decides otherwise."""
    return ComplaintClass.ORDINARY.value if kind == Kind.COMPLAINT else ""


def amount(target: Promised | ChosenTarget | None) -> str:
    """A target in plain words, such as "2 jam kerja"; "" without one."""
    if target is None:
        return ""
    if target.working_days:
        return ngettext("%(count)d hari kerja", "%(count)d hari kerja", target.working_days) % {
            "count": target.working_days
        }
    hours, minutes = divmod(target.minutes or 0, 60)
    if not hours:
        return _("%(minutes)d menit kerja") % {"minutes": minutes}
    if not minutes:
        return _("%(hours)d jam kerja") % {"hours": hours}
    return _("%(hours)d jam %(minutes)d menit kerja") % {"hours": hours, "minutes": minutes}
