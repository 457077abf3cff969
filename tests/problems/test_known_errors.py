"""Root causes, known errors, and how their workarounds reach the agent who needs them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.models import Asset, AssetType
from tests import factories
from tickets import timeline
from tickets.errors import Forbidden, InvalidInputs, NotVisible, Stale
from tickets.models import ProblemDetail, TimelineEntry
from tickets.problems import analysis, known_errors
from tickets.workflow import perform

pytestmark = pytest.mark.slow

WORKAROUND = "Matikan lalu nyalakan modem di kantor kecamatan."


def known(cast, subject="Modem kecamatan sering putus", **kw):
    problem = factories.ticket("problem", requester=cast.agen, subject=subject, **kw)
    perform(problem.pk, "investigate", cast.agen)
    perform(problem.pk, "mark_known_error", cast.agen, root_cause="Firmware lama", workaround=WORKAROUND, why_1="Panas")
    return problem


def numbers(found):
    return [problem.number for problem in found]


def test_five_whys_keep_their_order_and_refuse_gaps(cast):
    problem = factories.ticket("problem", requester=cast.agen)
    perform(problem.pk, "investigate", cast.agen)
    facts = {"root_cause": "Firmware", "workaround": WORKAROUND}
    with pytest.raises(InvalidInputs) as refused:
        perform(problem.pk, "mark_known_error", cast.agen, **facts, why_1="Putus", why_3="Panas")
    assert list(refused.value.errors) == ["why_2"]
    perform(problem.pk, "mark_known_error", cast.agen, **facts, why_1="Putus", why_2="Panas")
    assert ProblemDetail.objects.get(ticket=problem).whys == ["Putus", "Panas"]


def test_the_cause_is_recorded_with_old_and_new(cast):
    problem = known(cast)
    facts = {"root_cause": "Kipas mati", "workaround": WORKAROUND, "why_1": "Panas", "why_2": "Kipas mati"}
    analysis.record_cause(problem_id=problem.pk, actor=cast.agen, **facts)
    analysis.record_cause(problem_id=problem.pk, actor=cast.agen, **facts)
    (entry,) = TimelineEntry.objects.filter(ticket=problem, code=timeline.ANALYSED)
    assert entry.changes == {
        "root_cause": ["Firmware lama", "Kipas mati"],
        "whys": [["Panas"], ["Panas", "Kipas mati"]],
    }
    assert timeline.first_broken(problem.pk) is None


def test_a_known_error_keeps_its_workaround(cast):
    problem = known(cast)
    with pytest.raises(InvalidInputs) as refused:
        analysis.record_cause(problem_id=problem.pk, actor=cast.agen, root_cause="x", workaround="")
    assert list(refused.value.errors) == ["workaround"]


def test_inputs_without_whys_leave_those_known(cast):
    problem = factories.ticket("problem", requester=cast.agen)
    analysis.record_cause(problem_id=problem.pk, actor=cast.agen, why_1="Panas")
    perform(problem.pk, "investigate", cast.agen)
    perform(problem.pk, "mark_known_error", cast.agen, root_cause="Firmware", workaround=WORKAROUND)
    assert ProblemDetail.objects.get(ticket=problem).whys == ["Panas"]


def test_outsiders_write_no_cause(cast):
    problem, incident = known(cast), factories.ticket()
    with pytest.raises(NotVisible):
        analysis.record_cause(problem_id=problem.pk, actor=cast.teknisi, root_cause="x", workaround="y")
    with pytest.raises(Forbidden):
        analysis.record_cause(problem_id=problem.pk, actor=cast.pimpinan, root_cause="x", workaround="y")
    with pytest.raises(NotVisible):
        analysis.record_cause(problem_id=incident.pk, actor=cast.agen, root_cause="x", workaround="y")
    with pytest.raises(Stale):
        analysis.record_cause(
            problem_id=problem.pk, actor=cast.agen, expected_version=1, root_cause="x", workaround="y"
        )


def test_the_cause_page(cast, client):
    problem = known(cast)
    address = f"/kerja/tiket/{problem.number}/akar-masalah/"
    client.force_login(cast.agen)
    page = client.get(address).content.decode()
    assert "Firmware lama" in page and 'value="Panas"' in page
    kept = client.post(address, {"root_cause": "Kipas", "workaround": ""})
    assert kept.status_code == 422 and "Kipas" in kept.content.decode()
    stale = client.post(address, {"root_cause": "Kipas", "workaround": "Ganti", "version": "1"})
    assert stale.status_code == 409 and "Kipas" in stale.content.decode()
    client.post(address, {"root_cause": "Kipas", "workaround": "Ganti"})
    assert ProblemDetail.objects.get(ticket=problem).root_cause == "Kipas"
    client.force_login(cast.pimpinan)
    assert client.get(address).status_code == 403
    client.force_login(cast.penghubung)
    assert client.get(address).status_code == 404
    client.force_login(cast.agen)
    assert client.get(f"/kerja/tiket/{factories.ticket().number}/akar-masalah/").status_code == 404


@pytest.mark.parametrize("words", ["modem", "firmware", "nyalakan", "surel", "Modem FIRMWARE"])
def test_search_looks_in_subject_cause_workaround_and_service(cast, words):
    problem = known(cast, service=factories.service("surel"))
    known_other = known(cast, subject="Printer", service=factories.service("cetak"))
    ProblemDetail.objects.filter(ticket=known_other).update(root_cause="Tinta", workaround="Isi")
    assert numbers(known_errors.search(cast.agen, words)) == [problem.number]


def test_search_shows_only_what_one_sees(cast, client):
    problem = known(cast)
    hidden = known(cast, subject="Modem rahasia", team=cast.desk)
    assert set(numbers(known_errors.search(cast.agen, "modem"))) == {problem.number, hidden.number}
    assert numbers(known_errors.search(cast.teknisi, "modem")) == []
    client.force_login(cast.teknisi)
    assert "Modem" not in client.get("/kerja/galat-dikenal/?q=modem").content.decode()
    client.force_login(cast.warga)
    assert client.get("/kerja/galat-dikenal/").status_code == 403


def test_a_resolved_problem_is_no_known_error(cast):
    problem = known(cast)
    perform(problem.pk, "resolve", cast.agen, code="fixed", solution="Firmware baru.")
    assert numbers(known_errors.search(cast.agen, "")) == []


def test_the_page_asks_as_much_with_thirty_as_with_three(cast, client):
    def queries():
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/kerja/galat-dikenal/").status_code == 200
        return len(caught)

    for number in range(3):
        known(cast, subject=f"Galat {number}")
    client.force_login(cast.agen)
    queries()
    three = queries()
    for number in range(3, 30):
        known(cast, subject=f"Galat {number}")
    assert queries() == three


def test_similar_by_service_asset_or_two_words(cast):
    surel = factories.service("surel")
    by_service = known(cast, subject="Kotak surat penuh", service=surel)
    router = Asset.objects.create(
        code="R1", name="Router 1", asset_type=AssetType.objects.get_or_create(code="router", name="Router")[0]
    )
    by_asset = known(cast, subject="Lampu berkedip")
    by_asset.assets.add(router)
    by_words = known(cast, subject="Modem kecamatan sering putus")
    one_word = known(cast, subject="Modem baru dipasang")
    incident = factories.ticket("incident", subject="Modem kecamatan Padang Cermin mati", service=surel)
    incident.assets.add(router)
    found = known_errors.similar_to(incident, cast.agen)
    assert set(numbers(found)) == {by_service.number, by_asset.number, by_words.number}
    assert one_word.number not in numbers(found)
    assert known_errors.similar_to(incident, cast.teknisi) == []


def test_a_button_takes_the_workaround_into_reply_and_resolution(cast, client):
    surel = factories.service("surel")
    problem = known(cast, service=surel)
    incident = factories.ticket("incident", service=surel)
    perform(incident.pk, "start", cast.agen)
    client.force_login(cast.agen)
    address = f"/kerja/tiket/{incident.number}/"
    page = client.get(address).content.decode()
    assert f"?solusi={problem.number}#composer" in page and "Selesaikan dengan solusi ini" in page
    composer = client.get(address, {"solusi": problem.number}).context["composer"]
    assert composer["text"].value() == WORKAROUND
    form = client.get(f"{address}langkah/resolve/", {"solusi": problem.number}).context["form"]
    assert (form["solution"].value(), form["code"].value()) == (WORKAROUND, "workaround")
    assert client.get(address, {"solusi": "MSL-2026-999999"}).context["composer"]["text"].value() == ""


def test_a_workaround_one_may_not_see_fills_nothing(cast, client):
    problem = known(cast)
    incident = factories.ticket("incident", team=cast.network)
    client.force_login(cast.teknisi)
    page = client.get(f"/kerja/tiket/{incident.number}/", {"solusi": problem.number})
    assert page.context["composer"]["text"].value() == ""


def test_from_the_incident_it_is_linked_in_one_click(cast, client):
    surel = factories.service("surel")
    problem, incident = known(cast, service=surel), factories.ticket("incident", service=surel)
    client.force_login(cast.agen)
    back = f"/kerja/tiket/{incident.number}/"
    assert "Tautkan ke masalah ini" in client.get(back).content.decode()
    answer = client.post(f"/kerja/tiket/{problem.number}/gangguan/", {"numbers": incident.number, "kembali": back})
    assert answer["Location"] == back
    away = client.post(
        f"/kerja/tiket/{problem.number}/gangguan/", {"numbers": incident.number, "kembali": "https://jahat.example/"}
    )
    assert away["Location"] == "/kerja/"
