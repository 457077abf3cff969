"""Times, load and causes: everything managers ask besides attainment, as tables whose numbers open their tickets."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from accounts.models import User
from reports import figures, sections
from reports.export.document import Column, Document, Kind, Table
from reports.figures import AGES, ALL, Question, Selection, place_label
from reports.figures.causes import UNKNOWN
from reports.forms import ReportForm
from reports.scope import GROUPS, NONE, label_of
from reports.sections import Behind, Link, Section
from sla.models import Metric

HEAT = "heat_map"


def document(user: User, form: ReportForm, now: datetime) -> Document:
    """The report as a file, counted as this person."""
    question = question_of(user, form, now)
    return sections.document(
        _("Waktu, Beban, dan Sebab"),
        question,
        user,
        now,
        facts=sections.facts(question),
        sections=list(tables(question, form.group_by)),
        chosen=form.chosen(),
    )


def question_of(user: User, form: ReportForm, now: datetime) -> Question:
    return Question(user, form.scope["start"], form.scope["end"], form.scope["filters"], now)


def tables(question: Question, group_by: str) -> Iterator[Section]:
    """Every table of the report, in the order of the page. A constant number of queries."""
    yield _times(question, group_by)
    yield _volume(question, group_by)
    yield from causes(question)
    yield places(question)
    yield _backlog(question, ALL if group_by == "month" else group_by)
    yield _hours(question)
    if figures.may_see_agents(question.user):
        yield _agents(question)


def at(group_by: str, key: str) -> Callable[..., Link]:
    """Makes the links of one group: of a figure and its item."""
    return lambda figure, item="": Behind(Selection(figure, item, group_by if key else ALL, key))


def _times(question: Question, group_by: str) -> Section:
    name = str(GROUPS[group_by])
    rows, behind = [], []
    for row in figures.durations(question, group_by):
        one = at(group_by, row.key)
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
        one = at(group_by, row.key)
        rows.append(
            [
                row.label,
                row.created,
                row.still_open,
                row.resolved,
                row.first_contact,
                row.first_contact_rate,
                row.reopened,
                row.reopen_rate,
            ]
        )
        named = ("created", "open", "resolved", "first_contact", "", "reopened", "")
        behind.append([None, *(one(name) if name else None for name in named)])
    columns = [
        Column(str(GROUPS[group_by])),
        Column(_("Tiket masuk"), Kind.COUNT),
        Column(_("Masih terbuka"), Kind.COUNT),
        Column(_("Terselesaikan"), Kind.COUNT),
        Column(_("Kontak pertama"), Kind.COUNT),
        Column(_("bagiannya"), Kind.PERCENT),
        Column(_("Dibuka kembali"), Kind.COUNT),
        Column(_("tingkatnya"), Kind.PERCENT),
    ]
    table = Table(_("Beban dan hasil"), columns, rows)
    return Section(table, behind, ("volume", "open", "resolved", "first_contact", "reopen_rate"))


def causes(question: Question) -> Iterator[Section]:
    """Why deadlines of resolution were missed: waiting for whom, and which team held them how long."""
    found = figures.breach_causes(question)
    yield _causes(_("Sebab lewat tenggat: menunggu siapa"), _("Tahap"), "cause", found.places)
    yield _causes(_("Sebab lewat tenggat: di tim mana"), _("Tim"), "cause_team", found.teams)


def _causes(title: str, name: str, figure: str, found: Sequence[figures.Cause]) -> Section:
    columns = [
        Column(name),
        Column(_("Tenggat lewat"), Kind.COUNT),
        Column(_("masih di sana"), Kind.COUNT),
        Column(_("Lama, tiket selesai"), Kind.MINUTES),
    ]
    rows = [[each.label, each.number, each.now, each.seconds // 60] for each in found]
    behind: list[list[Link]] = [
        [None, Behind(Selection(figure, each.key)), Behind(Selection(f"{figure}.now", each.key)), None]
        for each in found
    ]
    return Section(Table(title, columns, rows), behind, ("causes", "cause_time"))


def places(question: Question) -> Section:
    """Working time by stage and by reason of waiting."""
    found = [place for row in figures.stages(question) for place in row.places]
    columns = [
        Column(_("Tahap atau alasan menunggu")),
        Column(_("Tiket"), Kind.COUNT),
        Column(_("Rata-rata per tiket"), Kind.MINUTES),
        Column(_("Waktu kerja seluruhnya"), Kind.MINUTES),
    ]
    rows = [[each.label, each.tickets, int(each.mean_minutes or 0), each.seconds // 60] for each in found]
    behind: list[list[Link]] = [[None, Behind(Selection("place", each.key)), None, None] for each in found]
    return Section(Table(_("Lama per tahap dan alasan menunggu"), columns, rows), behind, ("stages", "holds"))


def _backlog(question: Question, group_by: str) -> Section:
    rows, behind = [], []
    for row in figures.backlog(question, group_by):
        one = at(group_by, row.key)
        rows.append([row.label or _("Semua"), row.total, *(row.ages[age] for age in AGES)])
        behind.append([None, one("backlog"), *(one("backlog", age) for age in AGES)])
    name = "" if group_by == ALL else str(GROUPS[group_by])
    ages = [Column(str(label), Kind.COUNT) for _first, _last, label in AGES.values()]
    table = Table(_("Tiket terbuka menurut umur"), [Column(name), Column(_("Terbuka"), Kind.COUNT), *ages], rows)
    return Section(table, behind, ("backlog",))


def _hours(question: Question) -> Section:
    """The heat map: a line for each weekday, a column for each hour."""
    days = figures.heat_map(question)
    columns = [Column(_("Hari")), *(Column(f"{hour:02}", Kind.COUNT) for hour in range(24))]
    rows = [[str(WEEKDAYS[day]), *hours] for day, hours in enumerate(days)]
    behind: list[list[Link]] = [
        [None, *(Behind(Selection("hour", str(24 * day + hour))) for hour in range(24))] for day in range(len(days))
    ]
    return Section(Table(_("Jam ramai"), columns, rows, is_heat_map=True), behind, (HEAT,))


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
        [None, *(Behind(Selection(f"agent.{name}", str(each.user_id))) for name in ("open", "resolved", "breached"))]
        for each in loads
    ]
    return Section(Table(_("Beban petugas"), columns, rows), behind, ("agents",))


def title_of(selection: Selection) -> str:
    """What the tickets of a selection are called. Raises ValueError for a figure there is none of."""
    names = {
        "created": _("Tiket masuk"),
        "open": _("Masih terbuka"),
        "finished": _("Selesai"),
        "resolved": _("Terselesaikan"),
        "first_contact": _("Selesai pada kontak pertama"),
        "reopened": _("Dibuka kembali"),
        "clock.met": _("Tercapai"),
        "clock.breached": _("Lewat tenggat"),
        "clock.running": _("Berjalan"),
        "duration.response": _("Sudah ditanggapi"),
        "duration.resolution": _("Waktu penyelesaian terukur"),
        "place": _("Pernah di tahap ini"),
        "hour": _("Dibuat pada jam ini"),
        "cause": _("Sebab lewat tenggat"),
        "cause.now": _("Lewat tenggat dan masih di tahap ini"),
        "cause_team": _("Lewat tenggat di tim ini"),
        "cause_team.now": _("Lewat tenggat dan masih di tim ini"),
        "backlog": _("Tiket terbuka menurut umur"),
        "agent.open": _("Terbuka pada petugas"),
        "agent.resolved": _("Diselesaikan petugas"),
        "agent.breached": _("Lewat tenggat pada petugas"),
    }
    if selection.figure not in names:
        raise ValueError(selection.figure)
    return names[selection.figure]


def item_of(selection: Selection) -> str:
    """What the figure is about, in words; "" for nothing in particular. Raises ValueError for what cannot be.

    Agents are named by their tickets alone: who may not see these must not learn a name.
    """
    kind, item = selection.figure.partition(".")[0], selection.item
    if not item or kind == "agent":
        return ""
    if item == UNKNOWN:
        return _("Tidak tercatat")
    if kind == "clock":
        return str(Metric(item).label)
    if kind in ("place", "cause"):
        return place_label(item)
    if kind == "cause_team":
        return _("Belum ada tim") if item == NONE else label_of("team", item)
    if kind == "hour":
        day, hour = divmod(int(item), 24)
        if day not in WEEKDAYS:
            raise ValueError(item)
        return _("%(day)s pukul %(from)02d.00–%(to)02d.00") % {"day": WEEKDAYS[day], "from": hour, "to": hour + 1}
    return str(AGES[item][2]) if item in AGES else ""


def ungrouped(selection: Selection) -> Selection:
    """Without a key a group says nothing."""
    return selection if selection.key else replace(selection, group_by=ALL)
