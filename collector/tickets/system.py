"""One system as people set it up, and where a change stands there."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from zoneinfo import ZoneInfo


class Stand(enum.StrEnum):
    """Where a change stands there; what comes later in this list includes what came before."""

    DRAFT = "draft"
    ASKED = "asked"
    APPROVED = "approved"
    WORKING = "working"
    DONE = "done"
    WITHDRAWN = "withdrawn"

    def reached(self, other: Stand) -> bool:
        """Return whether a change that stands here has come as far as `other`; a withdrawn one came nowhere."""
        order = list(Stand)
        return self is not Stand.WITHDRAWN and order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Voice:
    """For whom here, and in which role, the word of somebody there counts."""

    account: str
    role: str


@dataclass(frozen=True, slots=True)
class System:
    """A system whose changes are taken. `kind`: a product. `every_minutes` 0: only when somebody asks.

    `people`: their person → account here; `voices`: whose approval there is a word here; `sections`: their type, or
    `*` → sections of every CI such a change covers where it names no values. `fields`, `types`, `states` go before what
    `rules/tickets.yaml` says of the product. `query`: which changes, in the product's language; empty: the usual ones.
    """

    name: str
    kind: str
    url: str
    people: Mapping[str, str] = field(default_factory=dict)
    voices: Mapping[str, Voice] = field(default_factory=dict)
    sections: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "UTC"
    query: str = ""
    days: int = 30
    every_minutes: int = 0
    version: str = ""
    ca: str = ""
    unencrypted: bool = False

    @property
    def zone(self) -> tzinfo:
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class Secret:
    """What logs in: user and password, or a token; GLPI knows a token of the application beside it."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)
