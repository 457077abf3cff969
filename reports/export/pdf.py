"""A document on paper, under the letterhead of the county."""

import io
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from reportlab.graphics.shapes import Drawing, Rect, String
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, TableStyle
from reportlab.platypus import Table as Grid

from core.templatetags.ui import waktu
from reports.export.document import Bar, Bars, Document, Kind, Table, written
from tickets import paper
from tickets.paper import CELLS, WIDTH

TYPE = "application/pdf"
MARGIN = 18 * mm
FIRST_COLUMN = 0.15
"""The least part of a table's width that names what the line is about."""
PADDING = 3
START = 35 * mm
"""A table begins on a page that has at least this room left: its title, its head, and some lines."""
NAME_OF_DAY = 18 * mm
MAX_ROWS = 400
"""Lines of one printed table; the rest is in the spreadsheet, and the page says so."""
FONT = "Berkas"
SMALL = 7.5
RULE, SHADE, FILL = (colors.HexColor(code) for code in ("#b5b5b5", "#eeeeee", "#22577a"))


@lru_cache(maxsize=1)
def _styles() -> dict[str, ParagraphStyle]:
    """The styles of every document of the desk, and those of cells: smaller, numbers to the right."""
    common = paper.styles()
    cell = ParagraphStyle("cell", common["body"], fontSize=8, leading=10.5)
    strong = ParagraphStyle("cell-bold", cell, fontName=common["bold"].fontName)
    return {
        **common,
        "cell": cell,
        "cell-bold": strong,
        # A title that keeps with what follows would push a whole table that breaks anyway to the next page.
        "head-of-table": ParagraphStyle("head-of-table", common["head"], keepWithNext=0),
        "number": ParagraphStyle("number", cell, alignment=2),
        "number-bold": ParagraphStyle("number-bold", strong, alignment=2),
        "tiny": ParagraphStyle("tiny", cell, alignment=2, fontSize=6, leading=10.5),
        "tiny-bold": ParagraphStyle("tiny-bold", strong, alignment=2, fontSize=6, leading=10.5),
    }


def _p(value: object, style: str = "cell") -> Paragraph:
    return Paragraph(paper.text_of(value), _styles()[style])


class _Numbered(Canvas):
    """A canvas that writes "halaman x dari y": pages are kept until their number is known."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self.kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for state in self.kept:
            self.__dict__.update(state)
            self.setFont(FONT, SMALL)
            words = _("Halaman %(page)d dari %(count)d") % {"page": self._pageNumber, "count": len(self.kept)}
            self.drawRightString(A4[0] - MARGIN, 10 * mm, words)
            super().showPage()
        super().save()


def render(document: Document) -> bytes:
    """The PDF. The same document gives the same bytes."""
    _styles()
    target = io.BytesIO()
    sheets = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=16 * mm,
        bottomMargin=18 * mm,
        title=f"{document.title} {document.period}",
        author=settings.SITE_NAME,
        lang="id-ID",
        invariant=1,
    )

    def footer(canvas: Any, _sheet: Any) -> None:
        canvas.saveState()
        canvas.setFont(FONT, SMALL)
        canvas.drawString(MARGIN, 10 * mm, f"{document.title} · {document.period}")
        canvas.restoreState()

    parts = [*_front(document), *_facts(document)]
    for part in document.parts:
        parts += _table(part) if isinstance(part, Table) else _bars(part)
    parts += [*(_signature() if document.is_signed else []), *_definitions(document)]
    sheets.build(parts, onFirstPage=footer, onLaterPages=footer, canvasmaker=_Numbered)
    return target.getvalue()


def _front(document: Document) -> list[Any]:
    rows = [(_("Masa"), document.period), *document.chosen]
    rows.append((_("Keadaan pada"), waktu(document.made_at)))
    rows.append((_("Dibuat oleh"), document.made_by))
    grid = Grid([[_p(label, "small"), _p(value)] for label, value in rows], colWidths=[32 * mm, WIDTH - 32 * mm])
    grid.setStyle(CELLS)
    return [*paper.letterhead(), _p(document.title, "title"), Spacer(1, 3), grid]


def _facts(document: Document) -> list[Any]:
    if not document.facts:
        return []
    rows = [[_p(label), _p(value, "cell-bold"), _p(remark, "small")] for label, value, remark in document.facts]
    grid = Grid(rows, colWidths=[62 * mm, 32 * mm, WIDTH - 94 * mm])
    grid.setStyle(TableStyle([("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")]))
    return [_p(_("Ringkasan"), "head"), grid]


def _table(table: Table) -> list[Any]:
    """Head repeated on each page, numbers to the right, the total under a line."""
    number = "tiny-bold" if table.is_heat_map else "number-bold"
    head = [_p(column.label, "cell-bold" if column.kind == Kind.TEXT else number) for column in table.columns]
    shown = table.rows[:MAX_ROWS]
    rows = [head, *([*_cells(table, row)] for row in shown)]
    style = [
        ("BACKGROUND", (0, 0), (-1, 0), SHADE),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ("LEFTPADDING", (0, 0), (-1, -1), PADDING),
        ("RIGHTPADDING", (0, 0), (-1, -1), PADDING),
    ]
    if table.total is not None:
        rows.append(_cells(table, table.total, bold=True))
        style.append(("LINEABOVE", (0, -1), (-1, -1), 1, colors.black))
    parts = [CondPageBreak(START), _p(table.title, "head-of-table")]
    if not shown:
        return [*parts, _p(_("Tidak ada yang tercatat dalam masa ini.")), *_notes(table)]
    if table.is_heat_map:
        style += _shades(table)
    grid = Grid(rows, colWidths=_widths(table), repeatRows=1)
    grid.setStyle(TableStyle(style))
    return [*parts, grid, *_notes(table)]


def _shades(table: Table) -> list[Any]:
    """The fields of a heat map in their depth; its columns are so narrow that they go without padding."""
    found: list[Any] = [("LEFTPADDING", (1, 0), (-1, -1), 0.5), ("RIGHTPADDING", (1, 0), (-1, -1), 1.5)]
    for y, row in enumerate(table.rows, 1):
        for x, value in enumerate(row[1:], 1):
            if depth := table.heat(value):
                found.append(("BACKGROUND", (x, y), (x, y), colors.Whiter(FILL, 0.13 * depth)))
    return found


def _notes(table: Table) -> list[Any]:
    words = [table.note] if table.note else []
    if len(table.rows) > MAX_ROWS:
        words.append(_("%(n)d baris lain ada di berkas XLSX.") % {"n": len(table.rows) - MAX_ROWS})
    return [Spacer(1, 2), *(_p(each, "small") for each in words)]


def _cells(table: Table, row: Any, *, bold: bool = False) -> list[Paragraph]:
    found = []
    for value, column in zip(row, table.columns, strict=True):
        style = "cell" if column.kind == Kind.TEXT else "tiny" if table.is_heat_map else "number"
        found.append(_p(written(value, column.kind), f"{style}-bold" if bold else style))
    return found


def _widths(table: Table) -> list[float]:
    """Numbers get the room they need, at most what FIRST_COLUMN leaves; words share the rest."""
    if table.is_heat_map:
        others = len(table.columns) - 1
        return [NAME_OF_DAY, *[(WIDTH - NAME_OF_DAY) / others] * others]
    needs = [None if column.kind == Kind.TEXT else _needed(table, place) for place, column in enumerate(table.columns)]
    numbers = [need for need in needs if need is not None]
    texts = len(needs) - len(numbers)
    room = WIDTH * (1 - FIRST_COLUMN) if texts else WIDTH
    shrink = min(1.0, room / sum(numbers)) if numbers else 1.0
    text = (WIDTH - sum(numbers) * shrink) / max(1, texts)
    return [text if need is None else need * shrink for need in needs]


def _needed(table: Table, place: int) -> float:
    """The room of a column of numbers: for the longest word of its head and the longest number."""
    column, bold = table.columns[place], _styles()["cell-bold"]
    rows = [*table.rows[:MAX_ROWS], *([table.total] if table.total is not None else [])]
    words = [*column.label.split(), *(written(row[place], column.kind) for row in rows)]
    widths = [float(pdfmetrics.stringWidth(word, bold.fontName, bold.fontSize)) for word in words]
    return max(widths, default=0.0) + 2 * PADDING + 1


def _bars(chart: Bars) -> list[Any]:
    """Each bar with its label and value, on one drawing that never breaks over two pages."""
    step, left, track = 15, 62 * mm, WIDTH - 62 * mm - 24 * mm
    drawing = Drawing(WIDTH, step * len(chart.bars))
    for position, bar in enumerate(chart.bars):
        y = step * (len(chart.bars) - 1 - position)
        drawing.add(String(0, y + 4, _fit(bar), fontName=FONT, fontSize=SMALL))
        drawing.add(Rect(left, y + 2, track, 9, fillColor=SHADE, strokeColor=None))
        drawing.add(Rect(left, y + 2, track * max(0.0, min(bar.share, 1.0)), 9, fillColor=FILL, strokeColor=None))
        drawing.add(String(left + track + 4, y + 4, bar.text, fontName=FONT, fontSize=SMALL))
    return [KeepTogether([_p(chart.title, "head"), drawing])]


def _fit(bar: Bar) -> str:
    """The label, cut to the room before its bar."""
    label, room = " ".join(bar.label.split()), 60 * mm
    if pdfmetrics.stringWidth(label, FONT, SMALL) <= room:
        return label
    while label and pdfmetrics.stringWidth(f"{label}…", FONT, SMALL) > room:
        label = label[:-1]
    return f"{label.rstrip()}…"


def _definitions(document: Document) -> list[Any]:
    if not document.definitions:
        return []
    rows = [[_p(str(term), "cell-bold"), _p(str(sentence))] for term, sentence in document.definitions]
    grid = Grid(rows, colWidths=[38 * mm, WIDTH - 38 * mm])
    grid.setStyle(CELLS)
    return [_p(_("Cara menghitung"), "head"), grid]


def _signature() -> list[Any]:
    words = (_("Mengetahui,"), "", "", "", "", "_" * 34, _("Nama:"), _("NIP:"))
    grid = Grid([["", _p(line)] for line in words], colWidths=[WIDTH - 75 * mm, 75 * mm])
    return [Spacer(1, 10 * mm), KeepTogether([grid])]
