"""The recapitulation of a month or a year, which offices used to count by hand: figures, tables, causes, trend."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Sum
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core.templatetags.ui import angka
from reports import sla
from reports.definitions import DEFINITIONS
from reports.export.document import Bar, Bars, Column, Document, Kind, Table, written
from sla.models import Clock, Metric
from tickets.choices import OPEN_STAGES, HoldReason, Stage
from tickets.models import Spell

TREND_MONTHS = 12
WORDS = (
    (
        gettext_lazy("Sebab lewat tenggat"),
        gettext_lazy(
            "Waktu kerja, sampai tiketnya selesai, dari tiket yang melewati tenggat: menurut tahap atau alasan "
            "menunggunya, dan menurut tim yang memegangnya. Tahap yang masih berlangsung belum ikut dijumlahkan."
        ),
    ),
)
GROUPS = ("kind", "service", "office", "team")


@dataclass(frozen=True, slots=True)
class Span:
    """A month or a year, and what it is compared with."""

    start: date
    end: date
    is_year: bool = False

    @property
    def label(self) -> str:
        return str(self.start.year) if self.is_year else date_format(self.start, "F Y")

    @property
    def before(self) -> "Span":
        """The month or year before."""
        return year(self.start.year - 1) if self.is_year else month(*_shifted(self.start, -1))

    @property
    def last_year(self) -> "Span":
        return year(self.start.year - 1) if self.is_year else month(self.start.year - 1, self.start.month)


def month(year_number: int, number: int) -> Span:
    """That calendar month."""
    first = date(year_number, number, 1)
    return Span(first, first.replace(day=monthrange(year_number, number)[1]))


def year(number: int) -> Span:
    """That calendar year."""
    return Span(date(number, 1, 1), date(number, 12, 31), is_year=True)


def _shifted(first: date, months: int) -> tuple[int, int]:
    number = first.year * 12 + first.month - 1 + months
    return number // 12, number % 12 + 1


def document(user: User, span: Span, now: datetime) -> Document:
    """The recapitulation, counted as this person; in a constant number of queries."""
    rows = {group: _attainment(user, span, group, now) for group in GROUPS}
    summary = sla.summary(user, start=span.start, end=span.end, rows=rows["kind"])
    trend = _trend(user, span, now)
    title = _("Rekap Tahunan %(label)s") if span.is_year else _("Rekap Bulanan %(label)s")
    return Document(
        title % {"label": span.label},
        span.start,
        span.end,
        now,
        user.display_name,
        facts=_facts(user, span, summary, now),
        parts=[
            _trend_bars(trend),
            *(_table(_("Menurut %(group)s") % {"group": str(sla.GROUPS[g]).lower()}, g, rows[g]) for g in GROUPS),
            *_causes(user, span, now),
            _table(_("Perkembangan dua belas bulan"), "month", trend),
        ],
        definitions=[*DEFINITIONS, *WORDS],
        is_signed=True,
    )


def _attainment(user: User, span: Span, group_by: str, now: datetime) -> list[sla.Row]:
    return sla.attainment(user, start=span.start, end=span.end, group_by=group_by, now=now)


def _facts(user: User, span: Span, summary: sla.Summary, now: datetime) -> list[tuple[str, str, str]]:
    """(label, value, remark); the remark compares with the span before and the year before."""
    others = [span.before] if span.is_year else [span.before, span.last_year]
    past = [(each.label, sla.summary(user, start=each.start, end=each.end)) for each in others]
    created = ", ".join(f"{label}: {angka(one.created)}" for label, one in past)
    found = [
        (_("Tiket dibuat"), angka(summary.created), created),
        (_("Di antaranya selesai"), angka(summary.finished), ""),
        (_("Masih terbuka"), angka(summary.still_open), ""),
    ]
    found.append(_fact(_("Ketercapaian semua ukuran"), summary.total, [(label, one.total) for label, one in past]))
    for metric, counts in summary.metrics.items():
        compared = [(label, one.metrics.get(metric, sla.Counts())) for label, one in past]
        found.append(_fact(str(Metric(metric).label), counts, compared))
    return found


def _fact(label: str, counts: sla.Counts, past: Sequence[tuple[str, sla.Counts]]) -> tuple[str, str, str]:
    compared = ", ".join(f"{name}: {written(each.attainment, Kind.PERCENT)}" for name, each in past)
    late = _("%(n)s lewat tenggat") % {"n": angka(counts.breached)}
    return label, written(counts.attainment, Kind.PERCENT), f"{late}; {compared}"


def _table(title: str, group_by: str, rows: Sequence[sla.Row]) -> Table:
    """One line per group, all metrics together; in the order of the report, the worst first."""
    total = sla.Counts()
    for row in rows:
        total.add(row)
    columns = [
        Column(str(sla.GROUPS[group_by])),
        Column(_("Tercapai"), Kind.COUNT),
        Column(_("Lewat tenggat"), Kind.COUNT),
        Column(_("Berjalan"), Kind.COUNT),
        Column(_("Ketercapaian"), Kind.PERCENT),
    ]
    return Table(
        title,
        columns,
        [[row.label, row.met, row.breached, row.running, row.attainment] for row in rows],
        [_("Jumlah"), total.met, total.breached, total.running, total.attainment] if rows else None,
    )


def _trend(user: User, span: Span, now: datetime) -> list[sla.Row]:
    """Attainment of each of the twelve months that end with the span."""
    first = date(*_shifted(span.end.replace(day=1), 1 - TREND_MONTHS), 1)
    return sla.attainment(user, start=first, end=span.end, group_by="month", now=now)


def _trend_bars(trend: Sequence[sla.Row]) -> Bars:
    bars = [
        Bar(row.label, (row.attainment or 0) / 100, written(row.attainment, Kind.PERCENT))
        for row in trend
        if row.attainment is not None
    ]
    return Bars(_("Ketercapaian dua belas bulan"), bars)


def _causes(user: User, span: Span, now: datetime) -> list[Table]:
    """Where the tickets that missed a deadline spent their working time: waiting for whom, and in which team."""
    late = Clock.objects.filter(sla.is_breached(now)).values("ticket_id")
    tickets = sla.tickets_in(user, start=span.start, end=span.end).filter(pk__in=late).order_by()
    spells = Spell.objects.filter(ticket__in=tickets.values("pk"), stage__in=OPEN_STAGES).order_by()
    by_reason = _spent(spells.values_list("stage", "hold_reason"))
    by_team = _spent(spells.values_list("team__name"))
    reasons = [[_reason(stage, hold), number, (spent or 0) // 60] for stage, hold, number, spent in by_reason]
    teams = [[name or _("Belum ada tim"), number, (spent or 0) // 60] for name, number, spent in by_team]
    numbers = [Column(_("Tiket"), Kind.COUNT), Column(_("Waktu kerja"), Kind.MINUTES)]
    return [
        Table(_("Sebab lewat tenggat: menunggu siapa"), [Column(_("Tahap")), *numbers], reasons),
        Table(_("Sebab lewat tenggat: di tim mana"), [Column(_("Tim")), *numbers], teams),
    ]


def _spent(grouped: Any) -> Any:
    """Each group with its number of tickets and seconds of working time, the longest first."""
    return grouped.annotate(number=Count("ticket", distinct=True), spent=Sum("work_seconds")).order_by("-spent")


def _reason(stage: str, hold_reason: str) -> str:
    return str(HoldReason(hold_reason).label if hold_reason else Stage(stage).label)
