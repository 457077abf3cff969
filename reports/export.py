"""The report as a workbook."""

import io
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from reports.sla import GROUPS, Counts, Row, Summary
from sla.models import Metric

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def safe(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def workbook(*, start: date, end: date, group_by: str, rows: list[Row], summary: Summary) -> bytes:
    """An .xlsx file with the totals and one line per group."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Ringkasan"))
    for line in (
        [_("Laporan SLA"), settings.SITE_ORG],
        [_("Masa"), f"{start:%d-%m-%Y} – {end:%d-%m-%Y}"],
        [_("Tiket dibuat"), summary.created],
        [_("Selesai"), summary.finished],
        [_("Masih terbuka"), summary.still_open],
        [_("Ketercapaian semua ukuran (%)"), summary.total.attainment],
        [],
        [_("Ketercapaian = tercapai ÷ (tercapai + lewat tenggat); jam yang masih berjalan tidak ikut dibagi.")],
        [_("Jam masuk ke masa pembuatan tiketnya.")],
    ):
        sheet.append([safe(value) for value in line])
    detail = book.create_sheet(_("Rincian"))
    metrics = list(summary.metrics)
    detail.append([_bold(detail, text) for text in _header(group_by, metrics)])
    for row in rows:
        cells: list[Any] = [row.label]
        for metric in metrics:
            cells += _numbers(row.metrics.get(metric, Counts()))
        detail.append([safe(value) for value in [*cells, *_numbers(row)]])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _header(group_by: str, metrics: list[str]) -> list[str]:
    words = [_("tercapai"), _("lewat tenggat"), _("berjalan"), _("ketercapaian (%)")]
    names = [*(str(Metric(metric).label) for metric in metrics), _("Semua")]
    return [str(GROUPS[group_by]), *(f"{name}: {word}" for name in names for word in words)]


def _numbers(counts: Counts) -> list[Any]:
    return [counts.met, counts.breached, counts.running, counts.attainment]


def _bold(sheet: Any, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, safe(text))
    cell.font = Font(bold=True)
    return cell
