"""What the Bot API accepts: text with HTML, lengths, keyboards, commands. Pure functions."""

import html
import json
import re
from email.parser import BytesHeaderParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_CALLBACK_DATA = 64

FORMATTING_TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "tg-spoiler", "span"}
TAGS = FORMATTING_TAGS | {"a", "code", "pre", "blockquote", "tg-emoji"}
JSON_PARAMETERS = frozenset(
    ("reply_markup", "reply_parameters", "allowed_updates", "commands", "entities", "link_preview_options")
)

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s[^<>]*)?)>")
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")


class ApiError(Exception):
    """An answer other than `ok`, as the Bot API words it."""

    def __init__(self, status: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters or {}


def bad_request(description: str) -> ApiError:
    return ApiError(400, f"Bad Request: {description}")


def units(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def plain_text(text: str, parse_mode: str) -> str:
    """The text a person would see. Raises ApiError for HTML that Telegram would not parse."""
    if parse_mode.lower() != "html":
        return text
    open_tags: list[str] = []
    for closing, name, attributes in _TAG.findall(text):
        tag = name.lower()
        if tag not in TAGS:
            raise bad_request(f'can\'t parse entities: Unsupported start tag "{tag}"')
        if not closing:
            open_tags.append(tag)
        elif attributes.strip() or not open_tags or open_tags.pop() != tag:
            raise bad_request(f'can\'t parse entities: Unexpected end tag "{tag}"')
    if open_tags:
        raise bad_request(f"can't parse entities: Can't find end tag corresponding to start tag \"{open_tags[-1]}\"")
    bare = _TAG.sub("", text)
    if "<" in bare:
        raise bad_request('can\'t parse entities: Unsupported start tag ""')
    return html.unescape(bare)


def checked_text(params: dict[str, Any], name: str, limit: int, too_long: str) -> str:
    """The visible form of the parameter `name`. Raises ApiError when it is malformed or longer than `limit`."""
    text = plain_text(str(params.get(name) or ""), str(params.get("parse_mode") or ""))
    if units(text) > limit:
        raise bad_request(too_long)
    return text


def check_keyboard(markup: Any) -> None:
    """Raises ApiError for inline buttons that Telegram would refuse."""
    if not markup:
        return
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    for button in (button for row in markup.get("inline_keyboard", []) for button in row):
        if not button.get("text"):
            raise bad_request("text buttons are unallowed in the inline keyboard")
        data = button.get("callback_data")
        if data is not None and not 1 <= len(data.encode()) <= MAX_CALLBACK_DATA:
            raise bad_request("BUTTON_DATA_INVALID")
        url = button.get("url")
        if url is not None and urlsplit(url).scheme not in {"http", "https", "tg"}:
            raise bad_request(f"inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")
        if data is None and url is None and "web_app" not in button:
            raise bad_request("text buttons are unallowed in the inline keyboard")


def check_commands(commands: Any) -> list[dict[str, str]]:
    """Raises ApiError for a command menu that Telegram would refuse."""
    for command in commands or []:
        if not _COMMAND.fullmatch(command.get("command", "")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command.get("description", "")) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return list(commands or [])


def command_entities(text: str) -> dict[str, Any]:
    """The mark Telegram puts on a leading /command, ready to be merged into a message."""
    if not re.match(r"/\w", text):
        return {}
    return {"entities": [{"type": "bot_command", "offset": 0, "length": units(text.split(maxsplit=1)[0])}]}


def parse_parameters(content_type: str, query: str, body: bytes) -> tuple[dict[str, Any], dict[str, tuple[str, bytes]]]:
    """Parameters and uploads (field → file name, content) of a request in any of the forms the Bot API takes.

    Raises ApiError for what cannot be read.
    """
    try:
        return _parse(content_type, query, body)
    except UnicodeDecodeError:
        raise bad_request("strings must be encoded in UTF-8") from None


def _parse(content_type: str, query: str, body: bytes) -> tuple[dict[str, Any], dict[str, tuple[str, bytes]]]:
    params: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    files: dict[str, tuple[str, bytes]] = {}
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        params |= _json(body or b"{}", dict)
    elif kind == "multipart/form-data":
        for name, filename, content in _parts(content_type, body):
            if filename is None:
                params[name] = content.decode()
            else:
                files[name] = (filename, content)
    else:
        params |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    for name in JSON_PARAMETERS & params.keys():
        if isinstance(params[name], str) and params[name]:
            params[name] = _json(params[name], (dict, list))
    return params, files


def _json(text: str | bytes, expected: type | tuple[type, ...]) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(value, expected):
        raise bad_request("can't parse JSON object")
    return value


def _parts(content_type: str, body: bytes):
    header = BytesHeaderParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n")
    boundary = str(header.get_param("boundary")).encode()
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]:
        head, _blank, content = part.partition(b"\r\n\r\n")
        fields = BytesHeaderParser().parsebytes(head.lstrip(b"\r\n") + b"\r\n\r\n")
        name = fields.get_param("name", header="content-disposition")
        yield str(name), fields.get_filename(), content
