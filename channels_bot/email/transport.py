"""Sending what the outbox holds for email."""

import smtplib
from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from channels_bot.email.quoting import REPLY_MARKER
from notify.errors import TransportError
from notify.models import Delivery
from reports import schedule
from tickets.threading import message_id_for


class EmailTransport:
    """Plain and HTML parts from one text, under a Message-ID that stays the same over retries."""

    def send(self, delivery: Delivery) -> str:
        message = build(delivery)
        try:
            with get_connection() as connection:
                connection.send_messages([message])
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise TransportError(_detail(code, text), permanent=code >= 500) from error
        except smtplib.SMTPResponseException as error:
            raise TransportError(
                _detail(error.smtp_code, error.smtp_error), permanent=error.smtp_code >= 550
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise TransportError(f"{type(error).__name__}: {error}", permanent=False) from error
        return message_id_for(delivery)


def build(delivery: Delivery) -> EmailMultiAlternatives:
    """The mail of one delivery. Only the ticket number and subject stand in the header, never personal data."""
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
    text = delivery.text
    if options.get("ticket") and not options.get("is_staff"):
        text = f"{REPLY_MARKER}\n\n{text}"
    message = EmailMultiAlternatives(
        subject=_one_line(delivery.subject or _("Pusat Layanan SPBE")),
        body=f"{text}\n\n-- \n{settings.SITE_NAME} {settings.SITE_ORG}\n",
        from_email=formataddr((f"{settings.SITE_NAME} {settings.SITE_ORG}", settings.DEFAULT_FROM_EMAIL)),
        to=[delivery.recipient],
        headers=headers,
    )
    context = {"text": delivery.text, "ticket": options.get("ticket", ""), "marker": REPLY_MARKER}
    message.attach_alternative(render_to_string("email/message.html", context), "text/html")
    if "report" in options:
        message.attach(*schedule.attachment(options["report"]))
    return message


def _one_line(value: str) -> str:
    return " ".join(str(value).split())


def _detail(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {words}"
