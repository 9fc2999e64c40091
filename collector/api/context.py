"""What the HTTP side is given by whoever starts the collector."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

from fastapi import Request

from collector.clock import Clock, now
from collector.config import Settings
from collector.rulebook import Rulebook
from collector.security.tokens import Terms
from collector.services.agents import enrol_url
from collector.services.statistics import Pipeline
from collector.store.engine import Store

Mint = Callable[[Terms, str], Awaitable[str]]
"""Make an enrolment token on these terms, asked for by this account; return its text; raise `BadTerms`."""
Ban = Callable[[str, str, str], Awaitable[bool]]
"""Ban the agent with this uid for this reason, asked for by this account; return whether there is one."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything pages and API need beyond the request."""

    settings: Settings
    store: Store
    rulebook: Rulebook
    mint: Mint
    ban: Ban
    pipeline: Callable[[], Pipeline]
    clock: Clock = now
    hostname: str = field(default_factory=socket.gethostname)
    enrol_url: str = ""
    """Where agents of other machines reach the enrolment listener; empty: as the settings say."""

    @property
    def where_to_enrol(self) -> str:
        return self.enrol_url or enrol_url(self.settings)


def context_of(request: Request) -> Context:
    return cast(Context, request.app.state.context)
