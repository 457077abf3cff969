"""Each address for each kind of caller: what answers, and what stays shut."""

import pytest
from django.test import Client
from django.urls import URLPattern

from accounts.models import ApiToken
from servicedesk.api.urls import urlpatterns
from tests import factories
from tests.api.conftest import V1, Caller, is_problem
from tickets import messages
from tickets.attachments import Upload
from tickets.models import Attachment

pytestmark = pytest.mark.slow

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
REPORT = {"kind": "incident", "subject": "Printer mati", "description": "Tidak menyala."}

# name: (method, address, body) and the statuses for
#        outsider, requester, agent of the desk, manager, administrator
ROWS = {
    "tickets": ("GET", "tickets/", None, (200, 200, 200, 200, 200)),
    "tickets create": ("POST", "tickets/", REPORT, (201, 201, 201, 201, 201)),
    "ticket": ("GET", "tickets/{number}/", None, (404, 200, 200, 200, 200)),
    "messages": ("POST", "tickets/{number}/messages/", {"text": "Halo."}, (404, 201, 201, 403, 403)),
    "messages note": (
        "POST",
        "tickets/{number}/messages/",
        {"text": "Halo.", "visibility": "internal"},
        (404, 403, 201, 403, 403),
    ),
    "transition": ("POST", "tickets/{number}/transitions/start/", {}, (404, 403, 200, 403, 403)),
    "problem_incidents": (
        "POST",
        "tickets/{problem}/incidents/",
        {"numbers": ["GGN-2026-999999"]},
        (404, 404, 200, 403, 403),
    ),
    "known_errors": ("GET", "known-errors/", None, (403, 403, 200, 200, 200)),
    "problem_candidates": ("GET", "problem-candidates/", None, (403, 403, 200, 200, 200)),
    "original": ("GET", "messages/{message}/original/", None, (404, 200, 200, 200, 200)),
    "attachment": ("GET", "attachments/{attachment}/", None, (404, 200, 200, 200, 200)),
    "quarantine": ("GET", "quarantine/", None, (403, 403, 200, 403, 403)),
    "deliveries": ("GET", "deliveries/?ticket={number}", None, (403, 403, 200, 200, 200)),
    "services": ("GET", "services/", None, (200, 200, 200, 200, 200)),
    "assets": ("GET", "assets/", None, (200, 200, 200, 200, 200)),
    "sla_report": ("GET", "reports/sla/", None, (403, 403, 403, 200, 200)),
}
CALLERS = ("orang_luar", "asn", "agen", "pimpinan", "admin")


@pytest.fixture
def place(cast):
    """A ticket of the requester, with a file and trimmed words."""
    ticket = factories.ticket(
        requester=cast.asn, text="Mati.", full_text="Mati.\n> kutipan", uploads=(Upload("foto.png", "image/png", PNG),)
    )
    return {
        "number": ticket.number,
        "problem": factories.ticket("problem", requester=cast.koordinator).number,
        "message": ticket.messages.get().pk,
        "attachment": Attachment.objects.get().uuid,
    }


def send(caller, method, path, body):
    return caller.get(path) if method == "GET" else caller.post(path, body)


@pytest.mark.parametrize("position", range(len(CALLERS)), ids=CALLERS)
@pytest.mark.parametrize("row", ROWS)
def test_who_may_what(api, place, row, position):
    method, path, body, statuses = ROWS[row]
    response = send(api(CALLERS[position]), method, path.format(**place), body)
    assert response.status_code == statuses[position], response.content[:300]
    if response.status_code >= 400:
        is_problem(response, statuses[position])


@pytest.mark.parametrize("row", ROWS)
def test_nothing_answers_without_a_valid_token(cast, place, row):
    method, path, body, _statuses = ROWS[row]
    expired = Caller(cast.admin)
    ApiToken.objects.update(expires_at="2020-01-01T00:00:00Z")
    address = V1 + path.format(**place)
    bare = Client().get(address) if method == "GET" else Client().post(address, body, content_type="application/json")
    for response in (bare, send(expired, method, path.format(**place), body)):
        is_problem(response, 401)
        assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("row", ROWS)
def test_a_token_for_reading_only_reads(cast, place, row):
    method, path, body, statuses = ROWS[row]
    response = send(Caller(cast.agen, scopes=["read"]), method, path.format(**place), body)
    assert response.status_code == (statuses[2] if method == "GET" else 403)


def test_the_table_names_every_address():
    """An address added without a row here fails."""
    named = {row.split()[0] for row in ROWS}
    assert {each.name for each in urlpatterns if isinstance(each, URLPattern)} - {None, "schema"} == named


def test_options_tell_nothing(api):
    caller = api("agen")
    is_problem(caller.client.options(V1 + "tickets/"), 405)
    is_problem(caller.client.delete(V1 + "tickets/"), 405)
    assert caller.get("tickets/")["Allow"] == "GET, HEAD, POST"


def test_no_cache_keeps_an_answer(api):
    for path in ("tickets/", "services/", "tickets/TIDAK-ADA/"):
        assert api("agen").get(path)["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("confidentiality", ["secret", "whistleblowing"])
def test_restricted_tickets_do_not_exist_for_others(api, cast, confidentiality):
    ticket = factories.ticket(kind="complaint", confidentiality=confidentiality, subject="Suap di loket")
    number, message = ticket.number, ticket.messages.get()
    for name in ("admin", "pimpinan", "koordinator", "agen", "penghubung", "orang_luar"):
        caller = api(name)
        for query in ({}, {"q": "Suap"}, {"q": number}, {"kind": "complaint"}, {"requester": "sari@contoh.id"}):
            assert caller.get("tickets/", query).json()["results"] == []
        for response in (
            caller.ticket(ticket),
            caller.say(ticket),
            caller.step(ticket, "verify"),
            caller.get(f"messages/{message.pk}/original/"),
        ):
            is_problem(response, 404)
        assert caller.get("deliveries/", {"ticket": number}).status_code in (403, 404)
    for query in ("group_by=kind", "group_by=month"):
        assert api("admin").get(f"reports/sla/?{query}").json()["results"] == []
    assert api("inspektorat").ticket(ticket).status_code == 200


def test_missing_and_hidden_tickets_look_alike(api, cast):
    hidden = factories.ticket(kind="complaint", confidentiality="whistleblowing")
    answers = [api("admin").get(f"tickets/{number}/").json() for number in (hidden.number, "GGN-2026-999999")]
    for answer in answers:
        answer.pop("instance")
    assert answers[0] == answers[1]


def test_notes_never_reach_the_requester(api, cast):
    ticket = factories.ticket(requester=cast.asn)
    entry = messages.post(
        ticket_id=ticket.pk,
        actor=cast.agen,
        text="Pelapor ini sering keliru.",
        visibility="internal",
        uploads=[Upload("bukti.png", "image/png", PNG)],
    )
    file = entry.attachments.get()
    shown = api("asn").ticket(ticket)
    assert "sering keliru" not in shown.content.decode()
    assert "message.note" not in {event["code"] for event in shown.json()["timeline"]}
    is_problem(api("asn").get(f"attachments/{file.uuid}/"), 404)
    seen = api("agen").ticket(ticket).json()
    assert [each["text"] for each in seen["messages"] if each["direction"] == "note"] == ["Pelapor ini sering keliru."]
    assert "message.note" in {event["code"] for event in seen["timeline"]}
    assert api("agen").get(f"attachments/{file.uuid}/").status_code == 200


def test_requesters_are_not_told_who_works_on_it(api, cast):
    ticket = factories.ticket(requester=cast.asn)
    api("agen").step(ticket, "assign", {"team": "jaringan", "assignee": "teknisi"})
    shown = api("asn").ticket(ticket)
    assert shown.json()["assignee"] is None
    assert "eknisi" not in shown.content.decode()
    assert api("agen").ticket(ticket).json()["assignee"] == "teknisi"
