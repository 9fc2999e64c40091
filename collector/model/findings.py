"""What left the authorised values, and what is held of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from collector.model.estate import Path, Value


@dataclass(frozen=True, slots=True)
class Drift:
    """A controlled value, or one field of an element, that left what was authorised, inside its bracket [lo, hi]."""

    path: Path
    authorised: Value
    old: Value
    new: Value
    lo: int
    hi: int
    field: str = ""


class Verdict(enum.StrEnum):
    """What is held of one thing that moved: how approved work explains it, or how it does not."""

    VERIFIED = "verified"
    """Approved, done in its window, and the value is the planned one."""
    AUTHORISED = "authorised"
    """Approved and done in its window; no value was planned."""
    IN_PROGRESS = "in_progress"
    """Approved, and its window is still open."""
    PENDING = "pending"
    """Nothing explains it, but an emergency may still be recorded."""
    VARIANCE = "variance"
    OUT_OF_WINDOW = "out_of_window"
    LATE_APPROVAL = "late_approval"
    RETRO_LATE = "retro_late"
    """Explained by an emergency that was recorded later than the regulation allows."""
    UNAPPROVED = "unapproved"
    ACCEPTED = "accepted"
    REVERTED = "reverted"


@dataclass(frozen=True, slots=True)
class Finding:
    """Drift items of one CI with one cause, for a person to answer.

    `change`: which one comes nearest to them; `campaign`: the number of the campaign it is told with, 0: none.
    `once`: one look alone has shown what is open of it, and a second one is waited for.
    """

    id: int
    ci_id: int
    verdict: Verdict
    lo: int
    hi: int
    opened_at: int
    items: tuple[Drift, ...]
    closed_at: int | None = None
    due_at: int | None = None
    waived_until: int | None = None
    change: str = ""
    campaign: int = 0
    once: bool = False


@dataclass(frozen=True, slots=True)
class Campaign:
    """One delta on many CIs, as its open findings come to; `first` is the number of the oldest of them.

    `cis`: on how many CIs it is open; `verdict`: the gravest of its findings'. [lo, hi] is around all their brackets.
    `several`: a package that was there in several versions, of which `old` is one.
    """

    number: int
    path: Path
    field: str
    old: Value
    new: Value
    cis: int
    first: int
    since: int
    lo: int
    hi: int
    due_at: int | None
    verdict: Verdict
    several: bool = False
