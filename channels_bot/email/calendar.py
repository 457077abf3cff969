"""The few lines of an invitation (RFC 5545) that a person reads. Bounded; never raises."""

import re

from channels_bot.email import charsets

MAX_BYTES = 50_000
MAX_VALUE = 500

_LINE = re.compile(r"(SUMMARY|DTSTART|DTEND|LOCATION|ORGANIZER)(;[^:\n]{0,300})?:([^\n]{1,2000})", re.I)
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_ZONE = re.compile(r"TZID=\"?([^;\":]{1,60})", re.I)
_NAMES = {
    "SUMMARY": "Undangan",
    "DTSTART": "Mulai",
    "DTEND": "Selesai",
    "LOCATION": "Tempat",
    "ORGANIZER": "Penyelenggara",
}


def summary(content: bytes) -> str:
    """Title, times, place and organiser of the first event, a line each; "" when there is none."""
    text = charsets.decode(content[:MAX_BYTES], cut=True)[0].replace("\r\n", "\n")
    text = text.replace("\n ", "").replace("\n\t", "")
    _before, _begin, event = text.partition("BEGIN:VEVENT")
    event = event.partition("END:VEVENT")[0]
    found: dict[str, str] = {}
    for line in event.split("\n"):
        match = _LINE.fullmatch(line.strip())
        if match:
            name = match.group(1).upper()
            found.setdefault(name, _shown(name, match.group(2) or "", match.group(3)))
    return "\n".join(f"{label}: {found[name]}" for name, label in _NAMES.items() if found.get(name))


def _shown(name: str, options: str, value: str) -> str:
    if name.startswith("DT"):
        return _moment(options, value)
    if name == "ORGANIZER":
        value = re.sub(r"^mailto:", "", value, flags=re.I)
    value = value.replace("\\n", " ").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
    return " ".join(value.split())[:MAX_VALUE]


def _moment(options: str, value: str) -> str:
    """`24-11-2026 09.00 Asia/Jakarta`: as it is written, in the zone it names."""
    match = _MOMENT.match(value)
    if match is None:
        return value[:40]
    year, month, day, hour, minute, utc = match.groups()
    date = f"{day}-{month}-{year}"
    if hour is None:
        return date
    zone = _ZONE.search(options)
    return f"{date} {hour}.{minute} {'UTC' if utc else zone.group(1) if zone else ''}".strip()
