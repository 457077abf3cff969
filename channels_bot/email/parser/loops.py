"""Mail that no person wrote: automatic replies, lists, bulk and system mail."""

import re
from email.message import Message
from enum import StrEnum

from channels_bot.email.parser.headers import first_address, header_text


class AutoKind(StrEnum):
    AUTO_REPLY = "auto_reply"
    BULK = "bulk"
    LIST = "list"
    BOUNCE = "bounce"


_SYSTEM_SENDERS = ("mailer-daemon", "postmaster", "mail-daemon")
_SILENT_SENDERS = ("noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "bounce", "notifications")
_ABSENCE = re.compile(
    r"^\W{0,3}(auto(matic)?[- ]?(reply|response)|out of (the )?office|autoreply|balasan otomatis|jawaban otomatis|"
    r"di luar kantor|sedang (cuti|tidak di tempat))",
    re.I,
)


def auto_kind(message: Message, *, is_bounce: bool) -> AutoKind | None:
    """What sort of automatic mail this is; None for a person's."""
    sender = first_address(message, "From", "Sender").email.lower()
    local = sender.partition("@")[0]
    if is_bounce or local in _SYSTEM_SENDERS:
        return AutoKind.BOUNCE
    submitted = header_text(message, "Auto-Submitted").lower()
    if submitted and not submitted.startswith("no"):
        return AutoKind.AUTO_REPLY
    if any(header_text(message, name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From")):
        return AutoKind.AUTO_REPLY
    if _ABSENCE.match(header_text(message, "Subject")[:200]):
        return AutoKind.AUTO_REPLY
    if header_text(message, "List-Id") or header_text(message, "List-Unsubscribe"):
        return AutoKind.LIST
    precedence = header_text(message, "Precedence").lower()
    if precedence in {"bulk", "junk", "auto_reply"}:
        return AutoKind.AUTO_REPLY if precedence == "auto_reply" else AutoKind.BULK
    if precedence == "list":
        return AutoKind.LIST
    if message.get("Return-Path") is not None and header_text(message, "Return-Path") in {"<>", ""}:
        return AutoKind.AUTO_REPLY
    if local.startswith(_SILENT_SENDERS):
        return AutoKind.BULK
    return None
