"""The collector's gRPC side, whole, on ports of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from collector.clock import now
from collector.config import Settings
from collector.intake import Intake
from collector.listeners import server
from collector.listeners.limits import EnrolmentLimits
from collector.listeners.registry import AgentRegistry
from collector.listeners.server import Listeners
from collector.security import ca, tokens
from collector.security.ca import Authority
from collector.security.tokens import Terms
from collector.store.engine import Store
from tests.acts import act
from tests.collector.listeners.client import Machine
from wire.enrolment import Token


@dataclass
class MovedClock:
    """The real time, moved by `shift_ms`."""

    shift_ms: int = 0

    def __call__(self) -> int:
        return now() + self.shift_ms


@dataclass
class Running:
    """A collector that listens."""

    settings: Settings
    store: Store
    registry: AgentRegistry
    authority: Authority
    intake: Intake
    clock: MovedClock
    listeners: Listeners
    wanted: dict[int, tuple[str, ...]] = field(default_factory=dict)

    async def token(self, **terms: int) -> Token:
        async with self.store.write() as connection:
            return await tokens.mint(act(connection, "test", self.clock()), self.authority, Terms(**terms))

    def machine(self) -> Machine:
        return Machine(self.authority.root_pem, self.listeners.enrol_port)

    async def agent(self) -> Machine:
        """Return a machine that has just enrolled."""
        machine = self.machine()
        await machine.enrol(await self.token())
        return machine


Starter = Callable[..., object]


async def running(store: Store, data: Path, limits: EnrolmentLimits, **settings: object) -> Running:
    clock = MovedClock()
    chosen = Settings(data=data, grpc_port=0, enroll_port=0, **settings)
    authority = ca.open_or_create(data, clock)
    registry = AgentRegistry(store, clock)
    await registry.start()
    intake = Intake(store, clock=clock)
    wanted: dict[int, tuple[str, ...]] = {}
    listeners = await server.start(chosen, registry, authority, intake, lambda each: wanted.pop(each, ()), limits)
    return Running(chosen, store, registry, authority, intake, clock, listeners, wanted)


@pytest.fixture
async def collector(sqlite_store: Store, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    """A running collector; a test that wants other settings parametrizes this fixture indirectly."""
    settings = dict(getattr(request, "param", {}))
    limits = settings.pop("limits", EnrolmentLimits(per_second=1000, burst=1000, outstanding=1000))
    opened = await running(sqlite_store, tmp_path, limits, **settings)
    yield opened
    await opened.listeners.stop(0)
    await opened.registry.stop()
