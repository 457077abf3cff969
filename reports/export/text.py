"""Tables as CSV that an Indonesian Excel opens by a double click."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from core.spreadsheets import safe_cell
from reports.export.document import Kind, Table

BOM = "\ufeff"
"""Without it Excel takes the file for one of the old Windows code pages."""
SEPARATOR = ";"
"""The list separator of Indonesian Windows; its decimal separator is the comma."""
TYPE = "text/csv; charset=utf-8"


def render(tables: Sequence[Table]) -> bytes:
    """One table is written bare, so that programs read it; several follow each other, each under its title."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=SEPARATOR)
    for position, table in enumerate(tables):
        if len(tables) > 1:
            writer.writerows([[]] if position else [])
            writer.writerow([safe_cell(table.title)])
        writer.writerow([_head(column.label, column.kind) for column in table.columns])
        writer.writerows([_cell(value) for value in row] for row in table.rows)
        if table.total is not None:
            writer.writerow([_cell(value) for value in table.total])
    return (BOM + target.getvalue()).encode()


def _head(label: str, kind: Kind) -> Any:
    return safe_cell(unit_in(label, kind))


def unit_in(label: str, kind: Kind) -> str:
    """The head of a column of bare numbers, with their unit unless it says it already."""
    unit = {Kind.PERCENT: "%", Kind.MINUTES: "menit kerja"}.get(kind)
    return f"{label} ({unit})" if unit and unit not in label else label


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return str(value).replace(".", ",") if isinstance(value, float) else safe_cell(value)
