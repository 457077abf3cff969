"""What an edit of a calendar changes, in words."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from core.templatetags.ui import tanggal
from sla import hours
from sla.definitions import LISTS, Definition
from sla.models import Holiday

SHOWN = 40
"""So many rows of one kind are named; a long import says how many more there are."""


def words(old: Definition, new: Definition) -> list[str]:
    """One sentence for each change, in the order of what weighs most."""
    found = []
    if old["name"] != new["name"]:
        found.append(_("Nama: %(old)s → %(new)s") % {"old": old["name"], "new": new["name"]})
    if old["timezone"] != new["timezone"]:
        found.append(_("Zona waktu: %(old)s → %(new)s") % {"old": old["timezone"], "new": new["timezone"]})
    if old["week"] != new["week"]:
        found.append(_("Jam kerja: %(old)s → %(new)s") % {"old": week(old["week"]), "new": week(new["week"])})
    for name in LISTS:
        rows = list(_rows(name, old[name], new[name]))
        found += rows[:SHOWN]
        if len(rows) > SHOWN:
            found.append(_("dan %(count)d perubahan lagi") % {"count": len(rows) - SHOWN})
    return found


def week(stored: dict[str, Any]) -> str:
    return "; ".join(hours.week_lines(stored)) or _("tutup")


def _rows(name: str, old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Iterator[str]:
    key = LISTS[name]
    before, after = ({row[key]: row for row in rows} for rows in (old, new))
    for day in sorted({*before, *after}):
        was, now = before.get(day), after.get(day)
        if was == now:
            continue
        if was is None and now is not None:
            yield _("Tambah %(what)s") % {"what": row_words(name, now)}
        elif now is None and was is not None:
            yield _("Hapus %(what)s") % {"what": row_words(name, was)}
        elif was is not None and now is not None:
            yield _("Ubah %(old)s → %(new)s") % {"old": row_words(name, was), "new": row_words(name, now)}


def row_words(name: str, row: dict[str, Any]) -> str:
    """One row of a definition's list."""
    if name == "holidays":
        kind, status = str(Holiday.Kind(row["kind"]).label), str(Holiday.Status(row["status"]).label)
        return _("libur %(day)s %(name)s (%(facts)s)") % {
            "day": _day(row["date"]),
            "name": row["name"],
            "facts": ", ".join(fact for fact in (kind.lower(), status.lower(), row["source"]) if fact),
        }
    if name == "periods":
        return _("masa %(name)s %(first)s–%(last)s: %(hours)s") % {
            "name": row["name"],
            "first": _day(row["first_date"]),
            "last": _day(row["last_date"]),
            "hours": week(row["week"]),
        }
    return _("jam kerja mulai %(day)s: %(hours)s") % {"day": _day(row["valid_from"]), "hours": week(row["week"])}


def _day(iso: str) -> str:
    return str(tanggal(date.fromisoformat(iso)))
