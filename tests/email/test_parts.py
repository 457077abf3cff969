"""Parts that programs pack in their own ways: winmail.dat, uuencoded files, invitations, forwarded mails."""

import binascii
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_bot.email import calendar, tnef
from channels_bot.email.parsing import parse_email
from tests.email.samples import PNG, built, plain


def attribute(level: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<BHHI", level, kind, 6, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def properties(*pairs: tuple[int, int, bytes]) -> bytes:
    out = struct.pack("<I", len(pairs))
    for type_, kind, value in pairs:
        out += struct.pack("<HH", type_, kind)
        if kind >= 0x8000:
            out += b"G" * 16 + struct.pack("<II", 0, 1)
        if type_ in {0x1E, 0x1F, 0x102}:
            out += struct.pack("<II", 1, len(value)) + value + b"\x00" * (-len(value) % 4)
        else:
            out += value
    return out


def package(*attributes: bytes) -> bytes:
    return struct.pack("<IH", tnef.SIGNATURE, 1) + b"".join(attributes)


WINMAIL = package(
    attribute(1, 0x9003, properties((3, 0x0E08, b"\x01\x00\x00\x00"), (3, 0x8001, b"\x01\x00\x00\x00"),
                                    (0x102, 0x1013, b"<p>Mohon <b>dibantu</b></p>"))),
    attribute(2, 0x9002, b"\x00" * 14),
    attribute(2, 0x8010, b"SURATE~1.PDF\x00"),
    attribute(2, 0x800F, b"%PDF-1.4 isi"),
    attribute(2, 0x9005, properties((0x1F, 0x3707, "Surat Édaran.pdf\x00".encode("utf-16-le")),
                                    (0x1E, 0x370E, b"application/pdf\x00"))),
    attribute(2, 0x9002, b"\x00" * 14),
    attribute(2, 0x9005, properties((0x1E, 0x3704, b"foto.png\x00"), (0x102, 0x3701, PNG),
                                    (0x1E, 0x3712, b"gambar1\x00"))),
)  # fmt: skip


def test_the_files_of_winmail_dat_take_its_place():
    parsed = parse_email(built("Terlampir.", files=(("winmail.dat", "application/ms-tnef", WINMAIL),)))
    assert [(a.name, a.content_type, a.content) for a in parsed.attachments] == [
        ("Surat Édaran.pdf", "application/pdf", b"%PDF-1.4 isi"),
        ("foto.png", "image/png", PNG),
    ]
    assert parsed.text == "Terlampir." and parsed.attachments[1].content_id == "gambar1"


def test_the_body_inside_winmail_dat_speaks_when_there_is_no_other():
    parsed = parse_email(built(" ", files=(("winmail.dat", "application/octet-stream", WINMAIL),)))
    assert parsed.text == "Mohon dibantu" and "<b>dibantu</b>" in parsed.html


def test_what_is_no_package_stays_a_file():
    parsed = parse_email(built(files=(("winmail.dat", "application/ms-tnef", b"bukan"),)))
    assert [a.name for a in parsed.attachments] == ["winmail.dat"] and "tnef" in parsed.defects


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(WINMAIL)), st.lists(st.tuples(st.integers(6, len(WINMAIL) - 1), st.integers(0, 255)), max_size=6)
)
def test_a_damaged_package_ends_early_and_never_raises(length, changes):
    data = bytearray(WINMAIL)
    for at, value in changes:
        data[at] = value
    found = tnef.read(bytes(data[:length]))
    assert found is None or sum(len(file.content) for file in found.files) <= len(WINMAIL)


def uu(name: str, content: bytes) -> str:
    lines = [binascii.b2a_uu(content[at : at + 45]).decode().rstrip("\n") for at in range(0, len(content), 45)]
    return "\n".join([f"begin 644 {name}", *lines, "`", "end"])


def test_uuencoded_files_in_the_text_are_files():
    content = bytes(range(256))
    parsed = parse_email(plain(f"Ini fotonya.\n\n{uu('foto.png', content)}\n\nSalam"))
    assert parsed.text == "Ini fotonya.\n\n\n\nSalam".replace("\n\n\n\n", "\n\n\n")
    assert [(a.name, a.content_type, a.content) for a in parsed.attachments] == [("foto.png", "image/png", content)]


@pytest.mark.parametrize(
    "text",
    ["begin 644 a.txt\nbukan kode\nend", "begin 644 a.txt\n#86)C", "Mari begin 644 kali\nend", "begin 644 a\nend"],
)
def test_what_only_looks_like_a_uuencoded_file_stays_text(text):
    parsed = parse_email(plain(text))
    assert parsed.text == text and not parsed.attachments


INVITATION = (
    "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Rapat jaringan\\, tahap 2\r\n"
    "DTSTART;TZID=Asia/Jakarta:20261124T090000\r\nDTEND:20261124T030000Z\r\nLOCATION:Ruang rapat lan\r\n tai dua\r\n"
    "ORGANIZER;CN=Budi:mailto:budi@contoh.id\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
SHOWN = (
    "Undangan: Rapat jaringan, tahap 2\nMulai: 24-11-2026 09.00 Asia/Jakarta\nSelesai: 24-11-2026 03.00 UTC\n"
    "Tempat: Ruang rapat lantai dua\nPenyelenggara: budi@contoh.id"
)


def test_an_invitation_without_words_is_readable_and_kept():
    raw = plain("x").replace(b"text/plain", b"text/calendar").replace(b"\r\n\r\nx", b"\r\n\r\n" + INVITATION.encode())
    parsed = parse_email(raw)
    assert parsed.text == SHOWN and [a.content_type for a in parsed.attachments] == ["text/calendar"]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_for_an_invitation(content):
    assert isinstance(calendar.summary(b"BEGIN:VEVENT\nSUMMARY:" + content), str)


def test_a_mail_forwarded_as_a_file_speaks_when_there_are_no_other_words():
    inner = plain("Internet mati sejak pagi.", From="Budi <budi@contoh.id>", Subject="Internet mati")
    raw = (
        b"From: s@contoh.id\r\nSubject: Fwd: Internet mati\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/plain\r\n\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
        + inner
        + b"\r\n--x--\r\n"
    )
    parsed = parse_email(raw)
    assert parsed.text == "Dari: Budi <budi@contoh.id>\nPerihal: Internet mati\n\nInternet mati sejak pagi."
    assert [a.name for a in parsed.attachments] == ["pesan-1.eml"]
