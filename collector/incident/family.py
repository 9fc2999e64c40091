"""What becomes of incidents that stand under one that was resolved."""

from __future__ import annotations

import enum
from typing import Final

from collector.incident.planning import CI_RETIRED, GROUPED, MAINTENANCE, SELF_RECOVERED, UNTOUCHED, USER
from collector.model import Incident

WITH_PARENT: Final = "with_parent"
"""How an incident was resolved that stood under another one."""
BY_ITSELF: Final = frozenset({SELF_RECOVERED, CI_RETIRED})


class Stays(enum.StrEnum):
    """Why an incident stays open although the one above it was resolved."""

    CAUSE_LIVE = "cause_live"
    """What it was opened for is there still."""
    NOT_SIGNED = "not_signed"
    """It is resolved by the signature under its inspection."""
    USER_REPORTED = "user_reported"
    """The one above ended by itself, and nobody has asked the user."""
    AT_WORK = "at_work"
    """The one above ended by itself, and nothing ends under the hands of who works on it."""


def leads(parent: Incident) -> bool:
    """Return whether what stands under a resolved incident follows it: what went on in another one is not over."""
    return parent.resolution_code != GROUPED


def is_by_itself(parent: Incident) -> bool:
    """Return whether nobody resolved it: it was over."""
    return parent.resolution_code in BY_ITSELF


def stays(child: Incident, *, by_itself: bool) -> Stays | None:
    """Return why an open child stays open, None when it is resolved with its parent; `by_itself`: how that ended."""
    if child.causes > 0:
        return Stays.CAUSE_LIVE
    if child.source == MAINTENANCE:
        return Stays.NOT_SIGNED
    if by_itself and child.source == USER:
        return Stays.USER_REPORTED
    return Stays.AT_WORK if by_itself and child.state not in UNTOUCHED else None
