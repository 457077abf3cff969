"""What a printed or downloaded report says, before anybody decides how it looks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core.templatetags.ui import angka, durasi, tanggal

Words = str | Promise
SHADES = 4


class Kind(StrEnum):
    """What a column holds. Files that compute keep numbers as numbers, the others write them the Indonesian way."""

    TEXT = "text"
    COUNT = "count"
    PERCENT = "percent"
    MINUTES = "minutes"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `MINUTES` are minutes of working time."""

    label: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with one value per column; None is "not known" and stays empty. `total` is the last line, set apart.

    A heat map has many narrow columns, whose fields are shaded by their numbers.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    total: Sequence[Any] | None = None
    note: str = ""
    is_heat_map: bool = False

    def heat(self, value: int) -> int:
        """How deep a field of a heat map is shaded: 0 (nothing) to SHADES."""
        most = max((number for row in self.rows for number in row[1:]), default=0)
        return -(-SHADES * value // most) if most else 0


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of `share` (0 to 1) of the full width, and what is written after it."""

    label: str
    share: float
    text: str


@dataclass(frozen=True, slots=True)
class Bars:
    """A simple bar chart."""

    title: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. `chosen`: (label, value) of the filters in force; `facts`: (label, value, remark)."""

    title: str
    start: date
    end: date
    made_at: datetime
    made_by: str
    chosen: Sequence[tuple[str, str]] = ()
    facts: Sequence[tuple[str, str, str]] = ()
    parts: Sequence[Table | Bars] = ()
    definitions: Sequence[tuple[Words, Words]] = ()
    is_signed: bool = False
    tables: Sequence[Table] = field(init=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", [part for part in self.parts if isinstance(part, Table)])

    @property
    def period(self) -> str:
        return f"{tanggal(self.start)} – {tanggal(self.end)}"


def written(value: Any, kind: Kind) -> str:
    """A value as people read it; "–" for what is not known.

    >>> written(1234, Kind.COUNT), written(33.3, Kind.PERCENT), written(None, Kind.COUNT)
    ('1.234', '33,3%', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if kind == Kind.PERCENT:
        return _("%(number)s%%") % {"number": angka(value, 1)}
    if kind == Kind.MINUTES:
        return durasi(value)
    return angka(value) if kind == Kind.COUNT else str(value)
