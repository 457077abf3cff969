"""Geometry of charts: plain numbers for an inline SVG, so that no script and no style attribute is needed."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.templatetags.ui import angka
from reports.sla import Row

WIDTH = 720
LABEL_WIDTH = 240
LABEL_LENGTH = 36
SCALE_WIDTH = WIDTH - LABEL_WIDTH - 60
BAR_HEIGHT = 20
STEP = 30
"""From one bar to the next."""
AXIS_HEIGHT = 22
MAX_BARS = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """One group: its bar in units of the view box, and what is written beside it."""

    label: str
    full_label: str
    text: str
    y: int
    length: float

    @property
    def baseline(self) -> int:
        return self.y + BAR_HEIGHT // 2 + 4


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale."""

    text: str
    x: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Horizontal bars of attainment, at most MAX_BARS. Groups in which nothing is decided yet have none."""

    bars: Sequence[Bar]
    ticks: Sequence[Tick]
    left_out: int
    width: int = WIDTH
    label_width: int = LABEL_WIDTH
    bar_height: int = BAR_HEIGHT
    track: int = SCALE_WIDTH
    value_x: int = LABEL_WIDTH + SCALE_WIDTH + 10

    @property
    def bottom(self) -> int:
        return len(self.bars) * STEP

    @property
    def height(self) -> int:
        return self.bottom + AXIS_HEIGHT

    @property
    def axis_baseline(self) -> int:
        return self.bottom + AXIS_HEIGHT - 6

    @property
    def description(self) -> str:
        """Every bar in words, for those who do not see it."""
        return "; ".join(f"{bar.full_label}: {bar.text}" for bar in self.bars)


def bars(rows: Sequence[Row]) -> Chart:
    """The chart of these rows, in their order."""
    decided = [row for row in rows if row.attainment is not None]
    drawn = [_bar(position, row) for position, row in enumerate(decided[:MAX_BARS])]
    ticks = [Tick(f"{value}%", LABEL_WIDTH + SCALE_WIDTH * value / 100) for value in (0, 25, 50, 75, 100)]
    return Chart(drawn, ticks, len(decided) - len(drawn))


def _bar(position: int, row: Row) -> Bar:
    value = row.attainment or 0.0
    label = row.label if len(row.label) <= LABEL_LENGTH else row.label[: LABEL_LENGTH - 1].rstrip() + "…"
    text = _("%(number)s%%") % {"number": angka(value, 1)}
    return Bar(label, row.label, text, position * STEP, round(SCALE_WIDTH * value / 100, 1))
