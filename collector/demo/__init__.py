"""`up --demo N`: simulated devices beside the collector, swept as a real network is, and what happens to them.

    the lab (a program of its own)  ◄── SNMP ──  this machine's probe  ──►  ingest, as ever
          ▲ commands                                    ▲ a plan, a credential, a sweep
          └────────────── this module ──────────────────┘

It does what people do, by the services they use: makes the plan and the credential, starts the sweep, registers what
is found. Then a firewall is upgraded and mains fail, and a second sweep finds it: that drift and these incidents are
the collector's own work. The next start finds things as they were left.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import structlog

from collector.app import Collector
from collector.clock import now
from collector.demo import lab
from collector.demo.lab import Lab
from collector.model import CiState
from collector.security.audit import Act, Actor, acting
from collector.services import credentials, simulation, sweeps, swept
from collector.services.credentials import NewCredential
from collector.services.sweeps import NewPlan
from collector.store.browse.ref import CiRef

NAME: Final = "demo"
"""Of the plan and the credential, and who acts."""
ACTOR: Final = Actor(NAME, "this machine")
ROLES: Final = ("config_admin:*",)
ZONE: Final = ""
LEFT: Final = frozenset({"pdu"})
"""Types that stay proposed, for people to register."""
HAPPENS: Final = ("upgrade", "mains")
AT_ONCE: Final = 25
"""CIs registered in one transaction: others write between."""
LOOK_S: Final = 1.0
PATIENCE_S: Final = 60.0
"""How long after a sweep what it found may take to arrive."""

log = structlog.get_logger(__name__)


@asynccontextmanager
async def beside(collector: Collector, devices: int) -> AsyncIterator[Lab]:
    """Let simulated devices be there as long as the block lasts; raise `CannotStart`."""
    community = secrets.token_urlsafe(18)
    async with lab.running(collector.settings.data / "demo" / "lab.log", devices, community) as estate:
        playing = asyncio.create_task(_Play(collector, estate).run(community))
        try:
            yield estate
        finally:
            playing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await playing


class _Play:
    """What happens in the first minutes."""

    def __init__(self, collector: Collector, estate: Lab) -> None:
        self._collector, self._store, self._estate = collector, collector.store, estate

    async def run(self, community: str) -> None:
        """Play to the end. The collector goes on without it, whatever goes wrong."""
        try:
            await self._run(community)
        except Exception as error:  # noqa: BLE001  the database's circumstances, or what a person did to the plan
            log.warning("the demo goes no further", error=" ".join(str(error).split())[:300])

    async def _run(self, community: str) -> None:
        async with self._store.read() as connection:
            played = await simulation.is_played(connection)
        if played:
            await self._happen()
        plan = await self._prepare(community)
        await self._sweep(plan)
        if not played:
            await self._happen()
            async with acting(self._store, ACTOR, now) as act:
                await simulation.note_played(act)
            await self._sweep(plan)

    async def _happen(self) -> None:
        for what in HAPPENS:
            log.info("it happens in the simulated estate", what=what, devices=await self._estate.happen(what))

    # --- plan and credential: the lab has another port each time, and another secret

    async def _prepare(self, community: str) -> str:
        """Return the uid of the plan, which is free to be swept."""
        async with acting(self._store, ACTOR, now) as act:
            await self._lend(act, community)
            plan = await self._plan(act)
            for under_way in await sweeps.recent(act.tx, 1, plan=plan):
                await sweeps.cancel(act, under_way.uid)
        return plan

    async def _lend(self, act: Act, community: str) -> None:
        secret, scope = {"community": community}, {"ranges": [self._estate.range]}
        known = [each.uid for each in await credentials.listed(act.tx) if each.name == NAME]
        if known:
            await credentials.change(act, self._collector.vault, known[0], secret=secret, scope=scope)
        else:
            new = NewCredential(NAME, "snmp_community", scope, secret)
            await credentials.create(act, self._collector.vault, new)

    async def _plan(self, act: Act) -> str:
        settings = {"ranges": [self._estate.range], "until": "explore", "rate": 2000, "timeout_ms": 1000,
                    "snmp_port": self._estate.port}  # fmt: skip
        new = NewPlan(NAME, ZONE, settings)
        known = [each.uid for each in await sweeps.plans(act.tx) if each.name == NAME]
        if not known:
            return await sweeps.create_plan(act, new)
        await sweeps.change_plan(act, known[0], new)
        return known[0]

    # --- a sweep, and what it finds

    async def _sweep(self, plan: str) -> None:
        """Sweep, and register what arrives as it does."""
        async with acting(self._store, ACTOR, now) as act:
            uid = await sweeps.start(act, plan)
        patience = PATIENCE_S
        while patience > 0:
            await asyncio.sleep(LOOK_S)
            sweep, found = await self._look(uid)
            await self._register([each for each in found.values() if _is_new(each)])
            if sweep.has_ended:
                patience = patience - LOOK_S if len(found) < sweep.counts.get("identified", 0) else 0

    async def _look(self, uid: str) -> tuple[sweeps.Sweep, Mapping[str, CiRef]]:
        """Return the sweep, and the CIs that stand at its addresses."""
        async with self._store.read() as connection:
            sweep = await sweeps.one(connection, uid)
            assert sweep is not None
            return sweep, await swept.cis(connection, ZONE, set(self._estate.addresses.values()))

    async def _register(self, found: list[CiRef]) -> None:
        for begin in range(0, len(found), AT_ONCE):
            uids = [each.uid for each in found[begin : begin + AT_ONCE]]
            async with acting(self._store, ACTOR, now) as act:
                await self._collector.registrar.register(act, ROLES, uids)


def _is_new(ci: CiRef) -> bool:
    return ci.state == CiState.PROPOSED and ci.ci_type not in LEFT
