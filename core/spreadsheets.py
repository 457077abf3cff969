"""Text in cells of files that people open in a spreadsheet program."""

from collections.abc import MutableMapping
from typing import Any

from import_export import resources

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: Any) -> Any:
    """The value with an apostrophe in front when a spreadsheet would run it as a formula.

    >>> safe_cell("=1+1")
    "'=1+1"
    >>> safe_cell("Dinas Kesehatan")
    'Dinas Kesehatan'
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def plain_cell(value: Any) -> Any:
    """The reverse of `safe_cell`, so that an exported file can be imported again."""
    return value[1:] if isinstance(value, str) and value[:1] == "'" and value[1:].startswith(FORMULA_STARTS) else value


class SafeResource(resources.ModelResource):
    """A resource of django-import-export whose exports hold no formulas and whose imports are validated."""

    def export_field(self, field: Any, instance: Any, **kwargs: Any) -> Any:
        return safe_cell(super().export_field(field, instance, **kwargs))

    def before_import_row(self, row: MutableMapping[str, Any], **kwargs: Any) -> None:
        for name in row:
            row[name] = plain_cell(row[name])
