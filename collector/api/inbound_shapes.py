"""What the API tells of alerts of other systems."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from collector.api.asking import Asked, Search, Words
from collector.api.change_bodies import Body, Name
from collector.api.shapes import CiName
from collector.services.inbound.assigning import BindingRow
from collector.services.inbound.listed import ForeignRow


class TakenShape(BaseModel):
    """What became of a message."""

    model_config = ConfigDict(from_attributes=True)

    new: int = Field(description="alerts that were news")
    known: int = Field(description="those that were not")
    unbound: int = Field(description="of the news, those about something nobody knows")


class PagerDutyShape(BaseModel):
    status: str = "success"
    message: str = "Event processed"
    dedup_key: str


class AlertShape(BaseModel):
    """An alert of another system that stands. Times are epoch milliseconds."""

    id: int
    account: str = Field(description="who tells of it, and alone says how it stands; empty: nobody since this is kept")
    source: str
    fingerprint: str
    severity: str
    name: str
    title: str
    text: str
    link: str
    labels: dict[str, str]
    names: dict[str, str] = Field(description="what it calls the thing it is about")
    started_at: int
    until: int | None = Field(description="it is over by then unless it is told again")
    seen_at: int
    times: int = Field(description="how often it was told")
    is_bound: bool = Field(description="whether it is known which CI it is about")
    bound_by: str = Field(description="who said so; empty: what it calls it")
    ci: CiName | None = Field(description="the CI it is about")
    suppressed: list[str] = Field(description="what holds it back: no incident is opened while any of these stands")
    held_by: list[str] = Field(description="the windows, changes and waivers it began under")
    incomplete: int = Field(description="alerts its message left out on the way")


class AlertsOfOthersAsked(Asked):
    severities: Words = Field(default_factory=list, alias="severity")
    source: str = Field("", max_length=40)
    bound: bool | None = Field(None, description="false: only those of no known CI")
    q: Search = ""


class Bound(Body):
    ci: Name = Field(description="uid of the CI it is about")
    label: str = Field(
        "", max_length=300, description="let whatever bears this label alike be that CI, from now on, too"
    )


class BoundShape(BaseModel):
    alerts: int = Field(description="how many alerts are about that CI by this")


class LabelShape(BaseModel):
    """What bears a label, or is called so, is that CI. Times are epoch milliseconds."""

    id: int
    source: str
    label: str
    value: str
    ci: CiName
    who: str
    at: int


def alert_shape(row: ForeignRow) -> AlertShape:
    kept = row.kept
    alert: Any = kept.alert
    names = ("account", "source", "fingerprint", "severity", "name", "title", "text", "link", "started_at", "until",
             "incomplete")  # fmt: skip
    return AlertShape(
        id=kept.id, labels=dict(alert.labels), names=dict(alert.names), seen_at=kept.seen_at, times=kept.times,
        is_bound=kept.ci_id is not None, bound_by=kept.bound_by, ci=CiName.model_validate(row.ci) if row.ci else None,
        suppressed=list(kept.held.suppressed), held_by=list(kept.held.held_by),
        **{name: getattr(alert, name) for name in names},
    )  # fmt: skip


def label_shape(row: BindingRow) -> LabelShape:
    its = row.binding
    return LabelShape(
        id=its.id, source=its.source, label=its.label, value=its.value, ci=CiName.model_validate(row.ci), who=its.who,
        at=its.at,
    )  # fmt: skip
