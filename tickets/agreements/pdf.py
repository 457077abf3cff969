"""An agreement on paper, to be printed and signed."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Spacer, Table, TableStyle

from core.templatetags.ui import tanggal
from tickets import paper
from tickets.agreements.document import Document, Signatory
from tickets.agreements.promises import METRICS, Line
from tickets.paper import WIDTH, paragraph

GRID = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.black),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, colors.HexColor("#bbbbbb")),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
)
PAIR = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 0),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ]
)


def render(document: Document) -> bytes:
    """The PDF: letterhead, what is promised, and a place for each signature. A draft says so on every page."""
    agreement = document.agreement
    parts = [
        *paper.letterhead(agreement.owner.name),
        paragraph(_("Perjanjian Tingkat Layanan (SLA)"), "title"),
        paragraph(agreement.title, "bold"),
        Spacer(1, 4),
        *paper.facts(_facts(document)),
        *_section(_("Cakupan layanan"), agreement.scope),
        *_hours(document),
        *_targets(document),
        *_section(_("Pengecualian"), agreement.exclusions),
        *_section(_("Kewajiban pengguna"), agreement.obligations),
        *_signatures(document),
    ]
    foot = f"{agreement.number} · " + _("versi %(version)d") % {"version": agreement.version}
    if document.is_draft:
        foot += " · " + _("RANCANGAN, belum berlaku")
    return paper.build(
        parts,
        title=_("Perjanjian tingkat layanan %(number)s") % {"number": agreement.number},
        foot=foot,
        on_page=_mark_draft if document.is_draft else None,
    )


def file_name(document: Document) -> str:
    return f"perjanjian-{document.agreement.service.code}-{document.agreement.version}.pdf"


def _facts(document: Document) -> list[tuple[str, str]]:
    agreement = document.agreement
    return [
        (_("Nomor"), agreement.number),
        (_("Layanan"), agreement.service.name),
        (_("Penanggung jawab"), agreement.owner.name),
        (_("Versi"), str(agreement.version)),
        (_("Masa berlaku"), document.validity),
        *([(_("Ditinjau"), tanggal(agreement.review_on))] if agreement.review_on else []),
    ]


def _section(title: str, text: str) -> list[Any]:
    """A text under its title; several lines become points."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return []
    marked = [f"• {line}" for line in lines] if len(lines) > 1 else lines
    return [paragraph(title, "head"), *paper.words("\n".join(marked))]


def _hours(document: Document) -> list[Any]:
    parts: list[Any] = [paragraph(_("Jam layanan"), "head")]
    for hours in document.offer.hours:
        if len(document.offer.hours) > 1:
            parts.append(paragraph(hours.name, "bold"))
        parts += [paragraph(f"• {line}") for line in (*hours.lines, *hours.notes)]
    return parts


def _targets(document: Document) -> list[Any]:
    """A table: what, at which priority, and the longest time for each metric that somebody promised."""
    lines = document.offer.lines
    metrics = [metric for metric in METRICS if any(each.metric == metric for line in lines for each in line.targets)]
    labels = {each.metric: each.label for line in lines for each in line.targets}
    head = [_("Yang dilaporkan atau diminta"), _("Prioritas"), *(labels[metric] for metric in metrics)]
    rows = [[paragraph(each, "bold") for each in head]]
    rows += [[paragraph(each) for each in _cells(line, metrics, document)] for line in lines]
    wide = WIDTH * 0.34
    rest = (WIDTH - wide) / (len(head) - 1)
    table = Table(rows, colWidths=[wide] + [rest] * (len(head) - 1), repeatRows=1, hAlign="LEFT")
    table.setStyle(GRID)
    note = _(
        "Waktu paling lama, dihitung hanya selama jam layanan. Waktu menunggu jawaban atau tindakan pengguna tidak "
        "dihitung."
    )
    return [paragraph(_("Target layanan"), "head"), table, Spacer(1, 3), paragraph(note, "small")]


def _cells(line: Line, metrics: list[Any], document: Document) -> list[str]:
    several = len(document.offer.hours) > 1
    by_metric = {each.metric: f"{each.amount} ({each.calendar})" if several else each.amount for each in line.targets}
    return [line.subject, line.priority_label, *(by_metric.get(metric, "–") for metric in metrics)]


def _signatures(document: Document) -> list[Any]:
    """Two signatories beside each other, their lines at the same height."""
    people = document.signatories or [Signatory("", "", "", "") for _each in range(2)]
    parts: list[Any] = [paragraph(_("Penanda tangan"), "head")]
    for start in range(0, len(people), 2):
        columns = [_signature(each) for each in people[start : start + 2]]
        columns += [[""] * len(columns[0])] * (2 - len(columns))
        table = Table(list(zip(*columns, strict=True)), colWidths=[WIDTH / 2] * 2, hAlign="LEFT")
        table.setStyle(PAIR)
        parts += [table, Spacer(1, 8)]
    printed = _("Dicetak %(at)s") % {"at": timezone.localtime().strftime("%d-%m-%Y %H.%M %Z")}
    return [KeepTogether(parts), paragraph(printed, "small")]


def _signature(person: Signatory) -> list[Any]:
    """Position, room to sign, name, number, day: always as many pieces."""
    signed = _("Ditandatangani %(day)s") % {"day": person.signed_on} if person.signed_on else _("Tanggal:")
    return [
        paragraph(person.position or _("Jabatan:")),
        Spacer(1, 16 * mm),
        paragraph(person.name or "_" * 30, "bold"),
        paragraph(_("NIP %(nip)s") % {"nip": person.nip}) if person.nip else "",
        paragraph(signed, "small"),
    ]


def _mark_draft(canvas: Any, _page: Any) -> None:
    canvas.setFont("Berkas-Tebal", 70)
    canvas.setFillColor(colors.HexColor("#eeeeee"))
    canvas.translate(A4[0] / 2, A4[1] / 2)
    canvas.rotate(52)
    canvas.drawCentredString(0, 0, _("RANCANGAN"))
    canvas.rotate(-52)
    canvas.translate(-A4[0] / 2, -A4[1] / 2)
