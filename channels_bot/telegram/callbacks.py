"""Data of inline buttons: what they say is signed for the chat they were sent to.

A button copied into another chat, or data made up by a modified app, therefore says nothing. Whether the person may do
what the button says is decided again when it is pressed.
"""

import base64

from django.utils.crypto import constant_time_compare, salted_hmac

MAX_BYTES = 64
"""Telegram's limit of callback data."""
SIGNATURE_LENGTH = 10
"""Base64 characters: 60 bits, far more than anybody can try through the Bot API."""


def sign(chat_id: int | str, data: str) -> str:
    """The data with its signature in front. Raises ValueError for data that would not fit into a button."""
    signed = f"{_signature(chat_id, data)}{data}"
    if len(signed.encode()) > MAX_BYTES:
        raise ValueError(f"button data is too long: {data!r}")
    return signed


def read(chat_id: int | str, signed: str) -> str:
    """What a button of that chat says; "" for anything we did not put there."""
    signature, data = signed[:SIGNATURE_LENGTH], signed[SIGNATURE_LENGTH:]
    return data if constant_time_compare(signature, _signature(chat_id, data)) else ""


def _signature(chat_id: int | str, data: str) -> str:
    digest = salted_hmac("channels_bot.telegram.callbacks", f"{chat_id}:{data}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode()[:SIGNATURE_LENGTH]
