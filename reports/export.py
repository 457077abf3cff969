"""The report as a workbook: a sheet of totals with the definitions, and a sheet with one line per group."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font

from core.spreadsheets import safe_cell
from core.templatetags.ui import tanggal, waktu
from reports.definitions import DEFINITIONS
from reports.sla import GROUPS, Counts, Row, Summary
from sla.models import Metric

BOLD = Font(bold=True)
WRAPPED = Alignment(wrap_text=True, vertical="top")


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
    for term, sentence in DEFINITIONS:
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


def _write(sheet: Any, values: Iterable[Any], *, bold: bool = False) -> None:
    """One line. Text that a spreadsheet would run as a formula is made harmless, numbers stay numbers."""
    cells = []
    for value in values:
        cell = WriteOnlyCell(sheet, safe_cell(value))
        if bold:
            cell.font, cell.alignment = BOLD, WRAPPED
        cells.append(cell)
    sheet.append(cells)
