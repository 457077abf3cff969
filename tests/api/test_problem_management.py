"""Known errors, candidates and linked incidents over REST; major incidents through the transitions."""

from tests import factories
from tests.api.conftest import is_problem
from tickets.models import CandidateRule, IncidentDetail, PriorityRule, TicketLink
from tickets.workflow import perform


def test_known_errors_are_searched(api, cast):
    surel = factories.service("surel")
    problem = factories.ticket("problem", requester=cast.agen, subject="Kotak surat penuh", service=surel)
    perform(problem.pk, "investigate", cast.agen)
    body = {"root_cause": "Kuota kecil", "workaround": "Hapus surat lama", "why_1": "Kuota"}
    assert api("agen").step(problem, "mark_known_error", body).status_code == 200
    (found,) = api("agen").get("known-errors/", {"q": "kuota", "service": "surel"}).json()["results"]
    assert (found["number"], found["whys"], found["service"]) == (problem.number, ["Kuota"], "surel")
    assert api("agen").get("known-errors/", {"service": "siak"}).json()["results"] == []
    assert api("teknisi").get("known-errors/").json()["results"] == []


def test_candidates_and_linking(api, cast):
    CandidateRule.objects.create(incidents=2, days=7)
    incidents = [factories.ticket("incident", service=factories.service("surel")) for _ in range(2)]
    (candidate,) = api("agen").get("problem-candidates/").json()["results"]
    assert (candidate["service"], candidate["count"]) == ("surel", 2)
    assert api("teknisi").get("problem-candidates/").json()["results"] == []
    problem = factories.ticket("problem", requester=cast.agen)
    numbers = [*candidate["incidents"], "GGN-2026-999999"]
    answer = api("agen").post(f"tickets/{problem.number}/incidents/", {"numbers": numbers})
    assert [row["linked"] for row in answer.json()["results"]] == [True, True, False]
    assert TicketLink.objects.filter(target=problem).count() == len(incidents)
    is_problem(api("agen").post(f"tickets/{problem.number}/incidents/", {"numbers": []}), 400)
    is_problem(api("teknisi").post(f"tickets/{problem.number}/incidents/", {"numbers": numbers}), 404)


def test_a_problem_resolves_its_incidents(api, cast):
    problem, incident = factories.ticket("problem", requester=cast.agen), factories.ticket("incident")
    api("agen").post(f"tickets/{problem.number}/incidents/", {"numbers": [incident.number]})
    api("agen").step(problem, "investigate")
    offered = {each["name"]: each for each in api("agen").ticket(problem).json()["transitions"]}
    assert {"resolve_incidents", "incident_message"} <= {each["name"] for each in offered["resolve"]["inputs"]}
    body = {"code": "fixed", "solution": "Selesai.", "resolve_incidents": True, "incident_message": "Sudah pulih."}
    assert api("agen").step(problem, "resolve", body).status_code == 200
    incident.refresh_from_db()
    assert incident.state == "resolved"


def test_false_leaves_the_incidents_alone(api, cast):
    problem, incident = factories.ticket("problem", requester=cast.agen), factories.ticket("incident")
    api("agen").post(f"tickets/{problem.number}/incidents/", {"numbers": [incident.number]})
    api("agen").step(problem, "investigate")
    body = {"code": "fixed", "solution": "Selesai.", "resolve_incidents": False}
    assert api("agen").step(problem, "resolve", body).status_code == 200
    incident.refresh_from_db()
    assert incident.state == "new"


def test_a_major_incident_by_rest(api, cast):
    incident = factories.ticket("incident")
    body = {
        "coordinator": "koordinator",
        "public_notice": "Internet terganggu.",
        "update_minutes": 30,
        "reason": "Luas",
    }
    is_problem(api("agen").step(incident, "declare_major", body), 403)
    assert api("koordinator").step(incident, "declare_major", body).json()["priority"] == "critical"
    assert api("agen").ticket(incident).json()["is_major"] is True
    is_problem(api("koordinator").step(incident, "update_major", {"text": "Hubungi 081234567890"}), 400)
    assert api("koordinator").step(incident, "update_major", {"text": "Hampir pulih."}).status_code == 200
    assert IncidentDetail.objects.get(ticket=incident).public_notice == "Hampir pulih."


def test_the_matrix_decides_the_priority_of_a_report(api, cast):
    PriorityRule.objects.create(impact=4, urgency=1, priority=3)
    body = {"kind": "incident", "subject": "x", "description": "y", "impact": "critical", "urgency": "low"}
    assert api("agen").post("tickets/", body).json()["priority"] == "high"
