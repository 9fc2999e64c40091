"""Bars over months: from zero, never cut off, with scales people count in."""

from __future__ import annotations

import pytest

from collector.web.chart import BOTTOM, HIGH, LEFT, LINES, TOP, WIDE, bars

MONTHS = [f"2026-{at:02}" for at in range(1, 13)]


@pytest.mark.parametrize("most", [0, 1, 3, 4, 5, 9, 10, 41, 99, 100, 1234, 10_000_000])
def test_bars_stand_on_zero_in_proportion_and_within_the_drawing(most: int) -> None:
    values = [most * at / 11 for at in range(12)]
    drawn = bars("t", ("opened", "solved"), MONTHS, [values, list(reversed(values))])
    ground = HIGH - BOTTOM
    assert all(bar.y + bar.height == pytest.approx(ground, abs=0.2) for bar in drawn.bars)
    assert all(bar.y >= TOP - 0.1 and bar.x >= LEFT and bar.x + bar.width <= WIDE for bar in drawn.bars)
    heights = [bar.height for bar in drawn.bars if bar.series == 0]
    assert heights == [pytest.approx(heights[-1] * at / 11, abs=0.2) for at in range(12)]
    assert (drawn.lines[0].text, drawn.lines[0].at) == ("0", ground)
    assert 2 <= len(drawn.lines) <= LINES + 1
    assert float(drawn.lines[-1].text.replace(",", "")) >= most


def test_nothing_at_all_is_an_empty_drawing_with_its_months() -> None:
    drawn = bars("t", ("opened",), MONTHS, [[0.0] * 12])
    assert {bar.height for bar in drawn.bars} == {0.0}
    assert [mark.text for mark in drawn.months] == MONTHS
