# ruff: noqa: E501 - tables of one case a line
"""What counts as the visible reply, and that nothing a person wrote is cut away."""

import pytest

from channels_bot.email.parsing import parse_email
from channels_bot.email.quoting import REPLY_MARKER, is_forwarding_subject, is_reply_subject, visible_reply
from tests.email.samples import HTML_REPLIES, built, plain

LETTER = "Selamat pagi,\n\nDari: Dinas Kesehatan\nKepada: Diskominfo\nPerihal: Printer rusak\n\nMohon dibantu."
OUTLOOK = "Baik.\n\nDari: Meja Layanan\nTanggal: 23/11/2026\nKepada: Sari\nPerihal: Printer\n\nlama"

KEPT_WHOLE = {
    "device-like-sentence": "Berkas sudah ada.\nDikirim dari kantor camat kemarin sore.",
    "sentence-with-writes": "Pada 5 November saya sudah\nmenulis laporan ke kecamatan.",
    "list-of-people": "Peserta:\n12 Budi Santoso <budi@contoh.id>\n13 Sari <sari@contoh.id>",
    "letter-head": LETTER,
    "answer-below-quote": "> Di mana?\n\nDi lantai dua.",
    "answer-below-attribution": "Pada 23/11/2026 10.15, Layanan menulis:\n> Di mana?\n\nDi lantai dua.",
    "answers-between": "On 23/11/2026 10:15, Desk wrote:\n> a\nb\n> c\nd",
    "thunderbird-forward": "Tolong.\n\n-------- Pesan Terusan --------\nPerihal: x\nDari: Budi <b@x.id>\nKepada: y\n\nisi",
    "apple-forward": "Tolong.\n\nAwal pesan yang diteruskan:\n\n> Dari: Budi\n> isi",
    "only-attribution": "Pada 23/11/2026 Layanan <a@x.id> menulis:\n> semua kutipan",
    "dash-list": "Daftar:\n- satu\n- dua\n-- bukan tanda tangan",
}

CUT = {
    "outlook-rule": ("Ok\n\n________________________________\nFrom: Desk\nDate: x\nTo: Sari\n\nlama", "Ok"),
    "outlook-bold": ("Ok\n\n*From:* Desk <a@x.id>\n*Sent:* Monday\n*To:* Sari\n*Subject:* x\n\nlama", "Ok"),
    "name-wrote": ("Ya.\n\nBudi Santoso <budi@x.id> wrote:\n> lama", "Ya."),
    "marker-below-outlook": (f"Ya.\n\nDari: Meja\nDikirim: Senin\nKepada: Sari\n\n{REPLY_MARKER}\nlama", "Ya."),
    "marker-alone": (f"Ya.\n{REPLY_MARKER}\nlama\n\nBukan milik saya", "Ya."),
    "marker-deep-quote": (f"Ya.\n> > {REPLY_MARKER}\n> > lama", "Ya."),
    "wrapped-over-three": ("Ya.\n\nPada Sen, 23 Nov 2026 pukul 10.15 Pusat Layanan\nSPBE Kabupaten\n<a@x.id> menulis:\n> b", "Ya."),
    "trailing-quote-only": ("Ya.\n\n> lama\n> sekali", "Ya."),
    "signature-after-quote": ("Ya.\n\nPada 1/1/2026, L menulis:\n> lama\n\n-- \nSari", "Ya."),
    "signature-then-quote": ("Ya.\n\n-- \nSari\n\nOn 1/1/2026, D wrote:\n> old", "Ya."),
    "quote-of-a-forward": ("Terima kasih.\n\nOn 1/1/2026, D wrote:\n> ---------- Forwarded message ---------\n> x", "Terima kasih."),
    "forward-inside-unmarked-quote": ("Ya\n\nFrom: D <d@x.id>\nSent: Mon\nTo: S\n\n---------- Forwarded message ---------\nx", "Ya"),
    "second-round": ("Tiga.\n\nOn 3/1/2026, D wrote:\n> dua\n>\n> On 2/1/2026, S wrote:\n>> satu", "Tiga."),
    "windows-mail": ("Ya\n\nSent from Mail for Windows\n\nFrom: D <d@x.id>\nSent: Monday\nTo: S\nSubject: x\n\nold", "Ya"),
    "yahoo-android": ("Ya\n\nDikirim dari Yahoo Mail di Android\n \n  Pada Sen, 1 Jan 2026 pada 10.00, L<a@x.id> menulis:   lama", "Ya"),
    "crlf": ("Ya.\r\n\r\nOn 1/1/2026, D wrote:\r\n> old\r\n", "Ya."),
}  # fmt: skip


@pytest.mark.parametrize("text", KEPT_WHOLE.values(), ids=KEPT_WHOLE.keys())
def test_what_may_be_a_persons_words_is_kept(text):
    assert visible_reply(text) == text


@pytest.mark.parametrize(("text", "visible"), CUT.values(), ids=CUT.keys())
def test_quotations_are_cut(text, visible):
    assert visible_reply(text) == visible


def test_a_bare_header_block_is_a_quotation_only_in_an_answer():
    assert visible_reply(OUTLOOK) == OUTLOOK
    assert visible_reply(OUTLOOK, replying=True) == "Baik."
    assert parse_email(plain(OUTLOOK)).text == OUTLOOK
    assert parse_email(plain(OUTLOOK, Subject="RE: Printer")).text == "Baik."
    assert parse_email(plain(OUTLOOK, In_Reply_To="<a@b>")).text == "Baik."


def test_a_forward_by_subject_keeps_what_it_passes_on():
    body = "Mohon dibantu.\n\nDari: Budi <b@x.id>\nDikirim: Senin\nKepada: Sari\nSubjek: Mati\n\nInternet mati"
    assert parse_email(plain(body, Subject="FW: Mati")).text == body
    assert parse_email(plain(body, Subject="Re: FW: Mati")).text == "Mohon dibantu."


@pytest.mark.parametrize("subject", ["Fwd: x", "FW: x", "Trs: x", "[GGN-1] Fwd: x", "fwd : x"])
def test_forwarding_subjects(subject):
    assert is_forwarding_subject(subject) and not is_reply_subject(subject)


@pytest.mark.parametrize("subject", ["Re: x", "RE[2]: x", "Bls: Fwd: x", "AW: x", "Balas: x"])
def test_reply_subjects(subject):
    assert is_reply_subject(subject) and not is_forwarding_subject(subject)


def test_never_empty_for_a_text_that_is_not_blank():
    for text in ("> a", "-- \nSari", REPLY_MARKER, "Sent from my iPhone", "________", "On 1 a@b wrote:\n> x"):
        assert visible_reply(text).strip()
    assert visible_reply(" \n\t") == ""


RICH = {
    "answers-in-html": (
        '<p>Halo</p><blockquote type="cite">Di mana?</blockquote><p>Lantai dua</p>',
        "Halo\n\n> Di mana?\n\nLantai dua",
    ),
    "gmail-answers-between": (
        '<div>Lihat bawah</div><div class="gmail_quote"><div class="gmail_attr">Pada 1/1/2026, L menulis:</div>'
        '<blockquote class="gmail_quote">a</blockquote><div>b</div><blockquote class="gmail_quote">c</blockquote></div>',
        "Lihat bawah\nPada 1/1/2026, L menulis:\n> a\nb",
    ),
    "gmail-forward": (
        '<div>Tolong</div><div class="gmail_quote"><div>---------- Forwarded message ---------<br>Dari: B</div>isi</div>',
        "Tolong\n---------- Forwarded message ---------\nDari: B\nisi",
    ),
    "yahoo": ('<div>Ya</div><div id="yahoo_quoted_1" class="yahoo_quoted">Pada Sen, L menulis:<div>x</div></div>', "Ya"),
    "signature-below-quote": (
        '<p>Ya</p><div class="moz-cite-prefix">On 1/1/2026, D wrote:</div><blockquote type="cite">x</blockquote>'
        '<div class="moz-signature">-- <br>Sari</div>',
        "Ya",
    ),
    "unmarked-outlook": ("<p>Ya</p><div><b>From:</b> D<br><b>Sent:</b> Mon<br><b>To:</b> S</div>lama", "Ya"),
    "own-quotation": ("<p>Pesan galat:</p><blockquote>Error 500</blockquote><p>Mohon dicek</p>", "Pesan galat:\n\n> Error 500\nMohon dicek"),
    "only-quoted": ('<blockquote type="cite">lama</blockquote>', "> lama"),
    "nested-same-tag": ('<p>Ya</p><div class="yahoo_quoted"><div>a<div>b</div></div>c</div>', "Ya"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "visible"), RICH.values(), ids=RICH.keys())
def test_html_without_plain_text(body, visible):
    parsed = parse_email(built(text=" ", html=body))
    assert [line for line in parsed.text.split("\n") if line] == [line for line in visible.split("\n") if line]


def test_trimming_hides_but_does_not_lose():
    for body, _visible in HTML_REPLIES.values():
        parsed = parse_email(built(text=" ", html=body))
        assert len(parsed.full_text) >= len(parsed.text)
        assert "lama" not in body or "lama" in parsed.full_text
