"""What the API answers about findings as a whole: campaigns, what flaps, and how much of it was nothing."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from collector.api.shapes import CiName, Instant, Shape


class SharedItem(Shape):
    """One thing that moved alike on so many CIs; `before`, `after` null: absent.

    A package counts as alike by what it became: of `befores` values `before` is one.
    """

    section: str
    key: str
    field: str
    before: Any = Field(None, validation_alias="old")
    after: Any = Field(None, validation_alias="new")
    befores: int = Field(validation_alias="olds")
    cis: int


class CampaignFinding(Shape):
    """One finding of a campaign."""

    id: int
    ci: CiName
    verdict: str
    due_at: Instant = None


class Campaign(Shape):
    """Open findings that share what moved within a day; `number` is that of the first of them."""

    number: int
    cis: int
    last_before_at: Instant = Field(None, validation_alias="lo")
    first_after_at: Instant = Field(None, validation_alias="hi")
    due_at: Instant = None
    verdicts: list[str]
    shared: list[SharedItem]
    findings: list[CampaignFinding]


class FlappingPath(Shape):
    """A value that went to and fro, and what is proposed: `remedies` are decided by a person, with an end.

    `settings`: for each of them the key in the table of attributes that does it.
    """

    section: str
    key: str
    flips: int
    since: Instant = None
    until: Instant = None
    remedies: list[str]
    settings: list[str]
    holds_until: Instant = None


class NoisyAttribute(Shape):
    """What became of the findings on one attribute; `error_rate`: the share that was dismissed, 0 to 1."""

    section: str
    name: str
    confirmed: int
    dismissed: int
    error_rate: float | None
    is_for_review: bool


class Unverified(Shape):
    """A line of a change that nobody saw in time after the work, and what is expected there.

    `line` counts from 1; `owner` initiated the change. Times: the end of the work, and when a day had gone by since.
    """

    change: str
    title: str
    owner: str
    line: int
    ci: CiName
    section: str
    key: str
    field: str
    how: str
    value: Any = None
    over_at: Instant = None
    opened_at: Instant = None


class Noise(Shape):
    """The attributes of a month, those for review first.

    `dismissed_rate`: dismissed findings a thousand CIs and week, to be held against `budget`.
    """

    month: str
    cis: int
    dismissed_rate: float | None
    budget: float
    attributes: list[NoisyAttribute]
