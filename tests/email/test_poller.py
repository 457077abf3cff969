"""Getting into mailboxes, hearing of news, folders, and what a failure leaves behind."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest
from imapclient import IMAPClient

from channels_bot.admin import MailboxForm
from channels_bot.email import access, inbound, poller
from channels_bot.models import Mailbox
from tests.email.test_channel import mail
from tests.servers.mail import DovecotServer, dovecot_available
from tickets.models import InboundRecord, Message

URLS = {
    "imaps://a:b@mail.contoh.id": ("imaps", "mail.contoh.id", 993, "a", "b", "INBOX"),
    "imap+tls://a%40contoh.id:s%2Fx@mail.id/Layanan": ("imap+tls", "mail.id", 143, "a@contoh.id", "s/x", "Layanan"),
    "imap://a:b@127.0.0.1:1143/INBOX": ("imap", "127.0.0.1", 1143, "a", "b", "INBOX"),
    "imaps://a@mail.contoh.id": ("imaps", "mail.contoh.id", 993, "a", "", "INBOX"),
}  # fmt: skip


@pytest.mark.parametrize(("url", "parts"), URLS.items(), ids=URLS.keys())
def test_addresses(url, parts):
    assert access.parse_url(url) == access.Address(*parts)


@pytest.mark.parametrize("url", ["imap://a:b@mail.contoh.id", "http://a:b@x", "imaps://mail.contoh.id", "imaps://", ""])
def test_what_is_no_address_or_not_safe_is_refused(url):
    with pytest.raises(ValueError, match=r"IMAP|pengaman"):
        access.parse_url(url)


@pytest.fixture
def token_server():
    """An OAuth token endpoint that remembers what it was asked and answers what the test says."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.server.asked.append({name: value[0] for name, value in parse_qs(body).items()})
            status, answer = self.server.answers.pop(0)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

        def log_message(self, *_what):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.answers = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def oauth(db, token_server):
    return Mailbox.objects.create(
        name="oauth", auth="xoauth2", token_url=f"http://127.0.0.1:{token_server.server_port}/token",
        client_id="meja", client_secret="rahasia", refresh_token="lama", scope="imap",
    )  # fmt: skip


class TestToken:
    def test_it_is_asked_for_once_until_it_is_forgotten(self, oauth, token_server):
        token_server.answers = [(200, {"access_token": "satu", "expires_in": 3600}), (200, {"access_token": "dua"})]
        assert [access.token_of(oauth), access.token_of(oauth)] == ["satu", "satu"]
        assert token_server.asked == [
            {
                "client_id": "meja",
                "client_secret": "rahasia",
                "scope": "imap",
                "grant_type": "refresh_token",
                "refresh_token": "lama",
            }
        ]
        access.forget_token(oauth)
        assert access.token_of(oauth) == "dua"

    def test_without_a_refresh_token_the_application_asks_for_itself(self, oauth, token_server):
        oauth.refresh_token = ""
        token_server.answers = [(200, {"access_token": "satu"})]
        assert access.token_of(oauth) == "satu" and token_server.asked[0]["grant_type"] == "client_credentials"

    @pytest.mark.parametrize("answer", [(400, {"error": "invalid_grant"}), (200, b"<html>"), (200, ["x"]), (200, {})])
    def test_a_refusal_is_said_and_never_names_the_secret(self, oauth, token_server, answer):
        access.forget_token(oauth)
        token_server.answers = [answer]
        with pytest.raises(access.AccessRefused) as refused:
            access.token_of(oauth)
        assert "OAuth" in str(refused.value) and "rahasia" not in str(refused.value)

    def test_a_mailbox_that_is_refused_says_why(self, oauth, token_server, cast):
        access.forget_token(oauth)
        Mailbox.objects.update(url="imap://layanan@127.0.0.1:1/INBOX")
        token_server.answers = [(400, {"error": "invalid_grant"})]
        assert poller.poll() == 0
        assert "invalid_grant" in Mailbox.objects.get().last_error


def form(mailbox=None, **data):
    start = {"name": "uji", "kind": "incident", "auth": "password", "processed_folder": "A", "failed_folder": "B"}
    return MailboxForm({**start, **data}, instance=mailbox)


class TestForm:
    def test_secrets_are_kept_when_left_empty_and_never_shown(self, db):
        filled = form(url="imaps://a@contoh.id", password="s3kr3t")
        mailbox = filled.save()
        again = form(mailbox, url="imaps://a@contoh.id", client_id="x")
        again.save()
        assert Mailbox.objects.get().password == "s3kr3t" and "s3kr3t" not in str(again)

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({"url": "imaps://a:terlihat@contoh.id"}, "url"),
            ({"url": "imap://a@contoh.id"}, "url"),
            ({"auth": "xoauth2", "client_id": "x", "token_url": "http://contoh.id"}, "token_url"),
            ({"auth": "xoauth2", "token_url": "https://contoh.id"}, "client_id"),
        ],
    )
    def test_what_would_not_work_or_not_be_safe_is_refused(self, db, data, field):
        assert field in form(**data).errors


@pytest.mark.slow
@pytest.mark.imap
@pytest.mark.skipif(not dovecot_available(), reason="Debian's dovecot-imapd is not installed")
class TestServer:
    @pytest.fixture
    def imap(self, settings):
        with DovecotServer(users=("layanan", "aduan")) as server:
            settings.IMAP_URL = server.imap_url
            yield server

    @pytest.fixture
    def reader(self):
        reader = poller.Reader()
        yield reader
        reader.close()

    def folder(self, imap, name, user="layanan"):
        with IMAPClient("127.0.0.1", imap.port, ssl=False) as client:
            client.login(user, "rahasia")
            return client.select_folder(name)[b"EXISTS"] if client.folder_exists(name) else None

    def test_each_mailbox_has_its_own_defaults_and_folders(self, cast, imap):
        url = imap.url_of("aduan").replace(":rahasia", "")
        Mailbox.objects.create(
            name="aduan", url=url, password="rahasia", kind="complaint", team=cast.network, processed_folder="Sudah"
        )
        imap.deliver(mail("Satu"))
        imap.deliver(mail("Dua"), user="aduan")
        assert poller.poll() == 2
        assert sorted(Message.objects.filter(direction="in").values_list("text", "ticket__kind")) == [
            ("Dua", "complaint"),
            ("Satu", "incident"),
        ]
        assert (self.folder(imap, "Diproses"), self.folder(imap, "Sudah", "aduan")) == (1, 1)
        assert list(Mailbox.objects.values_list("waiting", "last_error")) == [(0, "")] * 2

    def test_the_server_tells_of_news(self, cast, imap, reader):
        assert reader.read_all() == 0
        assert reader.wait(0.1) is False
        timer = threading.Timer(0.3, imap.deliver, [mail("Kabar")])
        timer.start()
        assert reader.wait(10) is True
        timer.join()
        assert reader.read_all() == 1

    def test_a_connection_that_broke_is_made_again(self, cast, imap, reader):
        imap.deliver(mail("Satu"))
        assert reader.read_all() == 1
        imap.kill()
        imap.restart()
        imap.deliver(mail("Dua"))
        assert reader.read_all() == 1 and Mailbox.objects.get().last_error == ""

    def test_a_server_that_fails_is_left_alone_for_a_while(self, cast, imap, reader):
        imap.kill()
        assert reader.read_all() == 0 and Mailbox.objects.get().last_error
        imap.restart()
        imap.deliver(mail())
        assert reader.read_all() == 0
        for session in reader._sessions.values():
            session.not_before = 0
        assert reader.read_all() == 1

    def test_what_cannot_be_stored_at_all_is_put_aside_and_stops_nobody(self, cast, imap, monkeypatch):
        store = inbound.receive_raw

        def refuse(raw, name):
            if b"Rusak" in raw:
                raise ValueError("tak terduga")
            return store(raw, name)

        monkeypatch.setattr(inbound, "receive_raw", refuse)
        for text in ("Satu", "Rusak", "Dua"):
            imap.deliver(mail(text))
        assert poller.poll() == 2
        assert (self.folder(imap, "Gagal"), self.folder(imap, "Diproses"), self.folder(imap, "INBOX")) == (1, 2, 0)
        assert "Gagal" in Mailbox.objects.get().last_error and InboundRecord.objects.count() == 2
