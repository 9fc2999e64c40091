"""Delivery: what the outbox holds → the channels people work in. One module a kind of channel.

| file | one thing |
|---|---|
| `courier` | who carries: a round for each channel, none waits for another |
| `carrier` | one channel's round: what is due, sent, marked |
| `folding` | what waits of one incident while newer things happen to it: the newest state is told |
| `gathered` | the round of channels people read: many messages become one |
| `patience` | when to try again, when to let a channel rest, how many messages a channel may get |
| `caller` | HTTP: bounds, times, and what an answer, or none, means |
| `message`, `letter` | an incident in words; several of them in one message |
| `kinds` | the kinds by name: their settings, how they are made, at what pace |
| `webhook`, `alertmanager`, `pagerduty`, `mail`, `robot` (DingTalk, WeCom, Feishu) | one kind each |
| `ticket`, `itop`, `glpi`, `servicenow`, `jira` | tickets: searched before made; one product each |
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from collector.model import Attachment, Delivery


class BadDestination(ValueError):
    """A destination that can never be delivered to; the message says what is wrong with its settings."""

    def __init__(self, why: str, field: str = "") -> None:
        super().__init__(why)
        self.field = field


class Fate(enum.StrEnum):
    """What a failed delivery means: try again, give it up, or find out first whether it arrived."""

    RETRY = "retry"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class DeliveryFailed(Exception):
    """The destination did not take a delivery, or it cannot be known that it did; the message holds no secret.

    `after_s`: it asked to be left alone for so long.
    """

    def __init__(self, why: str, fate: Fate = Fate.RETRY, after_s: float = 0.0) -> None:
        super().__init__(why)
        self.fate = fate
        self.after_s = after_s


class Destination(Protocol):
    """Takes one delivery; returns once the other side has it for sure; raises `DeliveryFailed` otherwise.

    It may be called again with the same `delivery.key`, for instance after a crash, and passes that key on, so that
    the other side can tell. It returns what the other side calls the subject, where it calls it anything.
    """

    async def __call__(self, delivery: Delivery) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Story:
    """What there is to tell of one incident at once: the last message, all events since, and files with it."""

    last: Delivery
    events: tuple[str, ...]
    since: int
    files: tuple[Attachment, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it began and ended before anybody was told."""
        return self.events[0] == "opened" and self.events[-1] in ("resolved", "closed")


@runtime_checkable
class Gathering(Protocol):
    """A destination people read: it takes what there is to tell of many incidents in one message.

    `alone`: up to how many incidents get messages of their own.
    """

    alone: int

    async def send(self, stories: Sequence[Story]) -> None:
        """Send one message that tells all of them; raise `DeliveryFailed`."""
        ...


@runtime_checkable
class Attaching(Protocol):
    """A destination that takes files beside its words, in one language."""

    files_in: str


@runtime_checkable
class Reminded(Protocol):
    """A destination that forgets: it is told again and again of what is still open."""

    remind_s: float

    async def remind(self, payloads: Sequence[Delivery]) -> None:
        """Say again that these are open; raise `DeliveryFailed`."""
        ...


@runtime_checkable
class Closing(Protocol):
    """A destination that holds connections."""

    async def aclose(self) -> None: ...
