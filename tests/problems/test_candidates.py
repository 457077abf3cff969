"""Services whose incidents repeat, by rules that are data."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from servicedesk.reference import problems as reference
from servicedesk.reference.store import Store
from tests import factories
from tickets import edits
from tickets.errors import Forbidden, WrongState
from tickets.models import CandidateRule, Ticket, TicketLink
from tickets.problems import candidates, linking
from tickets.workflow import perform


@pytest.fixture
def rule(cast):
    return CandidateRule.objects.create(incidents=3, days=7)


def incidents(service, count, **kw):
    return [factories.ticket("incident", service=service, subject=f"Gangguan {n}", **kw) for n in range(count)]


def found(user, **kw):
    return [(each.code, each.count) for each in candidates.candidates(user, timezone.now(), **kw)]


def test_three_in_seven_days_make_a_candidate(cast, rule):
    surel, siak = factories.service("surel"), factories.service("siak")
    incidents(surel, 3, office=factories.office("dinkes"))
    incidents(siak, 2)
    incidents(siak, 1, received_at=timezone.now() - timedelta(days=8))
    (candidate,) = candidates.candidates(cast.agen, timezone.now())
    assert (candidate.code, candidate.count) == ("surel", 3)
    assert dict(candidate.offices) == {"Dinkes": 3}


def test_a_service_may_have_its_own_threshold(cast, rule):
    surel, siak = factories.service("surel"), factories.service("siak")
    CandidateRule.objects.create(service=siak, incidents=2, days=30)
    incidents(surel, 2)
    incidents(siak, 2, received_at=timezone.now() - timedelta(days=20))
    assert found(cast.agen) == [("siak", 2)]


def test_without_a_rule_nothing_is_proposed(cast):
    incidents(factories.service("surel"), 3)
    assert found(cast.agen) == []


def test_cancelled_restricted_and_explained_incidents_do_not_count(cast, rule):
    surel = factories.service("surel")
    cancelled, secret, explained, *_rest = incidents(surel, 5)
    perform(cancelled.pk, "cancel", cast.agen, reason="Salah.")
    edits.change(ticket_id=secret.pk, actor=cast.agen, confidentiality="secret")
    problem = factories.ticket("problem", requester=cast.agen)
    linking.link_incidents(problem_id=problem.pk, numbers=[explained.number], actor=cast.agen)
    assert found(cast.agen) == []
    perform(problem.pk, "cancel", cast.agen, reason="Bukan itu.")
    assert found(cast.agen) == [("surel", 3)]
    cast.inspektorat.groups.add(*cast.agen.groups.all())
    assert found(type(cast.agen).objects.get(pk=cast.inspektorat.pk)) == []


def test_one_counts_only_what_one_sees(cast, rule):
    surel = factories.service("surel")
    incidents(surel, 2, team=cast.desk)
    incidents(surel, 2, team=cast.network)
    assert found(cast.teknisi) == []
    assert found(cast.agen) == [("surel", 4)]


def test_the_button_makes_one_problem_with_its_incidents(cast, rule):
    surel = factories.service("surel", support_team=cast.network)
    made = incidents(surel, 3)
    problem, rows = candidates.create_problem(service_id=surel.pk, actor=cast.agen, now=timezone.now())
    assert all(row.is_done for row in rows)
    assert (problem.kind, problem.service, problem.team) == ("problem", surel, cast.network)
    assert set(TicketLink.objects.filter(target=problem).values_list("source", flat=True)) == {i.pk for i in made}
    assert found(cast.agen) == []
    with pytest.raises(WrongState):
        candidates.create_problem(service_id=surel.pk, actor=cast.agen, now=timezone.now())
    assert Ticket.objects.filter(kind="problem").count() == 1


def test_a_second_click_that_saw_the_same_incidents_joins_the_first(cast, rule):
    surel = factories.service("surel")
    incidents(surel, 3)
    first, _rows = candidates.create_problem(service_id=surel.pk, actor=cast.agen, now=timezone.now())
    TicketLink.objects.all().delete()
    second, rows = candidates.create_problem(service_id=surel.pk, actor=cast.koordinator, now=timezone.now())
    assert second.pk == first.pk and all(row.is_done for row in rows)


def test_whoever_finds_it_can_go_on_with_it(cast, rule):
    surel = factories.service("surel", support_team=cast.desk)
    incidents(surel, 3, team=cast.network)
    problem, rows = candidates.create_problem(service_id=surel.pk, actor=cast.teknisi, now=timezone.now())
    assert problem.team == cast.network and all(row.is_done for row in rows)


def test_only_agents_make_problems(cast, rule, client):
    surel = factories.service("surel")
    incidents(surel, 3)
    for person in (cast.pimpinan, cast.penghubung):
        with pytest.raises(Forbidden):
            candidates.create_problem(service_id=surel.pk, actor=person, now=timezone.now())
    client.force_login(cast.pimpinan)
    page = client.get("/kerja/calon-masalah/").content.decode()
    assert "Surel" in page and "Buat masalah" not in page
    assert client.post("/kerja/calon-masalah/", {"service": "surel"}).status_code == 403
    client.force_login(cast.warga)
    assert client.get("/kerja/calon-masalah/").status_code == 403


def test_the_page_makes_it_and_leads_there(cast, rule, client):
    incidents(factories.service("surel"), 3)
    client.force_login(cast.agen)
    answer = client.post("/kerja/calon-masalah/", {"service": "surel"})
    assert answer["Location"] == f"/kerja/tiket/{Ticket.objects.get(kind='problem').number}/"
    again = client.post("/kerja/calon-masalah/", {"service": "surel"}, follow=True).content.decode()
    assert "bukan calon masalah lagi" in again and "Tidak ada gangguan yang berulang" in again
    assert client.post("/kerja/calon-masalah/", {"service": "tidak-ada"}).status_code == 404


def test_the_page_asks_as_much_with_thirty_as_with_three(cast, rule, client):
    def queries():
        with CaptureQueriesContext(connection) as caught:
            client.get("/kerja/calon-masalah/")
        return len(caught)

    def repeat(number):
        service = factories.service(f"layanan-{number}")
        first, *_more = incidents(service, 3)
        return first

    for number in range(3):
        repeat(number)
    client.force_login(cast.agen)
    queries()
    three = queries()
    for number in range(3, 15):
        repeat(number)
    assert queries() == three


def test_the_default_rule_ships_and_an_officers_change_stays(db):
    reference.load(Store())
    CandidateRule.objects.update(incidents=5)
    reference.load(Store())
    assert list(CandidateRule.objects.values_list("service", "incidents", "days")) == [(None, 5, 7)]
