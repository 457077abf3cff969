"""Sums as rows with keys and labels."""

from collections import Counter
from collections.abc import Iterator

from django.utils.translation import gettext as _

from reports.figures.source import ALL, Question, count
from reports.scope import GROUPS, names_of


def grouped(question: Question, part: str, group_by: str) -> Iterator[tuple[str, str, Counter[str]]]:
    """(key, label, sums) of every group that has any; `group_by` ALL gives one, with neither key nor label.

    Raises ValueError like `tickets_in`, and for a group nobody knows.
    """
    check(group_by)
    found = count(question, part, group_by)
    if group_by == ALL:
        yield "", "", found.get("", Counter())
        return
    merged: dict[tuple[str, str], Counter[str]] = {}
    named = names_of(group_by, found)
    for value, sums in found.items():
        merged.setdefault(named[value], Counter()).update(sums)
    yield from ((key, label, sums) for (key, label), sums in merged.items())


def check(group_by: str) -> None:
    """Raises ValueError for a group nobody knows."""
    if group_by != ALL and group_by not in GROUPS:
        raise ValueError(_("Pengelompokan tidak dikenal: %(name)s") % {"name": group_by})


def rank(group_by: str, key: str, label: str, number: int) -> tuple[int, str]:
    """Sort by this: months by time, all others by how many there are, the most first."""
    return (0, key) if group_by == "month" else (-number, label)
