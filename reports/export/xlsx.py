"""A document as a workbook: a sheet that says what it is, and one sheet per table."""

import io
import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font

from core.spreadsheets import safe_cell
from core.templatetags.ui import waktu
from reports.export.document import Document, Table
from reports.export.text import unit_in

BOLD = Font(bold=True)
WRAPPED = Alignment(wrap_text=True, vertical="top")
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NOT_IN_TITLES = re.compile(r"[\\/*?:\[\]]")


def render(document: Document) -> bytes:
    """The .xlsx file. Counts, minutes and percentages are numbers; what is not known is an empty cell."""
    book = Workbook(write_only=True)
    _fill_front(book.create_sheet(_("Ringkasan")), document)
    used = {_("Ringkasan")}
    for table in document.tables:
        _fill(book.create_sheet(_title(table.title, used)), table)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _title(wanted: str, used: set[str]) -> str:
    """A name of a sheet as Excel allows it: 31 characters, each once."""
    title = NOT_IN_TITLES.sub(" ", wanted)[:31]
    number = 2
    while title in used:
        title = f"{title[:28]} {number}"
        number += 1
    used.add(title)
    return title


def _fill_front(sheet: Any, document: Document) -> None:
    # A sheet that is only written takes its widths and panes before its first line.
    sheet.column_dimensions["A"].width = 32
    sheet.column_dimensions["B"].width = 24
    sheet.column_dimensions["C"].width = 60
    write(sheet, [document.title, settings.SITE_ORG], bold=True)
    write(sheet, [_("Masa"), document.period])
    for label, value in document.chosen:
        write(sheet, [label, value])
    write(sheet, [_("Keadaan pada"), waktu(document.made_at)])
    write(sheet, [_("Dibuat oleh"), document.made_by])
    write(sheet, [])
    for fact in document.facts:
        write(sheet, fact)
    write(sheet, [])
    write(sheet, [_("Istilah"), _("Arti")], bold=True)
    for term, sentence in document.definitions:
        write(sheet, [str(term), str(sentence)])


def _fill(sheet: Any, table: Table) -> None:
    sheet.column_dimensions["A"].width = 44
    sheet.freeze_panes = "B2"
    write(sheet, [unit_in(column.label, column.kind) for column in table.columns], bold=True)
    for row in table.rows:
        write(sheet, row)
    if table.total is not None:
        write(sheet, table.total, bold=True)


def write(sheet: Any, values: Iterable[Any], *, bold: bool = False) -> None:
    """One line. Text that a spreadsheet would run as a formula is made harmless, numbers stay numbers."""
    cells = []
    for value in values:
        cell = WriteOnlyCell(sheet, safe_cell(value))
        if bold:
            cell.font, cell.alignment = BOLD, WRAPPED
        cells.append(cell)
    sheet.append(cells)
