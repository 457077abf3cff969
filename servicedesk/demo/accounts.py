"""The demonstration accounts. Their addresses end in .example, which no mail server delivers to."""

import secrets
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import transaction

from accounts.models import Office, Team, TeamMembership, User
from accounts.roles import Role

EMAIL_DOMAIN = "contoh.example"


@dataclass(frozen=True, slots=True)
class Person:
    """A demonstration account: who it is, and what it may do."""

    username: str
    first_name: str
    last_name: str
    office: str = ""
    roles: tuple[Role, ...] = ()
    teams: tuple[str, ...] = ()
    coordinates: bool = False
    nip: str = ""
    is_superuser: bool = False


ALL_WORK_TEAMS = ("meja-layanan", "jaringan", "aplikasi", "perangkat", "pusat-data", "keamanan")

PEOPLE = (
    Person("admin", "Admin", "Diskominfo", "kominfo", (Role.ADMINISTRATOR,), is_superuser=True),
    Person("agen", "Budi", "Santoso", "kominfo", (Role.AGENT,), ("meja-layanan",)),
    Person("agen2", "Dewi", "Lestari", "kominfo", (Role.AGENT,), ("jaringan", "aplikasi", "perangkat", "pusat-data")),
    Person(
        "koordinator",
        "Agus",
        "Wijaya",
        "kominfo",
        (Role.COORDINATOR, Role.AGENT, Role.CHANGE_APPROVER, Role.ASSET_MANAGER),
        ALL_WORK_TEAMS,
        coordinates=True,
    ),
    Person("penghubung", "Rina", "Marlina", "dukcapil", (Role.LIAISON,)),
    Person("pimpinan", "Hasan", "Basri", "kominfo", (Role.MANAGER,)),
    Person("asn", "Tri", "Handayani", "dukcapil", nip="199001012020122999"),
    Person("warga", "Eko", "Prasetyo"),
    Person(
        "inspektorat",
        "Nur",
        "Aini",
        "inspektorat",
        (Role.CONFIDENTIAL_OFFICER,),
        ("inspektorat",),
        coordinates=True,
    ),
)


@transaction.atomic
def load(password: str) -> tuple[list[str], str]:
    """(names of the accounts whose password was set, that password).

    Existing accounts stay as they are; with a given `password` theirs is set to it. Without one, new accounts get a
    random password, which is "" in the answer when nothing was new.
    """
    chosen = password or secrets.token_urlsafe(9)
    changed = []
    for person in PEOPLE:
        user = User.objects.filter(username=person.username).first()
        if user is None:
            _create(person, chosen)
        elif password and not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
        else:
            continue
        changed.append(person.username)
    return changed, chosen if changed else ""


def _create(person: Person, password: str) -> None:
    user = User.objects.create_user(
        username=person.username,
        email=f"{person.username}@{EMAIL_DOMAIN}",
        password=password,
        first_name=person.first_name,
        last_name=person.last_name,
        office=Office.objects.get(code=person.office) if person.office else None,
        nip=person.nip,
        is_staff=person.is_superuser,
        is_superuser=person.is_superuser,
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    user.groups.set(Group.objects.filter(name__in=person.roles))
    for team in Team.objects.filter(code__in=person.teams):
        TeamMembership.objects.create(team=team, user=user, is_coordinator=person.coordinates)
