"""Decoding of subjects, addresses, parameters, ids and dates."""

from datetime import UTC, datetime

import pytest

from channels_bot.email import charsets, headers
from channels_bot.email.headers import Headers, decode_value, parameters
from channels_bot.email.parsing import parse_email
from tests.email.samples import plain


def of(value: bytes | str, name: str = "to") -> Headers:
    return Headers({name: [value if isinstance(value, bytes) else value.encode()]})


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"=?utf-8?Q?a=3Fb??=", "a?b?"),
        (b"=?utf-8?Q?Printer rusak?=", "Printer rusak"),
        (b"=?UTF-8?b?4oCcSGFsb+KAnQ?=", "“Halo”"),
        (b"=?iso-8859-1?Q?=93Halo=94?=", "“Halo”"),
        (b"=?utf-8*id?Q?Caf=C3=A9?=", "Café"),
        (b"=?utf-8?Q?Caf=C3?=\r\n =?utf-8?Q?=A9?=", "Café"),
        (b"=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"),
        (b"=?x-aneh?Q?Caf=C3=A9?=", "Café"),
        (b"=?utf-8?Q?=0D=0ABcc:_x=40y.id?=", "Bcc: x@y.id"),
        (b"=?gb2312?B?xOO6ww==?=", "你好"),
        (b"=?utf-8?Z?abc?=", "=?utf-8?Z?abc?="),
        (b"=?utf-8?B?%%%?=", ""),
        ("foto\u202egnp.exe".encode(), "fotognp.exe"),
        (b"C:\\users\\u0041", "C:\\users\\u0041"),
        (b"Caf\xe9 \x00\x07x", "Café x"),
    ],
)
def test_header_text(raw, text):
    assert decode_value(raw) == text


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Sari Dewi, S.Kom., M.M. <sari@Contoh.GO.ID>", [("Sari Dewi, S.Kom., M.M.", "sari@contoh.go.id")]),
        (
            '"Dewi, Sari" <s@x.id>, Budi <b@x.id>; c@x.id',
            [("Dewi, Sari", "s@x.id"), ("Budi", "b@x.id"), ("", "c@x.id")],
        ),
        ("Tim IT: a@x.id, b@x.id;", [("", "a@x.id"), ("", "b@x.id")]),
        ("undisclosed-recipients:;", []),
        ("sari@x.id (Sari Dewi)", [("Sari Dewi", "sari@x.id")]),
        ("=?utf-8?Q?Dewi=2C_Sari?= <s@x.id>", [("Dewi, Sari", "s@x.id")]),
        ("<<a@x.id>>", [("", "a@x.id")]),
        ("a@x.id, A@X.id, a@X.ID", [("", "a@x.id"), ("", "A@x.id")]),
        ("a\x00b@x.id", []),
        ("a@b@c.id", []),
        ("tanpa alamat", []),
        ("<script>@x.id", []),
    ],
)
def test_addresses(raw, expected):
    assert [(a.name, a.email) for a in headers.addresses(of(raw), "To")] == expected


def test_raw_8bit_names_are_decoded():
    assert headers.first_address(of(b"Andr\xe9 <a@x.id>"), "To").name == "André"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b'attachment; filename="a;b.pdf"; size=1', "a;b.pdf"),
        (b"attachment; filename*=utf-8''Surat%20%C3%A9dar.pdf", "Surat édar.pdf"),
        (b"attachment; filename*0*=utf-8'id'Surat%20;\r\n filename*1=\"edar.pdf\"", "Surat edar.pdf"),
        (b"attachment; filename*1=b.pdf; filename*0=a", "ab.pdf"),
        (b"attachment; filename=Surat Edar 1.pdf", "Surat Edar 1.pdf"),
        (b'attachment; filename="=?utf-8?B?U3VyYXQucGRm?="', "Surat.pdf"),
        (b'attachment; filename="C:\\docs\\a.pdf"', "C:\\docs\\a.pdf"),
        (b'attachment; filename="a \\"b\\".txt"', 'a "b".txt'),
        (b'attachment; filename="Caf\xe9.pdf"', "Café.pdf"),
        (b"attachment; filename*=bogus'x", "bogus'x"),
        (b"attachment", None),
    ],
)
def test_parameters(raw, name):
    first, found = parameters(raw)
    assert first == "attachment" and found.get("filename") == name


@pytest.mark.parametrize(
    ("raw", "ids"),
    [
        ("<a@b> <c@d>", ("a@b", "c@d")),
        ("<a@\r\n b>", ("a@b",)),
        ("a@b c@d", ("a@b", "c@d")),
        ('"<a@b>"', ("a@b",)),
        ("kata saja", ()),
        ("<>", ()),
    ],
)
def test_message_ids(raw, ids):
    assert headers.message_ids(of(raw, "references"), "References") == ids


@pytest.mark.parametrize(
    ("raw", "instant"),
    [
        ("Mon, 23 Nov 2026 10:15:00 +0700", datetime(2026, 11, 23, 3, 15, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 10:15:00", datetime(2026, 11, 23, 10, 15, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 10:15:00 +9999", None),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        ("Thu, 1 Jan 1970 00:00:00 +0700", None),
        ("kemarin", None),
    ],
)
def test_dates(raw, instant):
    assert headers.sent_at(of(raw, "date")) == instant


@pytest.mark.parametrize(
    ("data", "charset", "text", "repaired"),
    [
        ("“Halo” é".encode("cp1252"), "iso-8859-1", "“Halo” é", False),
        ("“Halo”".encode(), "us-ascii", "“Halo”", True),
        ("“Halo”".encode(), "iso-8859-1", "“Halo”", True),
        (b"Caf\xc3\xa9 a\xff b\xc3\xa9 \xe2\x80\x9c", "utf-8", "Café a\ufffd bé “", True),
        (b"Caf\xe9", "", "Café", True),
        (b"Caf\xe9", "utf-8", "Café", True),
        (b"halo", "utf-16", "halo", True),
        ("halo".encode("utf-16"), "utf-16", "halo", False),
        (b"\xa4", "iso-8859-15", "€", False),
        (b"halo", "x-aneh", "halo", True),
        (b"halo", "idna", "halo", True),
        (b"\\x41", "unicode_escape", "\\x41", True),
        (b"6162", "hex", "6162", True),
        (b"+2AA-", "utf-7", "?", False),
        (b"\xef\xbb\xbfhalo", "utf-8", "halo", False),
        (b"halo", '"UTF-8"', "halo", False),
    ],
)
def test_charsets(data, charset, text, repaired):
    assert charsets.decode(data, charset) == (text, repaired)


def test_a_cut_character_is_no_wrong_charset():
    assert charsets.decode("Café".encode()[:-1], "utf-8", cut=True) == ("Caf", False)


def test_a_person_without_usable_sender_is_found_elsewhere():
    parsed = parse_email(plain("x", From="bukan alamat", Reply_To="Sari <sari@x.id>"))
    assert parsed.from_.email == "sari@x.id" and parsed.reply_to.name == "Sari"


def test_the_subject_is_one_bounded_line():
    subject = parse_email(plain("x", Subject="a\r\n\tb" + "c" * 2000)).subject
    assert subject.startswith("a b") and len(subject) == 998


def test_recipients_of_every_kind():
    parsed = parse_email(plain("x", To="A <a@x.id>", Cc="b@x.id", Delivered_To="layanan@x.id", X_Original_To="c@x.id"))
    assert parsed.to[0].name == "A" and parsed.cc[0].email == "b@x.id"
    assert parsed.delivered_to == ("layanan@x.id", "c@x.id")
