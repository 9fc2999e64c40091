"""Sweeps from a host of a network: the real one, with the shipped definitions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from discovery.authenticate import Access
from discovery.library import SHIPPED, Definitions, definitions_in
from discovery.limits import Limits, Profile
from discovery.outcome import Outcome
from discovery.plan import plan
from discovery.sweep import sweep
from tests.peers.namespaces import Host

PATIENT: Final = Limits(timeout=3.0)
"""For a machine that is busy: who answers answers in time, who is silent is waited for a little longer."""


@cache
def shipped() -> Definitions:
    return definitions_in([SHIPPED])


def swept(
    host: Host, ranges: Sequence[str], access: Access, profile: Profile | None = None, limits: Limits = PATIENT
) -> dict[str, Outcome]:
    """Sweep some ranges from a host, until they are explored; return the outcomes by address."""

    async def work() -> dict[str, Outcome]:
        begun = sweep(plan(ranges), access, shipped(), limits, profile or Profile(until="explore"))
        return {outcome.row.address: outcome async for outcome in begun}

    return host.asks(work)
