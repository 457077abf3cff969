"""Fetching the files of messages in the background: the words are on the ticket at once, the files follow."""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from channels_bot.telegram import client, entries
from channels_bot.telegram.models import TelegramFile, TelegramMessage
from channels_bot.telegram.transport import seconds_of
from notify import outbox
from notify.models import Delivery
from tickets import messages
from tickets.attachments import Upload, problem_with

logger = logging.getLogger(__name__)

State = TelegramFile.State
LEASE = timedelta(minutes=3)
MAX_ATTEMPTS = 8


def fetch_due(limit: int = 5, now: datetime | None = None) -> int:
    """Fetch up to `limit` files, oldest first; returns how many were tried."""
    tried = 0
    while tried < limit and (file := _claim(now or timezone.now())) is not None:
        _fetch(file)
        tried += 1
    return tried


@transaction.atomic
def _claim(at: datetime) -> TelegramFile | None:
    """Take the oldest due file for LEASE; one whose lease ran out belongs to a worker that died."""
    due = TelegramFile.objects.filter(state=State.WAITING, next_attempt_at__lte=at)
    skip = connection.features.has_select_for_update_skip_locked
    file = due.select_for_update(skip_locked=skip).order_by("next_attempt_at", "pk").first()
    if file is not None:
        file.attempts += 1
        file.next_attempt_at = at + LEASE
        file.save(update_fields=["attempts", "next_attempt_at"])
    return file


def _fetch(file: TelegramFile) -> None:
    try:
        content = client.download(file.file_id, settings.ATTACHMENT_MAX_BYTES)
    except RetryAfter as error:
        _again(file, _("Telegram sedang sibuk"), seconds_of(error))
    except (BadRequest, Forbidden, InvalidToken) as error:
        logger.warning("telegram file %s refused: %s", file.pk, error)
        _settle(file, None, _("Telegram tidak memberikannya"))
    except (NetworkError, TelegramError) as error:
        logger.info("telegram file %s not fetched: %s", file.pk, error)
        _again(file, _("sambungan ke Telegram terputus"))
    else:
        if content:
            _settle(file, Upload(file.name, file.content_type, content), "")
        else:
            _settle(file, None, _("terlalu besar"))


def _again(file: TelegramFile, reason: str, wait: float | None = None) -> None:
    if file.attempts >= MAX_ATTEMPTS:
        _settle(file, None, reason)
        return
    at = timezone.now() + outbox.backoff(file.attempts, wait)
    TelegramFile.objects.filter(pk=file.pk, state=State.WAITING).update(next_attempt_at=at, error=reason)


@transaction.atomic
def _settle(file: TelegramFile, upload: Upload | None, error: str) -> None:
    """The file is there or will not come. Whoever comes second, after a lease ran out, changes nothing."""
    locked = TelegramFile.objects.select_for_update(of=("self",)).filter(pk=file.pk, state=State.WAITING).first()
    if locked is None:
        return
    locked.state, locked.error = (State.DONE if upload else State.FAILED), error
    locked.save(update_fields=["state", "error"])
    uploads = [upload] if upload else []
    messages.settle_files(message_id=locked.entry_id, text=partial(entries.text_of, locked.entry), uploads=uploads)
    refusal = problem_with(upload) if upload else ""
    if error or refusal:
        _tell(locked, refusal or _("Berkas %(name)s tidak dapat diambil: %(reason)s. Perkecil, atau kirim lewat web.")
              % {"name": locked.name, "reason": error})  # fmt: skip


def _tell(file: TelegramFile, text: str) -> None:
    part = TelegramMessage.objects.filter(entry=file.entry_id).order_by("pk").first()
    if part is None:
        return
    outbox.plan(
        key=f"telegram-file:{file.pk}",
        channel=Delivery.Channel.TELEGRAM,
        recipient=str(part.chat_id),
        contact=file.entry.author_contact,
        text=text,
        topic=outbox.topic_of(file.entry.ticket_id),
    )
