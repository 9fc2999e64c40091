"""What the API tells of alerts of other systems."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from collector.api.change_bodies import Body, Name
from collector.services.inbound.inbox import Kept


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
    incomplete: int = Field(description="alerts its message left out on the way")


class Bound(Body):
    ci: Name = Field(description="uid of the CI it is about")


def alert_shape(kept: Kept) -> AlertShape:
    alert: Any = kept.alert
    names = ("source", "fingerprint", "severity", "name", "title", "text", "link", "started_at", "until", "incomplete")
    return AlertShape(
        id=kept.id, labels=dict(alert.labels), names=dict(alert.names), seen_at=kept.seen_at, times=kept.times,
        is_bound=kept.ci_id is not None, bound_by=kept.bound_by, **{name: getattr(alert, name) for name in names},
    )  # fmt: skip
