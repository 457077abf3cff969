"""Small factory functions. Tickets go through the intake, as everything does."""

import uuid
from datetime import date
from types import SimpleNamespace
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from accounts.contacts import Identity
from accounts.models import Office, Team, TeamMembership, User
from accounts.roles import Role
from catalog.models import Service, ServiceCategory
from sla.models import Agreement, Calendar, EscalationStep, Policy, PolicyTarget
from tickets.intake import InboundMessage, IntakeResult, TicketDraft, receive
from tickets.models import Ticket

PASSWORD = "rahasia-untuk-tes"
ASN_WEEK = {
    **{str(day): [["07:30", "12:00"], ["13:00", "16:00"]] for day in range(4)},
    "4": [["07:30", "11:30"], ["13:00", "16:30"]],
}


def office(code: str, **kw: Any) -> Office:
    return Office.objects.get_or_create(code=code, defaults={"name": code.replace("-", " ").title(), **kw})[0]


def team(code: str, **kw: Any) -> Team:
    return Team.objects.get_or_create(code=code, defaults={"name": code.replace("-", " ").title(), **kw})[0]


def service(code: str, **kw: Any) -> Service:
    category = ServiceCategory.objects.get_or_create(code="umum", defaults={"name": "Umum"})[0]
    return Service.objects.get_or_create(
        code=code, defaults={"name": code.replace("-", " ").title(), "category": category, **kw}
    )[0]


def user(
    username: str,
    *roles: str,
    teams: tuple[Team, ...] = (),
    coordinates: bool = False,
    proven: bool = True,
    **kw: Any,
) -> User:
    """A person with an account; `proven` says that they showed the address to be theirs."""
    kw.setdefault("email", f"{username}@contoh.go.id")
    kw.setdefault("first_name", username.replace("_", " ").title())
    person = User.objects.create_user(username=username, password=PASSWORD, **kw)
    person.groups.set([Group.objects.get_or_create(name=role)[0] for role in roles])
    for each in teams:
        TeamMembership.objects.create(team=each, user=person, is_coordinator=coordinates)
    if proven and person.email:
        EmailAddress.objects.create(user=person, email=person.email.lower(), verified=True, primary=True)
    return person


def calendar() -> Calendar:
    """The default calendar: the ASN week without holidays."""
    return Calendar.objects.get_or_create(
        code="asn", defaults={"name": "Jam kerja ASN", "week": ASN_WEEK, "is_default": True}
    )[0]


def policy(
    name: str = "Umum", targets: dict[str, int] | None = None, days: dict[str, int] | None = None, **kw: Any
) -> Policy:
    made = Policy.objects.get_or_create(name=name, defaults=kw)[0]
    for metric, minutes in (targets or {}).items():
        PolicyTarget.objects.get_or_create(policy=made, metric=metric, defaults={"minutes": minutes})
    for metric, count in (days or {}).items():
        PolicyTarget.objects.get_or_create(policy=made, metric=metric, defaults={"working_days": count})
    return made


def agreement(service: Service, **kw: Any) -> Agreement:
    """An agreement on that service, signed and in force unless told otherwise."""
    kw.setdefault("version", 1)
    kw.setdefault("owner", service.owner_office or office("kominfo"))
    kw.setdefault("number", f"SLA/{service.code}/2026/{kw['version']}")
    kw.setdefault("title", f"Perjanjian layanan {service.name}")
    kw.setdefault("status", Agreement.Status.SIGNED)
    kw.setdefault("valid_from", date(2026, 1, 1))
    return Agreement.objects.create(service=service, **kw)


def basics() -> None:
    """What every ticket needs: a calendar, targets and escalation steps."""
    calendar()
    policy(targets={"response": 60, "resolution": 480})
    policy("Pengaduan", days={"verification": 3, "response": 5, "resolution": 14}, kind="complaint")
    for percent in (80, 100):
        EscalationStep.objects.get_or_create(metric="", percent=percent)


def message(text: str = "Internet kantor mati sejak pagi.", **kw: Any) -> InboundMessage:
    """An arrival by web; `draft` fields may be given directly (kind, service, team, office, confidentiality, ...)."""
    draft = {name: kw.pop(name) for name in list(kw) if name in TicketDraft.__dataclass_fields__}
    kw.setdefault("channel", "web")
    kw.setdefault("external_id", uuid.uuid4().hex)
    kw.setdefault("sender", Identity(name="Sari", email="sari@contoh.id"))
    kw.setdefault("subject", "Internet mati")
    return InboundMessage(text=text, draft=TicketDraft(**draft), **kw)


def arrive(text: str = "Internet kantor mati sejak pagi.", **kw: Any) -> IntakeResult:
    return receive(message(text, **kw))


def ticket(kind: str = "incident", requester: User | None = None, **kw: Any) -> Ticket:
    """A new ticket of that kind, reported by `requester` (a user) or by Sari without an account."""
    if requester is not None:
        kw["sender"] = Identity(user=requester, email=requester.email)
    made = arrive(kind=kind, **kw).ticket
    assert made is not None
    return Ticket.objects.get(pk=made.pk)


def cast() -> SimpleNamespace:
    """The cast of our tests, each with their own place in the county."""
    basics()
    kominfo, dukcapil, inspektorat, dinkes = (office(c) for c in ("kominfo", "dukcapil", "inspektorat", "dinkes"))
    desk = team("meja-layanan", sees_all=True, office=kominfo)
    network = team("jaringan", office=kominfo)
    confidential = team("inspektorat", is_confidential=True, receives_whistleblowing=True, office=inspektorat)
    made = _people(
        ("warga", (), {}),
        ("asn", (), {"office": dukcapil, "nip": "198501012010011001"}),
        ("agen", (Role.AGENT,), {"office": kominfo}),
        ("teknisi", (Role.AGENT,), {"office": kominfo}),
        ("koordinator", (Role.COORDINATOR, Role.AGENT), {}),
        ("penghubung", (Role.LIAISON,), {"office": dukcapil}),
        ("cab", (Role.CHANGE_APPROVER,), {"office": kominfo}),
        ("pimpinan", (Role.MANAGER,), {"office": kominfo}),
        ("inspektorat", (Role.CONFIDENTIAL_OFFICER,), {"office": inspektorat}),
        ("admin", (Role.ADMINISTRATOR,), {"is_staff": True, "is_superuser": True}),
        ("orang_luar", (), {"office": dinkes, "nip": "199001012015011002"}),
    )
    teams = (("agen", desk), ("teknisi", network), ("koordinator", desk), ("koordinator", network))
    TeamMembership.objects.bulk_create(
        TeamMembership(team=each, user=made[name], is_coordinator=name == "koordinator")
        for name, each in (*teams, ("inspektorat", confidential))
    )
    return SimpleNamespace(desk=desk, network=network, confidential_team=confidential, **made)


def _people(*rows: tuple[str, tuple[Role, ...], dict[str, Any]]) -> dict[str, User]:
    """As `user` makes them, all at once: nearly every test begins with the whole cast."""
    made = User.objects.bulk_create(
        User(
            username=name,
            first_name=name.replace("_", " ").title(),
            email=f"{name}@contoh.go.id",
            password=make_password(PASSWORD),
            **kw,
        )
        for name, _roles, kw in rows
    )
    Group.objects.bulk_create((Group(name=role) for role in Role), ignore_conflicts=True)
    groups = dict(Group.objects.values_list("name", "pk"))
    in_group = User.groups.through
    in_group.objects.bulk_create(
        in_group(user_id=person.pk, group_id=groups[role])
        for person, (_name, roles, _kw) in zip(made, rows, strict=True)
        for role in roles
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=person, email=person.email, verified=True, primary=True) for person in made
    )
    return {person.username: person for person in made}
