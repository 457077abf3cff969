# ruff: noqa: E501 - tables of one case a line
"""More mail in the style of the programs people use, built as those programs build it: parts, headers and quoting.

Every case says what must be seen (`text`), what is attached (`names`), and what the desk makes of it (`decision`:
created, or quarantined for a reason). All words are made up.
"""

from base64 import b64encode
from binascii import b2a_uu
from itertools import count
from quopri import encodestring

from tests.email.samples import PNG, Case

DESK = "Meja Layanan <layanan@contoh.go.id>"
SAYS = {
    "id": ("Sudah kami coba, printer tetap mati.", "Mohon dicek kabelnya."),
    "en": ("We tried, the printer is still dead.", "Please check the cable."),
}
_NUMBERS = count(1)


def mail(body: bytes, kind: str = "text/plain; charset=utf-8", encoding: str = "8bit", **headers: str) -> bytes:
    """One mail; header names with _ for -."""
    lines = {
        "From": "Sari Dewi <sari@contoh.id>", "To": DESK, "Subject": "Re: Printer rusak",
        "Message_ID": f"<klien-{next(_NUMBERS)}@contoh.id>", "Date": "Tue, 24 Nov 2026 09:00:00 +0700", **headers,
    }  # fmt: skip
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items() if value)
    head += f"MIME-Version: 1.0\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def multi(kind: str, *parts: bytes, **headers: str) -> bytes:
    body = b"".join(b"--tepi\n" + part.replace(b"\r\n", b"\n") + b"\n" for part in parts) + b"--tepi--\n"
    return mail(body, f'multipart/{kind}; boundary="tepi"', "7bit", **headers)


def inside(kind: str, *parts: bytes) -> bytes:
    body = b"".join(b"--dalam\n" + part + b"\n" for part in parts) + b"--dalam--\n"
    return f'Content-Type: multipart/{kind}; boundary="dalam"\n\n'.encode() + body


def part(content: str | bytes, kind: str = "text/plain; charset=utf-8", *more: str, encoding: str = "8bit") -> bytes:
    data = content.encode() if isinstance(content, str) else content
    if encoding == "base64":
        data = b64encode(data)
    elif encoding == "quoted-printable":
        data = encodestring(data)
    head = [f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}", *more]
    return "\n".join(head).encode() + b"\n\n" + data


def both(plain: str, rich: str, **headers: str) -> bytes:
    return multi("alternative", part(plain), part(rich, "text/html; charset=utf-8"), **headers)


# What each program puts between the new words and the quoted ones. {new} and {old} are filled in.
PLAIN = {
    "gmail-web-id": ("id", "{new}\n\nPada Sel, 24 Nov 2026 pukul 08.55 Meja Layanan <layanan@contoh.go.id> menulis:\n\n> {old}\n>\n"),
    "gmail-web-en": ("en", "{new}\n\nOn Tue, Nov 24, 2026 at 8:55 AM Service Desk <layanan@contoh.go.id> wrote:\n\n> {old}\n>\n"),
    "gmail-android-id": ("id", "{new}\n\nPada tanggal Sel, 24 Nov 2026 08.55, Meja Layanan <layanan@contoh.go.id>\nmenulis:\n\n> {old}\n"),
    "gmail-android-en": ("en", "{new}\n\nOn Tue, 24 Nov 2026, 08:55 Service Desk, <layanan@contoh.go.id> wrote:\n\n> {old}\n"),
    "gmail-wrapped-address-id": ("id", "{new}\n\nPada Sel, 24 Nov 2026 pukul 08.55 Pusat Layanan SPBE Kabupaten Contoh <\nlayanan@contoh.go.id> menulis:\n\n> {old}\n"),
    "gmail-signature-id": ("id", "{new}\n\n-- \nSari Dewi\nDinas Kominfo\n\nPada Sel, 24 Nov 2026 pukul 08.55 Meja <layanan@contoh.go.id> menulis:\n\n> {old}\n"),
    "gmail-second-round-en": ("en", "{new}\n\nOn Tue, Nov 24, 2026 at 8:55 AM Desk <layanan@contoh.go.id> wrote:\n\n> {old}\n>\n> On Mon, Nov 23, 2026 at 4:00 PM Sari <sari@contoh.id> wrote:\n>\n>> Printer\n"),
    "outlook-desktop-id": ("id", "{new}\n\nFrom: Meja Layanan <layanan@contoh.go.id> \nSent: Selasa, 24 November 2026 08.55\nTo: Sari Dewi <sari@contoh.id>\nSubject: RE: Printer rusak\n\n{old}\n"),
    "outlook-desktop-full-id": ("id", "{new}\n\nDari: Meja Layanan <layanan@contoh.go.id> \nDikirim: Selasa, 24 November 2026 08.55\nKepada: Sari Dewi <sari@contoh.id>\nSubjek: RE: Printer rusak\n\n{old}\n"),
    "outlook-desktop-en": ("en", "{new}\n\nFrom: Service Desk <layanan@contoh.go.id> \nSent: Tuesday, November 24, 2026 8:55 AM\nTo: Sari Dewi <sari@contoh.id>\nCc: Budi <budi@contoh.id>\nSubject: RE: Printer rusak\n\n{old}\n"),
    "outlook-web-id": ("id", "{new}\n\n________________________________\nDari: Meja Layanan <layanan@contoh.go.id>\nDikirim: Selasa, 24 November 2026 08.55\nKepada: Sari Dewi <sari@contoh.id>\nSubjek: Re: Printer rusak\n\n{old}\n"),
    "outlook-web-en": ("en", "{new}\n\n________________________________\nFrom: Service Desk <layanan@contoh.go.id>\nSent: Tuesday, November 24, 2026 8:55 AM\nTo: Sari Dewi <sari@contoh.id>\nSubject: Re: Printer rusak\n\n{old}\n"),
    "outlook-mobile-id": ("id", "{new}\n\nDapatkan Outlook untuk Android\n________________________________\nDari: Meja Layanan <layanan@contoh.go.id>\nDikirim: Selasa, 24 November 2026 08.55.00\nKepada: Sari <sari@contoh.id>\nSubjek: Re: Printer\n\n{old}\n"),
    "outlook-mobile-en": ("en", "{new}\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: Service Desk <layanan@contoh.go.id>\nSent: Tuesday, November 24, 2026 8:55:00 AM\nTo: Sari <sari@contoh.id>\nSubject: Re: Printer\n\n{old}\n"),
    "outlook-express-en": ("en", "{new}\n\n----- Original Message ----- \nFrom: \"Service Desk\" <layanan@contoh.go.id>\nTo: <sari@contoh.id>\nSent: Tuesday, November 24, 2026 8:55 AM\nSubject: Printer\n\n> {old}\n"),
    "outlook-original-id": ("id", "{new}\n\n-----Pesan Asli-----\nDari: Meja Layanan\nDikirim: Selasa, 24 November 2026 08.55\nKepada: Sari\nSubjek: Printer\n\n{old}\n"),
    "iphone-id": ("id", "{new}\n\nDikirim dari iPhone saya\n\n> Pada 24 Nov 2026, pukul 08.55, Meja Layanan <layanan@contoh.go.id> menulis:\n> \n> {old}\n"),
    "iphone-en": ("en", "{new}\n\nSent from my iPhone\n\n> On Nov 24, 2026, at 8:55 AM, Service Desk <layanan@contoh.go.id> wrote:\n> \n> {old}\n"),
    "iphone-unquoted-en": ("en", "{new}\n\nSent from my iPhone\n\nOn Nov 24, 2026, at 8:55 AM, Service Desk <layanan@contoh.go.id> wrote:\n\n{old}\n"),
    "ipad-id": ("id", "{new}\n\nDikirim dari iPad saya\n\n> Pada 24 Nov 2026, pukul 08.55, Meja <layanan@contoh.go.id> menulis:\n> \n> {old}\n"),
    "apple-mail-id": ("id", "{new}\n\n> Pada 24 Nov 2026, pukul 08.55, Meja Layanan <layanan@contoh.go.id> menulis:\n> \n> {old}\n"),
    "apple-mail-en": ("en", "{new}\n\n> On 24 Nov 2026, at 08.55, Service Desk <layanan@contoh.go.id> wrote:\n> \n> {old}\n"),
    "yahoo-web-id": ("id", "{new}\n\n    Pada Selasa, 24 November 2026 pukul 08.55.10 WIB, Meja Layanan <layanan@contoh.go.id> menulis:  \n \n {old}\n"),
    "yahoo-web-en": ("en", "{new}\n\n    On Tuesday, November 24, 2026 at 08:55:10 AM GMT+7, Service Desk <layanan@contoh.go.id> wrote:  \n \n {old}\n"),
    "yahoo-android-id": ("id", "{new}\n\nDikirim dari Yahoo Mail di Android\n \n  Pada Sel, 24 Nov 2026 pada 08.55, Meja<layanan@contoh.go.id> menulis:   {old}\n"),
    "yahoo-android-en": ("en", "{new}\n\nSent from Yahoo Mail on Android \n \n  On Tue, Nov 24, 2026 at 8:55, Desk<layanan@contoh.go.id> wrote:   {old}\n"),
    "yahoo-iphone-en": ("en", "{new}\n\nSent from Yahoo Mail for iPhone\n\nOn Tuesday, November 24, 2026, 8:55 AM, Desk <layanan@contoh.go.id> wrote:\n\n{old}\n"),
    "thunderbird-id": ("id", "{new}\n\nPada 24/11/2026 08.55, Meja Layanan menulis:\n> {old}\n"),
    "thunderbird-en": ("en", "{new}\n\nOn 11/24/26 8:55 AM, Service Desk wrote:\n> {old}\n"),
    "thunderbird-signature-en": ("en", "{new}\n\nOn 24/11/2026 08.55, Service Desk wrote:\n> {old}\n\n-- \nSari Dewi\nDinas Kominfo\n"),
    "thunderbird-pada-tanggal": ("id", "{new}\n\nPada tanggal 24/11/2026 08.55, Meja Layanan menulis:\n> {old}\n"),
    "samsung-id": ("id", "{new}\n\n\nDikirim dari Galaxy saya\n\n\n-------- Pesan asli --------\nDari: Meja Layanan <layanan@contoh.go.id>\nTanggal: 24/11/26 08.55 (GMT+07:00)\nKe: Sari <sari@contoh.id>\nSubjek: Printer\n\n{old}\n"),
    "samsung-en": ("en", "{new}\n\nSent from my Galaxy\n\n-------- Original message --------\nFrom: Desk <layanan@contoh.go.id>\nDate: 24/11/26 08:55 (GMT+07:00)\nTo: Sari <sari@contoh.id>\nSubject: Printer\n\n{old}\n"),
    "xiaomi-id": ("id", "{new}\n\nDikirim dari Xiaomi saya\nMeja Layanan <layanan@contoh.go.id> menulis:\n> {old}\n"),
    "roundcube-id": ("id", "{new}\n\nPada 2026-11-24 08:55, Meja Layanan menulis:\n> {old}\n"),
    "roundcube-en": ("en", "{new}\n\nOn 2026-11-24 08:55, Service Desk wrote:\n> {old}\n"),
    "zimbra-id": ("id", "{new}\n\nDari: \"Meja Layanan\" <layanan@contoh.go.id>\nKepada: \"Sari\" <sari@contoh.id>\nTerkirim: Selasa, 24 November 2026 8:55:10\nPerihal: Printer rusak\n\n{old}\n"),
    "zimbra-en": ("en", "{new}\n\n----- Original Message -----\nFrom: \"Desk\" <layanan@contoh.go.id>\nTo: \"Sari\" <sari@contoh.id>\nSent: Tuesday, November 24, 2026 8:55:10 AM\nSubject: Printer\n\n{old}\n"),
    "windows-mail-id": ("id", "{new}\n\nDikirim dari Mail untuk Windows\n\nDari: Meja Layanan\nDikirim: 24 November 2026 8:55\nKepada: Sari\nPerihal: Printer\n\n{old}\n"),
    "proton-en": ("en", "{new}\n\nSent with Proton Mail secure email.\n\nOn Tuesday, November 24th, 2026 at 8:55 AM, Desk <layanan@contoh.go.id> wrote:\n\n> {old}\n"),
    "marker-gmail-id": ("id", "{new}\n\nPada Sel, 24 Nov 2026 pukul 08.55 Meja <layanan@contoh.go.id> menulis:\n\n> --- Balas di atas baris ini ---\n>\n> {old}\n"),
    "marker-outlook-id": ("id", "{new}\n\nDari: Meja <layanan@contoh.go.id>\nDikirim: Selasa, 24 November 2026 08.55\nKepada: Sari\nSubjek: Printer\n\n--- Balas di atas baris ini ---\n\n{old}\n"),
}  # fmt: skip

RICH = {
    "gmail-web": ("id", '<div dir="ltr">{new}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">Pada Sel, 24 Nov 2026 pukul 08.55 Meja &lt;<a href="mailto:layanan@contoh.go.id">layanan@contoh.go.id</a>&gt; menulis:<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{old}</blockquote></div>'),
    "outlook-desktop": ("en", '<div class=WordSection1><p class=MsoNormal>{new}<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class=MsoNormal><b>From:</b> Service Desk &lt;layanan@contoh.go.id&gt; <br><b>Sent:</b> Tuesday, November 24, 2026 8:55 AM<br><b>To:</b> Sari<br><b>Subject:</b> RE: Printer<o:p></o:p></p></div><p class=MsoNormal>{old}</p></div>'),
    "outlook-desktop-id": ("id", '<div class=WordSection1><p class=MsoNormal>{new}</p><div><p class=MsoNormal><b>Dari:</b> Meja &lt;layanan@contoh.go.id&gt;<br><b>Dikirim:</b> Selasa, 24 November 2026 08.55<br><b>Kepada:</b> Sari<br><b>Subjek:</b> RE: Printer</p></div><p class=MsoNormal>{old}</p></div>'),
    "outlook-web": ("id", '<div class="elementToProof">{new}</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr"><b>Dari:</b> Meja<br><b>Dikirim:</b> Selasa</div><div>{old}</div>'),
    "outlook-mobile": ("en", '<div dir="auto">{new}</div><div id="ms-outlook-mobile-signature">Get <a href="https://aka.ms/x">Outlook for Android</a></div><hr><div id="divRplyFwdMsg"><b>From:</b> Desk</div>{old}'),
    "iphone": ("en", '<html><body dir="auto">{new}<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">Sent from my iPhone</div><div dir="ltr"><br><blockquote type="cite">On Nov 24, 2026, at 8:55 AM, Desk wrote:<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">{old}</div></blockquote></body></html>'),
    "iphone-id": ("id", '<html><body dir="auto">{new}<div dir="ltr">Dikirim dari iPhone saya</div><blockquote type="cite">Pada 24 Nov 2026, pukul 08.55, Meja menulis:<br></blockquote><blockquote type="cite"><div>{old}</div></blockquote></body></html>'),
    "yahoo-web": ("id", '<div class="ydp1yahoo-style-wrap"><div dir="ltr">{new}</div></div><div id="ydp2yahoo_quoted_1" class="ydp2yahoo_quoted"><div>Pada Selasa, 24 November 2026 menulis:</div><div>{old}</div></div>'),
    "yahoo-web-en": ("en", '<div>{new}</div><div class="yahoo_quoted" id="yahoo_quoted_9"><div>On Tuesday, November 24, 2026, Desk wrote:</div><div>{old}</div></div>'),
    "thunderbird": ("id", '<p>{new}</p><div class="moz-cite-prefix">Pada 24/11/2026 08.55, Meja menulis:<br></div><blockquote type="cite" cite="mid:x@y"><p>{old}</p></blockquote><div class="moz-signature">-- <br>Sari</div>'),
    "apple-mail": ("en", '<body>{new}<br><div><br><blockquote type="cite"><div>On 24 Nov 2026, at 08.55, Desk wrote:</div><br><div>{old}</div></blockquote></div></body>'),
    "proton": ("en", '<div>{new}</div><div class="protonmail_quote">On Tuesday Desk wrote:<br><blockquote type="cite">{old}</blockquote></div>'),
}  # fmt: skip


def _replies():
    for name, (language, form) in PLAIN.items():
        new, old = SAYS[language]
        body = form.format(new=new, old=old)
        yield Case(
            f"plain-{name}", mail(body.encode()), {"text": new, "subject": "Re: Printer rusak", "decision": "created"}
        )
    for name, (language, form) in RICH.items():
        new, old = SAYS[language]
        rich = form.format(new=new, old=old)
        raw = mail(rich.encode(), "text/html; charset=utf-8")
        yield Case(f"rich-{name}", raw, {"text": new, "names": [], "decision": "created"})


IMAGE = (
    "image/png; name=image001.png",
    "Content-ID: <image001.png@01D>",
    'Content-Disposition: inline; filename="image001.png"',
)
PDF = ("application/pdf", 'Content-Disposition: attachment; filename="Surat Dinas.pdf"')
HALO = "<p>Halo, <b>printer</b> rusak.</p>"

PACKED = {
    "outlook-inline-image": (multi("related", inside("alternative", part("Halo, printer rusak."), part(HALO + '<img src="cid:image001.png@01D">', "text/html")), part(PNG, *IMAGE, encoding="base64")), {"text": "Halo, printer rusak.", "names": ["image001.png"]}),
    "gmail-attachment": (multi("mixed", inside("alternative", part("Terlampir suratnya."), part("<div dir=ltr>Terlampir suratnya.</div>", "text/html")), part(b"%PDF-1.4", *PDF, encoding="base64")), {"text": "Terlampir suratnya.", "names": ["Surat Dinas.pdf"]}),
    "apple-text-picture-text": (multi("mixed", part("Sebelum gambar."), part(PNG, 'image/png; name="foto.png"', "Content-Disposition: inline; filename=foto.png", encoding="base64"), part("Sesudah gambar.")), {"text": "Sebelum gambar.\n\nSesudah gambar.", "names": ["foto.png"]}),
    "thunderbird-format-flowed": (mail(b"Baris yang panjang \nterus di sini.\n", "text/plain; charset=UTF-8; format=flowed"), {"text": "Baris yang panjang \nterus di sini."}),
    "rfc2231-parts": (multi("mixed", part("Isi."), part(b"%PDF", "application/pdf", "Content-Disposition: attachment; filename*0*=utf-8''Surat%20%C3%89; filename*1=daran.pdf", encoding="base64")), {"names": ["Surat Édaran.pdf"]}),
    "rfc2047-filename": (multi("mixed", part("Isi."), part(b"%PDF", 'application/pdf; name="=?utf-8?Q?Surat_=C3=89daran.pdf?="', "Content-Disposition: attachment", encoding="base64")), {"names": ["Surat Édaran.pdf"]}),
    "windows-1252-quotes": (mail("“Kutip” – harga €5".encode("cp1252"), "text/plain; charset=iso-8859-1"), {"text": "“Kutip” – harga €5"}),
    "utf-16": (mail(b64encode("Printer rusak é".encode("utf-16")), "text/plain; charset=utf-16", "base64"), {"text": "Printer rusak é"}),
    "koi8-r": (mail("Принтер".encode("koi8-r"), "text/plain; charset=koi8-r"), {"text": "Принтер"}),
    "big5": (mail("印表機".encode("big5"), "text/plain; charset=big5"), {"text": "印表機"}),
    "gb2312-is-gb18030": (mail("打印机".encode("gb18030"), "text/plain; charset=gb2312"), {"text": "打印机"}),
    "shift-jis": (mail("プリンタ".encode("shift_jis"), "text/plain; charset=Shift_JIS"), {"text": "プリンタ"}),
    "iso-2022-jp": (mail("プリンタ".encode("iso-2022-jp"), "text/plain; charset=ISO-2022-JP", "7bit"), {"text": "プリンタ"}),
    "no-charset-utf8": (mail("Café".encode(), "text/plain"), {"text": "Café"}),
    "charset-in-quotes": (mail("Café".encode(), "text/plain; charset=\"'utf-8'\""), {"text": "Café"}),
    "quoted-printable-soft-breaks": (mail(b"Printer lantai du=\na rusak=2E=20\nSekian", encoding="quoted-printable"), {"text": "Printer lantai dua rusak. \nSekian"}),
    "quoted-printable-broken": (mail(b"Diskon 5=0% =ZZ", encoding="quoted-printable"), {"decision": "created"}),
    "base64-line-noise": (mail(b"UHJpbnRlciBydX\n* Nhaw==\n", encoding="base64"), {"text": "Printer rusak"}),
    "base64-announced-text": (mail(b"Ini teks biasa, bukan kode.", encoding="base64"), {"text": "Ini teks biasa, bukan kode."}),
    "nested-mixed": (multi("mixed", inside("mixed", part("Dalam."), part(b"%PDF", *PDF, encoding="base64")), part("Luar.")), {"text": "Dalam.\n\nLuar.", "names": ["Surat Dinas.pdf"]}),
    "alternative-empty-plain": (both(" ", HALO), {"text": "Halo, printer rusak."}),
    "html-only-table": (mail(b"<table><tr><th>No</th><th>Barang</th></tr><tr><td>1</td><td>PC</td></tr></table>", "text/html"), {"text": "No | Barang\n1 | PC"}),
    "html-script": (mail(b"<script>alert(1)</script><p onclick=x>Aman</p>", "text/html"), {"text": "Aman"}),
    "calendar-accept": (multi("alternative", part("Rapat besok."), part("BEGIN:VCALENDAR\nEND:VCALENDAR", "text/calendar; method=REQUEST")), {"text": "Rapat besok.", "names": ["undangan-1.ics"]}),
    "forward-as-file": (multi("mixed", part("Mohon ditindaklanjuti."), part(mail(b"Asal").replace(b"\r\n", b"\n"), "message/rfc822"), Subject="Fwd: Laporan"), {"text": "Mohon ditindaklanjuti.", "names": ["pesan-1.eml"]}),
    "forward-gmail": (mail(b"Tolong.\n\n---------- Forwarded message ---------\nDari: Budi <budi@contoh.id>\nSubject: Mati\n\nInternet mati", Subject="Fwd: Mati"), {"text": "Tolong.\n\n---------- Forwarded message ---------\nDari: Budi <budi@contoh.id>\nSubject: Mati\n\nInternet mati"}),
    "forward-outlook": (mail(b"FYI\n\nFrom: Budi <budi@contoh.id>\nSent: Monday\nTo: Sari\nSubject: Mati\n\nInternet mati", Subject="FW: Mati"), {"text": "FYI\n\nFrom: Budi <budi@contoh.id>\nSent: Monday\nTo: Sari\nSubject: Mati\n\nInternet mati"}),
    "forward-apple-id": (mail(b"Tolong.\n\n> Mulai pesan yang diteruskan:\n> \n> Dari: Budi\n> \n> Internet mati", Subject="Fwd: Mati"), {"text": "Tolong.\n\n> Mulai pesan yang diteruskan:\n> \n> Dari: Budi\n> \n> Internet mati"}),
    "signed-smime": (multi("signed; micalg=sha-256; protocol=\"application/pkcs7-signature\"", part("Isi bertanda tangan."), part(b"0x", "application/pkcs7-signature; name=smime.p7s", encoding="base64")), {"text": "Isi bertanda tangan.", "names": ["smime.p7s"]}),
    "encrypted-smime": (mail(b64encode(b"sandi"), "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "base64"), {"text": "", "names": ["smime.p7m"], "decision": "created"}),
    "encrypted-pgp": (multi("encrypted; protocol=\"application/pgp-encrypted\"", part("Version: 1", "application/pgp-encrypted"), part("-----BEGIN PGP MESSAGE-----", "application/octet-stream; name=encrypted.asc")), {"decision": "created"}),
    "winmail-broken": (multi("mixed", part("Terlampir."), part(b"rusak", 'application/ms-tnef; name="winmail.dat"', encoding="base64")), {"text": "Terlampir.", "names": ["winmail.dat"]}),
    "uuencoded": (mail(b"Lihat foto.\nbegin 644 foto.png\n" + b2a_uu(PNG[:40]) + b"`\nend\n"), {"text": "Lihat foto.", "names": ["foto.png"]}),
    "digest": (multi("digest", b"\nSubject: satu\n\nisi satu"), {"names": ["pesan-1.eml"]}),
    "no-closing-boundary": (mail(b"--tepi\n\nIsi tanpa penutup.\n", 'multipart/mixed; boundary="tepi"', "7bit"), {"text": "Isi tanpa penutup."}),
    "boundary-with-spaces": (mail(b"--a b\n\nIsi.\n--a b--\n", 'multipart/mixed; boundary="a b"', "7bit"), {"text": "Isi."}),
    "long-subject-folded": (mail(b"x", Subject="=?UTF-8?Q?Gangguan_jaringan_di_lan?=\r\n =?UTF-8?Q?tai_dua_=E2=80=93_mohon_dibantu?="), {"subject": "Gangguan jaringan di lantai dua – mohon dibantu"}),
    "title-in-name": (mail(b"x", From="Sari, S.Kom., M.M. <sari@contoh.id>"), {"sender": "sari@contoh.id"}),
    "name-in-comment": (mail(b"x", From="sari@contoh.id (Sari Dewi)"), {"sender": "sari@contoh.id"}),
    "group-in-to": (mail(b"x", To="undisclosed-recipients:;"), {"decision": "created"}),
    "upper-case-domain": (mail(b"x", From="Sari@CONTOH.ID"), {"sender": "Sari@contoh.id"}),
    "whatsapp-export": (multi("mixed", part("Riwayat obrolan."), part("[24/11] Budi: halo", 'text/plain; name="Chat WhatsApp.txt"', 'Content-Disposition: attachment; filename="Chat WhatsApp.txt"')), {"text": "Riwayat obrolan.", "names": ["Chat WhatsApp.txt"]}),
    "scanner": (multi("mixed", part(""), part(b"%PDF", 'application/pdf; name="SCAN_0001.pdf"', "Content-Disposition: attachment; filename=SCAN_0001.pdf", encoding="base64"), From="mesin.fotokopi@contoh.id", Subject="Message from KM_C308"), {"text": "", "names": ["SCAN_0001.pdf"], "decision": "created"}),
    "monitoring": (mail(b"PROBLEM: host mati", From="nagios@contoh.id", Auto_Submitted="auto-generated"), {"decision": "loop"}),
    "vacation-gmail-id": (mail(b"Saya cuti.", Subject="Balasan otomatis: Re: Printer", Auto_Submitted="auto-replied", Precedence="bulk"), {"decision": "loop"}),
    "vacation-outlook-en": (mail(b"I am away.", Subject="Automatic reply: Printer", X_Auto_Response_Suppress="All", Auto_Submitted="auto-generated"), {"decision": "loop"}),
    "vacation-without-headers": (mail(b"Saya di luar kantor.", Subject="Di luar kantor: Re: Printer"), {"decision": "loop"}),
    "newsletter": (mail(b"Promo", List_Unsubscribe="<https://contoh.id/u>", Precedence="bulk"), {"decision": "loop"}),
    "mailing-list": (mail(b"Halo semua", List_Id="<warga.contoh.id>"), {"decision": "loop"}),
    "our-own": (mail(b"Gema", From="layanan@contoh.go.id"), {"decision": "loop"}),
    "read-receipt": (multi("report; report-type=disposition-notification", part("Dibaca."), part("Disposition: manual-action", "message/disposition-notification"), Subject="Dibaca: Printer"), {"decision": "loop"}),
    "bounce-postfix": (multi("report; report-type=delivery-status", part("Gagal."), part("Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; b@contoh.id\nAction: failed\nStatus: 5.1.1", "message/delivery-status"), From="MAILER-DAEMON@mx.id"), {"decision": "bounce"}),
    "bounce-exchange-id": (mail(b"Pesan Anda ke b@contoh.id tidak dapat terkirim. 550 5.1.10 RESOLVER.ADR.RecipientNotFound", From="postmaster@contoh.id", Subject="Tidak terkirim: Printer"), {"decision": "bounce"}),
    "bounce-qmail": (mail(b"Hi. This is the qmail-send program. <b@contoh.id>: Sorry, no mailbox here by that name. (#5.1.1)", From="MAILER-DAEMON@mx.id", Subject="failure notice"), {"decision": "bounce"}),
    "empty-mail": (mail(b"", Subject=""), {"decision": "empty"}),
    "no-sender": (mail(b"Halo", From=""), {"decision": "unreadable"}),
    "not-an-address": (mail(b"Halo", From="Sari Dewi"), {"decision": "unreadable"}),
}  # fmt: skip

CLIENTS = [
    *_replies(),
    *(Case(name, raw, {"decision": "created", **expect}) for name, (raw, expect) in PACKED.items()),
]
