"""What the API takes and tells of channels; what logs in goes in and never comes out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from collector.api.change_bodies import Body, Name
from collector.channel import Channel, Wants
from collector.services.channels.setup import Standing

Text = Annotated[str, StringConstraints(max_length=100_000)]
Words = Annotated[list[Name], Field(max_length=100)]
KindName = Literal[
    "webhook", "email", "dingtalk", "wecom", "feishu", "alertmanager", "pagerduty", "itop", "glpi", "servicenow", "jira"
]


class WantsSaid(Body):
    """Which incidents go by a channel; what is empty asks for nothing in particular."""

    severity: Literal["notice", "warning", "error", "critical"] = Field("notice", description="from this one on")
    categories: Words = Field(default_factory=list, description="these and what lies below")
    sources: Words = Field(default_factory=list, description="user, monitoring, maintenance")
    sites: Words = Field(default_factory=list)
    events: Words = Field(default_factory=list, description="opened, updated, …; empty: all")

    def plain(self) -> Wants:
        lists = {name: tuple(getattr(self, name)) for name in ("categories", "sources", "sites", "events")}
        return Wants(self.severity, **lists)


class ChannelSaid(Body):
    """A channel as people set it up."""

    kind: KindName
    settings: dict[Name, Text | int] = Field(default_factory=dict, max_length=30)
    wants: WantsSaid = Field(default_factory=lambda: WantsSaid(severity="notice"))
    language: Literal["zh", "en"] = "zh"
    link: Annotated[str, StringConstraints(max_length=500)] = Field("", description="where people reach these pages")
    is_enabled: bool = True


class ChannelAsked(ChannelSaid):
    secret: dict[Name, Annotated[str, StringConstraints(max_length=4_000)]] | None = Field(
        None, max_length=10, description="absent: it keeps the one it has for this address", repr=False
    )

    def plain(self, name: str) -> Channel:
        return Channel(
            name, self.kind, dict(self.settings), self.wants.plain(), self.language, self.link, self.is_enabled
        )  # fmt: skip


class HealthShape(BaseModel):
    """How a channel fares. Times are epoch milliseconds, 0: never."""

    state: str = Field(description="off, broken, failing, well, unused")
    last_ok: int
    last_error: str
    failed_at: int
    failures: int = Field(description="in a row")
    broken_at: int = Field(description="since when nothing gets through")
    open_until: int = Field(description="nothing is tried before")
    waiting: int = Field(description="messages that wait")
    dead: int = Field(description="messages that were given up")
    open: int = Field(description="incidents it was told of and not yet told the end of")


class ChannelShape(ChannelSaid):
    name: str
    health: HealthShape


class AnswerShape(BaseModel):
    """What came of a test message."""

    is_well: bool
    why: str


class AgainShape(BaseModel):
    messages: int = Field(description="how many that were given up are tried again")


def channel_shape(standing: Standing, now: int) -> ChannelShape:
    health, told = standing.health, asdict(standing.channel)
    names = ("last_ok", "last_error", "failed_at", "failures", "broken_at", "open_until")
    shown = HealthShape(
        state=standing.state(now), waiting=standing.waiting, dead=standing.dead, open=standing.open,
        **{name: getattr(health, name) for name in names},
    )  # fmt: skip
    return ChannelShape(**told, health=shown)


class HeardShape(BaseModel):
    """What became of a message of a channel's other side."""

    changed: bool = Field(description="whether anything is otherwise here than before")
