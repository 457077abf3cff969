"""The report of attainment as a workbook, as one flat table, and as a document to print."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from openpyxl import Workbook

from core.templatetags.ui import angka, tanggal, waktu
from reports.definitions import ATTAINMENT, words
from reports.export.document import Bar, Bars, Column, Document, Kind, Table, written
from reports.export.xlsx import write as _write
from reports.sla import GROUPS, Counts, Row, Summary
from sla.models import Metric

MAX_BARS = 20
"""Bars of the printed chart; the table behind it holds every group."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a file of the report says. `chosen` are (label, value) of the filters in force."""

    start: date
    end: date
    group_by: str
    rows: Sequence[Row]
    summary: Summary
    chosen: Sequence[tuple[str, str]]
    made_at: datetime


def workbook(report: Report) -> bytes:
    """The .xlsx file. Counts and percentages are numbers, a percentage that does not exist is an empty cell."""
    book = Workbook(write_only=True)
    _fill_summary(book.create_sheet(_("Ringkasan")), report)
    _fill_detail(book.create_sheet(_("Rincian")), report)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _fill_summary(sheet: Any, report: Report) -> None:
    # A sheet that is only written takes its widths and panes before its first line.
    sheet.column_dimensions["A"].width = 28
    for column in "BCDEF":
        sheet.column_dimensions[column].width = 16
    summary = report.summary
    _write(sheet, [_("Laporan SLA"), settings.SITE_ORG], bold=True)
    _write(sheet, [_("Masa"), f"{tanggal(report.start)} – {tanggal(report.end)}"])
    for label, value in report.chosen:
        _write(sheet, [label, value])
    _write(sheet, [_("Keadaan pada"), waktu(report.made_at)])
    _write(sheet, [_("Tiket dibuat"), summary.created])
    _write(sheet, [_("Selesai"), summary.finished])
    _write(sheet, [_("Masih terbuka"), summary.still_open])
    _write(sheet, [])
    _write(sheet, [_("Ukuran"), _("Jumlah jam"), *_words()], bold=True)
    for metric, counts in summary.metrics.items():
        _write(sheet, [str(Metric(metric).label), counts.total, *_numbers(counts)])
    _write(sheet, [_("Semua ukuran"), summary.total.total, *_numbers(summary.total)])
    _write(sheet, [])
    _write(sheet, [_("Istilah"), _("Arti")], bold=True)
    for term, sentence in words(*ATTAINMENT):
        _write(sheet, [str(term), str(sentence)])


def _fill_detail(sheet: Any, report: Report) -> None:
    sheet.column_dimensions["A"].width = 44
    sheet.freeze_panes = "B2"
    metrics = list(report.summary.metrics)
    names = [*(str(Metric(metric).label) for metric in metrics), _("Semua ukuran")]
    titles = (f"{name}: {word.lower()}" for name in names for word in _words())
    _write(sheet, [str(GROUPS[report.group_by]), *titles], bold=True)
    for row in report.rows:
        _write(sheet, [row.label, *_line(row, row.metrics, metrics)])
    if report.rows:
        _write(sheet, [_("Jumlah"), *_line(report.summary.total, report.summary.metrics, metrics)], bold=True)


def _line(total: Counts, by_metric: dict[str, Counts], metrics: Iterable[str]) -> list[Any]:
    cells = [number for metric in metrics for number in _numbers(by_metric.get(metric, Counts()))]
    return [*cells, *_numbers(total)]


def _words() -> list[str]:
    return [_("Tercapai"), _("Lewat tenggat"), _("Berjalan"), _("Ketercapaian (%)")]


def _numbers(counts: Counts) -> list[Any]:
    return [counts.met, counts.breached, counts.running, counts.attainment]


def flat_table(report: Report) -> Table:
    """One line per group and metric, for programs and pivot tables."""
    group = str(GROUPS[report.group_by])
    columns = [Column(group), Column(_("Ukuran")), *_columns()]
    rows = [
        [row.label, str(Metric(metric).label), *_numbers(counts)]
        for row in report.rows
        for metric, counts in row.metrics.items()
    ]
    return Table(_("Ketercapaian"), columns, rows)


def document(report: Report, made_by: str) -> Document:
    """The printed report: figures, the worst groups as bars, a table of all metrics and one per metric."""
    return Document(
        _("Laporan SLA"),
        report.start,
        report.end,
        report.made_at,
        made_by,
        chosen=report.chosen,
        facts=facts(report.summary),
        parts=[part for part in (chart(report), *tables(report)) if part],
        definitions=words(*ATTAINMENT),
    )


def facts(summary: Summary) -> list[tuple[str, str, str]]:
    """(label, value, remark) of the figures above the table."""
    progress = _("%(finished)s selesai, %(still_open)s masih terbuka") % {
        "finished": angka(summary.finished),
        "still_open": angka(summary.still_open),
    }
    found = [(_("Tiket dibuat"), angka(summary.created), progress)]
    for metric, counts in [("", summary.total), *summary.metrics.items()]:
        label = str(Metric(metric).label) if metric else _("Ketercapaian semua ukuran")
        words = _("%(met)s tercapai, %(breached)s lewat tenggat, %(running)s berjalan") % {
            "met": angka(counts.met),
            "breached": angka(counts.breached),
            "running": angka(counts.running),
        }
        found.append((label, written(counts.attainment, Kind.PERCENT), words))
    return found


def chart(report: Report) -> Bars | None:
    """The first groups of which something is decided; None when there are none."""
    decided = [row for row in report.rows if row.attainment is not None][:MAX_BARS]
    bars = [Bar(row.label, (row.attainment or 0) / 100, written(row.attainment, Kind.PERCENT)) for row in decided]
    title = _("Ketercapaian menurut %(group)s") % {"group": str(GROUPS[report.group_by]).lower()}
    return Bars(title, bars) if bars else None


def tables(report: Report) -> Iterator[Table]:
    """All metrics together, then each metric of which there are clocks."""
    columns = [Column(str(GROUPS[report.group_by])), *_columns()]
    if report.rows:
        rows = [[row.label, *_numbers(row)] for row in report.rows]
        yield Table(_("Semua ukuran"), columns, rows, [_("Jumlah"), *_numbers(report.summary.total)])
    for metric, counts in report.summary.metrics.items():
        own = [(row.label, row.metrics[metric]) for row in report.rows if metric in row.metrics]
        rows = [[label, *_numbers(each)] for label, each in own]
        yield Table(str(Metric(metric).label), columns, rows, [_("Jumlah"), *_numbers(counts)])


def _columns() -> list[Column]:
    return [
        Column(_("Tercapai"), Kind.COUNT),
        Column(_("Lewat tenggat"), Kind.COUNT),
        Column(_("Berjalan"), Kind.COUNT),
        Column(_("Ketercapaian"), Kind.PERCENT),
    ]
