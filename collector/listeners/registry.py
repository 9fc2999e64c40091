"""The agents' standings in memory: looked at by every call, changed here first and in the database before that.

Other processes on the same database (replicas, the command line) are noticed within `RELOAD_S`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Set
from dataclasses import replace
from typing import TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.clock import Clock, now
from collector.listeners.check_ins import CheckIns
from collector.listeners.uninterrupted import Uninterrupted
from collector.security.audit import Act, Actor, recorded
from collector.store import agents, probes
from collector.store.agents import Standing
from collector.store.engine import Store
from collector.store.failure import StoreFailed, WriteFailed, reading, writing

RELOAD_S = 1.0
ASKED_FOR_MS = 86_400_000
"""How long it is worth asking an agent that was away to look: by then it has looked by itself."""

_T = TypeVar("_T")
Write = Callable[[AsyncConnection], Awaitable[bool]]
"""A change of one agent; returns whether there was one to change."""

log = structlog.get_logger(__name__)


class AgentRegistry:
    """Who may speak. `find` costs a dictionary look-up; every change is durable before it shows."""

    def __init__(self, store: Store, clock: Clock = now) -> None:
        self.store, self.clock = store, clock
        self.check_ins = CheckIns(store)
        self._by_uid: dict[str, Standing] = {}
        self._zones: dict[int, frozenset[str]] = {}  # agent → the zones it is the probe of
        self._revision = ""
        self._asked: dict[str, int] = {}  # agent → the wish it was told last, by when that was made
        self._turn = asyncio.Lock()  # a reload must not undo a change made while it was reading
        self._writes = Uninterrupted()
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Read the standings and keep them fresh until `stop`."""
        await self.reload()
        self._tasks = [
            asyncio.create_task(self._reload_until_stopped()),
            asyncio.create_task(self.check_ins.run()),
        ]

    async def stop(self) -> None:
        """Let what is being written be written, and with it what is still in memory."""
        self._stopping.set()
        self.check_ins.stop()
        await asyncio.gather(*self._tasks)
        self._tasks = []
        await self._writes.drain()
        with contextlib.suppress(WriteFailed):
            await self.check_ins.flush()

    def find(self, uid: str) -> Standing | None:
        return self._by_uid.get(uid)

    async def reload(self) -> None:
        """Read the standings again if anything has changed; raise `StoreFailed`."""
        async with self._turn, reading(self.store) as connection:
            revision = await agents.revision(connection)
            if revision == self._revision:
                return
            self._by_uid = {each.uid: each for each in await agents.standings(connection)}
            self._zones = await probes.appointments(connection)
            self._revision = revision

    # --- what people do

    async def ban(self, uid: str, reason: str, who: Actor) -> bool:
        """Turn an agent away from its next call on, until `unban`; return whether there is one."""
        return await self._set_state(uid, agents.BANNED, reason, who)

    async def unban(self, uid: str, who: Actor) -> bool:
        """Let an agent speak again, and forget a clone suspicion."""
        return await self._set_state(uid, agents.ACTIVE, "", who)

    async def retire(self, uid: str, who: Actor) -> bool:
        """End an agent that was taken out of service."""
        return await self._set_state(uid, agents.RETIRED, "", who)

    # --- what the listeners do

    def takes_inventory_now(self, uid: str) -> bool:
        """Return whether a whole inventory was asked for not long ago, once for each time it was.

        What was told is not kept: after a start, and by each replica, an agent may be asked once more.
        """
        asked_at = self._by_uid[uid].look_asked_at if uid in self._by_uid else 0
        if asked_at <= max(self._asked.get(uid, 0), self.clock() - ASKED_FOR_MS):
            return False
        self._asked[uid] = asked_at
        return True

    async def probed_by(self, agent: Standing, zones: Set[str]) -> frozenset[str]:
        """Return the zones this agent is the probe of, sure of each of `zones` that is not; raise `StoreFailed`."""
        if zones - self._zones.get(agent.id, frozenset()):
            await self.reload()  # it may have been appointed a moment ago
        return self._zones.get(agent.id, frozenset())

    async def change(self, write: Callable[[AsyncConnection], Awaitable[Standing]]) -> Standing:
        """Run `write` in one transaction and show the standing it returns; raise `WriteFailed`, and what it raises."""
        return await self._writes.run(self._changed(write))

    async def offer(self, standing: Standing, serial: str, until: int) -> None:
        """Let a renewed certificate be used; raise `WriteFailed`."""
        await self._write(standing.uid, lambda tx: agents.offer(tx, standing.uid, serial, until), serial_next=serial)

    async def readmit(self, standing: Standing, serial: str, until: int, who: Actor) -> None:
        """The agent came back by its instance key: let its new certificate be used; raise `WriteFailed`."""

        async def write(act: Act) -> bool:
            act.tell("agent.recover", f"agent/{standing.uid}", after={"serial": serial})
            return await agents.readmit(act.tx, standing.uid, serial, until)

        await self._write(standing.uid, self._recorded(write, who), serial_next=serial)

    async def promote(self, standing: Standing, serial: str) -> None:
        """The next certificate was used: the one before is no longer good; raise `WriteFailed`."""
        changes = {"serial_current": serial, "serial_next": None}
        await self._write(standing.uid, lambda tx: agents.promote(tx, standing.uid, serial), **changes)

    async def suspect(self, standing: Standing) -> None:
        """A replaced certificate was used: remember it for people, once; raise `WriteFailed`."""
        if standing.state_reason != agents.CLONE_SUSPECT:
            log.warning("clone suspect", agent=standing.uid)
            changes = {"state_reason": agents.CLONE_SUSPECT}
            await self._write(standing.uid, lambda tx: agents.suspect(tx, standing.uid), **changes)

    async def _set_state(self, uid: str, state: str, reason: str, who: Actor) -> bool:
        log.info("agent state", agent=uid, state=state, reason=reason, by=who.name)
        changes = {"state": state, "state_reason": reason}

        async def write(act: Act) -> bool:
            before = await agents.by_uid(act.tx, uid)
            if before is None:
                return False
            was = {"state": before.state, "state_reason": before.state_reason}
            act.tell("agent.state", f"agent/{uid}", was, changes)
            return await agents.set_state(act.tx, uid, state, reason)

        return await self._write(uid, self._recorded(write, who), **changes)

    def _recorded(self, write: Callable[[Act], Awaitable[bool]], who: Actor) -> Write:
        """Return a change that writes down, with what it does, that `who` did it."""

        async def recording(tx: AsyncConnection) -> bool:
            async with recorded(tx, who, self.clock()) as act:
                return await write(act)

        return recording

    async def _changed(self, write: Callable[[AsyncConnection], Awaitable[Standing]]) -> Standing:
        async with self._turn:
            standing = await self._committed(write)
            self._by_uid[standing.uid] = standing
        return standing

    async def _write(self, uid: str, write: Write, **changes: str | None) -> bool:
        return await self._writes.run(self._written(uid, write, changes))

    async def _written(self, uid: str, write: Write, changes: dict[str, str | None]) -> bool:
        async with self._turn:
            written = await self._committed(write)
            if written and uid in self._by_uid:
                self._by_uid[uid] = replace(self._by_uid[uid], **changes)  # type: ignore[arg-type]
        return written

    async def _committed(self, write: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        async with writing(self.store) as connection:
            before = await agents.revision(connection, hold=True)
            result = await write(connection)
            after = await agents.revision(connection)
        if before and before == self._revision:
            self._revision = after  # nobody else changed anything in between, so there is nothing to read again
        return result

    async def _reload_until_stopped(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), RELOAD_S)
            try:
                await self.reload()
            except StoreFailed as error:  # a database that is away now may be back with the next turn
                log.warning("agents not read again", error=str(error))
