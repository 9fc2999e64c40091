"""Covering: does this change cover this item? Weighed by scope, window, approval and value, in this order."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from collector.change.approval import Gap, approved_at, gap, is_approved
from collector.change.item import Item
from collector.change.record import Change, ChangeType, Line

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
RECORD_WITHIN_MS = 8 * HOUR_MS
"""How late an emergency may be recorded: the regulation's eight hours."""


@dataclass(frozen=True, slots=True)
class Margins:
    """How far beside its window a change still covers, and how far beside it is still thought of as out of window."""

    pre_ms: int = 15 * MINUTE_MS
    post_ms: int = 2 * HOUR_MS
    reach_ms: int = 7 * DAY_MS

    @classmethod
    def scanned_every(cls, interval_ms: int) -> Margins:
        """Return the margins of a source that looks this often: what was done at the end may be seen one look later."""
        return cls(post_ms=max(interval_ms, 2 * HOUR_MS))

    @property
    def span_ms(self) -> int:
        """How far from what moved the window of a change may lie that is thought of at all."""
        return self.reach_ms + max(self.pre_ms, self.post_ms)


class Reason(enum.StrEnum):
    """Why a change does not explain an item."""

    EMPTY_SCOPE = "empty_scope"
    OTHER_PATH = "other_path"
    OUTSIDE_WINDOW = "outside_window"
    CLAIM_OUTSIDE_BRACKET = "claim_outside_bracket"
    NOT_APPROVED = "not_approved"
    APPROVED_LATE = "approved_late"
    RECORDED_LATE = "recorded_late"
    OTHER_VALUE = "other_value"
    OUTRANKED = "outranked"
    """It would explain it, another one explains it better."""


class Grade(enum.IntEnum):
    """How good an approval is."""

    TIMELY = 0
    LATE = 1
    NONE = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change with a line that names the item, weighed.

    `certain`: the whole bracket lies where the change may work; what is claimed is never certain. `exact`: 3 the line
    names just this, 2 its element, 1 its section. `met`: the value is as expected, is not, nothing was promised.
    `late_ms`: how long after it was due it was approved; how long after its claimed start an emergency was recorded.
    """

    change: Change
    line: Line
    in_window: bool
    certain: bool
    grade: Grade
    exact: int
    met: bool | None
    gap: Gap | None = None
    late_ms: int = 0

    @property
    def is_emergency(self) -> bool:
        return self.change.type is ChangeType.EMERGENCY

    @property
    def rank(self) -> tuple[bool, Grade, int, int, str]:
        """In window before approved before exact before as expected; the number makes the order total."""
        return (not self.in_window, self.grade, -self.exact, _MET[self.met], self.change.number)


_MET = {True: 0, None: 1, False: 2}


def weigh(item: Item, change: Change, now: int, margins: Margins) -> Candidate | Reason:
    """Return the change as a candidate for `item` as things stand at `now` (ms), or why it is none."""
    line = _best_line(change, item)
    if line is None or change.plan is None:
        return Reason.OTHER_PATH if change.lines else Reason.EMPTY_SCOPE
    if change.type is ChangeType.EMERGENCY:
        return _emergency(item, change, line, now)
    window = change.plan.window
    start, end = window.start - margins.pre_ms, window.end + margins.post_ms
    in_window = start <= item.hi and item.lo <= end
    if not in_window and max(start - item.hi, item.lo - end) > margins.reach_ms:
        return Reason.OUTSIDE_WINDOW
    due = max(item.lo, start) if in_window else item.lo
    grade, late_ms = _graded(change, due, now)
    certain = start <= item.lo and item.hi <= end and not item.claimed
    return Candidate(
        change, line, in_window, certain, grade, _exactness(line, item), _met(line, item), gap(change, now), late_ms
    )


def _emergency(item: Item, change: Change, line: Line, now: int) -> Candidate | Reason:
    """An emergency claims when it was done. The claim must meet the bracket, and the record follow it in eight hours.

    Since a claim that meets the bracket begins at `hi` at the latest, no claim stretches the eight hours beyond
    `hi` + 8 h; a record by `lo` + 8 h is timely whatever is claimed.
    """
    assert change.plan
    claimed = change.plan.window
    if claimed.start > item.hi or claimed.end < item.lo:
        return Reason.CLAIM_OUTSIDE_BRACKET
    after = change.recorded_at - claimed.start
    late_ms = after if after > RECORD_WITHIN_MS else 0
    lacks = gap(change, now)
    grade = Grade.NONE if lacks else Grade.LATE if late_ms else Grade.TIMELY
    certain = change.recorded_at <= item.lo + RECORD_WITHIN_MS and not item.claimed
    return Candidate(change, line, True, certain, grade, _exactness(line, item), _met(line, item), lacks, late_ms)


def _graded(change: Change, due: int, now: int) -> tuple[Grade, int]:
    """Return the grade of the approvals that were due at `due`, and how late the last one was (ms)."""
    if is_approved(change, due):
        return Grade.TIMELY, 0
    at = approved_at(change, now)
    return (Grade.NONE, 0) if at is None else (Grade.LATE, at - due)


def _best_line(change: Change, item: Item) -> Line | None:
    naming = [line for line in change.lines if _exactness(line, item)]
    return min(naming, key=lambda line: (-_exactness(line, item), _MET[_met(line, item)]), default=None)


def _exactness(line: Line, item: Item) -> int:
    """Return 3, 2 or 1 as in `Candidate`, 0 when the line does not name the item."""
    if line.ci_id != item.ci_id or line.path.section != item.path.section or not line.path.section:
        return 0
    if not line.path.key:
        return 0 if line.field else 1
    if line.path.key != item.path.key:
        return 0
    if line.field == item.field:
        return 3
    return 0 if line.field else 2


def _met(line: Line, item: Item) -> bool | None:
    expected = line.expected.of_field(item.field) if item.field and not line.field else line.expected
    return expected.met_by(item.new)
