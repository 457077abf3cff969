"""The versions of a policy, from the first to the present one."""

from collections.abc import Mapping
from dataclasses import dataclass

from sla.models import Policy, Revision
from tickets.targets import words


@dataclass(frozen=True, slots=True)
class Version:
    """One version with what it changed; `author` is "" for what came with the reference data."""

    policy: Policy
    author: str
    changes: list[str]
    conditions: str
    targets: list[tuple[str, str]]
    was_recomputed: bool
    """Whether a later version took its place for open tickets too."""


def versions(policy: Policy) -> list[Version]:
    """Every version of the chain that this one belongs to, newest first; a constant number of queries."""
    keys = _chain(policy.pk)
    rows = Policy.objects.filter(pk__in=keys).select_related("service", "team", "calendar").prefetch_related("targets")
    by_key = {row.pk: row for row in rows}
    authors = _authors(keys)
    found = []
    for key in sorted(keys, key=lambda pk: by_key[pk].number, reverse=True):
        row = by_key[key]
        before = by_key.get(row.replaces_id) if row.replaces_id else None
        found.append(
            Version(
                policy=row,
                author=authors.get(key, ""),
                changes=words.differences(before, row) if before else [],
                conditions=words.sentence(row),
                targets=words.targets(row),
                was_recomputed=row.valid_until is not None and not row.is_active,
            )
        )
    return found


def _chain(pk: int) -> list[int]:
    """The keys of all versions before and after this one. The pairs of all policies are few, and one query."""
    before: Mapping[int, int | None] = dict(Policy.objects.values_list("pk", "replaces_id"))
    after: dict[int, list[int]] = {}
    for each, replaced in before.items():
        if replaced is not None:
            after.setdefault(replaced, []).append(each)
    found, waiting = set(), [pk]
    while waiting:
        each = waiting.pop()
        if each in found:
            continue
        found.add(each)
        replaced = before.get(each)
        waiting += [*([replaced] if replaced is not None else []), *after.get(each, [])]
    return sorted(found)


def _authors(keys: list[int]) -> dict[int, str]:
    """Policy → who made that version: the first change recorded for it."""
    rows = Revision.objects.filter(kind=Revision.Kind.POLICY, policy__in=keys).select_related("made_by")
    authors: dict[int, str] = {}
    for row in rows.order_by("pk"):
        if row.policy_id is not None:
            authors.setdefault(row.policy_id, row.made_by.display_name)
    return authors
