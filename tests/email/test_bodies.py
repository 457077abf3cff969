# ruff: noqa: E501 - tables of one case a line
"""Trees of parts: which text is read, and what becomes a file."""

import base64

import pytest

from channels_bot.email.bodies import MAX_NAME, safe_name
from channels_bot.email.parsing import MAX_DEPTH, MAX_PARTS, MAX_TEXT, parse_email
from tests.email.samples import PNG, built


def part(body: bytes | str, kind: str = "text/plain", *extra: str) -> bytes:
    body = body.encode() if isinstance(body, str) else body
    return "\r\n".join([f"Content-Type: {kind}", *extra, "", ""]).encode() + body


def multi(kind: str, *parts: bytes, boundary: str = "b", close: bool = True) -> bytes:
    lines = b"".join(b"--" + boundary.encode() + b"\r\n" + p + b"\r\n" for p in parts)
    end = f"--{boundary}--\r\n".encode() if close else b""
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode() + lines + end


def read(tree: bytes):
    return parse_email(b"From: s@contoh.id\r\nSubject: x\r\n" + tree)


def files(parsed) -> list[tuple[str, str]]:
    return [(a.name, a.content_type) for a in parsed.attachments]


ICS = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR"
TREES = {
    "plain-over-html": (multi("alternative", part("teks"), part("<p>html</p>", "text/html")), "teks", []),
    "html-when-plain-is-blank": (multi("alternative", part(" \r\n"), part("<p>html</p>", "text/html")), "html", []),
    "invitation": (
        multi("alternative", part("Rapat"), part(ICS, "text/calendar; method=REQUEST")),
        "Rapat",
        [("undangan-1.ics", "text/calendar")],
    ),
    "html-body-with-list-footer": (
        multi("mixed", multi("alternative", part(" "), part("<p>isi</p>", "text/html"), boundary="i"), part("kaki")),
        "isi\n\nkaki",
        [],
    ),
    "apple": (
        multi("mixed", part("<p>satu</p>", "text/html"), part(b"%PDF", 'application/pdf; name="a.pdf"'), part("<p>dua</p>", "text/html")),
        "satu\n\ndua",
        [("a.pdf", "application/pdf")],
    ),
    "amp": (multi("alternative", part("teks"), part("<b>amp</b>", "text/x-amp-html")), "teks", []),
    "inner-never-closed": (
        multi("mixed", multi("mixed", part("dalam"), boundary="i", close=False), part("luar")),
        "dalam\n\nluar",
        [],
    ),
    "boundary-guessed": (
        multi("mixed", part("isi"), part(PNG, 'image/png; name="a.png"')).replace(b'; boundary="b"', b""),
        "isi",
        [("a.png", "image/png")],
    ),
    "boundary-of-regex-characters": (multi("mixed", part("isi"), boundary="(.*)+[?"), "isi", []),
    "prefix-boundaries": (multi("mixed", multi("mixed", part("a"), boundary="bb"), part("c")), "a\n\nc", []),
    "text-with-a-name": (multi("mixed", part("isi"), part("galat", 'text/plain; name="log.txt"')), "isi", [("log.txt", "text/plain")]),
    "forwarded-mail": (
        multi("mixed", part("Lihat"), part(b"Subject: dalam\r\n\r\nisi", "message/rfc822")),
        "Lihat",
        [("pesan-1.eml", "message/rfc822")],
    ),
    "digest": (multi("digest", part(b"Subject: a\r\n\r\nx").replace(b"Content-Type: text/plain", b"X-A: b")), "Perihal: a\n\nx", [("pesan-1.eml", "message/rfc822")]),
    "empty-named-file": (multi("mixed", part("isi"), part("", 'text/csv; name="a.csv"')), "isi", [("a.csv", "text/csv")]),
    "markdown-alone": (part("# Halo", "text/markdown"), "# Halo", []),
    "bad-type": (part("halo", "tidak ada"), "halo", []),
    "no-type": (b"\r\nhalo", "halo", []),
    "quoted-printable": (part("Caf=C3=A9 =\r\nrusak=", "text/plain; charset=utf-8", "Content-Transfer-Encoding: Quoted-Printable"), "Café rusak", []),
    "base64": (part(base64.b64encode("Café".encode()), "text/plain; charset=utf-8", "Content-Transfer-Encoding: BASE64"), "Café", []),
    "base64-cut": (part(base64.b64encode(b"Halo dunia")[:-3], "text/plain", "Content-Transfer-Encoding: base64"), "Halo duni", []),
    "base64-that-is-not": (part("Ini teks biasa, bukan base64.", "text/plain", "Content-Transfer-Encoding: base64"), "Ini teks biasa, bukan base64.", []),
    "uuencode": (part("begin 644 a\r\n$2&%L;P``\r\n`\r\nend", "text/plain", "Content-Transfer-Encoding: x-uuencode"), "Halo", []),
    "unknown-encoding": (part("halo", "text/plain", "Content-Transfer-Encoding: rahasia"), "halo", []),
    "cr-only": (b"\r\nsatu\r\ndua", "satu\ndua", []),
}  # fmt: skip


@pytest.mark.parametrize(("tree", "text", "attached"), TREES.values(), ids=TREES.keys())
def test_trees(tree, text, attached):
    parsed = read(tree)
    assert (parsed.full_text, files(parsed)) == (text, attached)


def test_line_ends_of_old_programs():
    parsed = parse_email(b"From: s@x.id\rSubject: lama\r\rsatu\rdua")
    assert (parsed.subject, parsed.text, parsed.defects) == ("lama", "satu\ndua", ("line_ends",))


def test_a_forgotten_blank_line_ends_the_headers():
    parsed = parse_email(b"From: s@x.id\r\nSubject: x\r\nSelamat pagi\r\nprinter rusak")
    assert parsed.text == "Selamat pagi\nprinter rusak" and "separator_missing" in parsed.defects


def test_a_mailbox_line_and_a_byte_order_mark_are_skipped():
    for start in (b"From s@x.id Mon Nov 23 2026\r\n", b"\xef\xbb\xbf"):
        parsed = parse_email(start + b"Subject: x\r\n\r\nisi")
        assert (parsed.subject, parsed.text) == ("x", "isi")


@pytest.mark.parametrize(
    ("kind", "defect"),
    [
        ("multipart/signed; boundary=b", "signed"),
        ("multipart/encrypted; boundary=b", "encrypted"),
        ("application/pkcs7-mime; smime-type=enveloped-data", "encrypted"),
        ("application/pkcs7-mime; smime-type=signed-data", "signed"),
        ("application/ms-tnef", "tnef"),
    ],
)
def test_protection_is_noted_and_the_content_kept(kind, defect):
    parsed = read(part(b"--b\r\nContent-Type: application/octet-stream\r\n\r\nrahasia\r\n--b--", kind))
    assert defect in parsed.defects and b"rahasia" in parsed.attachments[0].content


def test_inline_pgp_is_noted():
    assert "encrypted" in read(part("-----BEGIN PGP MESSAGE-----\n\nabc")).defects


def test_a_signed_mail_keeps_text_and_signature():
    parsed = read(multi("signed", part("isi"), part(b"x", 'application/pgp-signature; name="signature.asc"')))
    assert parsed.text == "isi" and files(parsed) == [("signature.asc", "application/pgp-signature")]


def test_plain_parts_are_shown_among_html_ones():
    parsed = read(multi("mixed", part("<p>isi</p>", "text/html"), part("a < b\r\nc")))
    assert "isi" in parsed.html and "a &lt; b<br>c" in parsed.html
    assert read(multi("mixed", part("a"), part("b"))).html == ""


def test_attachments_are_byte_exact():
    content = bytes(range(256)) * 100
    assert parse_email(built(files=(("a.bin", "application/octet-stream", content),))).attachments[0].content == content


def test_unencoded_files_end_where_they_end():
    tree = multi(
        "mixed", part(b"a\r\nb\r", "application/x-a"), part(b"c\n", "application/x-b"), part(b"", "text/plain")
    )
    assert [a.content for a in read(tree).attachments] == [b"a\r\nb\r", b"c\n"]


def test_text_is_cut_at_a_character_and_says_so():
    parsed = read(part("é" * (MAX_TEXT + 10), "text/plain; charset=utf-8"))
    assert len(parsed.full_text) == MAX_TEXT and set(parsed.full_text) == {"é"} and "text_cut" in parsed.defects


def test_too_many_parts_and_levels_are_noted():
    parsed = read(multi("mixed", *[part(f"t{number}") for number in range(MAX_PARTS + 50)]))
    assert "t0" in parsed.full_text and "too_many_parts" in parsed.defects
    assert len(parsed.full_text.split("\n\n")) == MAX_PARTS - 1
    tree = part("dasar")
    for level in range(MAX_DEPTH + 5):
        tree = multi("mixed", part(f"lapis {level}"), tree, boundary=f"b{level}x")
    parsed = read(tree)
    assert "too_deep" in parsed.defects and f"lapis {MAX_DEPTH + 4}" in parsed.full_text


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\Surat.pdf", "Surat.pdf"),
        ("foto\u202egnp.exe", "fotognp.exe"),
        ("a\x00\r\nb.txt", "a b.txt"),
        ('a<b>:"|?*.txt', "a_b______.txt"),
        ("..", ""),
        (" . ", ""),
        ("a/", "a"),
        ("x" * 300 + ".pdf", "x" * (MAX_NAME - 4) + ".pdf"),
        ("x." + "y" * 300, "x." + "y" * (MAX_NAME - 2)),
    ],
)
def test_file_names(raw, name):
    assert safe_name(raw) == name


@pytest.mark.parametrize(("kind", "name"), [("application/x-aneh", "lampiran-1.bin"), ("image/png", "lampiran-1.png")])
def test_nameless_files_get_a_name(kind, name):
    assert read(part(PNG, kind)).attachments[0].name == name
