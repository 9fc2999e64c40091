"""What is asked for in valid time and in recorded time, as the moment it means."""

from __future__ import annotations

from collector.store.asof import Moment


def moment_of(valid_at: int | None, known_at: int | None, now: int) -> Moment | None:
    """Return the moment (ms): what was true when it was known, unless another time is named; None for now.

    What is not said to have been known by then is known now.
    """
    if valid_at is None and known_at is None:
        return None
    known = now if known_at is None else known_at
    return Moment(known if valid_at is None else valid_at, known)
