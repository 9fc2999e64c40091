"""What becomes of incidents that stand under one that was resolved."""

from __future__ import annotations

import enum
from typing import Final

from collector.incident.planning import (
    CI_RETIRED,
    EXPLAINED,
    GROUPED,
    MAINTENANCE,
    NOT_PRODUCTION,
    SELF_RECOVERED,
    UNTOUCHED,
    WAIVED,
    is_reported,
)
from collector.model import Incident

WITH_PARENT: Final = "with_parent"
"""How an incident was resolved that stood under another one."""
BY_ITSELF: Final = frozenset({SELF_RECOVERED, CI_RETIRED, NOT_PRODUCTION, WAIVED, EXPLAINED})
"""How one ended that nobody resolved: it was over."""
DONE: Final = "done"
"""How the incident of an inspection or a round is resolved: its report is signed."""


class Stays(enum.StrEnum):
    """Why an incident stays open although the one above it was resolved."""

    CAUSE_LIVE = "cause_live"
    """What it was opened for is there still."""
    NOT_SIGNED = "not_signed"
    """It is resolved by the signature under its inspection."""
    FOUND = "found"
    """The one above ended with a signature: what was found is written down, and not mended by that."""
    USER_REPORTED = "user_reported"
    """The one above ended by itself, and nobody has asked the user."""
    AT_WORK = "at_work"
    """The one above ended by itself, and nothing ends under the hands of who works on it."""


def leads(parent: Incident) -> bool:
    """Return whether what stands under a resolved incident follows it: what went on in another one is not over."""
    return parent.resolution_code != GROUPED


def stays(child: Incident, ended: str) -> Stays | None:
    """Return why an open child stays open, None when it is resolved with its parent; `ended`: the code of that."""
    by_itself = ended in BY_ITSELF
    if child.causes > 0:
        return Stays.CAUSE_LIVE
    if child.kind == MAINTENANCE:
        return Stays.NOT_SIGNED
    if ended == DONE:
        return Stays.FOUND
    if by_itself and is_reported(child):
        return Stays.USER_REPORTED
    return Stays.AT_WORK if by_itself and child.state not in UNTOUCHED else None
