# ruff: noqa: E501 - tables of one case a line
"""Automatic mail and bounces: told apart from people's mail, in both directions."""

import pytest

from channels_bot.email.loops import AutoKind
from channels_bot.email.parsing import parse_email
from tests.email.samples import plain


def auto(**headers):
    return parse_email(plain("x", **headers)).auto


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Auto_Submitted": "auto-replied (vacation)"}, AutoKind.AUTO_REPLY),
        ({"Auto_Submitted": "auto-generated"}, AutoKind.BULK),
        ({"X_Autoreply": "yes"}, AutoKind.AUTO_REPLY),
        ({"X_Auto_Response_Suppress": "All"}, AutoKind.BULK),
        ({"X_Auto_Response_Suppress": "DR, OOF, AutoReply"}, AutoKind.BULK),
        ({"Precedence": "auto_reply"}, AutoKind.AUTO_REPLY),
        ({"Precedence": "list"}, AutoKind.LIST),
        ({"List_Unsubscribe": "<https://x.id/u>"}, AutoKind.LIST),
        ({"From": "no-reply@x.id"}, AutoKind.BULK),
        ({"From": "Postmaster@x.id"}, AutoKind.BOUNCE),
        ({"Subject": "Automatic reply: Printer"}, AutoKind.AUTO_REPLY),
        ({"Subject": "Balasan otomatis"}, AutoKind.AUTO_REPLY),
        ({"Subject": "Sedang cuti: 1-5 Mei"}, AutoKind.AUTO_REPLY),
        ({"Subject": "Di luar kantor - Re: Printer"}, AutoKind.AUTO_REPLY),
    ],
)
def test_automatic(headers, kind):
    assert auto(**headers) == kind


@pytest.mark.parametrize(
    "headers",
    [
        {"Subject": "Sedang cuti, mohon reset sandi saya"},
        {"Subject": "Di luar kantor tidak bisa VPN"},
        {"Subject": "Out of office wifi mati"},
        {"Subject": "Re: Balasan otomatis tidak jalan"},
        {"X_Auto_Response_Suppress": "OOF"},
        {"X_Autoreply": "no"},
        {"Precedence": "normal"},
        {"From": "noreen@x.id"},
    ],
    ids=str,
)
def test_a_persons_mail(headers):
    assert auto(**headers) is None


def test_a_read_receipt_is_automatic_but_no_bounce():
    raw = (
        b"From: s@x.id\r\nSubject: Dibaca: x\r\nContent-Type: multipart/report; report-type=disposition-notification;"
        b" boundary=r\r\n\r\n--r\r\nContent-Type: message/disposition-notification\r\n\r\nDisposition: x\r\n--r--"
    )
    parsed = parse_email(raw)
    assert parsed.auto == AutoKind.AUTO_REPLY and parsed.bounce is None


def report(*groups: str, original: str = "", extra: str = "") -> bytes:
    blocks = "\r\n\r\n".join(["Reporting-MTA: dns; mx", *groups])
    return (
        f"From: MAILER-DAEMON@mx.id\r\nTo: l@x.id\r\nSubject: Undelivered\r\n{extra}"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n"
        f"--r\r\nContent-Type: text/plain\r\n\r\nGagal\r\n"
        f"--r\r\nContent-Type: message/delivery-status\r\n\r\n{blocks}\r\n{original}--r--\r\n"
    ).encode()


FAILED = "Final-Recipient: rfc822; b@x.id\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such user"
HEADERS = "--r\r\nContent-Type: text/rfc822-headers\r\n\r\nReceived: x\r\n y\r\nMessage-Id: <asal@x.id>\r\n"


def test_the_failed_recipient_is_found_behind_a_delivered_one():
    delivered = "Final-Recipient: rfc822; a@x.id\r\nAction: relayed\r\nStatus: 2.0.0"
    bounce = parse_email(report(delivered, FAILED, original=HEADERS)).bounce
    assert (bounce.recipient, bounce.status, bounce.original_message_id) == ("b@x.id", "5.1.1", "asal@x.id")
    assert bounce.permanent and bounce.diagnostic == "smtp; 550 no such user"
    assert parse_email(report(delivered)).bounce is None


@pytest.mark.parametrize(
    "raw",
    [
        report(FAILED, "X-Original-Message-ID: <asal@x.id>"),
        report("X-Original-Message-ID: <asal@x.id>\r\n" + FAILED),
        report(FAILED, extra="In-Reply-To: <asal@x.id>\r\n"),
        report(FAILED, extra="References: <lain@x.id> <asal@x.id>\r\n"),
    ],
)
def test_the_original_is_found_without_returned_headers(raw):
    assert parse_email(raw).bounce.original_message_id == "asal@x.id"


PROSE = {
    "postfix": ({"From": "MAILER-DAEMON@mx.id", "Subject": "Undelivered Mail Returned to Sender"},
                "<b@x.id>: host mx.x.id[10.5.10.20] said: 550 5.1.1 <b@x.id>: Recipient address rejected\n\nMessage-ID: <asal@x.id>", "5.1.1", True),
    "exim": ({"From": "Mailer-Daemon@mx.id", "Subject": "Mail delivery failed: returning message to sender", "X-Failed-Recipients": "b@x.id"},
             "kirim ke lain@y.id\n  550 Unrouteable address\n\nMessage-ID: <asal@x.id>", "", True),
    "exchange": ({"From": "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@x.id", "Subject": "Undeliverable: Tiket", "In-Reply-To": "<asal@x.id>"},
                 "Your message to b@x.id couldn't be delivered.\nRemote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'", "5.1.10", True),
    "gmail": ({"From": "mailer-daemon@googlemail.com", "Subject": "Delivery Status Notification (Failure)", "References": "<asal@x.id>"},
              "Your message wasn't delivered to b@x.id because the address couldn't be found.", "", True),
    "full-mailbox": ({"From": "MAILER-DAEMON@mx.id", "Subject": "failure notice"}, "<b@x.id>:\n452 4.2.2 mailbox full\n\nMessage-ID: <asal@x.id>", "4.2.2", False),
    "null-sender": ({"From": "admin@mx.id", "Return-Path": "<>", "Subject": "Surat tidak terkirim"}, "b@x.id 550 tidak ada\n> Message-ID: <asal@x.id>", "", True),
}  # fmt: skip


@pytest.mark.parametrize(("headers", "body", "status", "permanent"), PROSE.values(), ids=PROSE.keys())
def test_bounces_in_prose(headers, body, status, permanent):
    bounce = parse_email(plain(body, **headers)).bounce
    assert (bounce.recipient, bounce.original_message_id) == ("b@x.id", "asal@x.id")
    assert (bounce.status, bounce.permanent) == (status, permanent)


@pytest.mark.parametrize("subject", ["Delivery Status Notification (Delay)", "Warning: could not send, failure notice"])
def test_a_delay_is_no_failure(subject):
    parsed = parse_email(plain("b@x.id", From="mailer-daemon@x.id", Subject=subject))
    assert parsed.bounce is None and parsed.auto == AutoKind.BOUNCE
