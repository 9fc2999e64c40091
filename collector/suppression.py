"""Suppression: what holds an alert back, laid over its state and touching none of it.

Reasons are recorded, several at once, each with its end. While the last one stands no incident is opened; once it is
gone the present state decides. What is told already stays told, for the fault is no less there: only a waiver and the
end of a CI's life take it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from collector.model import Alert

MAINTENANCE, APPROVED_CHANGE, SILENCE = "maintenance", "approved_change", "silence"
PARENT_DOWN, COLLECTOR_BLIND, STORM = "parent_down", "collector_blind", "storm"
WAIVER, LIFECYCLE, FLAPPING = "waiver", "lifecycle", "flapping"
REASONS: Final = (
    LIFECYCLE, MAINTENANCE, APPROVED_CHANGE, SILENCE, PARENT_DOWN, COLLECTOR_BLIND, WAIVER, FLAPPING, STORM,
)  # fmt: skip
"""In the order they are told."""
_TAKE_BACK: Final = frozenset({WAIVER, LIFECYCLE})
MAX_REFS: Final = 5
LOOK_EVERY_MS: Final = 86_400_000
"""However far the next end lies: what is held back is looked at again once a day."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason that stands. `ref` names what it is (a change, a window, a waiver), "" where it has no name."""

    reason: str
    ref: str = ""


def weighed(alert: Alert, holds: Sequence[Hold], borders: Iterable[int], now: int, lowered: str = "") -> Alert:
    """Return `alert` with what holds it back at `now` (ms), and whether it is a cause of an incident.

    `borders`: when a reason that concerns it ends or begins; `lowered`: the severity it counts for, "" as it is.
    """
    if not (alert.fires or alert.flapping or alert.state == "pending"):
        return replace(alert, suppressed=(), held_by=(), look_at=0, told=False, lowered="")
    standing = [*holds, *([Hold(FLAPPING)] if alert.flapping else ())]
    reasons = {each.reason for each in standing}
    refs = {each.ref for each in standing if each.ref and each.reason != WAIVER}
    later = [each for each in borders if each > now]
    suppressed = tuple(each for each in REASONS if each in reasons)
    return replace(
        alert,
        suppressed=suppressed,
        held_by=tuple(sorted({*alert.held_by, *refs}))[:MAX_REFS],
        look_at=min([*later, now + LOOK_EVERY_MS]) if later or standing else 0,
        lowered=lowered,
        told=_is_cause(alert, suppressed),
    )


def _is_cause(alert: Alert, suppressed: Sequence[str]) -> bool:
    """Return whether an incident should be there for it; `told` says whether one was."""
    if alert.told:
        return (alert.fires or alert.flapping) and _TAKE_BACK.isdisjoint(suppressed)
    return alert.fires and not suppressed
