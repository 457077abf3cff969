"""Linking incidents to a problem, from its page and from the queue's bulk bar."""

import pytest

from accounts.roles import Role
from tests import factories
from tickets import edits, timeline
from tickets.errors import Forbidden, InvalidInputs, NotVisible, WrongState
from tickets.models import TicketLink, TimelineEntry
from tickets.operations import bulk
from tickets.problems import linking
from tickets.workflow import perform


@pytest.fixture
def problem(cast):
    return factories.ticket("problem", requester=cast.agen)


def linked(problem):
    return set(TicketLink.objects.filter(target=problem, type="caused_by").values_list("source__number", flat=True))


def test_numbers_are_read_as_people_paste_them():
    text = " ggn-2026-000001, GGN-2026-000002;\n\nGGN-2026-000001 "
    assert linking.numbers_in(text) == ["GGN-2026-000001", "GGN-2026-000002"]


def test_several_at_once_each_with_its_own_result(cast, problem):
    one, two = factories.ticket(), factories.ticket()
    other = factories.ticket("request")
    secret = factories.ticket("incident", requester=cast.warga, confidentiality="secret")
    numbers = [one.number, two.number.lower(), other.number, secret.number, "GGN-2026-999999"]
    rows = linking.link_incidents(problem_id=problem.pk, numbers=numbers, actor=cast.agen)
    assert [row.is_done for row in rows] == [True, True, False, False, False]
    assert rows[2].reason == "Tiket ini bukan gangguan."
    assert rows[3].reason == rows[4].reason
    assert linked(problem) == {one.number, two.number}
    assert TimelineEntry.objects.filter(ticket=one, code=timeline.LINKED).count() == 1


def test_linking_twice_is_linking_once(cast, problem):
    one = factories.ticket()
    for _time in range(2):
        (row,) = linking.link_incidents(problem_id=problem.pk, numbers=[one.number], actor=cast.agen)
        assert row.is_done
    assert TicketLink.objects.count() == 1
    assert TimelineEntry.objects.filter(code=timeline.LINKED).count() == 2  # one on each side


def test_an_officer_does_not_tie_a_secret_incident_to_an_open_problem(cast, problem):
    secret = factories.ticket("incident", requester=cast.warga, confidentiality="secret")
    person = factories.user("rangkap", Role.AGENT, Role.CONFIDENTIAL_OFFICER, teams=(cast.desk, cast.confidential_team))
    (row,) = linking.link_incidents(problem_id=problem.pk, numbers=[secret.number], actor=person)
    assert "rahasia" in row.reason.lower()
    assert not TimelineEntry.objects.filter(ticket=problem, code=timeline.LINKED).exists()


def test_outsiders_link_nothing(cast, problem):
    one = factories.ticket()
    for person in (cast.orang_luar, cast.teknisi, cast.penghubung):
        with pytest.raises(NotVisible):
            linking.link_incidents(problem_id=problem.pk, numbers=[one.number], actor=person)
    with pytest.raises(Forbidden):
        linking.link_incidents(problem_id=problem.pk, numbers=[one.number], actor=cast.pimpinan)
    with pytest.raises(NotVisible):
        linking.link_incidents(problem_id=one.pk, numbers=[one.number], actor=cast.agen)
    assert not TicketLink.objects.exists()


def test_nothing_and_too_much_are_refused(cast, problem):
    for numbers in ([], ["  "], [f"GGN-2026-{n:06}" for n in range(51)]):
        with pytest.raises(InvalidInputs):
            linking.link_incidents(problem_id=problem.pk, numbers=numbers, actor=cast.agen)


def test_a_finished_problem_takes_no_more(cast, problem):
    one = factories.ticket()
    perform(problem.pk, "cancel", cast.agen, reason="Salah.")
    with pytest.raises(WrongState):
        linking.link_incidents(problem_id=problem.pk, numbers=[one.number], actor=cast.agen)


def test_a_merged_incident_is_not_linked(cast, problem):
    one, two = factories.ticket(), factories.ticket()
    perform(one.pk, "merge", cast.agen, target=two.number)
    (row,) = linking.link_incidents(problem_id=problem.pk, numbers=[one.number], actor=cast.agen)
    assert "digabung" in row.reason


def test_the_bulk_bar_links_the_ticked_incidents(cast, problem):
    one, two, other = factories.ticket(), factories.ticket(), factories.ticket("request")
    rows = bulk.run(
        action="masalah",
        numbers=[one.number, two.number, other.number],
        actor=cast.agen,
        inputs={"problem": problem.number.lower()},
    )
    assert [row.is_done for row in rows] == [True, True, False]
    assert linked(problem) == {one.number, two.number}
    (row,) = bulk.run(action="masalah", numbers=[one.number], actor=cast.agen, inputs={"problem": "MSL-2026-9"})
    assert "Tidak ada masalah" in row.reason


def test_the_problem_page_links_and_says_what_failed(cast, client, problem):
    one = factories.ticket()
    client.force_login(cast.agen)
    page = client.post(
        f"/kerja/tiket/{problem.number}/gangguan/", {"numbers": f"{one.number} GGN-2026-999999"}, follow=True
    ).content.decode()
    assert "1 gangguan tertaut." in page and "GGN-2026-999999 tidak tertaut: Tiket tidak ditemukan." in page
    assert one.subject in page and "1 tertaut, 1 masih terbuka." in page
    client.force_login(cast.teknisi)
    assert client.post(f"/kerja/tiket/{problem.number}/gangguan/", {"numbers": one.number}).status_code == 404
    client.force_login(cast.pimpinan)
    assert client.post(f"/kerja/tiket/{problem.number}/gangguan/", {"numbers": one.number}).status_code == 403


def test_the_panel_hides_incidents_that_became_secret(cast, client, problem):
    one = factories.ticket(subject="Laporan tentang kepala bidang")
    linking.link_incidents(problem_id=problem.pk, numbers=[one.number], actor=cast.agen)
    edits.change(ticket_id=one.pk, actor=cast.agen, confidentiality="secret")
    client.force_login(cast.agen)
    page = client.get(f"/kerja/tiket/{problem.number}/").content.decode()
    assert "kepala bidang" not in page and "Belum ada gangguan yang tertaut." in page
