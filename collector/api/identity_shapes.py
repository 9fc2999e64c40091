"""What REST says and takes about identity: cases, decisions, and why a CI is one CI."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from collector.api.shapes import CiName, Instant, Shape
from collector.api.trouble_shapes import Case
from collector.model import Identifier
from collector.services.decisions import MAX_REASON, MOST, Decision

Word = Annotated[str, Field(max_length=64)]


class Held(Shape):
    """One identifier of a case and the CIs that hold it."""

    kind: str
    value: str
    cis: list[str]


class CaseWhole(Shape):
    """One doubt about identity with what it is decided by; `waiting`: observations that wait for the decision."""

    case: Case
    waiting: int
    frozen: bool
    identifiers: list[Held]


class Named(BaseModel):
    """An identifier."""

    model_config = ConfigDict(extra="forbid")

    kind: Word
    value: Annotated[str, Field(max_length=512)]


class Decided(BaseModel):
    """A decision: one thing, different things, a replacement, an identifier that names nobody, a clone."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["same", "apart", "replaces", "quarantine", "clone"]
    ci: Word = Field("", description="the CI that goes on, where several can be meant")
    identifier: Named | None = Field(None, description="the one that names nobody from now on")
    reason: Annotated[str, Field(max_length=MAX_REASON)] = ""

    @property
    def value(self) -> Decision:
        named = Identifier(self.identifier.kind, self.identifier.value) if self.identifier else None
        return Decision(self.decision, self.ci, named, self.reason)


class DecidedAlike(Decided):
    """One decision on several cases of one kind."""

    ids: list[Annotated[int, Field(ge=1, lt=2**62)]] = Field(min_length=1, max_length=MOST)


class LeftShape(Shape):
    """A case that was left as it is."""

    id: int
    why: str


class DecidedShape(Shape):
    """How many cases were decided, and which were not."""

    decided: int
    left: list[LeftShape]


class SplitAsked(BaseModel):
    """The sources whose word becomes a CI of its own."""

    model_config = ConfigDict(extra="forbid")

    sources: list[Annotated[str, Field(max_length=512)]] = Field(min_length=1, max_length=100)


class Made(Shape):
    """A CI that was made."""

    id: str


class Spoken(Shape):
    """A source that speaks of the CI, and what it was matched by."""

    source: str
    role: str
    matched_by: str
    since: Instant = None


class Name(Shape):
    """An identifier: live, retired with hardware that was replaced, or suspect: in quarantine."""

    kind: str
    value: str
    state: str
    source: str
    first_at: Instant = None
    last_at: Instant = None
    why: str


class Joined(Shape):
    """A CI that is this one, by merge `id`; or one that is told apart from it."""

    id: int
    ci: CiName
    at: Instant = None
    by: str = Field(validation_alias="who")
    case: int | None = Field(None, validation_alias="case_id")


class Identity(Shape):
    """Why a CI is one CI, and why another one is not it."""

    spoken: list[Spoken]
    names: list[Name]
    merged: list[Joined]
    apart: list[Joined]


class Suspect(Shape):
    """An identifier that names nobody."""

    kind: str
    value: str
    at: Instant = None
    by: str = Field(validation_alias="who")
    why: str
