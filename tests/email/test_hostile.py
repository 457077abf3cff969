# ruff: noqa: E501 - tables of one case a line
"""Any bytes give a result, soon, in little memory, that a database can store."""

import encodings.aliases
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_bot.email.bodies import MAX_NAME
from channels_bot.email.inbound import stable_digest
from channels_bot.email.parsing import MAX_HTML, MAX_TEXT, ParsedEmail, parse_email
from channels_bot.email.quoting import visible_reply
from tests.email.test_parts import WINMAIL

pytestmark = pytest.mark.slow

HTML = b"Content-Type: text/html\n\n"
MIXED = b"Content-Type: multipart/mixed; boundary=x\n\n"
BOUNCED = b"From: mailer-daemon@x.id\nSubject: failure notice\n\n"
LONG = 450_000
HOSTILE = {
    "quote-lines": b"\n\n" + b">\n" * 1_000_000,
    "attributions": b"\n\n" + b"On 1 a@b wrote:\n> x\ny\n" * 90_000,
    "attributions-unwrapped": b"\n\n" + b"Pada 1 a@b\n" * 180_000,
    "header-blocks": b"\n\n" + b"Dari: x\n" * 250_000,
    "blank-lines": b"\n" * 2_000_000,
    "tags": HTML + b"<a " * 160_000,
    "tag-quotes": HTML + b'<a ">"' * 80_000,
    "comments": HTML + b"<!-- " * 200_000,
    "declarations": HTML + b"<![ " * 250_000,
    "closing": HTML + b"</a " * 250_000,
    "less-than": HTML + b"<" * 990_000,
    "entities": HTML + b"&#1" * 160_000,
    "attributes": HTML + b"<a " + b'a="' * 330_000,
    "attribute-names": HTML + (b"<a " + b"a" * 3_990 + b">") * 250,
    "scripts": HTML + b"<script></script " * 60_000,
    "nesting": HTML + b"<div>" * 90_000,
    "quotations": HTML + b"<blockquote>x" * 35_000,
    "lists": HTML + b"<ul><li>x" * 50_000,
    "links": HTML + b"<a href=http://x>y" * 50_000 + b"</a>" * 20_000,
    "long-link": HTML + b"<a href=http://x>" + b"<b>y</b>" * 50_000 + b"</a>",
    "levels": b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(20_000)),
    "deep-and-long": b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(25)) + b"\n--b\n" * 800_000,
    "parts": MIXED + b"--x\n\na\n" * 300_000,
    "dashes": b"Content-Type: multipart/mixed; boundary=-\n\n" + b"\n---" * 500_000,
    "embedded": b"Content-Type: message/rfc822\n\n" * 60_000,
    "words": b"Subject: " + b"=?utf-8?q?" * (LONG // 10) + b"\n\nx",
    "folds": b"Subject: x\n" + b" y\n" * (LONG // 3) + b"\n\nx",
    "fields": b"X: y\n" * (LONG // 5) + b"\n\nx",
    "commas": b"To: " + b"," * LONG + b"\n\nx",
    "brackets": b"To: " + b"<" * LONG + b"\n\nx",
    "comments-in-address": b"To: " + b"(" * LONG + b"\n\nx",
    "escaped-quotes": b"From: " + b'\\"' * (LONG // 2) + b"\n\nx",
    "many-recipients": (b"To: " + b"a@b," * 900 + b"\n") * 120 + b"\n\nx",
    "digits": b"Date: Mon, " + b"9" * LONG + b" Jan 2026 10:10:10 +0700\n\nx",
    "parameters": b"Content-Type: text/plain" + b'; a="' * (LONG // 5) + b"\n\nx",
    "continuations": b"Content-Type: a/b;" + b"".join(b" name*%d=b;" % i for i in range(30_000)) + b"\n\nx",
    "nasty-parts": MIXED + (b"--x\nContent-Type: a/b" + b'; a="' * 700 + b"\n" + b"X: y\n" * 500 + b"\nz\n") * 200,
    "report": b"From: mailer-daemon@x\nContent-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n" + b"A: b\n\n" * 200_000,
    "prose": BOUNCED + b"a@" * 500_000,
    "prose-dots": BOUNCED + b"a." * 500_000,
    "idna": b"Content-Type: text/plain; charset=idna\n\n" + b"a." * 300_000,
    "punycode": b"Content-Type: text/plain; charset=punycode\n\n-" + b"99999" * 60_000,
}  # fmt: skip


def check(parsed: ParsedEmail) -> None:
    """What every caller relies on."""
    texts = [
        parsed.text, parsed.full_text, parsed.html, parsed.subject, parsed.message_id, parsed.from_.name, parsed.from_.email,
        *parsed.references, *parsed.in_reply_to, *parsed.defects, *parsed.delivered_to,
        *(part for a in (*parsed.to, *parsed.cc) for part in (a.name, a.email)),
        *(part for a in parsed.attachments for part in (a.name, a.content_type, a.content_id)),
    ]  # fmt: skip
    if parsed.bounce:
        texts += [
            parsed.bounce.recipient,
            parsed.bounce.original_message_id,
            parsed.bounce.diagnostic,
            parsed.bounce.status,
        ]
    for text in texts:
        assert "\x00" not in text
        text.encode("utf-8")
    assert "unparsable" not in parsed.defects
    assert not set("\r\n") & set(parsed.subject + parsed.from_.name + parsed.message_id)
    assert len(parsed.subject) <= 998 and len(parsed.full_text) <= MAX_TEXT and len(parsed.html) <= 4 * MAX_HTML
    assert bool(parsed.text.strip()) == bool(parsed.full_text.strip())
    assert parsed.sent_at is None or parsed.sent_at.utcoffset() is not None
    assert parsed.from_.email == "" or parsed.from_.email.count("@") == 1
    for attachment in parsed.attachments:
        assert 0 < len(attachment.name) <= MAX_NAME and not set("/\\") & set(attachment.name)


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_mail_takes_no_more_than_a_moment(raw):
    started = time.process_time()
    check(parse_email(raw))
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "unit", [">", ">\n", "On ", "On 1 a@b wrote:\n> x\ny\n", "-- \n", "From: a\nTo: b\nSent: c\n", "_" * 9]
)
def test_the_visible_reply_takes_linear_time(unit):
    text = unit * (1_000_000 // len(unit))
    started = time.process_time()
    assert visible_reply(text)
    assert time.process_time() - started < 2


MEMORY = """
import base64, resource, sys
from channels_bot.email.parsing import parse_email
unit = {
    "base64": base64.encodebytes(bytes(57)),
    "text": b"halo dunia apa kabar\\n",
}[sys.argv[1]]
head = {
    "base64": b"Content-Type: application/pdf\\nContent-Transfer-Encoding: base64\\n\\n",
}.get(sys.argv[1], b"\\n\\n")
raw = head + unit * (30_000_000 // len(unit))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
parse_email(raw)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("kind", ["base64", "text"])
def test_thirty_megabytes_need_little_more_than_their_content(kind):
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, kind], cwd=root, capture_output=True, text=True, check=True, timeout=60
    )
    assert int(done.stdout) < 170  # megabytes above the message itself


@pytest.mark.parametrize(
    "charset", sorted({*encodings.aliases.aliases.values(), "undefined", "idna", "x\x00y", "\udc80"})
)
def test_every_charset_python_knows(charset):
    head = f"Content-Type: text/plain; charset={charset}\n\n".encode("utf-8", "surrogateescape")
    check(parse_email(head + bytes(range(256)) * 4 + b"+2AA-"))


# CI's long profile looks at as many mails as a county gets in weeks.
EXAMPLES = 10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 120


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.binary(max_size=3000))
def test_any_bytes(raw):
    check(parse_email(raw))


NAMES = st.sampled_from([
    "From", "To", "Cc", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "Return-Path", "Reply-To", "Content-ID",
    "Content-Type", "Content-Disposition", "Content-Transfer-Encoding", "Auto-Submitted", "Precedence", "X-Failed-Recipients",
])  # fmt: skip
SCRAPS = st.sampled_from([
    b"<a@b.id>", b'"', b"\\", b"(", b",", b";", b"=?utf-8?Q?=C3?=", b"=?utf-8?B?", b"?=", b"filename*0*=utf-8''%ff", b"; charset=utf-16",
    b"; boundary=x", b"multipart/mixed", b"text/html", b"message/rfc822", b"text/calendar", b"application/ms-tnef; name=winmail.dat", b"base64", b"quoted-printable", b"x-uuencode", b"\r\n ", b"\x00",
    b"\xff\xfe", b"mailer-daemon@x.id", b"failure notice", b"Mon, 23 Nov 2026 10:15:00 +0700", b"attachment; name=", b"inline", b"../",
])  # fmt: skip
VALUES = st.lists(st.one_of(SCRAPS, st.binary(max_size=12)), max_size=6).map(b" ".join)
BODY = st.lists(
    st.sampled_from([
        b"halo\r\n", b"> kutip\n", b"On 1 a@b wrote:\n", b"--x\r\n", b"--x--\r\n", b"<p>", b"<blockquote type=cite>", b"</div>", b"<!--", b"&#x110000;",
        b"-- \n", b"begin 644 a\n", b"=C3=", b"\n\n", b"Final-Recipient: rfc822; a@b.id\nAction: failed\n", b"BEGIN:VEVENT\nSUMMARY:a\nDTSTART:2026\n", b"#86)C\n`\nend\n", WINMAIL[:60], b"<td>", b"<div class=gmail_quote>", b"\x00\xff",
    ]),
    max_size=12,
).map(b"".join)  # fmt: skip
FIELDS = st.lists(st.tuples(NAMES, VALUES).map(lambda pair: pair[0].encode() + b": " + pair[1]), max_size=8).map(
    b"\r\n".join
)
LEAVES = st.tuples(FIELDS, BODY).map(b"\r\n\r\n".join)


def _join(kind_and_parts: tuple[str, list[bytes], bool]) -> bytes:
    kind, parts, closed = kind_and_parts
    inner = b"".join(b"\r\n--x\r\n" + part for part in parts) + (b"\r\n--x--\r\n" if closed else b"")
    return f"Content-Type: {kind}; boundary=x\r\n\r\n".encode() + inner


TREES = st.recursive(
    LEAVES,
    lambda child: st.tuples(
        st.sampled_from(
            [
                "multipart/mixed",
                "multipart/alternative",
                "multipart/related",
                "multipart/report",
                "multipart/digest",
                "multipart/signed",
                "message/rfc822",
            ]
        ),
        st.lists(child, max_size=4),
        st.booleans(),
    ).map(_join),
    max_leaves=10,
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FIELDS, TREES)
def test_any_tree_of_parts(head, tree):
    raw = head + b"\r\n" + tree
    parsed = parse_email(raw)
    check(parsed)
    assert len(stable_digest(raw, parsed)) == 64
