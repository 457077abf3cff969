"""The conditions of a rule: which fields, which comparisons, and whether they hold for a ticket. Data in, bool out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Office, Team
from catalog.models import Service, ServiceCategory
from tickets import clocks
from tickets.choices import Channel, ComplaintClass, Direction, Kind, Level, RequesterClass, Stage
from tickets.kinds import machines
from tickets.models import ComplaintDetail, Message, Ticket

Text = Any
"""A sentence for the screen, translated now or later."""
Choices = list[tuple[str, str]]
MAX_CONDITIONS = 20
MAX_WORDS = 20
TEXT_LENGTH = 5000
"""Characters of a message that rules look at."""
YES, NO = "ya", "tidak"


class Facts:
    """What conditions look at, read when asked and at most once."""

    def __init__(self, ticket: Ticket, at: datetime) -> None:
        self.ticket, self.at = ticket, at

    @cached_property
    def text(self) -> str:
        """The requester's latest words; a query may bring them along as `automation_text`."""
        brought = getattr(self.ticket, "automation_text", None)
        if brought is not None:
            return str(brought)
        words = Message.objects.filter(ticket_id=self.ticket.pk, direction=Direction.IN).order_by("-created_at", "-id")
        return (words.values_list("text", flat=True).first() or "")[:TEXT_LENGTH]

    @cached_property
    def tags(self) -> list[str]:
        return [tag.name for tag in self.ticket.tags.all()]

    @cached_property
    def complaint_class(self) -> str:
        if self.ticket.kind != Kind.COMPLAINT:
            return ""
        try:
            return self.ticket.complaint_detail.complaint_class
        except ComplaintDetail.DoesNotExist:
            return ""

    @cached_property
    def is_working_time(self) -> bool:
        return clocks.default_calendar().is_open(self.at)


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to look at. `choices` are the values it can have; None means free words."""

    label: Text
    read: Callable[[Facts], Any]
    choices: Callable[[], Choices] | None = None
    operators: tuple[str, ...] = ("is", "is_not")


OPERATORS: Mapping[str, Text] = {
    "is": gettext_lazy("adalah salah satu dari"),
    "is_not": gettext_lazy("bukan"),
    "at_least": gettext_lazy("paling rendah"),
    "at_most": gettext_lazy("paling tinggi"),
    "contains": gettext_lazy("memuat salah satu kata"),
    "contains_all": gettext_lazy("memuat semua kata"),
    "contains_not": gettext_lazy("tidak memuat kata"),
}
WORDS = ("contains", "contains_all", "contains_not")
LEVELS = ("is", "is_not", "at_least", "at_most")


def _of(choices: Iterable[tuple[Any, Any]]) -> Callable[[], Choices]:
    return lambda: [(str(value), str(label)) for value, label in choices]


def _levels() -> Choices:
    return [(level.code, str(level.label)) for level in Level]


def _states() -> Choices:
    """Every state by every name it has; a name that means several states is told apart by the code."""
    pairs = dict.fromkeys(
        (str(state), str(label)) for machine in machines().values() for state, (label, _stage) in machine.STATES.items()
    )
    names = [label for _state, label in pairs]
    return [(state, label if names.count(label) == 1 else f"{label} ({state})") for state, label in pairs]


def _coded(model: Any) -> Callable[[], Choices]:
    return lambda: [(str(code), str(name)) for code, name in model.objects.values_list("code", "name")]


def _code(name: str) -> Callable[[Facts], str]:
    return lambda facts: getattr(getattr(facts.ticket, name), "code", "")


def _level(name: str) -> Callable[[Facts], str]:
    return lambda facts: Level(getattr(facts.ticket, name)).code


def _category(facts: Facts) -> str:
    return facts.ticket.service.category.code if facts.ticket.service else ""


FIELDS: Mapping[str, Field] = {
    "kind": Field(gettext_lazy("Jenis"), lambda f: f.ticket.kind, _of(Kind.choices)),
    "state": Field(gettext_lazy("Keadaan"), lambda f: f.ticket.state, _states),
    "stage": Field(gettext_lazy("Tahap"), lambda f: f.ticket.stage, _of(Stage.choices)),
    "priority": Field(gettext_lazy("Prioritas"), _level("priority"), _levels, LEVELS),
    "impact": Field(gettext_lazy("Dampak"), _level("impact"), _levels, LEVELS),
    "urgency": Field(gettext_lazy("Urgensi"), _level("urgency"), _levels, LEVELS),
    "service": Field(gettext_lazy("Layanan"), _code("service"), _coded(Service)),
    "category": Field(gettext_lazy("Kategori layanan"), _category, _coded(ServiceCategory)),
    "office": Field(gettext_lazy("Perangkat daerah"), _code("office"), _coded(Office)),
    "team": Field(gettext_lazy("Tim"), _code("team"), _coded(Team)),
    "unassigned": Field(
        gettext_lazy("Belum ada petugas"),
        lambda f: YES if f.ticket.assignee_id is None else NO,
        _of([(YES, gettext_lazy("Ya")), (NO, gettext_lazy("Tidak"))]),
        ("is",),
    ),
    "channel": Field(gettext_lazy("Kanal"), lambda f: f.ticket.channel, _of(Channel.choices)),
    "requester_class": Field(
        gettext_lazy("Golongan pelapor"), lambda f: f.ticket.requester_class, _of(RequesterClass.choices)
    ),
    "complaint_class": Field(
        gettext_lazy("Golongan pengaduan"), lambda f: f.complaint_class, _of(ComplaintClass.choices)
    ),
    "subject": Field(gettext_lazy("Perihal"), lambda f: f.ticket.subject, None, WORDS),
    "text": Field(gettext_lazy("Kata pelapor"), lambda f: f"{f.ticket.subject}\n{f.text}", None, WORDS),
    "tag": Field(gettext_lazy("Label"), lambda f: f.tags, None, ("is", "is_not")),
    "working_time": Field(
        gettext_lazy("Di dalam jam kerja"),
        lambda f: YES if f.is_working_time else NO,
        _of([(YES, gettext_lazy("Ya")), (NO, gettext_lazy("Tidak"))]),
        ("is",),
    ),
}


def clean(rows: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """Canonical conditions and what is wrong, as sentences. Values may be codes or the names shown on screens."""
    if not isinstance(rows, list):
        return [], [_("Syarat harus berupa daftar.")]
    if len(rows) > MAX_CONDITIONS:
        return [], [_("Paling banyak %(count)d syarat.") % {"count": MAX_CONDITIONS}]
    good: list[dict[str, Any]] = []
    bad: list[str] = []
    for position, row in enumerate(rows, start=1):
        try:
            good.append(_clean_one(row))
        except ValueError as error:
            bad.append(_("Syarat %(position)d: %(problem)s") % {"position": position, "problem": error})
    return good, bad


def _clean_one(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict) or set(row) - {"field", "operator", "value"}:
        raise ValueError(_("bentuknya tidak dikenal; pakai field, operator, value."))
    field = FIELDS.get(str(row.get("field")))
    if field is None:
        raise ValueError(_("“%(name)s” bukan hal yang dapat diperiksa.") % {"name": str(row.get("field"))[:40]})
    operator = str(row.get("operator"))
    if operator not in field.operators:
        allowed = ", ".join(f"“{OPERATORS[each]}”" for each in field.operators)
        said = _("%(field)s hanya dapat dibandingkan dengan %(allowed)s.")
        raise ValueError(said % {"field": field.label, "allowed": allowed})
    given = row.get("value")
    values = [str(each).strip() for each in (given if isinstance(given, list) else str(given or "").split(","))]
    values = [each for each in values if each]
    if not values:
        raise ValueError(_("nilai untuk %(field)s belum diisi.") % {"field": field.label})
    if len(values) > MAX_WORDS:
        raise ValueError(_("paling banyak %(count)d nilai.") % {"count": MAX_WORDS})
    if operator in ("at_least", "at_most") and len(values) > 1:
        raise ValueError(_("“%(operator)s” memerlukan satu nilai saja.") % {"operator": OPERATORS[operator]})
    if field.choices:
        values = [choose(each, field.choices(), str(field.label)) for each in values]
    return {"field": row["field"], "operator": operator, "value": values}


def choose(value: str, choices: Choices, label: str) -> str:
    """The code of a value given as code or as name, in any case. Raises ValueError with a sentence."""
    wanted = value.casefold()
    for code, name in choices:
        if wanted in (code.casefold(), name.casefold()):
            return code
    some = ", ".join(name for _code, name in choices[:8]) + (" …" if len(choices) > 8 else "")
    raise ValueError(
        _("“%(value)s” tidak dikenal sebagai %(field)s. Yang ada: %(some)s")
        % {"value": value[:60], "field": label, "some": some}
    )


def match(conditions: Sequence[Mapping[str, Any]], facts: Facts) -> bool:
    """Whether all conditions hold. A condition that can no longer be understood does not hold."""
    return all(_holds(condition, facts) for condition in conditions)


def _holds(condition: Mapping[str, Any], facts: Facts) -> bool:
    field = FIELDS.get(condition.get("field", ""))
    if field is None:
        return False
    values, operator = condition.get("value", []), condition.get("operator", "")
    actual = field.read(facts)
    if operator in ("is", "is_not"):
        found = actual if isinstance(actual, list) else [actual]
        hit = bool({str(each).casefold() for each in found} & {str(each).casefold() for each in values})
        return hit if operator == "is" else not hit
    if operator in ("at_least", "at_most"):
        has, limit = Level.from_code(actual), Level.from_code(values[0])
        return has >= limit if operator == "at_least" else has <= limit
    words = str(actual).casefold()
    hits = [str(each).casefold() in words for each in values]
    return {"contains": any(hits), "contains_all": all(hits), "contains_not": not any(hits)}.get(operator, False)


def describe(condition: Mapping[str, Any]) -> str:
    """One condition as words, e.g. “Prioritas paling rendah Tinggi”."""
    field = FIELDS.get(condition.get("field", ""))
    if field is None:
        return str(condition.get("field"))
    names = dict(reversed(field.choices())) if field.choices else {}
    values = ", ".join(names.get(value, value) for value in condition.get("value", []))
    return f"{field.label} {OPERATORS.get(condition.get('operator', ''), '')} {values}"
