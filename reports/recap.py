"""The recapitulation of a month or a year, which offices used to count by hand: figures, tables, causes, trend."""

from collections.abc import Iterator
from datetime import date, datetime

from django.utils.translation import gettext as _

from accounts.models import User
from reports import overview, sections, sla
from reports.export.document import Bar, Bars, Column, Document, Kind, Table, written
from reports.figures import ALL, Question, Selection, durations, volume
from reports.forms import ReportForm
from reports.scope import GROUPS, first_of_month, last_of_month, months_before, span_label
from reports.sections import Behind, Link, Section
from sla.models import Metric

TREND_MONTHS = 12
TABLES = ("kind", "service", "office", "team")
METRICS = (Metric.RESPONSE, Metric.RESOLUTION)
RESULTS = ("met", "breached")


def title_of(question: Question) -> str:
    """By the length of its period."""
    label = span_label(question.start, question.end)
    if label == str(question.start.year):
        return _("Rekap Tahunan %(label)s") % {"label": label}
    if question.start.day == 1 and question.end == last_of_month(question.start):
        return _("Rekap Bulanan %(label)s") % {"label": label}
    return _("Rekap %(label)s") % {"label": label}


def document(user: User, form: ReportForm, now: datetime) -> Document:
    """The recapitulation to print and sign, counted as this person; in a constant number of queries."""
    question = overview.question_of(user, form, now)
    found = list(tables(question))
    return sections.document(
        title_of(question),
        question,
        user,
        now,
        facts=sections.facts(question),
        sections=found,
        chosen=form.chosen(),
        charts=[trend_bars(found[-1])],
        is_signed=True,
    )


def tables(question: Question) -> Iterator[Section]:
    """Every table, in the order of the page; the twelve months are the last."""
    for group_by in TABLES:
        yield _by_group(question, group_by)
    yield from overview.causes(question)
    yield overview.places(question)
    yield _months(question)


def _by_group(question: Question, group_by: str) -> Section:
    """One line per group, in the order of the report of attainment: the worst first."""
    created = {row.key: row for row in volume(question, group_by)}
    rows = sla.attainment(
        question.user,
        start=question.start,
        end=question.end,
        group_by=group_by,
        filters=question.filters,
        now=question.now,
    )
    without_clocks = [row for key, row in created.items() if key not in {each.key for each in rows}]
    lines = [(row.key, row.label, created[row.key].created if row.key in created else 0, row.metrics) for row in rows]
    lines += [(row.key, row.label, row.created, {}) for row in without_clocks]
    sums = {metric: sla.Counts() for metric in METRICS}
    for _key, _label, _number, metrics in lines:
        for metric in METRICS:
            sums[metric].add(metrics.get(metric, sla.Counts()))
    columns = [Column(str(GROUPS[group_by])), Column(_("Tiket"), Kind.COUNT)]
    for words in (_("Tanggapan"), _("Penyelesaian")):
        columns += [
            Column(_("%(metric)s tercapai") % {"metric": words}, Kind.COUNT),
            Column(_("lewat"), Kind.COUNT),
            Column(_("ketercapaian"), Kind.PERCENT),
        ]
    title = _("Menurut %(group)s") % {"group": str(GROUPS[group_by]).lower()}
    total = [_("Jumlah"), sum(number for _key, _label, number, _metrics in lines), *_values(sums)]
    values = [[label, number, *_values(metrics)] for _key, label, number, metrics in lines]
    return Section(
        Table(title, columns, values, total if lines else None),
        [_links(group_by, key) for key, *_rest in lines],
        ("volume", "met", "breached", "attainment"),
        _links(ALL, ""),
    )


def _values(metrics: dict[str, sla.Counts] | dict[Metric, sla.Counts]) -> list[int | float | None]:
    found: list[int | float | None] = []
    for metric in METRICS:
        counts = metrics.get(metric) or sla.Counts()
        found += [counts.met, counts.breached, counts.attainment]
    return found


def _links(group_by: str, key: str) -> list[Link]:
    """Verification, response and resolution run once per ticket: as many clocks are as many tickets."""
    one = overview.at(group_by, key)
    links = [None, one("created")]
    for metric in METRICS:
        links += [*(one(f"clock.{result}", metric) for result in RESULTS), None]
    return links


def _months(question: Question) -> Section:
    """The twelve months that end with the period, each with the tickets of its own days."""
    first = months_before(question.end, TREND_MONTHS - 1)
    asked = question.over(first, last_of_month(question.end))
    attained = {
        row.key: row.metrics
        for row in sla.attainment(
            asked.user, start=asked.start, end=asked.end, group_by="month", filters=asked.filters, now=asked.now
        )
    }
    took = {row.key: row.resolution for row in durations(asked, "month")}
    columns = [
        Column(_("Bulan")),
        Column(_("Tiket"), Kind.COUNT),
        Column(_("Terselesaikan"), Kind.COUNT),
        Column(_("Tanggapan tepat waktu"), Kind.PERCENT),
        Column(_("Penyelesaian tepat waktu"), Kind.PERCENT),
        Column(_("Penyelesaian lewat"), Kind.COUNT),
        Column(_("Penyelesaian, rata-rata"), Kind.MINUTES),
    ]
    rows, behind = [], []
    for row in volume(asked, "month"):
        response, resolution = (attained.get(row.key, {}).get(metric, sla.Counts()) for metric in METRICS)
        mean = took[row.key].mean if row.key in took else None
        rows.append(
            [
                row.label,
                row.created,
                row.resolved,
                response.attainment,
                resolution.attainment,
                resolution.breached,
                None if mean is None else int(mean),
            ]
        )
        behind.append(_month_links(first_of_month(row.key)))
    title = _("Perkembangan dua belas bulan")
    return Section(Table(title, columns, rows), behind, ("volume", "resolved", "attainment", "resolution"))


def _month_links(first: date) -> list[Link]:
    span = first, last_of_month(first)
    late = Behind(sections.LATE, span)
    return [None, Behind(Selection("created"), span), Behind(Selection("resolved"), span), None, None, late, None]


def trend_bars(months: Section) -> Bars:
    """How many solutions were in time, month by month."""
    shares = [(row[0], row[4]) for row in months.table.rows if row[4] is not None]
    bars = [Bar(label, share / 100, written(share, Kind.PERCENT)) for label, share in shares]
    return Bars(_("Penyelesaian tepat waktu, dua belas bulan"), bars)
