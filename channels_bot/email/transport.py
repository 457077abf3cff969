"""Sending what the outbox holds for email."""

import contextlib
import re
import smtplib
import socket
import threading
from collections.abc import Iterator
from email.charset import QP, Charset
from email.utils import formataddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from channels_bot.email.quoting import REPLY_MARKER
from notify import preferences
from notify.errors import TransportError
from notify.events import event_of
from notify.models import Delivery
from reports import schedule
from tickets import sending
from tickets.threading import message_id_for

DEADLINE = 120
"""Seconds for one message altogether: a server that answers a byte at a time must not outlast the outbox' lease."""
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_BUTTON = re.compile(r"https?://\S+")


class EmailTransport:
    """Plain and HTML parts from one text, under a Message-ID that stays the same over retries."""

    def send(self, delivery: Delivery) -> str:
        message = build(delivery)
        connection = get_connection()
        with _deadline(connection), contextlib.closing(connection):
            try:
                connection.open()
            except (smtplib.SMTPException, OSError) as error:
                raise TransportError(
                    f"{type(error).__name__}: {_words(error)}", permanent=False, outage=True
                ) from error
            try:
                connection.send_messages([message])
            except (smtplib.SMTPException, OSError) as error:
                raise failure(error) from error
        return message_id_for(delivery)


@contextlib.contextmanager
def _deadline(connection: Any) -> Iterator[None]:
    """Cut the line of this connection after DEADLINE, whatever its server is doing."""

    def cut() -> None:
        sock = getattr(getattr(connection, "connection", None), "sock", None)
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(DEADLINE, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def failure(error: smtplib.SMTPException | OSError) -> TransportError:
    """What a refusal means: try again, give this message up, or hold all mail because the server takes none of ours."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        detail = _detail(code, text)
        return TransportError(detail, permanent=code >= 500, dead_address=_is_dead(code, detail))
    if isinstance(error, smtplib.SMTPSenderRefused):
        detail = _detail(error.smtp_code, error.smtp_error)
        too_large = error.smtp_code == 552 or ".3.4" in detail
        return TransportError(detail, permanent=too_large, outage=error.smtp_code >= 500 and not too_large)
    if isinstance(error, smtplib.SMTPResponseException):
        detail = _detail(error.smtp_code, error.smtp_error)
        return TransportError(detail, permanent=error.smtp_code >= 500)
    return TransportError(f"{type(error).__name__}: {_words(error)}", permanent=False)


def _is_dead(code: int, detail: str) -> bool:
    """Whether there is no such mailbox: a full one, or one that refuses what we say, is there (RFC 3463)."""
    status = _STATUS.search(detail)
    if status:
        return status[1] == "5" and (status[2] == "1" or (status[2], status[3]) == ("2", "1"))
    return code in (550, 551, 553)


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _detail(error.smtp_code, error.smtp_error)
    return str(error)


def build(delivery: Delivery) -> EmailMultiAlternatives:
    """The mail of one delivery, as it is to be sent now. Only number and subject stand in the header, never a person.

    Raises NotDue when its reader may not know any more what it tells.
    """
    content, options = sending.content_of(delivery), delivery.options
    is_answerable = bool(options.get("ticket")) and not options.get("is_staff")
    unsubscribe = _unsubscribe_url(delivery)
    context = {
        "blocks": blocks(content.text),
        "ticket": options.get("ticket", ""),
        "marker": REPLY_MARKER if is_answerable else "",
        "unsubscribe": unsubscribe,
        "is_staff": bool(options.get("is_staff")),
        "site_name": settings.SITE_NAME,
        "org_name": settings.SITE_ORG,
        "home": settings.BASE_URL,
        "subject": content.subject,
    }
    message = EmailMultiAlternatives(
        subject=_one_line(content.subject or _("Pusat Layanan SPBE")),
        body=_plain(content.text, is_answerable=is_answerable, unsubscribe=unsubscribe),
        from_email=formataddr((f"{settings.SITE_NAME} {settings.SITE_ORG}", settings.DEFAULT_FROM_EMAIL)),
        to=[delivery.recipient],
        headers=_headers(delivery, unsubscribe),
    )
    # Seven-bit lines: a relay that cannot carry eight bits would re-code the mail and break its DKIM signature.
    message.encoding = _quoted_printable()
    message.attach_alternative(render_to_string("email/message.html", context), "text/html")
    for file in content.files:
        with file.file.open("rb") as stored:
            message.attach(file.name, stored.read(), file.content_type)
    if "report" in options:
        message.attach(*schedule.attachment(options["report"]))
    return message


def _quoted_printable() -> Any:
    charset = Charset("utf-8")
    charset.body_encoding = QP
    return charset


def _headers(delivery: Delivery, unsubscribe: str) -> dict[str, str]:
    options = delivery.options
    headers = {"Message-ID": f"<{message_id_for(delivery)}>"}
    if options.get("in_reply_to"):
        headers["In-Reply-To"] = f"<{_one_line(options['in_reply_to'])}>"
        references = options.get("references") or [options["in_reply_to"]]
        headers["References"] = " ".join(f"<{_one_line(reference)}>" for reference in references)
    if options.get("auto_submitted"):
        headers["Auto-Submitted"] = options["auto_submitted"]
    # Out-of-office answers to our mail help nobody; answers by people are what we want.
    headers["X-Auto-Response-Suppress"] = "All" if options.get("auto_submitted") else "OOF, AutoReply"
    if unsubscribe:
        headers["List-Unsubscribe"] = f"<{unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    return headers


def _unsubscribe_url(delivery: Delivery) -> str:
    """The link to do without such mails; "" for what nobody may do without."""
    event = event_of(delivery.event)
    if event is None or not event.is_optional:
        return ""
    return preferences.unsubscribe_url(event, user=delivery.user, contact=delivery.contact)


def _plain(text: str, *, is_answerable: bool, unsubscribe: str) -> str:
    parts = [REPLY_MARKER, "", text] if is_answerable else [text]
    parts += ["", "-- ", f"{settings.SITE_NAME} {settings.SITE_ORG}"]
    if unsubscribe:
        parts.append(_("Berhenti menerima pemberitahuan seperti ini: %(url)s") % {"url": unsubscribe})
    return "\n".join(parts) + "\n"


def blocks(text: str) -> list[dict[str, Any]]:
    """The paragraphs of a text for the HTML part; an address that stands alone becomes a button.

    >>> blocks("Halo\\nSari\\n\\nhttps://contoh.id/a")
    [{'lines': ['Halo', 'Sari'], 'url': ''}, {'lines': [], 'url': 'https://contoh.id/a'}]
    """
    found = []
    for part in re.split(r"\n\s*\n", text.strip()):
        alone = _BUTTON.fullmatch(part.strip())
        found.append({"lines": [] if alone else part.strip().split("\n"), "url": part.strip() if alone else ""})
    return found


def _one_line(value: str) -> str:
    return " ".join(str(value).split())


def _detail(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {words}"
