"""Quarantine, learned: identifiers that name too many things to name any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from collector.model import GONE, Holder, Identifier

SUSPECT_FROM = 3
"""CIs, apart by their strong identifiers, on which one identifier makes it a suspect."""
STRONG_KINDS = ("serial", "uuid", "engine_id", "wwn", "label")
"""What tells two CIs apart for sure, whatever their class: the strong vetoes of the policy."""


def suspects(holdings: Iterable[Holder]) -> frozenset[Identifier]:
    """Return the identifiers that at least three live CIs hold although their strong identifiers say they are apart.

    A dock's MAC that hops between laptops, the machine id of a cloned image. The caller chooses the span of time by
    what it passes. Such identifiers are left out of matching until a person decides; the policy is not changed by it.
    """
    by_identifier: defaultdict[Identifier, list[Holder]] = defaultdict(list)
    for holder in holdings:
        if holder.state not in GONE:
            for identifier in holder.identifiers:
                by_identifier[identifier].append(holder)
    return frozenset(
        identifier
        for identifier, held_by in by_identifier.items()
        if len(held_by) >= SUSPECT_FROM
        and any(_apart(held_by, kind) >= SUSPECT_FROM for kind in STRONG_KINDS if kind != identifier.kind)
    )


def _apart(holders: list[Holder], kind: str) -> int:
    """Return how many groups the holders fall into that share no value of `kind`."""
    groups: list[frozenset[str]] = []
    for holder in holders:
        values = frozenset(i.value for i in holder.identifiers if i.kind == kind)
        if values:
            touching = [group for group in groups if group & values]
            groups = [group for group in groups if not group & values] + [values.union(*touching)]
    return len(groups)
