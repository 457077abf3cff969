"""Reading the holidays of a joint decree (SKB) from a CSV file as people save it. Pure, bounded, never guesses.

Columns: tanggal, nama, jenis, and if wanted sumber; separated by comma, semicolon or tab.
"""

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from core.spreadsheets import plain_cell
from sla.models import Holiday

MAX_BYTES = 256 * 1024
MAX_ROWS = 500
COLUMNS = ("tanggal", "nama", "jenis")
YEARS = range(2000, 2101)
KINDS = {
    "libur nasional": Holiday.Kind.PUBLIC,
    "nasional": Holiday.Kind.PUBLIC,
    "public": Holiday.Kind.PUBLIC,
    "cuti bersama": Holiday.Kind.GOVERNMENT,
    "government": Holiday.Kind.GOVERNMENT,
    "libur daerah": Holiday.Kind.LOCAL,
    "daerah": Holiday.Kind.LOCAL,
    "local": Holiday.Kind.LOCAL,
}
MONTHS = (
    "januari", "februari", "maret", "april", "mei", "juni", "juli", "agustus", "september", "oktober", "november",
    "desember",
)  # fmt: skip
SHORT = {**{name[:3]: number for number, name in enumerate(MONTHS, 1)}, "agt": 8, "ags": 8, "pebruari": 2, "nop": 11}
NUMERIC = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")
ISO = re.compile(r"(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})(?:[T ]00:00(?::00)?)?")
WORDS = re.compile(r"(\d{1,2})\s+([A-Za-z]+)\.?\s+(\d{4})")


@dataclass(slots=True)
class Decree:
    """What was read. With `errors` nothing of it is to be used; `notes` are told and do no harm."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(content: bytes, source: str = "") -> Decree:
    """The holidays of the file, once per date, confirmed. `source` stands for rows that name none."""
    found = Decree()
    text = _text(content, found)
    if text is None:
        return found
    try:
        lines = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text)))
    except csv.Error:
        found.errors.append(_("Berkas tidak dapat dibaca sebagai CSV. Simpan ulang sebagai “CSV UTF-8”."))
        return found
    header = [cell.strip().casefold() for cell in lines[0]] if lines else []
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        found.errors.append(
            _("Baris pertama harus memuat nama kolom. Kolom yang belum ada: %(names)s.") % {"names": ", ".join(missing)}
        )
        return found
    if len(lines) > MAX_ROWS + 1:
        found.errors.append(_("Berkas memuat lebih dari %(count)d baris. Bagi menjadi beberapa berkas.") % _limit())
        return found
    for number, cells in enumerate(lines[1:], start=2):
        if any(cell.strip() for cell in cells):
            _read_row(found, number, dict(zip(header, cells, strict=False)), source)
    if not found.rows and not found.errors:
        found.errors.append(_("Berkas tidak memuat satu pun hari libur."))
    return found


def _limit() -> dict[str, int]:
    return {"count": MAX_ROWS}


def _text(content: bytes, found: Decree) -> str | None:
    """The characters of the file. Spreadsheet programs save UTF-8, UTF-16 with a mark, or the Windows code page."""
    if len(content) > MAX_BYTES:
        found.errors.append(_("Berkas terlalu besar. Simpan hanya daftar hari liburnya sebagai CSV."))
        return None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        if b"\0" in content or content.startswith(b"PK"):
            found.errors.append(_("Ini bukan berkas CSV. Di Excel pilih Simpan Sebagai, lalu “CSV UTF-8”."))
            return None
        encoding = "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        if encoding == "utf-16":
            found.errors.append(_("Berkas rusak. Simpan ulang sebagai “CSV UTF-8”."))
            return None
    found.notes.append(_("Berkas bukan UTF-8; dibaca sebagai teks Windows. Periksa huruf beraksen pada nama."))
    return content.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _read_row(found: Decree, number: int, row: dict[str, str], source: str) -> None:
    day = parse_date(row.get("tanggal", ""))
    name, kind = _plain(row.get("nama", "")), KINDS.get(" ".join(row.get("jenis", "").casefold().split()))
    wrong = []
    if day is None:
        wrong.append(_("tanggal “%(text)s” tidak dikenal, tulis seperti 17/08/2026") % {"text": row.get("tanggal", "")})
    if not name:
        wrong.append(_("nama belum diisi"))
    if kind is None:
        wrong.append(
            _("jenis “%(text)s” tidak dikenal, isi libur nasional, cuti bersama, atau libur daerah")
            % {"text": row.get("jenis", "")}
        )
    if wrong or day is None or kind is None:
        found.errors.append(_("Baris %(number)d: %(what)s.") % {"number": number, "what": "; ".join(wrong)})
        return
    if any(each["date"] == day.isoformat() for each in found.rows):
        found.notes.append(
            _("Baris %(number)d dilewati: tanggal %(day)s sudah ada di atasnya.")
            % {"number": number, "day": day.isoformat()}
        )
        return
    found.rows.append(
        {
            "date": day.isoformat(),
            "name": name[:200],
            "kind": kind.value,
            "status": Holiday.Status.CONFIRMED.value,
            "source": _plain(row.get("sumber") or source)[:200],
        }
    )


def _plain(text: str) -> str:
    """One line without control characters and the apostrophe that guards a cell."""
    return " ".join("".join(each if each.isprintable() else " " for each in plain_cell(text)).split())


def parse_date(text: str) -> date | None:
    """17/08/2026, 17-8-2026, 2026-08-17 or (Senin,) 17 Agustus 2026; None for anything else. Day before month."""
    plain = text.strip().rpartition(",")[2].strip()
    if match := NUMERIC.fullmatch(plain):
        day, month, year = (int(part) for part in match.groups())
    elif match := ISO.fullmatch(plain):
        year, month, day = (int(part) for part in match.groups())
    elif match := WORDS.fullmatch(plain):
        day, year = int(match[1]), int(match[3])
        name = match[2].casefold()
        month = MONTHS.index(name) + 1 if name in MONTHS else SHORT.get(name, 0)
    else:
        return None
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if found.year in YEARS else None
