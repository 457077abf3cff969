"""Any bytes give a result, and the mail of common programs gives the right one."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_bot.email import html
from channels_bot.email.parsing import MAX_NAME, ParsedEmail, parse_email
from tests.email.samples import CASES, PNG, built, plain

REPORT = b"""From: MAILER-DAEMON@mx.contoh.id\r
To: layanan@contoh.go.id\r
Subject: Undelivered Mail Returned to Sender\r
Content-Type: multipart/report; report-type=delivery-status; boundary=r\r
\r
--r\r
Content-Type: text/plain\r
\r
Gagal.\r
--r\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.contoh.id\r
\r
Final-Recipient: rfc822; hilang@contoh.id\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 no such user\r
\r
--r\r
Content-Type: message/rfc822\r
\r
Message-ID: <abc@contoh.go.id>\r
Subject: asal\r
\r
isi\r
--r--\r
"""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_corpus(case):
    parsed = parse_email(case.raw)
    seen = {
        "names": [a.name for a in parsed.attachments],
        "sender": parsed.from_.email,
        **{name: getattr(parsed, name) for name in ("text", "subject", "auto", "references", "in_reply_to")},
    }
    assert {name: seen[name] for name in case.expect} == case.expect


def test_nothing_of_a_reply_is_lost():
    parsed = parse_email(plain("Baru.\n\nOn 23/11/2026 10:15, Desk wrote:\n> lama\n"))
    assert parsed.text == "Baru." and "lama" in parsed.full_text


def test_inline_images_keep_their_content_id():
    raw = (
        b"From: s@contoh.id\r\nContent-Type: multipart/related; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/html\r\n\r\n"
        b'<p>Lihat</p><img src="cid:gambar1">\r\n--x\r\nContent-Type: image/png\r\nContent-ID: <gambar1>\r\n'
        b"Content-Transfer-Encoding: 8bit\r\n\r\n" + PNG + b"\r\n--x--\r\n"
    )
    parsed = parse_email(raw)
    assert parsed.attachments[0].inline and parsed.attachments[0].content_id == "gambar1"
    assert 'src="cid:gambar1"' in parsed.html


def test_html_is_cleaned_to_a_safe_subset():
    dirty = (
        '<p onclick="x()">a</p><script>1</script><img src="http://lain/x.png"><a href="javascript:x">b</a><form></form>'
    )
    clean = html.clean(dirty)
    for word in ("script", "onclick", "http://lain", "javascript", "form"):
        assert word not in clean
    assert "noopener" in html.clean('<a href="https://contoh.id">x</a>')
    assert html.clean("x" * (html.MAX_HTML + 1)) == ""


def test_large_html_is_cleaned_in_a_process_that_can_be_killed():
    assert html.clean("<p>halo</p>" * 5000).count("halo") == 5000
    started = time.monotonic()
    assert html.clean("<div>" * 190_000) == ""
    assert time.monotonic() - started < html.CLEAN_SECONDS + 2


def test_a_delivery_report_names_message_recipient_and_permanence():
    bounce = parse_email(REPORT).bounce
    assert bounce is not None
    assert (bounce.original_message_id, bounce.recipient) == ("abc@contoh.go.id", "hilang@contoh.id")
    assert bounce.permanent and bounce.status == "5.1.1" and "no such user" in bounce.diagnostic
    assert not parse_email(REPORT.replace(b"5.1.1", b"4.2.2")).bounce.permanent
    assert parse_email(REPORT.replace(b"Action: failed", b"Action: delayed")).bounce is None


def test_a_bounce_in_prose_is_recognised():
    body = "Could not be delivered to <hilang@contoh.id>: 550 5.1.1 unknown\n\nMessage-ID: <abc@contoh.go.id>\n"
    parsed = parse_email(plain(body, From="MAILER-DAEMON@mx.contoh.id", Subject="Mail delivery failed: returning"))
    assert parsed.bounce.original_message_id == "abc@contoh.go.id" and parsed.bounce.permanent


def test_a_persons_mail_is_no_bounce():
    assert parse_email(plain("Mail delivery failed kata sistem", Subject="Undelivered")).bounce is None


@pytest.mark.parametrize(
    "hostile",
    [
        b"\n\n" + b">" * 2_000_000,
        b"\n\n" + b"On 1 a@b\n" * 200_000,
        b"\n\n" + b"-- \n" * 500_000,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(5000)),
        b"Content-Type: text/html\n\n" + b"<a href='http://x'>" * 50_000,
        b"Subject: " + b"=?utf-8?Q?a?= " * 100_000 + b"\n\nx",
        b"To: " + b"a@b.id, " * 100_000 + b"\n\nx",
        b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 20_000,
    ],
    ids=["quotes", "attributions", "signatures", "nesting", "links", "words", "addresses", "parts"],
)
def test_hostile_mail_takes_no_more_than_a_moment(hostile):
    started = time.monotonic()
    assert isinstance(parse_email(hostile), ParsedEmail)
    assert time.monotonic() - started < 4


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=3000))
def test_any_bytes_give_a_result_a_database_can_store(raw):
    parsed = parse_email(raw)
    assert "\x00" not in parsed.text + parsed.subject
    (parsed.text + parsed.full_text + parsed.html).encode("utf-8")


header_garbage = st.lists(
    st.tuples(
        st.sampled_from(["From", "To", "Subject", "Date", "Message-ID", "References", "Content-Type", "Return-Path"]),
        st.text(max_size=80),
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(
    header_garbage,
    st.sampled_from(["text/plain", "text/html", "multipart/mixed; boundary=x", "message/rfc822"]),
    st.binary(max_size=400),
)
def test_any_headers_give_a_result(garbage, kind, body):
    head = "".join(f"{name}: {value}\r\n" for name, value in garbage) + f"Content-Type: {kind}\r\n\r\n"
    parsed = parse_email(head.encode("utf-8", "replace") + b"--x\r\n\r\n" + body)
    assert "\n" not in parsed.subject and all(len(a.name) <= MAX_NAME for a in parsed.attachments)


def test_a_long_name_keeps_its_ending():
    name = parse_email(built(files=(("a" * 300 + ".pdf", "application/pdf", b"%PDF"),))).attachments[0].name
    assert len(name) <= MAX_NAME and name.endswith(".pdf")
