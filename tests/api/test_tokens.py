"""Tokens: made once, stored as a digest, refused in time."""

import hashlib
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.models import ApiToken
from tests import factories
from tests.api.conftest import Caller, is_problem


@pytest.fixture
def person(db):
    return factories.user("rina")


def test_only_the_digest_is_stored(person):
    token = tokens.issue(person, "tes", ["read"], None)
    stored = ApiToken.objects.get()
    assert stored.digest == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(ApiToken.objects.values().get())
    assert tokens.authenticate(token) == stored and stored.expires_at is None
    assert tokens.authenticate(token + "x") is None and tokens.authenticate("") is None


def test_two_tokens_differ(person):
    assert tokens.issue(person, "a", ["read"], None) != tokens.issue(person, "a", ["read"], None)


@pytest.mark.parametrize("scopes", [[], ["read", "root"], ["admin"]])
def test_unknown_scopes_are_refused(person, scopes):
    with pytest.raises(ValueError, match="scopes"):
        tokens.issue(person, "tes", scopes, None)
    assert not ApiToken.objects.exists()


def test_a_lifetime_is_positive(person):
    with pytest.raises(ValueError, match="lifetime"):
        tokens.issue(person, "tes", ["read"], timedelta(0))


def test_expired_tokens_and_inactive_people_do_not_enter(person):
    token = tokens.issue(person, "tes", ["read"], timedelta(days=1))
    ApiToken.objects.update(expires_at=timezone.now())
    assert tokens.authenticate(token) is None
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(seconds=5))
    assert tokens.authenticate(token)
    person.is_active = False
    person.save()
    assert tokens.authenticate(token) is None


def test_the_use_is_noted_at_most_once_a_minute(person, django_assert_num_queries):
    token = tokens.issue(person, "tes", ["read"], None)
    with django_assert_num_queries(2):
        tokens.authenticate(token)
    noted = ApiToken.objects.get().last_used_at
    assert timezone.now() - noted < timedelta(seconds=5)
    with django_assert_num_queries(1):
        tokens.authenticate(token)
    old = timezone.now() - timedelta(seconds=61)
    ApiToken.objects.update(last_used_at=old)
    tokens.authenticate(token)
    assert ApiToken.objects.get().last_used_at > old


def command(*args, **kw):
    out = StringIO()
    call_command("create_token", *args, stdout=out, **kw)
    return out.getvalue()


def test_the_command_prints_the_token_alone(person):
    printed = command("rina")
    token = printed.strip()
    assert printed == f"{token}\n" and " " not in token
    stored = tokens.authenticate(token)
    assert stored.user == person and stored.scopes == ["read", "write"]
    assert timedelta(days=89) < stored.expires_at - timezone.now() <= timedelta(days=90)


def test_the_command_takes_name_days_and_scopes(person):
    token = command("rina", "--name", "integrasi", "--days", "7", "--scope", "read").strip()
    stored = tokens.authenticate(token)
    assert (stored.name, stored.scopes) == ("integrasi", ["read"])
    assert stored.expires_at < timezone.now() + timedelta(days=7)


@pytest.mark.parametrize("args", [["tidakada"], ["rina", "--days", "0"], ["rina", "--scope", "root"]])
def test_the_command_refuses_nonsense(person, args):
    with pytest.raises(CommandError):
        command(*args)
    assert not ApiToken.objects.exists()


def test_the_command_refuses_an_inactive_person(person):
    person.is_active = False
    person.save()
    with pytest.raises(CommandError):
        command("rina")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer salah", "Bearer a b", "Basic YTpi", "Bearer ké"])
def test_without_a_good_token_the_answer_is_a_challenge(db, header):
    headers = {"authorization": header} if header else {}
    response = Client(headers=headers).get("/api/v1/tickets/")
    is_problem(response, 401)
    assert response["WWW-Authenticate"].startswith('Bearer realm="api"')


def test_a_bad_token_is_told_apart_from_a_missing_one(db):
    assert "invalid_token" in Client(headers={"authorization": "Bearer x"}).get("/api/v1/tickets/")["WWW-Authenticate"]
    assert "invalid_token" not in Client().get("/api/v1/tickets/")["WWW-Authenticate"]


def test_a_session_does_not_open_the_api(cast, client):
    client.force_login(cast.admin)
    is_problem(client.get("/api/v1/tickets/"), 401)


def test_the_scheme_is_read_in_any_case(person):
    token = tokens.issue(person, "tes", ["read"], None)
    assert Client(headers={"authorization": f"bearer {token}"}).get("/api/v1/tickets/").status_code == 200


def test_scopes_separate_reading_from_writing(cast):
    reader, writer = Caller(cast.agen, scopes=["read"]), Caller(cast.agen, scopes=["write"])
    ticket = factories.ticket()
    assert reader.ticket(ticket).status_code == 200
    refusal = reader.step(ticket, "start")
    assert is_problem(refusal, 403)["type"] == "urn:spbe:problem:insufficient-scope"
    assert "insufficient_scope" in refusal["WWW-Authenticate"]
    is_problem(writer.ticket(ticket), 403)
    assert writer.step(ticket, "start").status_code == 200
