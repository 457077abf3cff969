"""Filters and tags for pages: Indonesian dates, durations and sizes, icons, safe text, accessible widgets.

Registered as a template builtin, so no page has to load it. A filter answers a missing value (None, or the empty text
that Django gives for an unknown variable) with an empty text.
"""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from django import forms, template
from django.forms import BoundField
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()

WEEKDAYS = ("Sen", "Sel", "Rab", "Kam", "Jum", "Sab", "Min")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")
ZONES = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Ujung_Pandang": "WITA",
    "Asia/Jayapura": "WIT",
}
# One working day of an ASN week (37 h 30 min over five days), used only to shorten long working times.
WORKDAY_MINUTES = 450
# From this many working days on, a duration is told in days and hours.
DAYS_FROM = 3
CHANNEL_ICONS = {
    "web": "globe",
    "email": "mail",
    "telegram": "telegram",
    "phone": "phone",
    "walk_in": "user",
    "letter": "file",
    "api": "link",
    "event": "pulse",
    "system": "gear",
}
CATEGORY_ICONS = {
    "jaringan": "globe",
    "komunikasi": "mail",
    "akun-keamanan": "lock",
    "perangkat": "printer",
    "pusat-data": "server",
    "aplikasi": "grid",
    "umum": "users",
}
LINK = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
TRAILING = ".,;:!?*_"


class ClockLike(Protocol):
    """What `sisa_waktu` reads: a `tickets.clocks.ClockView` or anything with the same attributes."""

    @property
    def metric(self) -> str: ...

    @property
    def state(self) -> str: ...

    @property
    def due_at(self) -> datetime | None: ...

    @property
    def remaining_minutes(self) -> int: ...


@register.filter
def waktu(value: datetime | date | str | None) -> str:
    """`24 Nov 2026 14.05 WIB` in the current time zone; `24 Nov 2026` for a date; empty for None."""
    if not isinstance(value, date):
        return ""
    if not isinstance(value, datetime):
        return _day(value)
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    label = ZONES.get(timezone.get_current_timezone_name()) or local.tzname() or ""
    return f"{_day(local)} {local:%H.%M} {label}".rstrip()


@register.filter
def tanggal(value: datetime | date | str | None) -> str:
    """Only the date: `24 Nov 2026`."""
    if not isinstance(value, date):
        return ""
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    return _day(value)


def _day(value: date) -> str:
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


@register.filter
def waktu_relatif(value: datetime | str | None, now: datetime | None = None) -> str:
    """`5 menit lalu`, `dalam 2 jam`; the full date when more than 30 days away."""
    if not isinstance(value, datetime):
        return ""
    gap = (now or timezone.now()) - value
    if abs(gap) >= timedelta(days=30):
        return waktu(value)
    seconds = int(abs(gap).total_seconds())
    if seconds < 60:
        return _("baru saja") if gap >= timedelta(0) else _("sebentar lagi")
    if seconds < 3600:
        amount = _("%(count)d menit") % {"count": seconds // 60}
    elif seconds < 86400:
        amount = _("%(count)d jam") % {"count": seconds // 3600}
    else:
        amount = _("%(count)d hari") % {"count": seconds // 86400}
    pattern = _("%(amount)s lalu") if gap >= timedelta(0) else _("dalam %(amount)s")
    return pattern % {"amount": amount}


@register.filter
def durasi(minutes: float | str | None, workday: int = WORKDAY_MINUTES) -> str:
    """Minutes as `2 j 15 m`; from three working days of `workday` minutes on, as `3 h 1 j` (h = hari kerja).

    Use `durasi:1440` for wall-clock time. A negative amount keeps its sign; None gives an empty string.
    """
    if not isinstance(minutes, int | float):
        return ""
    total = abs(int(minutes))
    sign = "−" if minutes <= -1 else ""
    if total >= DAYS_FROM * workday:
        days, rest = divmod(total, workday)
        hours = rest // 60
        text = _("%(days)d h %(hours)d j") if hours else _("%(days)d h")
        return sign + text % {"days": days, "hours": hours}
    hours, rest = divmod(total, 60)
    if hours and rest:
        text = _("%(hours)d j %(minutes)d m")
    elif hours:
        text = _("%(hours)d j")
    else:
        text = _("%(minutes)d m")
    return sign + text % {"hours": hours, "minutes": rest}


@register.filter
def durasi_kata(minutes: float | str | None) -> str:
    """Working minutes in whole words for people outside: `2 jam 15 menit`, from three working days on `3 hari 1 jam`.

    The sign is left out; None gives an empty string.
    """
    if not isinstance(minutes, int | float):
        return ""
    total = abs(int(minutes))
    if total >= DAYS_FROM * WORKDAY_MINUTES:
        days, rest = divmod(total, WORKDAY_MINUTES)
        parts = [(days, _("%(count)d hari")), (rest // 60, _("%(count)d jam"))]
    else:
        parts = [(total // 60, _("%(count)d jam")), (total % 60, _("%(count)d menit"))]
    return " ".join(text % {"count": count} for count, text in parts if count) or _("kurang dari 1 menit")


@register.filter
def sisa_waktu(clock: ClockLike) -> dict[str, str]:
    """What to say about an SLA clock: `{"text": "sisa 2 j 15 m kerja", "tone": "ok|warn|danger|neutral"}`.

    Working minutes; a running clock turns to `warn` when a fifth of its target or less than an hour is left.
    """
    left = durasi(abs(clock.remaining_minutes))
    stopped = bool(getattr(clock, "is_stopped", clock.state == "met"))
    if clock.state == "met":
        return {"text": _("tercapai"), "tone": "ok"}
    if clock.state == "breached":
        late = _("terlambat %(time)s kerja") if stopped else _("lewat %(time)s kerja")
        return {"text": late % {"time": left}, "tone": "danger"}
    if clock.state == "paused":
        return {"text": _("berhenti, sisa %(time)s kerja") % {"time": left}, "tone": "neutral"}
    target = int(getattr(clock, "target_minutes", 0) or 0)
    near = clock.remaining_minutes <= max(target // 5, 60 if target > 120 else 0)
    return {"text": _("sisa %(time)s kerja") % {"time": left}, "tone": "warn" if near else "ok"}


@register.filter
def tenggat(clock: ClockLike | None, now: datetime | None = None) -> str:
    """When an SLA clock is due on the wall where it counts: `Sen 30 Nov 10.45 WIB`; another year is named.

    The zone is that of its calendar (`zone`), else the current one. Empty without a due time.
    """
    due = getattr(clock, "due_at", None)
    if not isinstance(due, datetime):
        return ""
    return hari_jam(due, str(getattr(clock, "zone", "") or ""), now)


@register.filter
def hari_jam(at: datetime | str | None, zone: str = "", now: datetime | None = None) -> str:
    """An aware instant as `Sen 30 Nov 10.45 WIB` in that zone ("": the current one); another year is named."""
    if not isinstance(at, datetime):
        return ""
    local = timezone.localtime(at, _zone(zone) if zone else None)
    year = f" {local.year}" if local.year != (now or timezone.now()).year else ""
    label = ZONES.get(zone or timezone.get_current_timezone_name()) or local.tzname() or ""
    day = f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}{year}"
    return f"{day} {local.hour:02}.{local.minute:02} {label}".rstrip()


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@register.filter
def target_sla(target: Any) -> str:
    """A target as `4 j` or `3 hari kerja`: anything with `working_days` and `minutes`, or a clock's view."""
    days = getattr(target, "working_days", None)
    if days:
        return ngettext("%(count)d hari kerja", "%(count)d hari kerja", days) % {"count": days}
    minutes = getattr(target, "minutes", None)
    if minutes is None:
        minutes = getattr(target, "target_minutes", None)
    # Hours, however many: days would read like a target in working days.
    return durasi(minutes, minutes + 1) if isinstance(minutes, int) else ""


@register.filter
def ukuran(size: int | str | None) -> str:
    """Bytes as `1,2 MB`, with the Indonesian decimal comma; a kilobyte is 1024 bytes."""
    if not isinstance(size, int):
        return ""
    amount, unit = float(size), "B"
    for larger in ("KB", "MB", "GB"):
        if round(amount, 1) < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.1f}".removesuffix(".0").replace(".", ",") + f" {unit}"


@register.filter
def angka(value: float | Decimal | str | None, decimals: int = 0) -> str:
    """A number the Indonesian way: `1.234` or, with `angka:2`, `1.234,50`."""
    if not isinstance(value, int | float | Decimal):
        return ""
    return f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


@register.filter
def ikon_kanal(channel: str) -> str:
    """The icon that stands for a channel of `tickets.choices.Channel`."""
    return CHANNEL_ICONS.get(channel, "chat")


@register.filter
def ikon_kategori(code: str) -> str:
    """The icon of a service category by its code; a book for a category the county added itself."""
    return CATEGORY_ICONS.get(code, "book")


@register.simple_tag
def badge_state(label: Any, stage: str) -> SafeString:
    """The badge of `components/_badge_state.html`, rendered once per state: lists show the same few over and over."""
    return _rendered("components/_badge_state.html", label=str(label), stage=str(stage))


@register.simple_tag
def badge_priority(level: int, label: Any) -> SafeString:
    """The bars of `components/_badge_priority.html`, rendered once per level."""
    return _rendered("components/_badge_priority.html", level=int(level), label=str(label))


@lru_cache(maxsize=500)
def _rendered(template: str, **params: Any) -> SafeString:
    return mark_safe(get_template(template).render(params))  # noqa: S308 - a template escapes by itself


@register.simple_tag
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """`{% icon "search" %}` draws a symbol of static/img/icons.svg; with `label` it is spoken, else decorative."""
    return _icon(static("img/icons.svg"), name, css, str(label))


@lru_cache(maxsize=1000)
def _icon(sprite: str, name: str, css: str, label: str) -> SafeString:
    href = f"{sprite}#{name}"
    classes = f"icon {css}".strip()
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>', classes, label, href
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"></use></svg>', classes, href)


@register.filter(is_safe=True)
def linkify(text: str | None) -> SafeString:
    """Untrusted plain text as paragraphs with links. Linear in the length of the text; all markup is escaped."""
    paragraphs: list[list[str]] = [[]]
    for line in str(text or "").splitlines():
        if line.strip():
            paragraphs[-1].append(_linked(line))
        elif paragraphs[-1]:
            paragraphs.append([])
    html = "".join(f"<p>{'<br>'.join(lines)}</p>" for lines in paragraphs if lines)
    return mark_safe(html)  # noqa: S308 - built from escaped parts only


def _linked(line: str) -> str:
    """One escaped line, its http(s) addresses made into links that leak nothing and earn no rank."""
    parts: list[str] = []
    end = 0
    for match in LINK.finditer(line):
        address = _without_tail(match.group())
        if len(address) <= len("https://"):
            continue
        parts.append(escape(line[end : match.start()]))
        safe = escape(address)
        parts.append(f'<a href="{safe}" rel="nofollow noopener noreferrer">{safe}</a>')
        end = match.start() + len(address)
    parts.append(escape(line[end:]))
    return "".join(parts)


def _without_tail(address: str) -> str:
    """Drop sentence punctuation, and a closing bracket that was opened before the address."""
    address = address.rstrip(TRAILING)
    for opening, closing in ("()", "[]"):
        if address.endswith(closing) and address.count(closing) > address.count(opening):
            address = address.rstrip(closing + TRAILING)
    return address


@register.simple_tag
def widget(field: BoundField, help_text: str = "") -> SafeString:
    """The widget of a form field with our classes, tied to its help and its errors for screen readers.

    `help_text`: a help that the page shows in place of the field's own.
    """
    kind = field.field.widget
    attrs: dict[str, Any] = {}
    css = kind.attrs.get("class", "")
    if isinstance(kind, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
        attrs["class"] = f"form-check-input {css}".strip()
    elif isinstance(kind, forms.Select):
        attrs["class"] = f"form-select {css}".strip()
    else:
        attrs["class"] = f"form-control {css}".strip()
    if help_text:
        # Django names help and errors of the form itself; a help given by the page it cannot know.
        error_id = f" {field.auto_id}_error" if field.errors else ""
        attrs["aria-describedby"] = f"{field.auto_id}_helptext{error_id}"
    return conditional_escape(field.as_widget(attrs=attrs))


@register.filter
def jenis_isian(field: BoundField) -> str:
    """How `components/_field.html` lays a field out: "check", "group" (radios, check boxes), "hidden" or "input"."""
    kind = field.field.widget
    if field.is_hidden:
        return "hidden"
    if isinstance(kind, forms.CheckboxSelectMultiple | forms.RadioSelect):
        return "group"
    if isinstance(kind, forms.CheckboxInput):
        return "check"
    return "input"


@register.simple_tag
def group_options(field: BoundField) -> list[Any]:
    """The radios or check boxes of a group field, each with our class on its input."""
    options = list(field.subwidgets)
    for option in options:
        option.data["attrs"]["class"] = "form-check-input"
        if field.errors:
            option.data["attrs"]["aria-invalid"] = "true"
    return options
