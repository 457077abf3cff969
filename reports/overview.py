"""Times, load and causes: everything managers ask besides attainment, as tables whose numbers open their tickets."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from accounts.models import User
from core.templatetags.ui import angka, durasi
from reports import figures
from reports.definitions import FIGURES
from reports.export.document import Column, Document, Kind, Table, written
from reports.figures import AGES, ALL, Duration, Question, Selection
from reports.forms import ReportForm
from reports.scope import GROUPS

Link = Selection | None
HOURS = 3
"""Hours of one column of the busy hours."""


@dataclass(frozen=True, slots=True)
class Section:
    """A table, the tickets behind each of its values (row by row, None: nothing to open), and what it means."""

    table: Table
    behind: Sequence[Sequence[Link]]
    definitions: Sequence[str]


def document(user: User, form: ReportForm, now: datetime) -> Document:
    """The report as a file, counted as this person."""
    question = question_of(user, form, now)
    found = list(sections(question, form.group_by))
    named = dict.fromkeys(name for section in found for name in section.definitions)
    return Document(
        _("Waktu, Beban, dan Sebab"),
        question.start,
        question.end,
        now,
        user.display_name,
        chosen=list(form.chosen()),
        facts=facts(question),
        parts=[section.table for section in found],
        definitions=[FIGURES[name] for name in (*named, "trend")],
    )


def question_of(user: User, form: ReportForm, now: datetime) -> Question:
    return Question(user, form.scope["start"], form.scope["end"], form.scope["filters"], now)


def facts(question: Question) -> list[tuple[str, str, str]]:
    """(label, value, remark) of the headline figures; the remark has the period before and last year."""
    trend = figures.trend(question)
    spans = (trend.current, trend.before, trend.last_year)
    shown: tuple[tuple[str, Callable[[figures.Headline], str]], ...] = (
        (_("Tiket masuk"), lambda one: angka(one.created)),
        (_("Ketercapaian semua ukuran"), lambda one: written(one.attainment, Kind.PERCENT)),
        (_("Tanggapan pertama, rata-rata"), lambda one: _minutes(one.response)),
        (_("Penyelesaian, rata-rata"), lambda one: _minutes(one.resolution)),
        (_("Selesai pada kontak pertama"), lambda one: _share(one.first_contact, one.resolved)),
    )
    remark = _("masa sebelumnya %(before)s, tahun lalu %(year)s")
    found = []
    for label, show in shown:
        current, before, year = (show(one) for one in spans)
        found.append((label, current, remark % {"before": before, "year": year}))
    return found


def _minutes(duration: Duration) -> str:
    return "–" if duration.mean is None else durasi(int(duration.mean))


def _share(part: int, whole: int) -> str:
    return written(round(100 * part / whole, 1) if whole else None, Kind.PERCENT)


def sections(question: Question, group_by: str) -> Iterator[Section]:
    """Every table of the report, in the order of the page. A constant number of queries."""
    yield _times(question, group_by)
    yield _volume(question, group_by)
    causes = figures.breach_causes(question)
    yield _causes(_("Sebab lewat tenggat: di tahap mana"), _("Tahap"), "cause", causes.places)
    yield _causes(_("Sebab lewat tenggat: di tim mana"), _("Tim"), "cause_team", causes.teams)
    yield _places(question)
    yield _backlog(question, ALL if group_by == "month" else group_by)
    yield _hours(question)
    if figures.may_see_agents(question.user):
        yield _agents(question)


def _at(group_by: str, key: str) -> Callable[..., Selection]:
    return lambda figure, item="": Selection(figure, item, group_by if key else ALL, key)


def _times(question: Question, group_by: str) -> Section:
    name = str(GROUPS[group_by])
    rows, behind = [], []
    for row in figures.durations(question, group_by):
        one = _at(group_by, row.key)
        values: list[Any] = [row.label]
        links: list[Link] = [None]
        for metric, duration in (("response", row.response), ("resolution", row.resolution)):
            mean = None if duration.mean is None else int(duration.mean)
            values += [duration.number, mean, duration.median, duration.p90]
            links += [one(f"duration.{metric}"), None, None, None]
        rows.append(values)
        behind.append(links)
    columns = [Column(name)]
    for words in (_("Tanggapan"), _("Penyelesaian")):
        columns += [
            Column(_("%(metric)s: tiket") % {"metric": words}, Kind.COUNT),
            Column(_("rata-rata"), Kind.MINUTES),
            Column(_("median"), Kind.MINUTES),
            Column(_("p90"), Kind.MINUTES),
        ]
    table = Table(_("Waktu tanggapan dan penyelesaian"), columns, rows)
    return Section(table, behind, ("response", "resolution", "percentile"))


def _volume(question: Question, group_by: str) -> Section:
    rows, behind = [], []
    for row in figures.volume(question, group_by):
        one = _at(group_by, row.key)
        rows.append(
            [
                row.label,
                row.created,
                row.still_open,
                row.resolved,
                row.first_contact_rate,
                row.reopened,
                row.reopen_rate,
            ]
        )
        behind.append([None, one("created"), one("open"), one("resolved"), None, one("reopened"), None])
    columns = [
        Column(str(GROUPS[group_by])),
        Column(_("Tiket masuk"), Kind.COUNT),
        Column(_("Masih terbuka"), Kind.COUNT),
        Column(_("Terselesaikan"), Kind.COUNT),
        Column(_("Kontak pertama"), Kind.PERCENT),
        Column(_("Dibuka kembali"), Kind.COUNT),
        Column(_("Tingkatnya"), Kind.PERCENT),
    ]
    table = Table(_("Beban dan hasil"), columns, rows)
    return Section(table, behind, ("volume", "resolved", "first_contact", "reopen_rate"))


def _causes(title: str, name: str, figure: str, causes: Sequence[figures.Cause]) -> Section:
    columns = [
        Column(name),
        Column(_("Tenggat lewat"), Kind.COUNT),
        Column(_("masih di sana"), Kind.COUNT),
        Column(_("Waktu kerja"), Kind.MINUTES),
    ]
    rows = [[each.label, each.number, each.now, each.seconds // 60] for each in causes]
    behind: list[list[Link]] = [[None, Selection(figure, each.key), None, None] for each in causes]
    return Section(Table(title, columns, rows), behind, ("causes",))


def _places(question: Question) -> Section:
    places = [place for row in figures.stages(question) for place in row.places]
    columns = [
        Column(_("Tahap atau alasan menunggu")),
        Column(_("Tiket"), Kind.COUNT),
        Column(_("Rata-rata per tiket"), Kind.MINUTES),
        Column(_("Waktu kerja seluruhnya"), Kind.MINUTES),
    ]
    rows = [[each.label, each.tickets, int(each.mean_minutes or 0), each.seconds // 60] for each in places]
    behind: list[list[Link]] = [[None, Selection("place", each.key), None, None] for each in places]
    return Section(Table(_("Lama per tahap dan alasan menunggu"), columns, rows), behind, ("stages", "holds"))


def _backlog(question: Question, group_by: str) -> Section:
    rows, behind = [], []
    for row in figures.backlog(question, group_by):
        one = _at(group_by, row.key)
        rows.append([row.label or _("Semua"), row.total, *(row.ages[age] for age in AGES)])
        behind.append([None, one("backlog"), *(one("backlog", age) for age in AGES)])
    name = "" if group_by == ALL else str(GROUPS[group_by])
    ages = [Column(str(label), Kind.COUNT) for _first, _last, label in AGES.values()]
    table = Table(_("Tiket terbuka menurut umur"), [Column(name), Column(_("Terbuka"), Kind.COUNT), *ages], rows)
    return Section(table, behind, ("backlog",))


def _hours(question: Question) -> Section:
    """By weekday and stretches of hours; a stretch opens no tickets, because the figure behind it is one hour."""
    stretches = range(0, 24, HOURS)
    columns = [Column(_("Hari")), *(Column(f"{hour:02}–{hour + HOURS:02}", Kind.COUNT) for hour in stretches)]
    rows = [
        [str(WEEKDAYS[day]), *(sum(hours[hour : hour + HOURS]) for hour in stretches)]
        for day, hours in enumerate(figures.heat_map(question))
    ]
    return Section(Table(_("Jam ramai"), columns, rows), [[None] * len(columns)] * len(rows), ("heat_map",))


def _agents(question: Question) -> Section:
    loads = figures.agents(question)
    columns = [
        Column(_("Petugas")),
        Column(_("Terbuka"), Kind.COUNT),
        Column(_("Terselesaikan"), Kind.COUNT),
        Column(_("Lewat tenggat"), Kind.COUNT),
    ]
    rows = [[each.name, each.open, each.resolved, each.breached] for each in loads]
    behind: list[list[Link]] = [
        [None, *(Selection(f"agent.{name}", str(each.user_id)) for name in ("open", "resolved", "breached"))]
        for each in loads
    ]
    return Section(Table(_("Beban petugas"), columns, rows), behind, ("agents",))


def title_of(selection: Selection) -> str:
    """What the tickets of a selection are called. Raises ValueError for a figure there is none of."""
    names = {
        "created": _("Tiket masuk"),
        "open": _("Masih terbuka"),
        "resolved": _("Terselesaikan"),
        "reopened": _("Dibuka kembali"),
        "duration.response": _("Sudah ditanggapi"),
        "duration.resolution": _("Waktu penyelesaian terukur"),
        "place": _("Pernah di tahap ini"),
        "cause": _("Sebab lewat tenggat"),
        "cause_team": _("Lewat tenggat di tim ini"),
        "backlog": _("Tiket terbuka menurut umur"),
        "agent.open": _("Terbuka pada petugas"),
        "agent.resolved": _("Diselesaikan petugas"),
        "agent.breached": _("Lewat tenggat pada petugas"),
    }
    if selection.figure not in names:
        raise ValueError(selection.figure)
    return names[selection.figure]


def ungrouped(selection: Selection) -> Selection:
    """Without a key a group says nothing."""
    return selection if selection.key else replace(selection, group_by=ALL)
