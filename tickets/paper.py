"""Printed pages with the county's letterhead: fonts, styles, and pieces every document uses.

Knows pages and text, nothing of the database.
"""

import io
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import HRFlowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

FONTS = Path(__file__).resolve().parent / "audit" / "fonts"
PIECE = 2000
"""Characters of one paragraph: longer ones are cut, so that no block has to be measured as a whole."""
WIDTH = A4[0] - 36 * mm - 12
CELLS = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ]
)
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

OnPage = Callable[[Any, Any], None]


@lru_cache(maxsize=1)
def styles() -> dict[str, ParagraphStyle]:
    """The fonts, registered once per process, and the styles made of them."""
    pdfmetrics.registerFont(TTFont("Berkas", str(FONTS / "DejaVuSans.ttf")))
    pdfmetrics.registerFont(TTFont("Berkas-Tebal", str(FONTS / "DejaVuSans-Bold.ttf")))
    body = ParagraphStyle("body", fontName="Berkas", fontSize=9, leading=12.5, splitLongWords=1)
    return {
        "body": body,
        "small": ParagraphStyle("small", body, fontSize=7.5, leading=10, textColor=colors.HexColor("#444444")),
        "label": ParagraphStyle("label", body, textColor=colors.HexColor("#444444")),
        "bold": ParagraphStyle("bold", body, fontName="Berkas-Tebal"),
        "org": ParagraphStyle("org", body, fontName="Berkas-Tebal", fontSize=13, leading=16, alignment=1),
        "unit": ParagraphStyle("unit", body, fontSize=10, leading=13, alignment=1),
        "title": ParagraphStyle("title", body, fontName="Berkas-Tebal", fontSize=14, leading=19, spaceBefore=8),
        "head": ParagraphStyle(
            "head",
            body,
            fontName="Berkas-Tebal",
            fontSize=10.5,
            leading=14,
            spaceBefore=12,
            spaceAfter=4,
            keepWithNext=1,
        ),
    }


def text_of(value: object) -> str:
    """Any text as paragraph markup: nothing in it is taken for a tag, and what no font can print is left out."""
    return escape(UNPRINTABLE.sub("", str(value)))


def paragraph(value: object, style: str = "body") -> Paragraph:
    return Paragraph(text_of(value), styles()[style])


def letterhead(unit: str = "") -> list[Any]:
    """The county, the desk or another `unit`, and a line."""
    return [
        paragraph(_("Pemerintah %(org)s") % {"org": settings.SITE_ORG}, "org"),
        paragraph(unit or settings.SITE_NAME, "unit"),
        HRFlowable(width="100%", thickness=1.5, color=colors.black, spaceBefore=5, spaceAfter=10),
    ]


def facts(rows: Sequence[tuple[str, str]]) -> list[Any]:
    """Two columns; a value too long for one cell follows as plain paragraphs, because a cell cannot break pages."""
    parts: list[Any] = []
    for label, value in rows:
        if len(value) > PIECE or value.count("\n") > 20:
            parts += [paragraph(label, "label"), *words(value)]
            continue
        cell = Paragraph(text_of(value).replace("\n", "<br/>"), styles()["body"])
        table = Table([[paragraph(label, "label"), cell]], colWidths=[45 * mm, WIDTH - 45 * mm], hAlign="LEFT")
        table.setStyle(CELLS)
        parts.append(table)
    return parts


def words(text: str) -> list[Any]:
    """A text of any length as paragraphs of bearable size."""
    parts: list[Any] = []
    for line in text.splitlines():
        if not line.strip():
            parts.append(Spacer(1, 5))
        for start in range(0, len(line), PIECE):
            parts.append(paragraph(line[start : start + PIECE]))
    return parts


def build(parts: list[Any], *, title: str, foot: str, on_page: OnPage | None = None) -> bytes:
    """The pages as PDF, each with `foot` and its number at the bottom; `on_page` draws more on each."""
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=18 * mm,
        title=title,
        author=settings.SITE_NAME,
        lang="id-ID",
    )
    styles()

    def every_page(canvas: Any, page: Any) -> None:
        canvas.saveState()
        if on_page:
            on_page(canvas, page)
        canvas.setFillColor(colors.black)
        canvas.setFont("Berkas", 7.5)
        canvas.drawString(18 * mm, 10 * mm, foot)
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, _("Halaman %(page)d") % {"page": page.page})
        canvas.restoreState()

    document.build(parts, onFirstPage=every_page, onLaterPages=every_page)
    return target.getvalue()
