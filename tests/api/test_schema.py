"""The OpenAPI description: valid, complete, and what the answers really look like."""

import json
from io import StringIO

import jsonschema
import pytest
from django.core.management import call_command
from django.urls import URLPattern
from openapi_spec_validator import validate

from servicedesk.api.urls import urlpatterns
from tests import factories
from tests.api.conftest import is_problem
from tickets import messages


@pytest.fixture
def schema(client):
    return json.loads(client.get("/api/schema/?format=json").content)


def test_it_is_public_and_valid(client, db):
    response = client.get("/api/schema/")
    assert response.status_code == 200 and "openapi" in response["Content-Type"]
    validate(json.loads(client.get("/api/schema/?format=json").content))


def test_the_generator_has_no_warning():
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=StringIO())


def test_every_address_is_described_with_its_refusals(schema):
    addresses = [each for each in urlpatterns if isinstance(each, URLPattern) and each.name not in (None, "schema")]
    assert len(schema["paths"]) == len(addresses)
    assert all(path.startswith("/api/v1/") and path.endswith("/") for path in schema["paths"])
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            assert operation["security"] == [{"token": []}], path
            for status in ("401", "403"):
                assert list(operation["responses"][status]["content"]) == ["application/problem+json"]
            assert operation["summary"] and operation["operationId"]
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def answer(schema, path, method="get", status="200", media_type="application/json"):
    return schema["paths"][path][method]["responses"][status]["content"][media_type]["schema"]


def fits(schema, part, document):
    jsonschema.validate(document, {**part, "components": schema["components"]}, jsonschema.Draft202012Validator)


def test_answers_look_as_described(api, cast, schema):
    ticket = factories.ticket(requester=cast.asn, full_text="Internet kantor mati.\n> kutipan")
    messages.post(ticket_id=ticket.pk, actor=cast.agen, text="Catatan", visibility="internal")
    factories.service("email")
    factories.arrive("Ikut.", channel="email", subject=f"Re: [{ticket.number}]")
    agent = api("agen")
    documents = {
        "/api/v1/tickets/": agent.get("tickets/"),
        "/api/v1/tickets/{number}/": agent.ticket(ticket),
        "/api/v1/services/": agent.get("services/"),
        "/api/v1/quarantine/": agent.get("quarantine/"),
        "/api/v1/deliveries/": agent.get("deliveries/", {"ticket": ticket.number}),
        "/api/v1/reports/sla/": api("pimpinan").get("reports/sla/"),
    }
    for path, response in documents.items():
        assert response.status_code == 200
        fits(schema, answer(schema, path), response.json())
    fits(schema, answer(schema, "/api/v1/tickets/{number}/messages/", "post", "201"), agent.say(ticket).json())
    refusal = is_problem(agent.step(ticket, "resolve"), 409)
    problem = answer(schema, "/api/v1/tickets/{number}/transitions/{name}/", "post", "409", "application/problem+json")
    fits(schema, problem, refusal)
    with pytest.raises(jsonschema.ValidationError):
        fits(schema, answer(schema, "/api/v1/tickets/"), refusal)


def test_other_addresses_answer_with_a_problem(client, db):
    for path in ("/api/v1/", "/api/v1/tidak-ada/", "/api/v1/tickets/a/b/c/"):
        is_problem(client.get(path), 404)
        is_problem(client.post(path), 404)


def test_a_forgotten_slash_keeps_the_method(client, db):
    response = client.post("/api/v1/tickets?x=1")
    assert (response.status_code, response["Location"]) == (308, "/api/v1/tickets/?x=1")
    is_problem(client.get("/api/v1/tidak-ada"), 404)


def test_a_defect_answers_with_a_problem_and_is_raised_to_whoever_watches(api, cast, monkeypatch, caplog):
    def broken(*args, **kw):
        raise RuntimeError("kabel putus")

    monkeypatch.setattr("tickets.access.visible_to", broken)
    caller = api("agen")
    with pytest.raises(RuntimeError, match="kabel putus"):
        caller.get("tickets/")
    caller.client.raise_request_exception = False
    document = is_problem(caller.get("tickets/"), 500)
    assert "kabel" not in str(document)
    assert "unexpected failure at GET /api/v1/tickets/" in caplog.text
