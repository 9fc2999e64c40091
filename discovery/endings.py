"""What a target's row of the ledger says, once several protocols have been tried: one cause, and each failure named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from discovery.authenticate import most_telling
from discovery.failures import Failed

ABSENT: Final = frozenset({"no_credential", "no_service"})
"""What SNMP ends with where nobody meant it to be asked, or nothing speaks it."""

Failures = Sequence[tuple[str, Failed]]
"""Protocols, and why each did not tell what it should have."""


def why_not_all(failures: Failures, found: bool) -> Failed | None:
    """Return why a target did not tell all, None when it did. `found`: some protocol told what it is.

    A target without SNMP is nothing that went wrong where another protocol speaks. Raises Failed when none did.
    """
    beside = [each for each in failures if each[0] != "snmp"]
    if not found and failures and not beside:
        raise failures[0][1]
    left = [each for each in failures if each[0] != "snmp" or each[1].cause not in ABSENT] if found else beside
    if not left:
        return None
    telling = named(left)
    if not found:
        raise telling
    return telling


def named(failures: Failures) -> Failed:
    """Return the failure that says most, with all of them in its detail, each under its protocol."""
    cause = most_telling(failed for _, failed in failures).cause
    return Failed(cause, "; ".join(f"{protocol}: {failed}" for protocol, failed in failures))
