"""`email_doctor` finds what is wrong with real servers, says what to do, tells no secret and sends nothing."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from channels_bot.email import doctor
from channels_bot.models import Mailbox
from notify import outbox
from notify.models import Delivery, Pace
from servicedesk import worker
from tests.servers.hardmail import HardServer, certificate
from tests.servers.mail import DovecotServer, dovecot_available

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cert(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("cert"))


@pytest.fixture
def well(db, settings):
    """A desk with nothing to complain about but the server the test adds."""
    worker.beat()
    settings.BASE_URL = "https://layanan.uji.go.id"
    settings.IMAP_URL = ""


def use(settings, server, **more):
    settings.EMAIL_URL = "smtp://ada"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "localhost", server.port, 5
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    for name, value in more.items():
        setattr(settings, name, value)


def wrong():
    return [finding for finding in doctor.examine() if finding.level == "fail"]


def run():
    out, code = StringIO(), 0
    try:
        call_command("email_doctor", stdout=out)
    except SystemExit as end:
        code = end.code
    return code, out.getvalue()


def test_a_well_set_up_server_gives_zero_and_gets_no_mail(well, settings, cert, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(cert[0]))
    with HardServer(tls="starttls", cert=cert, password="benar") as server:
        login = {"EMAIL_HOST_USER": "layanan", "EMAIL_HOST_PASSWORD": "benar"}
        use(settings, server, EMAIL_USE_TLS=True, **login)
        code, text = run()
        assert code == 0 and "0 salah" in text, text
        assert not server.messages and "benar" not in text


@pytest.mark.parametrize("way", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for(well, settings, cert, way):
    with HardServer(tls=way, cert=cert) as server:
        use(settings, server, EMAIL_USE_TLS=way == "starttls", EMAIL_USE_SSL=way == "tls")
        code, text = run()
    assert code == 1 and "Sertifikat" in text and "SSL_CERT_FILE" in text


def test_a_certificate_for_another_name(well, settings, tmp_path, monkeypatch):
    other = certificate(tmp_path, "lain.uji.invalid")
    monkeypatch.setenv("SSL_CERT_FILE", str(other[0]))
    with HardServer(tls="starttls", cert=other) as server:
        use(settings, server, EMAIL_USE_TLS=True)
        (finding,) = wrong()
    assert "Sertifikat" in finding.about


def test_tls_spoken_to_a_plain_port(well, settings):
    with HardServer() as server:
        use(settings, server, EMAIL_USE_SSL=True)
        (finding,) = wrong()
        assert "smtps:// untuk 465" in finding.advice
        use(settings, server, EMAIL_USE_TLS=True)
        (finding,) = wrong()
        assert "STARTTLS" in finding.about


def test_a_wrong_password_is_named_without_it(well, settings):
    with HardServer(password="benar") as server:
        use(settings, server, EMAIL_HOST_USER="layanan", EMAIL_HOST_PASSWORD="sandi-salah")
        code, text = run()
    assert code == 1 and "nama pengguna atau kata sandi" in text, text
    assert "%40" in text and "sandi-salah" not in text


def test_a_sender_the_server_does_not_take(well, settings):
    with HardServer() as server:
        server.sender_reply = "553 5.7.1 not yours"
        use(settings, server)
        (finding,) = wrong()
    assert "EMAIL_FROM" in finding.advice and "not yours" in finding.about


@pytest.mark.parametrize(
    ("host", "port", "said"), [("localhost", 1, "Tidak dapat tersambung"), ("tidak.ada.invalid", 25, "tidak dikenal")]
)
def test_a_server_that_is_not_there(well, settings, host, port, said, monkeypatch):
    import socket

    if host.endswith("invalid"):  # names are not looked up in tests

        def unknown(*_arguments, **_more):
            raise socket.gaierror(-2, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
    settings.EMAIL_URL, settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "smtp://ada", host, port, 2
    settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = True, False
    (finding,) = wrong()
    assert said in finding.about and "EMAIL_URL" in finding.advice


def test_settings_are_looked_at_first(db, settings):
    settings.DEFAULT_FROM_EMAIL = "bukan alamat"
    code, text = run()
    assert code == 1
    for said in ("EMAIL_FROM", "BASE_URL", "EMAIL_URL", "manage.py worker"):
        assert said in text


def test_what_is_stuck_is_told(well, settings):
    outbox.plan(key="a", channel="email", recipient="a@b.id", text="x", not_before=timezone.now() - timedelta(hours=1))
    row = outbox.plan(key="b", channel="email", recipient="a@b.id", text="x")
    Delivery.objects.filter(pk=row.pk).update(state="failed")
    Pace.objects.create(name="email", resume_at=timezone.now() + timedelta(minutes=1), error="ConnectionRefused")
    text = run()[1]
    for said in ("sepuluh menit", "tidak sampai", "ConnectionRefused"):
        assert said in text


def test_a_clock_that_goes_wrong():
    at = datetime.fromisoformat("2026-11-24T07:05:00+00:00")
    greeting = "mx ESMTP Exim 4.94 Tue, 24 Nov 2026 14:00:00 +0700"
    assert [finding.level for finding in doctor._smtp_clock(greeting, at)] == ["fail"]
    assert not list(doctor._smtp_clock(greeting, at - timedelta(minutes=5)))
    assert not list(doctor._smtp_clock("mx ESMTP Postfix", at))


@pytest.mark.imap
@pytest.mark.skipif(not dovecot_available(), reason="Debian's dovecot-imapd is not installed")
def test_mailboxes_are_opened_and_nothing_is_read(well, settings):
    with HardServer() as server, DovecotServer() as imap:
        use(settings, server)
        imap.deliver(b"Subject: a\r\n\r\nb")
        settings.IMAP_URL = imap.imap_url
        assert not wrong(), wrong()
        Mailbox.objects.create(name="salah", url=imap.imap_url.replace("rahasia", "keliru"))
        Mailbox.objects.create(name="folder", url=imap.imap_url.replace("INBOX", "TidakAda"))
        Mailbox.objects.create(name="mati", url="imap://a:b@127.0.0.1:1/INBOX")
        Mailbox.objects.create(name="rusak", url="http://x")
        code, text = run()
        assert code == 1 and "4 salah" in text and "keliru" not in text
        for said in (
            "menolak nama pengguna",
            "folder TidakAda tidak ada",
            "Tidak dapat tersambung",
            "imaps://pengguna",
        ):
            assert said in text
