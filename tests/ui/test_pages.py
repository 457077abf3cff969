"""Pages that belong to no app: the frame, errors, signing in."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client

from tests import factories

pytestmark = pytest.mark.django_db


def open_page(client, path, **kw):
    response = client.get(path, **kw)
    return response, response.content.decode()


def test_missing_page_says_how_to_go_on(client):
    response, html = open_page(client, "/tidak-ada/")
    assert response.status_code == 404
    assert "Halaman tidak ditemukan" in html
    assert 'href="/lacak/"' in html
    assert '<html lang="id">' in html
    assert 'href="#isi"' in html


def test_the_frame_offers_each_person_their_own(client, cast):
    _, html = open_page(client, "/tidak-ada/")
    assert 'href="/tiket-saya/"' not in html
    assert "Masuk" in html
    client.force_login(cast.warga)
    _, html = open_page(client, "/tidak-ada/")
    assert 'href="/tiket-saya/"' in html
    assert 'href="/kerja/"' not in html
    assert "Keluar" in html
    client.force_login(cast.agen)
    _, html = open_page(client, "/tidak-ada/")
    assert 'href="/kerja/"' in html


def test_error_pages_render_with_nothing_at_all(settings):
    # A broken installation: no manifest of static files, no address that resolves.
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }
    settings.ROOT_URLCONF = "django.conf.urls"
    for name, words in (("500.html", "mengalami gangguan"), ("400.html", "tidak dapat dibaca")):
        html = render_to_string(name)
        assert words in html
        assert "<style" not in html
        assert 'href="/static/css/app.css"' in html


def test_forbidden_page_tells_the_reason_and_leads_to_signing_in(rf):
    from django.contrib.auth.models import AnonymousUser
    from django.views.defaults import permission_denied

    request = rf.get("/kerja/?q=1&r=2")
    request.user = AnonymousUser()
    html = permission_denied(request, Exception("Hanya untuk <tim>.")).content.decode()
    assert "Hanya untuk &lt;tim&gt;." in html
    assert 'href="/akun/login/?next=%2Fkerja%2F%3Fq%3D1%26r%3D2"' in html


def test_expired_form_says_what_to_do():
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/akun/login/", {"login": "a", "password": "b"})
    assert response.status_code == 403
    assert "sudah kedaluwarsa" in response.content.decode()


def test_signing_in_works_without_script_and_binds_its_errors(client):
    response, html = open_page(client, "/akun/login/")
    assert response.status_code == 200
    assert "Email, NIP, atau nama pengguna" in html
    assert "Lupa kata sandi?" in html
    assert not re.search(r"<script(?![^>]*src=)", html)
    html = client.post("/akun/login/", {"login": "", "password": "x"}).content.decode()
    assert 'aria-describedby="id_login_error"' in html
    assert 'id="id_login_error"' in html


def test_wrong_password_is_told_once_for_all(client):
    factories.user("warga")
    html = client.post("/akun/login/", {"login": "warga", "password": "salah"}).content.decode()
    assert 'role="alert"' in html
    assert "Keluar" not in html


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/akun/password/reset/", "Lupa kata sandi"),
        ("/akun/password/reset/done/", "Periksa email Anda"),
        ("/akun/password/reset/key/x-y/", "Tautan tidak berlaku"),
        ("/akun/password/reset/key/done/", "Kata sandi sudah diganti"),
    ],
)
def test_password_pages_are_ours(client, path, words):
    response, html = open_page(client, path)
    assert response.status_code == 200
    assert words in html
    assert "site-head" in html


def test_own_password_can_be_changed(client, cast):
    client.force_login(cast.warga)
    _, html = open_page(client, "/akun/password/change/")
    assert "Kata sandi sekarang" in html
    assert html.count('type="password"') == 3
    _, html = open_page(client, "/akun/logout/")
    assert "Keluar dari akun?" in html
