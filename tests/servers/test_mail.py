"""The mail servers, seen through an SMTP and an IMAP client."""

import smtplib

import pytest
from imapclient import IMAPClient

from tests.servers.mail import DovecotServer, MailHub, SmtpSink, dovecot_available

needs_dovecot = pytest.mark.skipif(not dovecot_available(), reason="needs dovecot: apt-get install dovecot-imapd")
LETTER = b"From: sari@uji.invalid\r\nSubject: Jaringan putus\r\n\r\nSejak pagi.\r\n.titik\r\n"


@pytest.fixture
def sink():
    with SmtpSink() as server:
        yield server


def send(port, *recipients, sender="sari@uji.invalid"):
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        return client.sendmail(sender, recipients, LETTER)


def test_sink_keeps_what_it_accepts(sink):
    send(sink.port, "a@uji.invalid", "b@uji.invalid")
    received = sink.wait_for(lambda m: m.message["Subject"] == "Jaringan putus")
    assert (received.sender, received.recipients) == ("sari@uji.invalid", ["a@uji.invalid", "b@uji.invalid"])
    assert received.raw == LETTER and received.text == "Sejak pagi.\n.titik\n"
    with pytest.raises(TimeoutError, match="Jaringan putus"):
        sink.wait_for(lambda m: "c@uji.invalid" in m.recipients, timeout=0.05)


def test_sink_refuses_as_scripted(sink):
    sink.reject("hilang@uji.invalid")
    sink.reject("penuh@uji.invalid", "452 4.2.2 Mailbox full", times=1)
    refused = send(sink.port, "hilang@uji.invalid", "penuh@uji.invalid", "a@uji.invalid")
    assert {address: code for address, (code, _text) in refused.items()} == {
        "hilang@uji.invalid": 550,
        "penuh@uji.invalid": 452,
    }
    assert send(sink.port, "penuh@uji.invalid") == {}
    sink.reply_to_next_data("451 4.3.0 Try again later")
    with pytest.raises(smtplib.SMTPDataError) as later:
        send(sink.port, "a@uji.invalid")
    assert later.value.smtp_code == 451
    assert [m.recipients for m in sink.messages] == [["a@uji.invalid"], ["penuh@uji.invalid"]]


def test_sink_can_lose_its_answer_and_go_away(sink):
    sink.drop_next_data()
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(sink.port, "a@uji.invalid")
    assert len(sink.messages) == 1
    sink.stop()
    with pytest.raises(ConnectionRefusedError):
        send(sink.port, "a@uji.invalid")
    sink.start()
    send(sink.port, "a@uji.invalid")
    assert len(sink.messages) == 2


def inbox(server, user="layanan"):
    with IMAPClient("127.0.0.1", server.port, ssl=False, timeout=10) as client:
        client.login(user, "rahasia")
        client.select_folder("INBOX")
        return [mail[b"BODY[]"] for mail in client.fetch(client.search(), ["BODY.PEEK[]"]).values()]


@pytest.mark.imap
@needs_dovecot
def test_dovecot_keeps_its_mail_through_a_crash():
    with DovecotServer(users=("layanan", "aduan")) as server:
        assert server.imap_url == f"imap://layanan:rahasia@127.0.0.1:{server.port}/INBOX"
        server.deliver(LETTER)
        server.deliver(b"Subject: lain\r\n\r\n", user="aduan")
        assert inbox(server) == [LETTER] and inbox(server, "aduan") == [b"Subject: lain\r\n\r\n"]
        server.kill()
        with pytest.raises(OSError):
            inbox(server)
        server.restart()
        assert inbox(server) == [LETTER]
        folder = server.folder
    assert not folder.exists()


@pytest.mark.imap
@needs_dovecot
def test_hub_carries_mail_for_the_desk_from_smtp_to_imap():
    with MailHub("layanan@uji.invalid") as hub:
        send(hub.smtp.port, "Layanan+GGN-2026-000001@uji.invalid", "sari@uji.invalid")
        (mail,) = inbox(hub.imap)
        assert mail.endswith(LETTER) and b"Return-Path: <sari@uji.invalid>\r\n" in mail
        assert [m.recipients for m in hub.smtp.messages] == [["sari@uji.invalid"]]
