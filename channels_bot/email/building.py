"""Mail that the desk sends, as a message whose headers no content can break out of."""

import re
from collections.abc import Mapping, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, localtime
from typing import Any

MAX_REFERENCES = 20
MAX_SUBJECT = 250

_ID_HEADERS = {"message-id", "in-reply-to", "references"}
_RESERVED = {
    *_ID_HEADERS, "from", "to", "cc", "bcc", "subject", "date", "mime-version", "auto-submitted",
    "x-auto-response-suppress", "content-type", "content-transfer-encoding", "content-disposition",
}  # fmt: skip
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_ADDRESS = re.compile(r'[^\s<>()\[\],;:\\"@]{1,64}@[A-Za-z0-9.-]{1,190}')
_TYPE = re.compile(r"(application|audio|font|image|text|video)/([A-Za-z0-9.+_-]{1,100})")


class _Policy(EmailPolicy):
    """SMTP's policy, with one Message-ID a line: the library would encode an id longer than a line beyond recognition."""

    def fold(self, name: str, value: Any) -> str:
        if name.lower() in _ID_HEADERS:
            return f"{name}: " + f"{self.linesep} ".join(str(value).split()) + self.linesep
        return super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in _ID_HEADERS:
            return self.fold(name, value).encode("ascii", "replace")
        return super().fold_binary(name, value)


POLICY = _Policy(linesep=SMTP.linesep, max_line_length=78)


def build_email(
    *,
    sender: str,
    sender_name: str,
    recipient: str,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    in_reply_to: str,
    references: Sequence[str],
    attachments: Sequence[tuple[str, str, bytes]],
    auto_submitted: str,
    extra_headers: Mapping[str, str],
) -> EmailMessage:
    """One mail to one recipient: UTF-8 plain text, HTML as its alternative unless "", attachments (name, type, bytes).

    Ids come without brackets, oldest reference first; the last MAX_REFERENCES are sent. `auto_submitted` is
    "auto-replied", "auto-generated" or "" for the words of a person. Line breaks in headers become spaces.
    Raises ValueError for an unusable sender or recipient, and for an extra header whose name is set here or invalid.
    """
    message = EmailMessage(policy=POLICY)
    message["From"] = _address(sender, sender_name)
    message["To"] = _address(recipient, "")
    message["Subject"] = _one_line(subject)[:MAX_SUBJECT]
    message["Date"] = format_datetime(localtime())
    _thread(message, message_id, in_reply_to, references)
    if auto_submitted:
        message["Auto-Submitted"] = _one_line(auto_submitted)
    # Vacation notices in answer to our mail help nobody; to automatic mail nothing automatic shall answer.
    message["X-Auto-Response-Suppress"] = "All" if auto_submitted else "OOF"
    for name, value in extra_headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _RESERVED:
            raise ValueError(f"header {name!r} cannot be set")
        message[name] = _one_line(value)
    message.set_content(_storable(text), cte="quoted-printable")
    if html:
        message.add_alternative(_storable(html), subtype="html", cte="quoted-printable")
    for name, content_type, content in attachments:
        main, sub = _type(content_type)
        message.add_attachment(content, maintype=main, subtype=sub, filename=_one_line(name) or "lampiran.bin")
    return message


def _thread(message: EmailMessage, message_id: str, in_reply_to: str, references: Sequence[str]) -> None:
    message["Message-ID"] = _bracketed(message_id)
    if _bare(in_reply_to):
        message["In-Reply-To"] = _bracketed(in_reply_to)
    known = [bare for bare in map(_bare, references or [in_reply_to]) if bare]
    if known:
        message["References"] = " ".join(f"<{bare}>" for bare in list(dict.fromkeys(known))[-MAX_REFERENCES:])


def _address(address: str, name: str) -> Address:
    if not _ADDRESS.fullmatch(address):
        raise ValueError("unusable mail address")
    return Address(display_name=_one_line(name), addr_spec=address)


def _bare(message_id: str) -> str:
    """An id without brackets and blanks, which no id may contain."""
    return "".join(_storable(message_id).split()).strip("<>").replace("<", "").replace(">", "")


def _bracketed(message_id: str) -> str:
    return f"<{_bare(message_id)}>"


def _one_line(value: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", _storable(value)).split())


def _storable(text: str) -> str:
    """Without NUL and lone surrogates, which cannot be encoded."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _type(content_type: str) -> tuple[str, str]:
    """Message and multipart types must not be encoded, so such files travel as plain bytes."""
    found = _TYPE.fullmatch(content_type)
    return (found.group(1), found.group(2)) if found else ("application", "octet-stream")
