"""A plan of rounds, read and written as JSON values: which stock-take comes by itself, when, of what, who walks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from collector.classes import CLASSES
from collector.inspecting.plan import MAX_NAME, Schedule, schedule_of
from collector.inspecting.reading import MAX_TEXT, BadPlan, Reader
from collector.stocktake import MAX_PLACE, Kind, Scope

MAX_HELPERS: Final = 98
"""With who is responsible and the deputy, as many as one stock-take takes."""
MAX_LABEL: Final = 64
MAX_TITLE: Final = MAX_TEXT - 11
"""The day is written behind it."""


@dataclass(frozen=True, slots=True)
class Round:
    """`assignee` sees to it, `deputy` stands in, `helpers` count, too; `blind`: they are not shown what is expected."""

    kind: Kind
    title: str
    schedule: Schedule
    assignee: str
    deputy: str = ""
    helpers: tuple[str, ...] = ()
    scope: Scope = field(default_factory=Scope)
    blind: bool = False

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who counts."""
        return tuple(dict.fromkeys(each for each in (self.assignee, self.deputy, *self.helpers) if each))


def values_of(plan: Round) -> dict[str, Any]:
    """Return `plan` as JSON values, for `of_values`."""
    values = asdict(plan)
    scope = {name: value for name, value in values["scope"].items() if name != "cis"}
    return values | {"kind": str(plan.kind), "scope": scope}


def of_values(values: Mapping[str, Any]) -> Round:
    """Return the plan of rounds that JSON values say; raise `BadPlan`."""
    read = Reader(values, "plan")
    read.only("kind", "title", "schedule", "assignee", "deputy", "helpers", "scope", "blind")
    plan = Round(
        Kind(read.choice("kind", tuple(Kind), Kind.ROUND)), read.text("title", MAX_TITLE, needed=True),
        schedule_of(read.part("schedule")), read.text("assignee", MAX_NAME, needed=True), read.text("deputy", MAX_NAME),
        read.texts_of("helpers", MAX_HELPERS, MAX_NAME), _scope(read.part("scope")), read.flag("blind", False),
    )  # fmt: skip
    if plan.deputy == plan.assignee:
        raise BadPlan("somebody else is expected", "deputy")
    return plan


def _scope(read: Reader) -> Scope:
    """Return what is in scope: classes, a place, labels; single CIs are counted once, not again and again."""
    read.only("classes", "place", "label_from", "label_to")
    classes = read.texts_of("classes", len(CLASSES), MAX_NAME)
    if not set(classes) <= set(CLASSES):
        raise BadPlan("classes of the regulation are expected", read.at("classes"))
    return Scope(
        tuple(sorted(classes)), read.text("place", MAX_PLACE), read.text("label_from", MAX_LABEL),
        read.text("label_to", MAX_LABEL),
    )  # fmt: skip
