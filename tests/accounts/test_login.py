"""Signing in by email, user name and NIP; who gets where afterwards; what is refused."""

import pytest
from django.urls import reverse

from tests.factories import PASSWORD

LOGIN = "/akun/login/"


@pytest.mark.parametrize("login", ["asn", "asn@contoh.go.id", "198501012010011001", "19850101 201001 1 001"])
def test_email_user_name_and_nip_open_the_same_account(client, cast, login):
    answer = client.post(LOGIN, {"login": login, "password": PASSWORD})
    assert answer.status_code == 302
    assert client.get("/tiket-saya/").context["user"] == cast.asn


@pytest.mark.parametrize("login", ["asn", "tidak-ada", "198501012010011009"])
def test_a_wrong_password_and_an_unknown_name_look_the_same(client, cast, login):
    answer = client.post(LOGIN, {"login": login, "password": "salah"})
    assert answer.status_code == 200 and answer.context["form"].errors
    assert "_auth_user_id" not in client.session


def test_a_closed_account_does_not_open(client, cast):
    cast.asn.is_active = False
    cast.asn.save()
    client.post(LOGIN, {"login": "asn", "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_nobody_makes_an_account_alone(client, db):
    assert "password1" not in client.get(reverse("account_signup")).content.decode()


@pytest.mark.parametrize(
    ("person", "target"),
    [("agen", "/kerja/"), ("pimpinan", "/laporan/"), ("asn", "/tiket-saya/"), ("inspektorat", "/kerja/")],
)
def test_everybody_lands_where_they_work(client, cast, person, target):
    client.force_login(getattr(cast, person))
    assert client.get("/setelah-masuk/").url == target


def test_strangers_are_sent_to_sign_in(client, db):
    assert client.get("/setelah-masuk/").url == LOGIN


def test_signing_in_does_not_lead_away(client, cast):
    answer = client.post(LOGIN + "?next=https://jahat.example/", {"login": "asn", "password": PASSWORD})
    assert answer.url == "/setelah-masuk/"
