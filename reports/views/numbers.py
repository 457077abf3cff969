"""Values of a report as a page shows them: written out, with the address of the tickets behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from reports.definitions import words
from reports.export.document import Kind, Table, written
from reports.forms import ReportForm
from reports.sections import Fact, Link, Section


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as it is written, and the address of the tickets behind it ("": none). `heat` shades it, 0 to 4."""

    text: str
    url: str = ""
    heat: int = 0


class Numbers:
    """Writes the numbers of one report, the page `code` of `form`."""

    def __init__(self, form: ReportForm, code: str) -> None:
        self.query, self.code = form.query(), code

    def fact(self, fact: Fact) -> dict[str, Any]:
        """A headline figure with those it is compared with."""
        term, sentence = words(fact.definition)[0]
        return {
            "label": fact.label,
            "term": term,
            "sentence": sentence,
            "cell": Cell(fact.value, self._url(fact.behind) if _is_something(fact.value) else ""),
            "others": [
                (each.label, Cell(each.value, self._url(each.behind) if _is_something(each.value) else ""))
                for each in fact.others
            ],
        }

    def section(self, section: Section) -> dict[str, Any]:
        """A table with what it means."""
        table = section.table
        return {
            "title": table.title,
            "columns": table.columns,
            "is_heat_map": table.is_heat_map,
            "rows": [self._row(table, row, links) for row, links in zip(table.rows, section.behind, strict=True)],
            "total": self._row(table, table.total, section.total) if table.total is not None else None,
            "definitions": words(*section.definitions),
        }

    def _row(self, table: Table, row: Sequence[Any], links: Sequence[Link]) -> list[Cell]:
        return [
            Cell(
                written(value, column.kind),
                self._url(link) if value else "",
                table.heat(value) if table.is_heat_map and column.kind != Kind.TEXT else 0,
            )
            for value, column, link in zip(row, table.columns, links, strict=True)
        ]

    def _url(self, link: Link) -> str:
        if link is None:
            return ""
        query, chosen = dict(self.query), link.selection
        asked = {"angka": chosen.figure, "butir": chosen.item, "kunci": chosen.key}
        if chosen.key:
            asked["kelompok"] = chosen.group_by
        if link.span:
            query["dari"], query["sampai"] = (day.isoformat() for day in link.span)
            asked["asal"] = urlencode(self.query)
        asked["laporan"] = self.code
        wanted = {**query, **{name: text for name, text in asked.items() if text}}
        return f"{reverse('reports:figure_tickets')}?{urlencode(wanted)}"


def _is_something(text: str) -> bool:
    return text not in ("–", "0", written(0.0, Kind.PERCENT))
