"""Epochs: only one source's word, twice, through one reader, of one CI, says that the world moved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector.change.epoch import Cause, Look, cause

BEFORE = Look(ci_id=1, spool=1, seq=10, revision=3)
NEXT = replace(BEFORE, seq=11)


@pytest.mark.parametrize(
    ("before", "now", "why"),
    [
        (BEFORE, NEXT, Cause.WORLD),
        (BEFORE, replace(BEFORE, spool=2, seq=1), Cause.WORLD),
        (None, NEXT, Cause.FIRST),
        (BEFORE, replace(NEXT, revision=4), Cause.REVISION),
        (BEFORE, replace(NEXT, revision=2), Cause.REVISION),
        (BEFORE, replace(NEXT, ci_id=2), Cause.MERGE),
        (BEFORE, replace(BEFORE, seq=9), Cause.LATE),
        (BEFORE, BEFORE, Cause.LATE),
        (BEFORE, replace(BEFORE, seq=9, revision=4), Cause.LATE),
    ],
)
def test_why_a_lane_holds_another_value(before: Look | None, now: Look, why: Cause) -> None:
    assert cause(before, now) is why
