"""Who counts what."""

import pytest

from accounts.roles import Role
from reports.figures import ALL, agents, breach_causes, heat_map, may_see_agents, volume
from reports.figures.measures import PARTS
from reports.figures.source import count
from tests import factories
from tests.report_figures.conftest import asks, keep_all, local
from tickets.errors import Forbidden
from tickets.models import Ticket

pytestmark = pytest.mark.slow


def created(user, **filters):
    return volume(asks(user, **filters))[0].created


@pytest.mark.parametrize("kept", [False, True])
def test_everybody_counts_what_they_see(cast, week, kept):
    if kept:
        keep_all()
    of_network = factories.user("koordinator_jaringan", Role.COORDINATOR, teams=(cast.network,), coordinates=True)
    assert created(cast.pimpinan) == created(cast.admin) == created(cast.koordinator) == 4
    assert created(of_network) == 1 and breach_causes(asks(of_network)).breached == 1
    assert created(cast.penghubung) == 1, "the one of the liaison's own office"
    assert created(cast.warga) == 1, "what they reported"
    assert created(cast.orang_luar) == 0
    of_network.is_active = False
    assert created(of_network) == 0


@pytest.mark.parametrize("kept", [False, True])
def test_what_a_coordinator_sees_outside_of_the_team_is_counted_once(cast, week, kept):
    of_network = factories.user("koordinator_jaringan", Role.COORDINATOR, teams=(cast.network,), coordinates=True)
    Ticket.objects.filter(pk__in=[week.idle.pk, week.back.pk]).update(assignee=of_network)
    if kept:
        keep_all()
    asked = asks(of_network)
    assert created(of_network) == asked.tickets().count() == 2
    assert {row.key: row.created for row in volume(asked, "team")} == {"meja-layanan": 1, "jaringan": 1}
    assert {row.key: row.created for row in volume(asked, "service")} == {"jaringan": 1, "-": 1}
    assert created(of_network, team="jaringan") == 1 and created(of_network, team="meja-layanan") == 1
    assert created(of_network, kind="incident") == 2 and created(of_network, kind="complaint") == 0


@pytest.mark.parametrize("kept", [False, True])
def test_restricted_tickets_are_counted_for_their_officers_alone(cast, week, kept):
    assert week.hidden.is_restricted and week.hidden.requester.user_id == cast.pimpinan.pk
    if kept:
        keep_all()
    for person in (cast.pimpinan, cast.admin, cast.koordinator, cast.agen):
        for part in PARTS:
            by_kind = count(asks(person), part, "kind")
            assert set(by_kind) <= {"incident"}, (person, part)
    officer = factories.user(
        "petugas_pimpinan", Role.MANAGER, Role.CONFIDENTIAL_OFFICER, teams=(cast.confidential_team,)
    )
    assert created(officer) == 5
    assert created(cast.inspektorat) == 1


def test_a_ticket_that_becomes_restricted_is_gone_from_kept_sums(cast, week):
    keep_all()
    assert heat_map(asks(cast.pimpinan))[0][13] == 1
    Ticket.objects.filter(pk=week.idle.pk).update(confidentiality="secret", is_restricted=True)
    assert heat_map(asks(cast.pimpinan))[0][13] == 0
    keep_all()
    assert heat_map(asks(cast.pimpinan))[0][13] == 0


def test_load_per_agent_is_for_coordinators_of_the_team_and_administrators(cast, week):
    of_network = factories.user("koordinator_jaringan", Role.COORDINATOR, teams=(cast.network,), coordinates=True)
    member = factories.user("anggota", Role.COORDINATOR, teams=(cast.network,))
    both = factories.user(
        "pimpinan_koordinator", Role.MANAGER, Role.COORDINATOR, teams=(cast.network,), coordinates=True
    )
    assert [row.user_id for row in agents(asks(of_network))] == [cast.teknisi.pk]
    assert [row.user_id for row in agents(asks(both))] == [cast.teknisi.pk], "a manager sees no more for being one"
    assert {row.user_id for row in agents(asks(cast.admin))} == {cast.agen.pk, cast.teknisi.pk}
    for person in (cast.pimpinan, cast.agen, cast.teknisi, member, cast.warga, cast.inspektorat):
        assert not may_see_agents(person)
        with pytest.raises(Forbidden):
            agents(asks(person))


@pytest.mark.parametrize("part", PARTS)
def test_queries_do_not_grow_with_tickets(cast, week, at, part, django_assert_max_num_queries):
    at(local(5, 8))
    for _number in range(20):
        factories.ticket()
    with django_assert_max_num_queries(12):
        count(asks(cast.pimpinan), part, "team" if part != "heat" else ALL)
