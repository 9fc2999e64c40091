"""Shapes of reachability: how a CI stands, what explains it, and how that moved."""

from __future__ import annotations

from pydantic import Field

from collector.api.shapes import CiName, Instant, Shape


class ReachRow(Shape):
    """How one CI can be reached: `state` up, degraded, unreachable or unknown."""

    ci: CiName
    state: str
    since: Instant
    why: str = Field("", description="of unknown: not_asked, never_answered, collector_blind")
    answered_at: Instant = None
    methods: dict[str, bool | None] = Field(description="icmp, tcp, snmp, agent; null: in doubt")
    behind: CiName | None = Field(None, description="the CI whose failure explains its own")
    held: bool = Field(False, description="it is not decided yet what explains it")


class Move(Shape):
    """A CI came to stand so."""

    at: Instant
    state: str
    why: str = ""


class Availability(Shape):
    """For how long a CI was in each state, milliseconds; `share` of the time that is known, null: none is."""

    up: int
    degraded: int
    unreachable: int
    unknown: int
    share: float | None = None


class Reached(Shape):
    """How one CI can be reached, with its victims, its last moves and the last 30 days."""

    row: ReachRow
    victims: int = Field(description="how many CIs are unreachable because it is")
    some: list[CiName] = Field(description="some of these by name")
    moves: list[Move]
    month: Availability


class OfCi(Shape):
    """Null where nobody watches it."""

    id: str
    reachability: Reached | None = None


class Reachability(Shape):
    """What is watched, in parts, and how many CIs are in each state."""

    items: list[ReachRow]
    next_cursor: str | None = None
    counts: dict[str, int]
