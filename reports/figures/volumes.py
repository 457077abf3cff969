"""How many tickets came, from where and when, and how well they ended."""

from dataclasses import dataclass

from reports.figures.groups import grouped, rank
from reports.figures.measures import percent
from reports.figures.source import ALL, Question, total


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """Tickets of one group: `created` in the period, and what has become of them."""

    key: str
    label: str
    created: int
    still_open: int
    resolved: int
    reopened: int
    first_contact: int
    reopened_open: int
    """Reopened and not finished again."""

    @property
    def finished(self) -> int:
        """Resolved or closed, for whatever reason."""
        return self.created - self.still_open

    @property
    def first_contact_rate(self) -> float | None:
        """Percent of the resolved."""
        return percent(self.first_contact, self.resolved)

    @property
    def reopen_rate(self) -> float | None:
        """Percent of those that were ever finished: the finished, and those open again."""
        return percent(self.reopened, self.ever_finished)

    @property
    def ever_finished(self) -> int:
        return self.finished + self.reopened_open


def volume(question: Question, group_by: str = ALL) -> list[VolumeRow]:
    """The tickets created in the period, most first, months in order. Raises ValueError like `tickets_in`."""
    rows = [
        VolumeRow(
            key, label, sums["created"], sums["open"], sums["resolved"], sums["reopened"], sums["first"],
            sums["reopened_open"],
        )
        for key, label, sums in grouped(question, "tickets", group_by)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: rank(group_by, row.key, row.label, row.created))


def heat_map(question: Question) -> list[list[int]]:
    """Tickets by local weekday (Monday first) and hour of their creation: seven rows of twenty-four."""
    sums = total(question, "heat")
    return [[sums[str(24 * day + hour)] for hour in range(24)] for day in range(7)]
