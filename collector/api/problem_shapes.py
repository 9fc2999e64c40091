"""What the API answers about problems (why incidents come back), and what it takes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from collector.api.shapes import CiName, Instant, Shape
from collector.services.problems.seen import Seen
from collector.store.browse.problems import ProblemRow

Text = Annotated[str, StringConstraints(max_length=4_000)]
Name = Annotated[str, StringConstraints(max_length=200)]
States = Literal["proposed", "open", "known_error", "resolved", "closed", "declined"]


class ProblemShape(Shape):
    """One problem; `occurrences`: how often it came in the 30 days before it was raised."""

    number: str
    state: States
    title: dict[str, str]
    owner: str
    cause: str
    workaround: str
    solution: str
    raised_at: Instant = None
    raised_by: str
    occurrences: int
    decided_at: Instant = None
    decided_by: str
    reason: str = Field(description="why it was declined")
    resolved_at: Instant = None
    closed_at: Instant = None
    version: int
    ci: CiName | None
    incidents: int
    last_at: Instant = Field(None, description="when the last of its incidents was opened")

    @model_validator(mode="before")
    @classmethod
    def _of_row(cls, row: Any) -> Any:
        return _fields(row) if isinstance(row, ProblemRow) else row


class MarkShape(Shape):
    at: Instant = None
    who: str
    act: str
    comment: str


class ProblemWhole(ProblemShape):
    incident_numbers: list[str] = Field(description="the newest first, at most 100")
    trail: list[MarkShape]
    offers: list[str] = Field(description="acts whoever asks may do now")


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RaiseAsked(Body):
    incident: Name = Field(description="number of an incident")
    title: Name = Field("", description="empty: that of the incident")


class ProblemAct(Body):
    """One act; `version`: the one that was read."""

    act: Literal["know", "resolve", "reopen"]
    text: Text = Field("", description="the reason; needed to reopen")
    version: int | None = None


class ProblemDecision(Body):
    """What the incident manager decides."""

    act: Literal["accept", "decline", "close"]
    text: Text = Field("", description="the reason; needed to decline, and to close what is not resolved")
    version: int | None = None


class ProblemEdited(Body):
    """What is written of a problem; what is not named stays as it is."""

    title: Name | None = None
    owner: Name | None = None
    cause: Text | None = None
    workaround: Text | None = None
    solution: Text | None = None
    version: int | None = None


class IncidentOf(Body):
    incident: Name = Field(description="number of an incident")


def _fields(row: ProblemRow) -> dict[str, object]:
    its = {name: getattr(row.problem, name) for name in row.problem.__dataclass_fields__ if name != "id"}
    return its | {"ci": row.ci, "incidents": row.incidents, "last_at": row.last_at}


def whole(of: Seen) -> ProblemWhole:
    more = {"incident_numbers": [each.number for each in of.incidents], "trail": of.trail, "offers": of.offers}
    return ProblemWhole.model_validate(_fields(of.row) | more)
