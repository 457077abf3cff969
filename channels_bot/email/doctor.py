"""What is wrong with the mail settings, and what to do about it: read settings, then talk to the servers.

No message is sent and none is read. DNS is not asked: whether SPF and DKIM are published is the mail server's matter.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from channels_bot.email import access, poller
from channels_bot.email.transport import DEADLINE
from channels_bot.models import Mailbox
from core.models import Heartbeat
from notify import outbox
from notify.models import Delivery, Pace

SKEW = timedelta(seconds=60)
SLOW = 5.0
"""Seconds: a server that takes longer to greet us makes people wait."""
_DATE = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `advice`: what to do, where something is wrong or could be better."""

    level: Literal["ok", "warn", "fail"]
    about: str
    advice: str = ""


def ok(about: str) -> Finding:
    return Finding("ok", about)


def warn(about: str, advice: str) -> Finding:
    return Finding("warn", about, advice)


def fail(about: str, advice: str) -> Finding:
    return Finding("fail", about, advice)


def examine(now: Callable[[], datetime] = timezone.now) -> Iterator[Finding]:
    """Every finding, in the order in which one would look."""
    yield from _addresses()
    yield from _smtp(now)
    yield from _mailboxes(now)
    yield from _clock(now)
    yield from _work(now())


# Settings


def _addresses() -> Iterator[Finding]:
    sender = settings.DEFAULT_FROM_EMAIL
    try:
        validate_email(sender)
    except ValidationError:
        yield fail(
            _("Alamat pengirim %(sender)s bukan alamat email.") % {"sender": sender},
            _("Isi EMAIL_FROM dengan satu alamat tanpa nama, misalnya layanan@kabupaten.go.id."),
        )
    else:
        yield ok(_("Alamat pengirim: %(sender)s") % {"sender": sender})
    address = urlsplit(settings.BASE_URL)
    if address.scheme != "https":
        yield warn(
            _("Tautan dalam surat memakai %(url)s, tanpa HTTPS.") % {"url": settings.BASE_URL},
            _("Isi BASE_URL dengan alamat https://. Tanpa itu tombol berhenti satu klik (RFC 8058) diabaikan."),
        )
    if address.hostname in ("127.0.0.1", "localhost", "::1"):
        yield fail(
            _("Tautan dalam surat menunjuk ke mesin ini sendiri."),
            _("Isi BASE_URL dengan alamat yang dibuka warga, misalnya https://layanan.kabupaten.go.id."),
        )
    timeout = getattr(settings, "EMAIL_TIMEOUT", None)
    if settings.EMAIL_URL and (timeout is None or timeout >= DEADLINE or outbox.LEASE.total_seconds() <= DEADLINE):
        yield fail(
            _("Batas waktu pengiriman tidak serasi."),
            _("EMAIL_TIMEOUT harus di bawah %(limit)d detik.") % {"limit": DEADLINE},
        )


# Sending


def _smtp(now: Callable[[], datetime]) -> Iterator[Finding]:
    if not settings.EMAIL_URL:
        yield fail(
            _("Server surat keluar belum diatur: surat hanya disimpan sebagai berkas."),
            _("Isi EMAIL_URL, misalnya smtp+tls://pengguna:sandi@server:587."),
        )
        return
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    is_local = settings.EMAIL_HOST in ("127.0.0.1", "localhost", "::1")
    if not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL) and not is_local:
        yield warn(
            _("Surat ke %(where)s dikirim tanpa enkripsi.") % {"where": where},
            _("Pakai smtp+tls:// (port 587) atau smtps:// (port 465) dalam EMAIL_URL."),
        )
    started = monotonic()
    try:
        yield from _talk_smtp(where, started, now)
    except ssl.SSLCertVerificationError as error:
        yield fail(
            _("Sertifikat %(where)s tidak dapat dipercaya: %(error)s")
            % {"where": where, "error": error.verify_message},
            _(
                "Pakai nama server yang tertulis pada sertifikat. Untuk CA sendiri, tunjuk berkasnya dengan variabel "
                "SSL_CERT_FILE. Periksa pula jam mesin ini."
            ),
        )
    except ssl.SSLError as error:
        yield fail(
            _("TLS dengan %(where)s gagal: %(error)s") % {"where": where, "error": error.reason or error},
            _("Cocokkan cara dan port: smtps:// untuk 465, smtp+tls:// untuk 587, smtp:// untuk 25."),
        )
    except smtplib.SMTPAuthenticationError as error:
        yield fail(
            _("%(where)s menolak nama pengguna atau kata sandi (%(code)d).")
            % {"where": where, "code": error.smtp_code},
            _("Perbaiki pengguna dan sandi dalam EMAIL_URL. Huruf khusus ditulis dengan %%, misalnya @ menjadi %%40.")
            % (),
        )
    except smtplib.SMTPNotSupportedError:
        yield fail(
            _("%(where)s tidak mengenal STARTTLS atau cara masuk yang diminta.") % {"where": where},
            _("Pakai smtps:// bila server itu langsung memakai TLS, atau hapus pengguna dan sandi bila tidak perlu."),
        )
    except smtplib.SMTPResponseException as error:
        yield fail(
            _("%(where)s menjawab %(code)d: %(text)s")
            % {"where": where, "code": error.smtp_code, "text": _text(error.smtp_error)},
            _("Tanyakan pengelola server surat; sebutkan jawaban di atas."),
        )
    except smtplib.SMTPServerDisconnected:
        yield fail(
            _("%(where)s memutus sambungan.") % {"where": where},
            _("Cocokkan cara dan port: smtps:// untuk 465, smtp+tls:// untuk 587, smtp:// untuk 25."),
        )
    except OSError as error:
        yield fail(*_unreachable(where, error, "EMAIL_URL"))


def _talk_smtp(where: str, started: float, now: Callable[[], datetime]) -> Iterator[Finding]:
    """Greeting, TLS, sign-in, and whether our sender is accepted; then the server is told to forget it."""
    timeout = settings.EMAIL_TIMEOUT
    context = ssl.create_default_context()
    if settings.EMAIL_USE_SSL:
        client: smtplib.SMTP = smtplib.SMTP_SSL(timeout=timeout, context=context)
    else:
        client = smtplib.SMTP(timeout=timeout)
    client._host = settings.EMAIL_HOST  # type: ignore[attr-defined]  # else TLS checks the name against nothing
    code, greeting = client.connect(settings.EMAIL_HOST, settings.EMAIL_PORT)
    try:
        if code != 220:
            raise smtplib.SMTPConnectError(code, greeting)
        client.ehlo_or_helo_if_needed()
        if settings.EMAIL_USE_TLS:
            client.starttls(context=context)
            client.ehlo()
        took = monotonic() - started
        yield ok(_("Server surat keluar %(where)s menjawab.") % {"where": where})
        if took > SLOW:
            yield warn(
                _("Server itu baru menyapa setelah %(seconds).0f detik.") % {"seconds": took},
                _("Mintalah pengelolanya mempercepat; biasanya pencarian DNS baliknya gagal."),
            )
        yield from _smtp_clock(_text(greeting), now())
        if settings.EMAIL_HOST_USER:
            client.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
            yield ok(_("Masuk sebagai pengguna surat berhasil."))
        code, answer = client.mail(settings.DEFAULT_FROM_EMAIL)
        client.rset()
        if code >= 400:
            yield fail(
                _("Alamat pengirim %(sender)s ditolak: %(code)d %(text)s")
                % {"sender": settings.DEFAULT_FROM_EMAIL, "code": code, "text": _text(answer)},
                _("Isi EMAIL_FROM dengan alamat yang boleh dipakai pengguna surat itu."),
            )
        else:
            yield ok(_("Alamat pengirim diterima server."))
    finally:
        client.close()


def _smtp_clock(greeting: str, at: datetime) -> Iterator[Finding]:
    """Some servers tell the time in their greeting."""
    found = _DATE.search(greeting)
    if not found:
        return
    ahead = at - parsedate_to_datetime(found[0])
    if abs(ahead) > SKEW:
        yield _skew(_("server surat keluar"), ahead)


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def _unreachable(where: str, error: OSError, setting: str) -> tuple[str, str]:
    """(what, advice) for a server that could not be talked to."""
    if isinstance(error, socket.gaierror):
        return (
            _("Nama server %(where)s tidak dikenal.") % {"where": where},
            _("Periksa ejaan nama server dalam %(setting)s dan DNS mesin ini.") % {"setting": setting},
        )
    if isinstance(error, TimeoutError):
        return (
            _("%(where)s tidak menjawab dalam batas waktu.") % {"where": where},
            _("Periksa port dalam %(setting)s, dan apakah tembok api mengizinkan sambungan ke luar.")
            % {"setting": setting},
        )
    return (
        _("Tidak dapat tersambung ke %(where)s: %(error)s") % {"where": where, "error": error.strerror or error},
        _("Periksa server dan port dalam %(setting)s, dan apakah server itu hidup.") % {"setting": setting},
    )


# Receiving


def _mailboxes(now: Callable[[], datetime]) -> Iterator[Finding]:
    found = list(poller.mailboxes())
    for mailbox, url in found:
        yield from _imap(mailbox, url, now)
    if not found:
        yield warn(
            _("Tidak ada kotak surat yang dibaca."),
            _("Isi IMAP_URL atau tambahkan kotak surat di Pengaturan, kecuali surat masuk lewat pipa (receive_email)."),
        )


def _imap(mailbox: Mailbox, url: str, now: Callable[[], datetime]) -> Iterator[Finding]:
    label = _("Kotak surat %(name)s") % {"name": mailbox.name}
    try:
        address = access.parse_url(url)
    except ValueError as error:
        yield fail(f"{label}: {error}", _("Tulis imaps://pengguna:sandi@server:993/INBOX."))
        return
    where = f"{address.host}:{address.port}"
    try:
        with access.connect(mailbox, address) as server:
            yield ok(_("%(label)s: masuk ke %(where)s berhasil.") % {"label": label, "where": where})
            yield from _folders(server, label, mailbox, address.folder, now())
    except LoginError:
        yield fail(
            _("%(label)s: %(where)s menolak nama pengguna atau kata sandi.") % {"label": label, "where": where},
            _("Perbaiki pengguna dan sandinya. Bila akun memakai dua langkah, buat kata sandi aplikasi."),
        )
    except access.AccessRefused as error:
        yield fail(f"{label}: {error}", _("Perbaiki isian OAuth kotak surat ini di Pengaturan."))
    except ssl.SSLError as error:
        yield fail(
            _("%(label)s: TLS dengan %(where)s gagal: %(error)s")
            % {"label": label, "where": where, "error": error.reason or error},
            _("Pakai nama server yang tertulis pada sertifikat. Untuk CA sendiri, isi SSL_CERT_FILE."),
        )
    except OSError as error:
        what, advice = _unreachable(where, error, _("alamat IMAP"))
        yield fail(f"{label}: {what}", advice)
    except IMAPClientError as error:
        yield fail(
            _("%(label)s: server menjawab %(error)s") % {"label": label, "error": error},
            _("Tanyakan pengelola server surat; sebutkan jawaban di atas."),
        )


def _folders(server: IMAPClient, label: str, mailbox: Mailbox, folder: str, at: datetime) -> Iterator[Finding]:
    if not server.folder_exists(folder):
        yield fail(
            _("%(label)s: folder %(folder)s tidak ada.") % {"label": label, "folder": folder},
            _("Perbaiki nama folder di ujung alamat IMAP, misalnya /INBOX."),
        )
        return
    for target in (mailbox.processed_folder, mailbox.failed_folder):
        if not server.folder_exists(target):
            yield warn(
                _("%(label)s: folder %(folder)s belum ada.") % {"label": label, "folder": target},
                _("Dibuat saat surat pertama dibaca. Bila akun tidak boleh membuat folder, buatlah sendiri."),
            )
    facts = server.select_folder(folder, readonly=True)
    count = int(facts.get(b"EXISTS", 0))
    yield ok(
        _("%(label)s: folder %(folder)s berisi %(count)d surat.") % {"label": label, "folder": folder, "count": count}
    )
    if not server.has_capability("MOVE"):
        yield warn(
            _("%(label)s: server tidak mengenal MOVE.") % {"label": label},
            _("Surat disalin lalu dihapus; pekerja yang mati di antaranya membaca surat itu sekali lagi. Itu aman."),
        )
    server.normalise_times, server.use_uid = False, False  # times with their zone; the last one by its number
    for data in (server.fetch([count], ["INTERNALDATE"]) if count else {}).values():
        ahead = at - data[b"INTERNALDATE"]  # nothing can have arrived in the future
        if ahead < -SKEW:
            yield _skew(_("server surat masuk"), ahead)


# Clock and work


def _skew(whose: str, ahead: timedelta) -> Finding:
    return fail(
        _("Jam mesin ini berbeda %(seconds)d detik dari jam %(whose)s.")
        % {"seconds": abs(ahead.total_seconds()), "whose": whose},
        _("Nyalakan NTP (timedatectl set-ntp true). Jam yang salah membuat surat ditolak dan tenggat keliru."),
    )


def _clock(now: Callable[[], datetime]) -> Iterator[Finding]:
    """The database of many processes has a clock of its own."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        ahead = now() - cursor.fetchone()[0]
    if abs(ahead) > SKEW:
        yield _skew(_("basis data"), ahead)


def _work(at: datetime) -> Iterator[Finding]:
    """Whether somebody reads and sends, and what is stuck."""
    if not Heartbeat.objects.filter(at__gte=at - timedelta(seconds=60)).exists():
        yield fail(
            _("Tidak ada pekerja yang hidup: surat tidak dibaca dan tidak dikirim."),
            _("Jalankan manage.py worker (atau manage.py serve) dan biarkan hidup."),
        )
    pace = Pace.objects.filter(name=Delivery.Channel.EMAIL, resume_at__gt=at).first()
    if pace:
        yield fail(
            _("Pengiriman berhenti sejak server menjawab: %(error)s") % {"error": pace.error},
            _("Perbaiki sebabnya; pengiriman dicoba lagi dengan sendirinya paling lama lima menit kemudian."),
        )
    late = outbox.due(at - timedelta(minutes=10), Delivery.Channel.EMAIL)
    if late.exists():
        yield fail(
            _("Ada surat yang sudah menunggu lebih dari sepuluh menit."),
            _("Lihat halaman Kesehatan surat dan log pekerja."),
        )
    if Delivery.objects.filter(channel=Delivery.Channel.EMAIL, state__in=outbox.BROKEN).exists():
        yield warn(
            _("Ada surat yang tidak sampai."),
            _("Buka Kesehatan surat di ruang kerja, baca sebabnya, lalu kirim ulang."),
        )
