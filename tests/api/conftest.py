"""Callers of the API: a person with a token, on Django's test client, without any session."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts import tokens

V1 = "/api/v1/"


class Caller:
    """Sends requests with a bearer token; bodies are JSON unless `files` are given."""

    def __init__(self, user, scopes=("read", "write"), token=None):
        self.token = token or tokens.issue(user, "tes", scopes, timedelta(days=1))
        self.client = Client(headers={"authorization": f"Bearer {self.token}"})

    def get(self, path, query=None, **headers):
        return self.client.get(_address(path), query, headers=_names(headers))

    def post(self, path, body=None, *, raw=None, files=None, content_type="application/json", **headers):
        path = _address(path)
        if files is not None:
            return self.client.post(path, {**(body or {}), **files}, headers=_names(headers))
        data = raw if raw is not None else (body if body is not None else {})
        return self.client.post(path, data, content_type=content_type, headers=_names(headers))

    def ticket(self, ticket, rest=""):
        return self.get(f"tickets/{ticket.number}/{rest}")

    def step(self, ticket, name, body=None, **kw):
        return self.post(f"tickets/{ticket.number}/transitions/{name}/", body, **kw)

    def say(self, ticket, text="Sedang kami periksa.", **kw):
        headers = {name: kw.pop(name) for name in ("if_match", "idempotency_key") if name in kw}
        return self.post(f"tickets/{ticket.number}/messages/", {"text": text, **kw}, **headers)


def _address(path):
    """Links of the API are whole addresses; tests write the part behind the version."""
    return path if path.startswith(("/", "http://")) else V1 + path


def _names(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture
def api(cast):
    """`api("agen")` calls as that member of the cast."""
    callers = {}

    def of(name, **kw):
        key = (name, *sorted(kw.items()))
        if key not in callers:
            callers[key] = Caller(getattr(cast, name), **kw)
        return callers[key]

    return of


def is_problem(response, status):
    """Assert the agreed form of a refusal, and give its document."""
    assert response.status_code == status, response.content[:500]
    assert response["Content-Type"] == "application/problem+json"
    document = response.json()
    assert set(document) == {"type", "title", "status", "detail", "instance", "errors"}
    assert document["status"] == status and document["title"] and document["detail"]
    assert document["instance"] == response.wsgi_request.path
    return document


def label(value) -> str:
    """A short name of a parameter, the same in every test process (the order of a set is not)."""
    return str(sorted(value) if isinstance(value, set) else value)[:60]
