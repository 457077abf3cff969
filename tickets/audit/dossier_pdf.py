"""The dossier on paper. Knows pages and fonts, nothing of the database."""

import io
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    HRFlowable,
    KeepTogether,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

if TYPE_CHECKING:
    from tickets.audit.dossier import Dossier, Facts

FONTS = Path(__file__).resolve().parent / "fonts"
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


@lru_cache(maxsize=1)
def _styles() -> dict[str, ParagraphStyle]:
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


def _p(value: object, style: str = "body") -> Paragraph:
    return Paragraph(text_of(value), _styles()[style])


def render(dossier: "Dossier") -> bytes:
    """The PDF. Text of any length, script or shape comes out; unknown glyphs as boxes."""
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=18 * mm,
        title=f"Berkas perkara {dossier.number}",
        author=settings.SITE_NAME,
        lang="id-ID",
    )
    _styles()

    def footer(canvas: Any, page: Any) -> None:
        canvas.saveState()
        canvas.setFont("Berkas", 7.5)
        canvas.drawString(18 * mm, 10 * mm, f"{dossier.number} · {dossier.variant}")
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, _("Halaman %(page)d") % {"page": page.page})
        canvas.restoreState()

    parts = [*_front(dossier), *_conversation(dossier), *_history(dossier), *_work(dossier), *_closing(dossier)]
    document.build(parts, onFirstPage=footer, onLaterPages=footer)
    return target.getvalue()


def _front(dossier: "Dossier") -> list[Any]:
    parts = [
        _p(_("Pemerintah %(org)s") % {"org": settings.SITE_ORG}, "org"),
        _p(settings.SITE_NAME, "unit"),
        HRFlowable(width="100%", thickness=1.5, color=colors.black, spaceBefore=5, spaceAfter=10),
        _p(_("Berkas Perkara %(number)s") % {"number": dossier.number}, "title"),
        _p(dossier.subject, "bold"),
        _p(_("Salinan %(variant)s") % {"variant": dossier.variant}, "small"),
        _p(_("Data tiket"), "head"),
        *_facts(dossier.facts),
        _p(_("Pelapor"), "head"),
        *_facts(dossier.requester),
    ]
    if dossier.details:
        parts += [_p(_("Rincian"), "head"), *_facts(dossier.details)]
    return parts


def _facts(rows: "Facts") -> list[Any]:
    """Two columns; a value too long for one cell follows as plain paragraphs, because a cell cannot break pages."""
    parts: list[Any] = []
    for label, value in rows:
        if len(value) > PIECE or value.count("\n") > 20:
            parts += [_p(label, "label"), *_words(value)]
            continue
        cell = Paragraph(text_of(value).replace("\n", "<br/>"), _styles()["body"])
        table = Table([[_p(label, "label"), cell]], colWidths=[45 * mm, WIDTH - 45 * mm], hAlign="LEFT")
        table.setStyle(CELLS)
        parts.append(table)
    return parts


def _words(text: str) -> list[Any]:
    """A text of any length as paragraphs of bearable size."""
    parts: list[Any] = []
    for line in text.splitlines():
        if not line.strip():
            parts.append(Spacer(1, 5))
        for start in range(0, len(line), PIECE):
            parts.append(_p(line[start : start + PIECE]))
    return parts


def _conversation(dossier: "Dossier") -> list[Any]:
    parts: list[Any] = [_p(_("Percakapan"), "head")]
    for said in dossier.said:
        parts += [Spacer(1, 4), _p(said.heading, "small"), *_words(said.text)]
        for name, size, digest in said.files:
            facts = _("Lampiran: %(name)s (%(size)d bita), SHA-256 %(digest)s")
            parts.append(_p(facts % {"name": name, "size": size, "digest": digest}, "small"))
    return parts


def _history(dossier: "Dossier") -> list[Any]:
    parts: list[Any] = [_p(_("Riwayat"), "head")]
    for event in dossier.history:
        at = timezone.localtime(event.at).strftime("%d-%m-%Y %H.%M.%S")
        parts += [
            _p(f"{event.position}. {event.sentence}"[:PIECE]),
            _p(f"{at} · {event.actor} · {event.digest}", "small"),
            Spacer(1, 3),
        ]
    return parts


def _work(dossier: "Dossier") -> list[Any]:
    parts: list[Any] = []
    for title, rows in ((_("Persetujuan"), dossier.approvals), (_("Tugas"), dossier.tasks)):
        if rows:
            parts.append(_p(title, "head"))
            parts += [_p("• " + " · ".join(filter(None, row))[:PIECE]) for row in rows]
    return parts


def _closing(dossier: "Dossier") -> list[Any]:
    """The page that makes the dossier checkable against the database, and a place to sign."""
    last, seal = dossier.last, dossier.seal
    facts: Facts = []
    if last:
        facts += [(_("Entri terakhir"), str(last.position)), (_("Sidik jari rantai"), last.digest)]
    if seal:
        facts += [(_("Segel harian"), f"{seal.day:%d-%m-%Y}"), (_("Sidik jari segel"), seal.digest)]  # fmt: skip
    else:
        facts.append((_("Segel harian"), _("Belum ada; hari ini disegel setelah tengah malam.")))
    facts += [
        (_("Dicetak oleh"), dossier.by),
        (_("Dicetak pada"), timezone.localtime(dossier.at).strftime("%d-%m-%Y %H.%M.%S %Z")),
    ]
    check = _("Periksa keaslian: manage.py verify_audit --ticket %(number)s") % {"number": dossier.number}
    words = (_("Mengesahkan,"), "", "", "", "", "_" * 34, _("Nama:"), _("NIP:"))
    sign = Table([["", _p(line)] for line in words], colWidths=[WIDTH - 75 * mm, 75 * mm])
    return [
        PageBreak(),
        _p(_("Penutup"), "title"),
        *_facts(facts),
        Spacer(1, 6),
        _p(check, "small"),
        Spacer(1, 14 * mm),
        KeepTogether([sign]),
    ]
