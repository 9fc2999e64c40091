"""What the API is asked and answers about stock-takes and labels."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from collector.api.asking import Asked, Search, Words
from collector.api.inspection_shapes import PlannedShape
from collector.api.photos import Drawing
from collector.api.shapes import Instant, Shape
from collector.inspecting.rounds import values_of
from collector.labels import FORMATS
from collector.record import FIELDS
from collector.services.changes.asked import MAX_REASON, MAX_TITLE
from collector.services.labels import MAX_BASE, MAX_LABELS
from collector.services.stocktaking import plans
from collector.services.stocktaking.counting import MAX_KEY
from collector.services.stocktaking.opening import MAX_LIST, MAX_PEOPLE
from collector.services.stocktaking.seen import Seen
from collector.stocktake import MAX_NOTE, MAX_PLACE, MAX_SCAN, Scope

Name = Annotated[str, Field(max_length=100)]
Label = Annotated[str, Field(max_length=FIELDS["label"])]
Place = Annotated[str, Field(max_length=MAX_PLACE)]
Called = Annotated[str, Field(min_length=1, max_length=200)]
Paper = Literal["a4_70x37", "a4_48x25", "roll_62x29"]
assert set(FORMATS) == {"a4_70x37", "a4_48x25", "roll_62x29"}


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class StocktakesAsked(Asked):
    """Filters of the list of stock-takes."""

    kinds: list[Literal["round", "yearly"]] = Field(default_factory=list, alias="kind", max_length=2)
    states: list[Literal["open", "closed", "cancelled"]] = Field(default_factory=list, alias="state", max_length=3)
    who: str = Field("", max_length=100, description="name of an account that counts in it")
    overdue: bool = Field(False, description="only those that are open longer than they may")
    q: Search = ""


class LabelsAsked(Body):
    """Filters of the list of labels."""

    states: list[Literal["stale", "never", "current"]] = Field(default_factory=list, alias="state", max_length=3)
    classes: Words = Field(default_factory=list, alias="class")
    q: Search = ""
    limit: int = Field(1_000, ge=1, le=10_000)


class StocktakeAsked(Body):
    """A stock-take: what is in scope (every part that is given must hold), and who counts."""

    kind: Literal["round", "yearly"]
    title: str = Field(min_length=1, max_length=MAX_TITLE)
    people: list[Name] = Field(min_length=1, max_length=MAX_PEOPLE)
    classes: Words = Field(default_factory=list, alias="class")
    place: Place = ""
    label_from: Label = ""
    label_to: Label = ""
    cis: list[Called] = Field(default_factory=list, max_length=MAX_LIST, description="ids, labels or names of CIs")
    blind: bool = Field(False, description="who counts is not shown what is expected")


class PeopleAsked(Body):
    people: list[Name] = Field(min_length=1, max_length=MAX_PEOPLE)


class MarkAsked(Body):
    """What somebody sees: `text`, a scan; or `ci`, an id, and `outcome`. `key` makes what is sent twice count once."""

    key: str = Field(min_length=1, max_length=MAX_KEY)
    text: str = Field("", max_length=MAX_SCAN)
    ci: str = Field("", max_length=64)
    outcome: Literal["", "confirmed", "moved", "damaged", "missing", "withdrawn"] = ""
    place: Place = ""
    note: str = Field("", max_length=MAX_NOTE)


class CloseAsked(Body):
    rest_is_missing: bool = Field(False, description="what nothing was said of is missing")
    note: str = Field("", max_length=MAX_REASON)
    drawing: Drawing = b""


class ProposeAsked(Body):
    reason: str = Field(min_length=1, max_length=MAX_REASON)
    cis: list[str] = Field(default_factory=list, max_length=1_000, description="ids; none: all that has moved")


class LabelsPrinted(Body):
    """Labels to be printed, in this order; the first `skip` places of the first page are used up."""

    cis: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=MAX_LABELS)
    format: Paper = "a4_70x37"
    base: str = Field("", max_length=MAX_BASE, description="address the codes lead to; empty: the code says the id")
    skip: int = Field(0, ge=0, lt=40)
    language: Literal["zh-CN", "en"] | None = None


class RoundPlanAsked(Body):
    plan: dict[str, Any] = Field(description="as `GET /stocktakes/plans/{number}` answers it")


class TurnAsked(Body):
    state: Literal["active", "paused", "ended"]


class RoundPlanShape(PlannedShape):
    """A plan of rounds. `cis`: what is in its scope now."""

    cis: int | None = None


class StocktakeName(Shape):
    """A stock-take of a list."""

    number: str
    kind: str
    title: str
    state: str
    blind: bool
    opened_by: str
    opened_at: Instant = None
    closed_by: str
    closed_at: Instant = None
    people: list[str]
    due_at: Instant = None
    assignee: str = ""
    lines: int = Field(description="how many CIs are expected")
    said: int = Field(description="of how many something was said")


class ScopeShape(Shape):
    classes: list[str]
    place: str
    label_from: str
    label_to: str
    cis: list[str]


class LeadShape(Shape):
    """What the end of a stock-take led to, of one thing: its id, or the text that was seen of what nobody knew.

    `ci`: the CI, in the second case the one that is proposed; `finding` and `incident`: of what is missing.
    """

    item: str
    ci: str = Field(validation_alias="uid")
    finding: int | None = Field(None, validation_alias="finding_id")
    incident: str


class StocktakeShape(Shape):
    """A stock-take and where it stands; `digest` and `is_intact` once it is closed.

    `plan` to `incident`: of one that came by a plan.
    """

    number: str
    kind: str
    title: str
    state: str
    blind: bool
    scope: ScopeShape
    people: list[str]
    opened_by: str
    opened_at: Instant = None
    closed_by: str
    closed_at: Instant = None
    note: str
    digest: str
    is_intact: bool | None = None
    plan: str = ""
    scheduled_for: Instant = None
    due_at: Instant = None
    missed: int = 0
    assignee: str = ""
    deputy: str = ""
    incident: str = ""
    counts: dict[str, int]
    changes: list[str]
    leads: list[LeadShape] = Field(default_factory=list)


class ThingShape(Shape):
    """A CI as its record has it."""

    id: str = Field(validation_alias="uid")
    name: str
    ci_class: str = Field(serialization_alias="class")
    ci_type: str = Field(serialization_alias="type")
    label: str
    owner: str
    place: str


class TakenShape(Shape):
    """What became of a mark; `printed`: the text on the label, where the record says another one."""

    outcome: str
    ci: ThingShape | None = None
    place: str
    seen: str
    printed: str


class PhotoShape(Shape):
    """A photo; `name`: what its file is called in the report."""

    id: int
    name: str
    sha256: str
    media_type: str
    size: int
    who: str
    at: Instant = None


class LabelShape(Shape):
    """The label of a CI. `printed`: what it says, by field; `moved`: the fields that differ from the record."""

    ci: ThingShape = Field(validation_alias="thing")
    state: str
    moved: list[str]
    printed: dict[str, str] | None = None
    printed_at: Instant = None
    printed_by: str | None = None


class LabelsShape(Shape):
    items: list[LabelShape]
    count: int


class DigestShape(Shape):
    digest: str


class ChangeNumber(Shape):
    number: str


def stocktake_shape(seen: Seen, hidden: bool) -> dict[str, Any]:
    """Return a stock-take for `StocktakeShape`; who counts blind is told how much was said, not of what kind."""
    kept, new = seen.kept, seen.kept.new
    counts = dict(seen.result.counts)
    if hidden:
        counts = {"said": sum(counts.values()) - counts["open"]}
    return {
        "number": kept.number, "kind": str(new.kind), "title": new.title, "state": seen.state, "blind": new.blind,
        "scope": Scope() if hidden else new.scope, "people": kept.people, "opened_by": new.opened_by,
        "opened_at": new.opened_at, "closed_by": kept.closed_by, "closed_at": kept.closed_at, "note": kept.note,
        "digest": kept.digest, "is_intact": seen.is_intact, "counts": counts,
        "changes": sorted(set(seen.changes.values())), "leads": list(seen.leads.values()), **_planned(seen),
    }  # fmt: skip


def _planned(seen: Seen) -> dict[str, Any]:
    if seen.planned is None:
        return {}
    due = seen.planned.due
    return {
        "plan": seen.planned.plan, "scheduled_for": due.scheduled_for, "due_at": due.due_at or None,
        "missed": due.missed, "assignee": due.assignee, "deputy": due.deputy, "incident": due.incident,
    }  # fmt: skip


def round_plan_shape(kept: plans.Kept, preview: plans.Preview | None = None) -> dict[str, Any]:
    """Return a plan for `RoundPlanShape`."""
    return {
        "number": kept.number, "version": kept.version, "state": kept.state, "made_by": kept.made_by,
        "made_at": kept.made_at, "next_for": kept.next_for or None, "plan": values_of(kept.plan),
        "upcoming": preview.times if preview else (), "cis": preview.cis if preview else None,
    }  # fmt: skip
