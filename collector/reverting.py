"""What a finding shows is to be put back: one person's task, from being asked for to being seen.

    open ──► done: they say so ──► reverted: it is seen to be as authorised
      ▲        │
      └────────┘ a look after that still shows it         cancelled: called off, or the finding was answered otherwise

Nobody's word ends it: what was put back is seen by who showed what is to be put back.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from collector.model import Verdict

DAY_MS: Final = 86_400_000
USUAL_MS: Final = 3 * DAY_MS
"""How long somebody has who was given no other time."""
LONGEST_MS: Final = 366 * DAY_MS


class State(enum.StrEnum):
    OPEN = "open"
    DONE = "done"
    """Whose task it is says that it is put back; it waits to be seen."""
    REVERTED = "reverted"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Revert:
    """The task; times in ms. `turned_at`: when it came to its state; `note`: the last word on it, by who did that.

    `incident`: the number of the one it is done under; `again`: how often it was said to be done and was not so.
    """

    id: int
    finding_id: int
    assignee: str
    asked_by: str
    asked_at: int
    due_at: int
    reason: str
    state: str = State.OPEN
    turned_at: int = 0
    note: str = ""
    incident: str = ""
    again: int = 0
    ended_at: int | None = None

    @property
    def is_standing(self) -> bool:
        return self.ended_at is None

    def is_overdue(self, now: int) -> bool:
        return self.is_standing and self.due_at <= now

    def is_seen_by(self, looked_at: int) -> bool:
        """Return whether a look at that time (ms) says whether it is so, of what was said to be done."""
        return self.state == State.DONE and looked_at > self.turned_at


def end_of(verdict: Verdict) -> State:
    """Return how the task ends with a finding that closed with this verdict."""
    return State.REVERTED if verdict is Verdict.REVERTED else State.CANCELLED
