"""Which target holds for which ticket: every kind and priority, with gaps and ties."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from core.templatetags.ui import target_sla
from sla.models import Metric, Policy
from sla.policies import Facts, by_weight, fits
from sla.versions import Conditions
from tickets.choices import ComplaintClass, Kind, Level

NEEDED = {
    Kind.COMPLAINT: (Metric.VERIFICATION, Metric.RESPONSE, Metric.RESOLUTION),
}
USUALLY_NEEDED = (Metric.RESPONSE, Metric.RESOLUTION)
"""A ticket without these has no promise at all; the other metrics are measured where somebody wants them."""


@dataclass(frozen=True, slots=True)
class View:
    """For which tickets the overview is made; None and "" ask for those of which nothing special is known."""

    service_id: int | None = None
    team_id: int | None = None
    requester_class: str = ""
    priority: int = Level.MEDIUM.value
    """That of the complaints, which the table lists by class."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The target of one metric. `rivals` are policies with exactly the same conditions that name it too."""

    metric: str
    amount: str = ""
    policy: Policy | None = None
    rivals: list[Policy] = field(default_factory=list)
    is_gap: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """One kind: a row per priority, or per class of complaints."""

    kind: str
    label: str
    metrics: list[str]
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Matrix:
    tables: list[Table]
    gaps: int
    ties: list[list[Policy]]


def matrix(policies: Sequence[Policy], view: View) -> Matrix:
    """The overview of these current policies (with targets prefetched). Pure."""
    tied = ties(policies)
    tables = [_table(kind, policies, view, tied) for kind in Kind]
    cells = [cell for table in tables for row in table.rows for cell in row.cells]
    return Matrix(tables, sum(cell.is_gap for cell in cells), list(tied.values()))


def ties(policies: Iterable[Policy]) -> dict[Conditions, list[Policy]]:
    """Current policies that have exactly the same conditions as another one, by these conditions."""
    by_conditions: dict[Conditions, list[Policy]] = defaultdict(list)
    for policy in policies:
        by_conditions[Conditions.of(policy)].append(policy)
    return {conditions: same for conditions, same in by_conditions.items() if len(same) > 1}


def _table(kind: Kind, policies: Sequence[Policy], view: View, tied: dict[Conditions, list[Policy]]) -> Table:
    metrics = [metric for metric in Metric if metric != Metric.VERIFICATION or kind == Kind.COMPLAINT]
    rows = []
    for label, priority, complaint_class in _lines(kind, view):
        facts = Facts(kind.value, priority, view.service_id, view.requester_class, complaint_class, view.team_id)
        found = by_weight(policy for policy in policies if fits(policy, facts))
        rows.append(Row(label, [_cell(kind, metric, found, tied) for metric in metrics]))
    return Table(kind.value, str(kind.label), [str(metric.label) for metric in metrics], rows)


def _lines(kind: Kind, view: View) -> list[tuple[str, int, str]]:
    """(label, priority, complaint class) of each row."""
    if kind == Kind.COMPLAINT:
        unknown = (_("Belum digolongkan"), view.priority, "")
        return [unknown, *((str(each.label), view.priority, each.value) for each in ComplaintClass)]
    return [(str(level.label), level.value, "") for level in reversed(Level)]


def _cell(kind: Kind, metric: Metric, found: Sequence[Policy], tied: dict[Conditions, list[Policy]]) -> Cell:
    for policy in found:
        amount = _amount(policy, metric)
        if amount:
            same = tied.get(Conditions.of(policy), [])
            rivals = [each for each in same if each.pk != policy.pk and _amount(each, metric)]
            return Cell(metric.value, amount, policy, rivals)
    return Cell(metric.value, is_gap=metric in NEEDED.get(kind, USUALLY_NEEDED))


def _amount(policy: Policy, metric: Metric) -> str:
    return next((target_sla(each) for each in policy.targets.all() if each.metric == metric), "")
