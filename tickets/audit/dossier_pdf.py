"""The dossier on paper. Knows pages and fonts, nothing of the database."""

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, PageBreak, Spacer, Table

from tickets import paper
from tickets.paper import PIECE, WIDTH
from tickets.paper import facts as _facts
from tickets.paper import paragraph as _p
from tickets.paper import words as _words

if TYPE_CHECKING:
    from tickets.audit.dossier import Dossier, Facts


def render(dossier: "Dossier") -> bytes:
    """The PDF. Text of any length, script or shape comes out; unknown glyphs as boxes."""
    parts = [*_front(dossier), *_conversation(dossier), *_history(dossier), *_work(dossier), *_closing(dossier)]
    return paper.build(parts, title=f"Berkas perkara {dossier.number}", foot=f"{dossier.number} · {dossier.variant}")


def _front(dossier: "Dossier") -> list[Any]:
    parts = [
        *paper.letterhead(),
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
