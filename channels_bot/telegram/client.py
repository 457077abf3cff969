"""python-telegram-bot, called from synchronous code."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from functools import cache
from typing import TypeVar

import httpx
from django.conf import settings
from telegram import Bot
from telegram.request import HTTPXRequest

T = TypeVar("T")

LONG_POLL_SECONDS = 8
TIMEOUT = 15.0


def is_configured() -> bool:
    return bool(settings.TELEGRAM_BOT_TOKEN)


def call(work: Callable[[Bot], Awaitable[T]]) -> T:
    """Run `work` with a bot in an event loop of its own and close its connections. Raises telegram.error.*.

    TELEGRAM_API_BASE_URL points the bot at any Bot API server.
    """
    return asyncio.run(_call(work))


async def _call(work: Callable[[Bot], Awaitable[T]]) -> T:
    base = settings.TELEGRAM_API_BASE_URL
    request = HTTPXRequest(
        connect_timeout=10.0,
        read_timeout=TIMEOUT,
        write_timeout=60.0,
        media_write_timeout=60.0,
        httpx_kwargs={"verify": _tls()},
    )
    bot = Bot(
        settings.TELEGRAM_BOT_TOKEN,
        base_url=f"{base}/bot",
        base_file_url=f"{base}/file/bot",
        request=request,
        get_updates_request=request,
    )
    try:
        return await work(bot)
    finally:
        await request.shutdown()


@cache
def _tls() -> ssl.SSLContext:
    """Reading the trusted certificates takes longer than most calls: once a process."""
    return httpx.create_ssl_context()


def download(file_id: str, limit: int) -> bytes:
    """The content of a file users sent; b"" when it is larger than `limit` bytes. Raises telegram.error.*."""

    async def work(bot: Bot) -> bytes:
        file = await bot.get_file(file_id)
        if file.file_size and file.file_size > limit:
            return b""
        return bytes(await file.download_as_bytearray())

    return call(work)
