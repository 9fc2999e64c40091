"""What the API answers about how rules do: their health, and a past period by one of them."""

from __future__ import annotations

from pydantic import Field

from collector.api.shapes import CiName, Instant, Shape


class Health(Shape):
    """How one rule does."""

    rule: str
    dead: bool = Field(description="it can be answered on no CI")
    cis: int = Field(description="CIs in use of its kinds")
    blind: dict[str, int] = Field(description="section → CIs of its kinds on which nobody reads it")
    fired: bool = Field(description="it fired at least once")
    errors: int = Field(description="results that say the rule is wrong")
    outcomes: dict[str, int]
    evaluations: int = Field(description="runs on a CI since the collector started")
    seconds: float = Field(description="what these took together")
    failures: int = Field(description="those of them that ended in an error")


class Counted(Shape):
    """How many incidents one CI would have had."""

    ci: CiName
    opened: int


class RuleBacktest(Shape):
    """What one rule would have come to."""

    rule: str
    start: Instant = Field(None, serialization_alias="from")
    end: Instant = Field(None, serialization_alias="to")
    cis: int = Field(description="CIs of its kinds")
    applies: int = Field(description="those it applied to at some time")
    unknown: int = Field(description="those of which it never knew")
    errors: int = Field(description="those on which it was wrong")
    opened: int = Field(description="incidents that would have been opened")
    firing: int = Field(description="CIs on which it would fire at the end")
    unread: list[str] = Field(description="sections it reads of which no history is kept")
    top: list[Counted]
