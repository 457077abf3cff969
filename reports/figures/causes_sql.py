"""Where tickets spent most of their working time: a ranking per ticket, then sums over all of them.

Django cannot add up over a window, so its query of the ranking is put into one that does.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from tickets.choices import OPEN_STAGES
from tickets.models import Spell, Ticket

Row = tuple[Any, ...]


def by_place(tickets: QuerySet[Ticket], by: Sequence[str]) -> Iterator[Row]:
    """(values of the group, stage, reason of waiting, tickets that spent most there, tickets there, seconds)."""
    return _ranked(tickets, by, ["stage", "hold_reason"])


def by_team(tickets: QuerySet[Ticket], by: Sequence[str]) -> Iterator[Row]:
    """(values of the group, team or None, tickets that it held longest, tickets it held, seconds)."""
    return _ranked(tickets, by, ["team_id"])


def spent(tickets: QuerySet[Ticket], columns: Sequence[str], extra: Sequence[str] = ()) -> Any:
    """Seconds of working time per ticket and place before it was solved, with their rank within the ticket.

    Of two places with the same time the first by name is the one; some one has to be.
    """
    spells = Spell.objects.filter(
        ticket__in=tickets.order_by().values("pk"), stage__in=OPEN_STAGES, work_seconds__isnull=False
    )
    grouped = spells.order_by().values("ticket_id", *extra, *columns).annotate(seconds=Sum("work_seconds"))
    order: list[Any] = [F("seconds").desc(), *(F(column).asc(nulls_last=True) for column in columns)]
    return grouped.annotate(rank=Window(RowNumber(), partition_by=[F("ticket_id")], order_by=order))


def _ranked(tickets: QuerySet[Ticket], by: Sequence[str], columns: Sequence[str]) -> Iterator[Row]:
    groups = [f"ticket__{column}" for column in by]
    ranking = spent(tickets, columns, groups).values_list(*groups, *columns, "seconds", "rank")
    try:
        inner, params = ranking.query.sql_with_params()
    except EmptyResultSet:
        return
    names = [f"c{number}" for number in range(len(groups) + len(columns))]
    listed = ", ".join(names)
    # Only names of ours and the query that Django made go into the statement.
    sql = (
        f"WITH ranking ({listed}, seconds, rank) AS ({inner}) SELECT {listed}, "  # noqa: S608
        f"SUM(CASE WHEN rank = 1 THEN 1 ELSE 0 END), COUNT(*), SUM(seconds) FROM ranking GROUP BY {listed}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = cursor.fetchall()
    for row in rows:
        *places, most, number, seconds = row[len(groups) :]
        yield (row[: len(groups)], *places, int(most), int(number), int(seconds))
