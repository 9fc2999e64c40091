"""Epochs: whether a value we hold moved because the world did, or because our view of it did.

Only what one source saw twice, with the same reader and on the same CI, can say that the world moved. A takeover or a
lock that ends moves which claim is the fact, never a claim, so neither can come here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Cause(enum.StrEnum):
    """Why a lane holds another value than before."""

    WORLD = "world"
    FIRST = "first"
    """This source speaks of it for the first time: an arrival, or a source that took over from another one."""
    REVISION = "revision"
    """Our own reader changed."""
    MERGE = "merge"
    """What it said was recorded under another CI before."""
    LATE = "late"
    """A newer word is known already; nothing moves."""


@dataclass(frozen=True, slots=True)
class Look:
    """Under what circumstances a source looked: for which CI, with which revision of the reader, as the how manieth.

    `seq` counts on within one spool epoch; another spool epoch begins anew and is later than the one before it.
    """

    ci_id: int
    spool: int
    seq: int
    revision: int


def cause(before: Look | None, now: Look) -> Cause:
    """Return why what `now` showed may differ from what the source showed `before` in the same lane."""
    if before is None:
        return Cause.FIRST
    if (now.spool, now.seq) <= (before.spool, before.seq):
        return Cause.LATE
    if now.ci_id != before.ci_id:
        return Cause.MERGE
    return Cause.WORLD if now.revision == before.revision else Cause.REVISION
