"""Bars over months, drawn by the server: upright, from zero, each with its number; a template makes the SVG of it.

Lengths are units of the drawing, which is as wide as its sheet. Two series stand side by side, one full and one in
outline; the table below says the same in numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from collector.report.value import Part, Report, Table
from collector.report.words import column_title, table_title
from collector.web.catalogue import Texts

WIDE, HIGH = 720.0, 200.0
LEFT, TOP, BOTTOM = 44.0, 20.0, 24.0
LINES: Final = 4
"""Lines across above the one at zero, at the most."""
FILL: Final = 0.7
"""How much of a month's room its bars take."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: where it stands, how it is told to who cannot see it, and which series it is of (from 0)."""

    x: float
    y: float
    width: float
    height: float
    value: str
    told: str
    series: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A place at an axis with its text."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All of a drawing; `legend`: the names of the series."""

    title: str
    legend: tuple[str, ...]
    bars: tuple[Bar, ...]
    months: tuple[Mark, ...]
    lines: tuple[Mark, ...]
    width: float = WIDE
    height: float = HIGH
    left: float = LEFT


def charted(report: Report, table: Table, part: Part, names: Sequence[str], texts: Texts) -> Chart:
    """Return the drawing of these columns of a table whose first column says what each row stands for."""
    places = [table.place(name) for name in names]
    legend = tuple(column_title(texts, name) for name in names)
    labels = [str(row[0]) for row in part.rows]
    series = [[float(row[place] or 0) for row in part.rows] for place in places]
    return bars(table_title(texts, report.name, table.name), legend, labels, series)


def bars(title: str, legend: Sequence[str], labels: Sequence[str], series: Sequence[Sequence[float]]) -> Chart:
    """Return the drawing of some series over the same labels."""
    step, top = _scale(max((value for each in series for value in each), default=0.0))
    high = HIGH - TOP - BOTTOM
    room = (WIDE - LEFT) / max(len(labels), 1)
    width = room * FILL / max(len(series), 1)
    drawn = [
        Bar(
            round(LEFT + at * room + room * (1 - FILL) / 2 + number * width, 1),
            round(TOP + high * (1 - value / top), 1), round(width * 0.92, 1), round(high * value / top, 1),
            f"{value:,.0f}", f"{label} {legend[number]}: {value:,.0f}", number,
        )
        for number, each in enumerate(series)
        for at, (label, value) in enumerate(zip(labels, each, strict=True))
    ]  # fmt: skip
    marks = tuple(Mark(round(LEFT + (at + 0.5) * room, 1), label) for at, label in enumerate(labels))
    count = round(top / step)
    lines = tuple(Mark(round(TOP + high * (1 - at / count), 1), f"{at * step:,.0f}") for at in range(count + 1))
    return Chart(title, tuple(legend), tuple(drawn), marks, lines)


def _scale(most: float) -> tuple[int, int]:
    """Return how far the lines are apart and where the last is: whole numbers people count in, never below the most."""
    rough = max(most, 1.0) / LINES
    power = 10 ** max(0, math.floor(math.log10(rough)))
    step = next(math.ceil(power * each) for each in (1, 2, 5, 10) if power * each >= rough)
    return step, step * max(1, math.ceil(most / step))
