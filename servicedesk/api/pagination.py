"""Keyset pages: a cursor names the last row seen, so rows that arrive meanwhile move nothing, and no page is slow.

DRF's own CursorPagination counts offsets among rows with the same first key, which breaks down where thousands of
rows share one, as priorities do.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError as FieldError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from servicedesk.api.base import is_usable

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Order:
    """A way to sort: `name` as the caller writes it, the model field behind it, and the direction."""

    name: str
    field: str
    falling: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A row in that order. `backward`: the page before it is wanted."""

    value: Any
    pk: int
    backward: bool


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Rows with the addresses of their neighbours, None where there is none."""

    results: list[M]
    next: str | None
    previous: str | None


def paginate(request: Request, queryset: QuerySet[M], fields: Mapping[str, str], default: str) -> Page[M]:
    """The page that `cursor`, `page_size` and `ordering` of the request ask for.

    `fields` maps the names callers may order by to fields without NULLs; ties are settled by id. Raises
    ValidationError for an unknown ordering, a damaged cursor, or one that was made for another ordering.
    """
    order = _order(request.query_params.get("ordering") or default, fields)
    size = _size(request)
    text = request.query_params.get("cursor")
    place = _decode(text, order, queryset) if text else None
    backward = place is not None and place.backward
    rising = order.falling == backward
    found = queryset if place is None else queryset.filter(_beyond(order.field, place, rising))
    sign = "" if rising else "-"
    rows = list(found.order_by(f"{sign}{order.field}", f"{sign}id")[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backward:
        rows.reverse()
    has_next, has_previous = (True, more) if backward else (more, place is not None)
    return Page(
        rows,
        next=_address(request, order, rows[-1], backward=False) if rows and has_next else None,
        previous=_address(request, order, rows[0], backward=True) if rows and has_previous else None,
    )


def _order(text: str, fields: Mapping[str, str]) -> Order:
    name = text.removeprefix("-")
    if name not in fields:
        choices = ", ".join(f"{each}, -{each}" for each in fields)
        raise ValidationError({"ordering": [_("Urutan tidak dikenal. Pilih: %(choices)s.") % {"choices": choices}]})
    return Order(text, fields[name], text.startswith("-"))


def _size(request: Request) -> int:
    text = request.query_params.get("page_size", "")
    if not text:
        return PAGE_SIZE
    if not (text.isascii() and text.isdigit() and text.strip("0")):
        raise ValidationError({"page_size": [_("Tulis bilangan bulat mulai dari 1.")]})
    # More digits than the greatest size has are more than it, and int() refuses thousands of them.
    return min(int(text[:12]), MAX_PAGE_SIZE) if len(text) <= 12 else MAX_PAGE_SIZE


def _beyond(field: str, place: Place, rising: bool) -> Q:
    way = "gt" if rising else "lt"
    # The first condition bounds the index scan, the second settles ties.
    bound = Q(**{f"{field}__{way}e": place.value})
    return bound & (Q(**{f"{field}__{way}": place.value}) | Q(**{f"id__{way}": place.pk}))


def _address(request: Request, order: Order, row: Model, *, backward: bool) -> str:
    value = getattr(row, order.field)
    shown = value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
    key = json.dumps([order.name, shown, row.pk, backward])
    cursor = base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")
    return replace_query_param(request.build_absolute_uri(), "cursor", cursor)


def _decode(text: str, order: Order, queryset: QuerySet[Any]) -> Place:
    """The place a cursor of ours names. Raises ValidationError for anything else."""
    try:
        name, value, pk, backward = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if name != order.name or type(pk) is not int or not 0 < pk < 2**63 or type(backward) is not bool:
            raise ValueError("not a cursor of this list")
        value = queryset.model._meta.get_field(order.field).to_python(value)
        if isinstance(value, datetime):
            value = value.astimezone(UTC)
        elif not ((isinstance(value, str) and is_usable(value)) or (isinstance(value, int) and abs(value) < 2**31)):
            raise ValueError("no such value")
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error, FieldError) as error:
        raise ValidationError({"cursor": [_("Penanda halaman tidak sah. Mulai lagi tanpa cursor.")]}) from error
    return Place(value, pk, backward)
