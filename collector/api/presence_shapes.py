"""Shapes of who is there: a CI that was missed, and the runs in which CIs were looked for."""

from __future__ import annotations

from pydantic import Field

from collector.api.shapes import Instant, Shape
from collector.api.sweep_shapes import Strict


class Terms(Shape):
    """When a CI counts as missing: so many misses, with so many milliseconds between the first and the last."""

    misses: int
    span_ms: int


class Absence(Shape):
    """How often a CI was missed; `phase`: missed, gone (said to be), retired, or back without approval."""

    phase: str
    misses: int
    first_at: Instant = None
    last_at: Instant = None
    seen_at: Instant = None
    retired_at: Instant = None
    terms: Terms


class Presence(Shape):
    """Whether a CI is there: its state, and how it was missed; null: it was not."""

    id: str
    state: str
    absence: Absence | None = None


class Run(Shape):
    """A run in which CIs were looked for: a sweep of a plan, or a round over the agents.

    `verdict`: counted; quarantined, none of its misses counts; believed, they do because a person said so.
    """

    reference: str = Field(description="uid of the sweep, or agents and a number")
    kind: str
    scope: str = Field(description="uid of the plan, or agents")
    verdict: str
    looked: int = Field(description="how many CIs it looked for")
    gone: int = Field(description="how many of them newly did not answer")
    missed: int | None = Field(None, description="how many misses counted; null: not counted yet")
    believed_by: str = ""
    reason: str = ""
    began_at: Instant = None
    ended_at: Instant = None


class Believed(Strict):
    """Why a run is believed."""

    reason: str = Field(min_length=1, max_length=300)
