"""Parts of a report whose numbers open their tickets: what page, file and mail of a report are all made of."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import User
from core.templatetags.ui import angka, durasi
from reports import figures
from reports.definitions import ALWAYS, words
from reports.export.document import Bars, Document, Kind, Table, written
from reports.figures import Duration, Question, Selection
from reports.figures.measures import percent
from reports.scope import span_label
from sla.models import Metric


@dataclass(frozen=True, slots=True)
class Behind:
    """The tickets behind a number; `span` (first and last date) when it is not of the report's own period."""

    selection: Selection
    span: tuple[date, date] | None = None


Link = Behind | None


@dataclass(frozen=True, slots=True)
class Section:
    """A table, the tickets behind each of its values (row by row, None: nothing to open), and what it means.

    `total` has the links of the table's last line. `definitions` are names of `reports.definitions`.
    """

    table: Table
    behind: Sequence[Sequence[Link]]
    definitions: Sequence[str]
    total: Sequence[Link] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """A headline figure of another period."""

    label: str
    value: str
    behind: Link


@dataclass(frozen=True, slots=True)
class Fact:
    """A headline figure, what it was in other periods, and the name of its definition."""

    label: str
    value: str
    behind: Link
    others: Sequence[Compared]
    definition: str

    def line(self) -> tuple[str, str, str]:
        """(label, value, remark) as documents have it."""
        return self.label, self.value, "; ".join(f"{each.label}: {each.value}" for each in self.others)


Show = Callable[[figures.Headline], str]
LATE = Selection("clock.breached", Metric.RESOLUTION)


def facts(question: Question) -> list[Fact]:
    """The headline figures of the period, of the one before, and of a year ago."""
    trend = figures.trend(question)
    periods = [trend.current, trend.before, trend.last_year]
    if trend.before.start == trend.last_year.start:  # a whole year
        periods.pop()
    return [_fact(label, selection, name, show, periods) for label, selection, name, show in _shown()]


def _shown() -> list[tuple[str, Selection, str, Show]]:
    return [
        (_("Tiket masuk"), Selection("created"), "volume", lambda one: angka(one.created)),
        (_("Masih terbuka"), Selection("open"), "open", lambda one: angka(one.still_open)),
        (_("Terselesaikan"), Selection("resolved"), "resolved", lambda one: angka(one.resolved)),
        (
            _("Ketercapaian semua ukuran"),
            Selection("clock.breached"),
            "attainment",
            lambda one: written(one.attainment, Kind.PERCENT),
        ),
        (_("Tenggat penyelesaian lewat"), LATE, "breached", lambda one: angka(one.breached)),
        (
            _("Tanggapan pertama, rata-rata"),
            Selection("duration.response"),
            "response",
            lambda one: minutes(one.response),
        ),
        (
            _("Penyelesaian, rata-rata"),
            Selection("duration.resolution"),
            "resolution",
            lambda one: minutes(one.resolution),
        ),
        (
            _("Selesai pada kontak pertama"),
            Selection("first_contact"),
            "first_contact",
            lambda one: written(percent(one.first_contact, one.resolved), Kind.PERCENT),
        ),
        (
            _("Tingkat dibuka kembali"),
            Selection("reopened"),
            "reopen_rate",
            lambda one: written(percent(one.reopened, one.ever_finished), Kind.PERCENT),
        ),
    ]


def _fact(label: str, selection: Selection, name: str, show: Show, periods: Sequence[figures.Headline]) -> Fact:
    current, *others = periods
    compared = [
        Compared(span_label(one.start, one.end), show(one), Behind(selection, (one.start, one.end))) for one in others
    ]
    return Fact(label, show(current), Behind(selection), compared, name)


def minutes(duration: Duration) -> str:
    """The mean in words; "–" when nothing was measured."""
    return "–" if duration.mean is None else durasi(int(duration.mean))


def named(facts: Sequence[Fact], sections: Sequence[Section]) -> list[tuple[Promise, Promise]]:
    """(term, sentence) of every figure of a report, each once, in the order of the page."""
    names = [*(fact.definition for fact in facts), *(name for section in sections for name in section.definitions)]
    return words(*names, "trend", *ALWAYS)


def document(
    title: str,
    question: Question,
    user: User,
    now: datetime,
    *,
    facts: Sequence[Fact],
    sections: Sequence[Section],
    chosen: Iterable[tuple[str, str]] = (),
    charts: Sequence[Bars] = (),
    is_signed: bool = False,
) -> Document:
    """The same report as a file: headline figures, charts, tables, and what they mean."""
    return Document(
        title,
        question.start,
        question.end,
        now,
        user.display_name,
        chosen=list(chosen),
        facts=[fact.line() for fact in facts],
        parts=[*charts, *(section.table for section in sections)],
        definitions=named(facts, sections),
        is_signed=is_signed,
    )
