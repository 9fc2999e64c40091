"""What the API answers about the past judged anew, and about where findings are only logged."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from collector.api.shapes import CiName, Instant, Shape


class Count(Shape):
    """How many things that moved are held to be `was` and would be `would_be`; empty: no item."""

    was: str
    would_be: str
    count: int


class Moved(Shape):
    """One thing that is held otherwise; `change`: the one that explains it or comes nearest."""

    ci: CiName
    section: str
    key: str
    field: str
    source: str
    last_before_at: Instant = None
    first_after_at: Instant = None
    before: Any = None
    after: Any = None
    was: str
    would_be: str
    change: str


class Backtest(Shape):
    """A past period judged anew; the first 1,000 rows that differ are named, all are counted."""

    start: Instant = Field(None, serialization_alias="from")
    end: Instant = Field(None, serialization_alias="to")
    cis: int = Field(description="CIs on which something moved")
    items: int
    flagged: int = Field(description="things somebody has something to do for, as they are held")
    would_flag: int
    differing: int
    counts: list[Count]
    rows: list[Moved]


class LogOnly(Shape):
    """Findings of the CIs that meet all that is named open no incident before `until`."""

    ci_class: str = Field("", serialization_alias="class")
    environment: str = ""
    place: str = ""
    until: Instant = None
    reason: str


class FactThen(Shape):
    """The value that had won, from whom, why, and since when."""

    value: Any
    source: str
    why: str
    since: Instant = None


class ClaimThen(Shape):
    """What one source said, and since when."""

    source: str
    value: Any
    since: Instant = None


class AuthorisedThen(Shape):
    """What was authorised, on which basis, and since when."""

    value: Any
    basis: str
    reference: str = Field(validation_alias="ref")
    since: Instant = None


class Lanes(Shape):
    """One value in every lane."""

    fact: FactThen | None = None
    claims: list[ClaimThen]
    authorised: AuthorisedThen | None = None
