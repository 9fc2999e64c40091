"""What the API answers about the audit log."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from collector.api.shapes import Instant, Shape

Hex = Annotated[str, BeforeValidator(lambda value: value.hex() if isinstance(value, bytes) else value)]


def _object(value: Any) -> Any:
    """Return the JSON text of a row as an object; what no program of ours wrote, as the text it is."""
    try:
        told = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return {"text": value}
    return told if isinstance(told, dict) else {"text": value}


class Row(Shape):
    """One act: who, from where, when, what, on which object, and what it moved."""

    seq: int
    at: Instant = None
    actor: str
    origin: str = Field(description="page, token or agent with the address it came from")
    action: str
    object: str = Field(description="kind/name")
    details: Annotated[dict[str, Any], BeforeValidator(_object)] = Field(description="before and after, what differs")
    hash: Hex


class Link(Shape):
    """One row as it is chained: hash = SHA-256(prev, then the other members but hash as a JSON list, in this order)."""

    seq: int
    at: int = Field(description="epoch milliseconds")
    actor: str
    origin: str
    action: str
    object: str
    details: str
    prev: Hex
    hash: Hex


class Anchor(BaseModel):
    """A head of the chain, signed: to be kept elsewhere, and given back to hold the chain against it."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(max_length=40)
    seq: int = Field(ge=0, lt=2**63)
    hash: str = Field(max_length=128)
    at: int = Field(ge=0, lt=2**63, description="epoch milliseconds")
    signature: str = Field(max_length=400)


class DayAnchor(Anchor):
    """The head as it was signed on a day."""

    day: str = Field(description="2026-11-28")


class VerificationAsked(BaseModel):
    """Anchors kept elsewhere, to hold the chain against."""

    model_config = ConfigDict(extra="forbid")

    anchors: list[Anchor] = Field(default_factory=list, max_length=1000)


class Broken(Shape):
    """The first row that is not what was written."""

    seq: int
    how: str = Field(description="changed, missing, inserted; rewritten: from `since` on")
    since: int


class Verdict(Shape):
    """`broken` null: the rows `first` to `last` are intact; up to `anchored` an anchor vouches for them."""

    first: int
    last: int
    broken: Broken | None
    anchored: int
    outlived: list[int] = Field(description="anchors of rows that are no longer kept")
    forged: list[str] = Field(description="days whose anchor, as it is kept here, is not what was signed")
    lost: list[str] = Field(description="days that the log says were anchored, without an anchor here")
    is_intact: bool = Field(description="none of all that")
