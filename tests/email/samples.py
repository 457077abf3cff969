"""Mail in the style of the programs people use, written for these tests.

Each case: name, raw message, and what must come out of it.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from channels_bot.email.loops import AutoKind

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@dataclass(frozen=True)
class Case:
    name: str
    raw: bytes
    expect: dict[str, Any] = field(default_factory=dict)


def plain(body: str, charset: str = "utf-8", **headers: str) -> bytes:
    lines = {"From": "Sari <sari@contoh.id>", "To": "layanan@contoh.go.id", "Subject": "Printer rusak", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items() if value is not None)
    head += f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n"
    return (head + "\r\n").encode() + body.replace("\n", "\r\n").encode(charset, "replace")


def built(
    text: str = "Terlampir.", html: str = "", files: tuple[tuple[str, str, bytes], ...] = (), **headers: str
) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "Sari <sari@contoh.id>",
        "layanan@contoh.go.id",
        "Printer rusak",
    )
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for name, kind, content in files:
        main, sub = kind.split("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


REPLIES = {
    "gmail-id": ("Sudah menyala, terima kasih.\n\nPada Sen, 23 Nov 2026 pukul 10.15 Layanan <layanan@contoh.go.id>\nmenulis:\n\n> Apakah sudah menyala?\n> Salam", "Sudah menyala, terima kasih."),
    "gmail-en": ("It works now.\n\nOn Mon, Nov 23, 2026 at 10:15 AM Layanan <layanan@contoh.go.id> wrote:\n\n> Does it work?\n", "It works now."),
    "gmail-wrapped": ("Baik.\n\nOn Mon, Nov 23, 2026 at 10:15 AM Pusat Layanan SPBE Kabupaten Pesawaran <\nlayanan@contoh.go.id> wrote:\n> x\n", "Baik."),
    "outlook-id": ("Kami tunggu.\n\nDari: Layanan <layanan@contoh.go.id>\nDikirim: Senin, 23 November 2026 10.15\nKepada: Sari\nSubjek: RE: Printer\n\nApakah bisa?", "Kami tunggu."),
    "outlook-en": ("Waiting.\n\nFrom: Desk <layanan@contoh.go.id>\nSent: Monday, November 23, 2026 10:15 AM\nTo: Sari\nSubject: RE: Printer\n\nOk?", "Waiting."),
    "outlook-perihal": ("Siap.\n________________________________\nDari: Layanan\nTanggal: 23/11/2026\nKepada: Sari\nPerihal: Printer\nisi lama", "Siap."),
    "outlook-original": ("Noted.\n\n-----Original Message-----\nFrom: Desk\nSent: x\n\nisi lama", "Noted."),
    "outlook-pesan-asli": ("Dicatat.\n\n-----Pesan Asli-----\nDari: Meja\nisi lama", "Dicatat."),
    "iphone-id": ("Masih mati\n\nDikirim dari iPhone saya\n\n> Pada 23 Nov 2026, pukul 10.15, Layanan <layanan@contoh.go.id> menulis:\n> \n> Cek kabel", "Masih mati"),
    "iphone-en": ("Still dead\n\nSent from my iPhone\n\nOn 23 Nov 2026, at 10:15, Desk <layanan@contoh.go.id> wrote:\n> Check cable", "Still dead"),
    "yahoo-id": ("Terima kasih\n\n    Pada Senin, 23 November 2026 pukul 10.15.00 WIB, Layanan <layanan@contoh.go.id> menulis: \n \n isi lama tanpa tanda", "Terima kasih"),
    "yahoo-en": ("Thanks\n\nOn Monday, November 23, 2026 at 10:15:00 AM GMT+7, Desk <layanan@contoh.go.id> wrote:\n old text without marks", "Thanks"),
    "thunderbird-id": ("Oke\n\nPada 23/11/2026 10.15, Layanan menulis:\n> halo\n\n-- \nSari\nStaf", "Oke"),
    "thunderbird-en": ("Okay\n\nOn 23/11/2026 10:15, Desk wrote:\n> hello\n", "Okay"),
    "date-form": ("Ya.\n\n2026-11-23 10:15 GMT+07:00 Layanan <layanan@contoh.go.id>:\n> halo", "Ya."),
    "marker": ("Lantai dua.\n\nPada Sen, 23 Nov 2026 Layanan <layanan@contoh.go.id> menulis:\n\n--- Balas di atas baris ini ---\n\nDi mana?", "Lantai dua."),
    "marker-quoted": ("Lantai tiga.\n\n> --- Balas di atas baris ini ---\n> Di mana?", "Lantai tiga."),
    "inline-answers": ("Pada 23/11/2026 Layanan menulis:\n> Di mana?\nLantai dua.\n> Sejak kapan?\nKemarin.", "Pada 23/11/2026 Layanan menulis:\n> Di mana?\nLantai dua.\n> Sejak kapan?\nKemarin."),
    "forward-en": ("Mohon dibantu.\n\n---------- Forwarded message ---------\nFrom: Budi\nSubject: Mati\n\nInternet mati", "Mohon dibantu.\n\n---------- Forwarded message ---------\nFrom: Budi\nSubject: Mati\n\nInternet mati"),
    "forward-id": ("Mohon dibantu.\n\n---------- Pesan terusan ---------\nDari: Budi\n\nInternet mati", "Mohon dibantu.\n\n---------- Pesan terusan ---------\nDari: Budi\n\nInternet mati"),
    "signature": ("Printer lantai dua.\n\n-- \nSari\nDinas A", "Printer lantai dua."),
    "only-quote": ("> semua kutipan\n> saja", "> semua kutipan\n> saja"),
    "android": ("Siap pak\n\nDikirim dari Ponsel Samsung Galaxy saya.", "Siap pak"),
    "outlook-app": ("Siap\n\nDapatkan Outlook untuk Android\n________________________________\nFrom: Desk <a@b.go.id>\nSent: Monday\nTo: Sari\nSubject: x\n\nlama", "Siap"),
    "word-on": ("On Monday we had no internet.\nPlease help.", "On Monday we had no internet.\nPlease help."),
    "word-pada": ("Pada hari Senin internet mati.\nMohon dibantu.", "Pada hari Senin internet mati.\nMohon dibantu."),
    "word-dari": ("Dari: Dinas Kesehatan\nPrinter rusak.", "Dari: Dinas Kesehatan\nPrinter rusak."),
    "plain": ("Halo\n\nPrinter rusak\n\nTerima kasih", "Halo\n\nPrinter rusak\n\nTerima kasih"),
}  # fmt: skip

HTML_REPLIES = {
    "gmail-html": ('<div dir="ltr">Sudah.</div><br><div class="gmail_quote"><div>Pada Sen menulis:</div><blockquote>lama</blockquote></div>', "Sudah."),
    "outlook-html": ('<p>Sudah.</p><div id="divRplyFwdMsg"><b>Dari:</b> Meja</div><div>lama</div>', "Sudah."),
    "outlook-append": ('<p>Siap</p><div id="appendonsend"></div><hr><div>lama</div>', "Siap"),
    "thunderbird-html": ('<p>Oke</p><div class="moz-cite-prefix">On 23/11 wrote:</div><blockquote type="cite">lama</blockquote>', "Oke"),
    "apple-html": ('<div>Ya</div><blockquote type="cite">lama</blockquote>', "Ya"),
    "links": ('<p>Lihat <a href="https://contoh.go.id/a">halaman ini</a></p>', "Lihat halaman ini (https://contoh.go.id/a)"),
    "bullets": ("<ul><li>satu</li><li>dua</li></ul>", "- satu\n- dua"),
    "script": ("<p>Halo</p><script>alert(1)</script><style>p{}</style>", "Halo"),
}  # fmt: skip

CASES = [
    *(Case(name, plain(body), {"text": text}) for name, (body, text) in REPLIES.items()),
    *(
        Case(name, built(text=" ", html=f"<html><body>{body}</body></html>"), {"text": text})
        for name, (body, text) in HTML_REPLIES.items()
    ),
    Case("latin1", plain("Harga ½ naik", "iso-8859-1"), {"text": "Harga ½ naik"}),
    Case("utf8-as-ascii", plain("Café rusak").replace(b"charset=utf-8", b"charset=us-ascii"), {"text": "Café rusak"}),
    Case("unknown-charset", plain("Halo").replace(b"charset=utf-8", b"charset=x-aneh"), {"text": "Halo"}),
    Case("no-charset-8bit", b"From: s@contoh.id\r\nSubject: x\r\n\r\nCaf\xe9", {"text": "Café"}),
    Case("raw-8bit-subject", b"From: s@contoh.id\r\nSubject: Caf\xc3\xa9\r\n\r\nx", {"subject": "Café"}),
    Case("rfc2047-q", plain("x", Subject="=?utf-8?Q?Surat_=C3=A9dar?="), {"subject": "Surat édar"}),
    Case("rfc2047-b", plain("x", Subject="=?UTF-8?B?" + b64encode("Gangguan “jaringan”".encode()).decode() + "?="), {"subject": "Gangguan “jaringan”"}),
    Case("rfc2047-split", plain("x", Subject="=?utf-8?B?4oCc?= =?utf-8?B?SGFsb+KAnQ==?="), {"subject": "“Halo”"}),
    Case("rfc2047-split-inside-character", plain("x", Subject="=?utf-8?Q?Caf=C3?= =?utf-8?Q?=A9?="), {"subject": "Café"}),
    Case("rfc2047-broken", plain("x", Subject="=?utf-8?Q?Halo"), {"subject": "=?utf-8?Q?Halo"}),
    Case("subject-injection", plain("x", Subject="Halo\r\n Bcc: orang@lain.id"), {"subject": "Halo Bcc: orang@lain.id"}),
    Case("folded", plain("x", Subject="Panjang\r\n sekali"), {"subject": "Panjang sekali"}),
    Case("attachment", built(files=(("foto.png", "image/png", PNG),)), {"names": ["foto.png"], "text": "Terlampir."}),
    Case("path-in-name", built(files=(("../../etc/passwd.pdf", "application/pdf", b"%PDF"),)), {"names": ["passwd.pdf"]}),
    Case("bidi-in-name", built(files=(("foto\u202egnp.exe", "application/octet-stream", b"MZ"),)), {"names": ["fotognp.exe"]}),
    Case("rfc2231-name", built(files=(("surat édaran.pdf", "application/pdf", b"%PDF"),)), {"names": ["surat édaran.pdf"]}),
    Case("nameless", plain("x").replace(b"text/plain; charset=utf-8", b"application/pdf"), {"names": ["lampiran-1.pdf"], "text": ""}),
    Case("winmail", built(files=(("winmail.dat", "application/ms-tnef", b"x"),)), {"names": ["winmail.dat"]}),
    Case("calendar", built(files=(("undangan.ics", "text/calendar", b"BEGIN:VCALENDAR"),)), {"names": ["undangan.ics"]}),
    Case("text-file", built(files=(("log.txt", "text/plain", b"galat"),)), {"names": ["log.txt"], "text": "Terlampir."}),
    Case("auto-submitted", plain("x", Auto_Submitted="auto-replied"), {"auto": AutoKind.AUTO_REPLY}),
    Case("auto-submitted-no", plain("x", Auto_Submitted="no"), {"auto": None}),
    Case("out-of-office-en", plain("x", Subject="Out of Office: Printer"), {"auto": AutoKind.AUTO_REPLY}),
    Case("out-of-office-id", plain("x", Subject="Balasan otomatis: cuti"), {"auto": AutoKind.AUTO_REPLY}),
    Case("precedence-bulk", plain("x", Precedence="bulk"), {"auto": AutoKind.BULK}),
    Case("list", plain("x", List_Id="<warga.contoh.id>"), {"auto": AutoKind.LIST}),
    Case("noreply", plain("x", From="noreply@contoh.id"), {"auto": AutoKind.BULK}),
    Case("mailer-daemon", plain("x", From="MAILER-DAEMON@contoh.id"), {"auto": AutoKind.BOUNCE}),
    Case("null-return-path", plain("x", Return_Path="<>"), {"auto": AutoKind.AUTO_REPLY}),
    Case("person", plain("x", Return_Path="<sari@contoh.id>"), {"auto": None}),
    Case("references", plain("x", References="<a@b> <c@d>", In_Reply_To="<c@d>"), {"references": ("a@b", "c@d"), "in_reply_to": ("c@d",)}),
    Case("references-without-brackets", plain("x", In_Reply_To="c@d"), {"in_reply_to": ("c@d",)}),
    Case("no-from", b"Subject: x\r\n\r\nhalo", {"text": "halo", "sender": ""}),
    Case("broken-from", plain("x", From="bukan alamat"), {"sender": ""}),
    Case("empty", b"", {"text": "", "subject": ""}),
    Case("headers-only", b"From: s@contoh.id\r\nSubject: Hanya perihal\r\n\r\n", {"text": "", "subject": "Hanya perihal"}),
    Case("nul-bytes", plain("ha\x00lo"), {"text": "halo"}),
    Case("missing-boundary", plain("isi").replace(b"text/plain; charset=utf-8", b"multipart/mixed"), {"text": "isi"}),
    Case("unterminated", b"From: s@contoh.id\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nisi", {"text": "isi"}),
]  # fmt: skip
