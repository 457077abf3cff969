"""Geometry of charts: plain numbers for an inline SVG, so that no script and no style attribute is needed."""

from dataclasses import dataclass

from reports.sla import Row

WIDTH = 720
LABEL_WIDTH = 250
BAR_HEIGHT = 22
GAP = 10
MAX_BARS = 20
SCALE_WIDTH = WIDTH - LABEL_WIDTH - 60
GOOD, FAIR = 90.0, 75.0
"""Colours only: from 90 % good, from 75 % fair. The figures stand beside the bars."""


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: float
    y: int
    length: int
    tone: str

    @property
    def middle(self) -> int:
        return self.y + BAR_HEIGHT // 2 + 5

    @property
    def value_x(self) -> int:
        return LABEL_WIDTH + self.length + 8


@dataclass(frozen=True, slots=True)
class Chart:
    """Horizontal bars of attainment; groups in which nothing is decided yet are left out."""

    bars: list[Bar]
    width: int
    height: int
    label_width: int = LABEL_WIDTH
    bar_height: int = BAR_HEIGHT
    track: int = SCALE_WIDTH

    @property
    def summary(self) -> str:
        return "; ".join(f"{bar.label}: {bar.value:.1f}%".replace(".", ",") for bar in self.bars)


def bars(rows: list[Row]) -> Chart:
    decided = [row for row in rows if row.attainment is not None][:MAX_BARS]
    drawn = [_bar(position, row) for position, row in enumerate(decided)]
    return Chart(drawn, WIDTH, max(len(drawn) * (BAR_HEIGHT + GAP), BAR_HEIGHT))


def _bar(position: int, row: Row) -> Bar:
    value = row.attainment or 0.0
    tone = "bar-ok" if value >= GOOD else "bar-warn" if value >= FAIR else "bar-danger"
    label = row.label if len(row.label) <= 34 else row.label[:33] + "…"
    return Bar(label, value, position * (BAR_HEIGHT + GAP), round(SCALE_WIDTH * value / 100), tone)
