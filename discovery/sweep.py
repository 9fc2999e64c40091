"""A sweep, from a plan to an outcome for every address: who is there, what it shows, who is let in, what it is.

    async for outcome in sweep(plan, access, definitions, limits, profile):
        …

Every stage is a module of its own; here they are put in order, bounded, and what fails in one target stays there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from discovery.authenticate import Access, offers
from discovery.credentials import Credential
from discovery.failures import Failed
from discovery.ledger import Ledger
from discovery.library import Definitions
from discovery.limits import Limits, Profile
from discovery.liveness import Life, Means, look
from discovery.outcome import Outcome
from discovery.pace import Rooms
from discovery.plan import Plan
from discovery.snmp import Engine
from discovery.stages import Course, Setting, Tools
from discovery.visits import Visitor

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts so far, of addresses: planned, done with, alive; let in, identified, explored."""

    planned: int
    swept: int = 0
    alive: int = 0
    admitted: int = 0
    identified: int = 0
    explored: int = 0


Watch = Callable[[Progress], None]


def sweep(
    plan: Plan, access: Access, definitions: Definitions, limits: Limits | None = None, profile: Profile | None = None,
    watch: Watch | None = None,
) -> Sweep:  # fmt: skip
    """Return a sweep; it begins when it is iterated, and yields an outcome for every address, silent ones too."""
    return Sweep(Setting(plan, access, definitions, limits or Limits(), profile or Profile()), watch)


class Sweep:
    """One sweep. `ended`: why before its plan did: a word of `discovery.failures`, or None.

    `cursor`: where a sweep of the same plan can go on. What was under way when it ended has an outcome that says so.
    """

    def __init__(
        self, setting: Setting, watch: Watch | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.ledger, self.cursor = Ledger(), setting.plan.cursor
        self.ended: str | None = None
        self.progress = Progress(setting.plan.size)
        self._setting, self._watch, self._clock = setting, watch, clock
        self._outcomes: asyncio.Queue[Outcome | None] = asyncio.Queue()
        self._moved = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[list[Life]] | None = None
        limits = setting.limits
        self._workplaces = Rooms(limits.targets, limits.per_subnet, 1)

    def cancel(self) -> None:
        """End early: no new address is asked, and what is under way ends now, each with its outcome."""
        self.ended = "cancelled"
        for task in (*self._under_way, *([self._looking] if self._looking else [])):
            task.cancel()

    async def __aiter__(self) -> AsyncIterator[Outcome]:
        limits = self._setting.limits
        beside = self._setting.beside
        pace = beside.bucket(limits.rate, asyncio.get_running_loop().time())
        engine = Engine(limits.traffic, limits.patience, pace, beside.answered)
        feeding = asyncio.create_task(self._feed(engine))
        try:
            while (outcome := await self._outcomes.get()) is not None:
                yield outcome
                self._moved.set()
            await feeding
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            engine.close()

    # --- addresses in

    async def _feed(self, engine: Engine) -> None:
        limits = self._setting.limits
        rooms, visitor = Rooms(limits.connections, limits.per_subnet, limits.per_target), Visitor()
        tools = Tools(engine, rooms, self._check, visitor)
        addresses = self._setting.plan.addresses()
        try:
            async with asyncio.TaskGroup() as group:
                while not self._closed() and (batch := list(islice(addresses, limits.batch))):
                    await self._batch(batch, tools, group)
                    self.cursor += len(batch) if self.ended is None else 0
                    await self._until_there_is_room()
        finally:
            visitor.close()
            self._outcomes.put_nowait(None)

    def _check(self, address: str) -> None:
        self._setting.plan.calendar.check(address, self._clock())

    def _closed(self) -> bool:
        """Return whether no further address may be asked."""
        if self.ended is None and self._setting.plan.calendar.everywhere(self._clock()):
            self.ended = "blackout"
        if self.ended is None and self._setting.access.has_ended:
            self.ended = "lease_ended"
        return self.ended is not None

    async def _until_there_is_room(self) -> None:
        """Wait while there is more to do than is worked on at once, or more was found out than was taken."""
        most = self._setting.limits.targets
        while len(self._under_way) > most or self._outcomes.qsize() > most:
            self._moved.clear()
            await self._moved.wait()

    async def _batch(self, batch: Sequence[str], tools: Tools, group: asyncio.TaskGroup) -> None:
        """Look who is alive among some addresses, and send those on their way."""
        waiting = dict.fromkeys(batch)

        def ready(life: Life) -> None:
            del waiting[life.address]
            task = group.create_task(self._work(Course(life, self._setting, tools)))
            self._under_way.add(task)
            task.add_done_callback(self._left)

        failed = Failed("no_answer")
        try:
            for life in await self._look(self._open(batch, waiting, tools), tools, ready):
                if life.signs and life.address in waiting:
                    ready(life)
        except asyncio.CancelledError:
            if self.ended != "cancelled":
                raise
            failed = Failed("cancelled")
        for address in waiting:
            self._end(Course(Life(address), self._setting, tools).outcome(failed))

    def _left(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._moved.set()

    def _open(self, batch: Sequence[str], waiting: dict[str, None], tools: Tools) -> list[str]:
        """Return what the calendar leaves of a batch; the rest ends here."""
        if not self._setting.plan.calendar.closed:
            return list(batch)
        for address in batch:
            try:
                self._check(address)
            except Failed as failed:
                del waiting[address]
                self._end(Course(Life(address), self._setting, tools).outcome(failed))
        return list(waiting)

    async def _look(self, hosts: list[str], tools: Tools, ready: Callable[[Life], None]) -> Iterable[Life]:
        setting = self._setting

        def offered(address: str) -> list[Credential]:
            return offers(address, setting.access, setting.limits, setting.plan.zone)

        means = Means(tools.engine, setting.limits, setting.profile, offered, setting.beside.is_answered)
        self._looking = asyncio.create_task(look(hosts, means, ready))
        return await self._looking

    # --- outcomes out

    async def _work(self, course: Course) -> None:
        """Take one target to its end; whatever goes wrong on the way is its outcome, and nobody else's."""
        failed: Failed | None = None
        try:
            async with self._workplaces.of(course.address)():
                await course.run()
        except Failed as error:
            failed = error
        except asyncio.CancelledError:
            if self.ended != "cancelled":
                raise
            failed = Failed("cancelled")
        except Exception:
            log.exception("a target was given up")
            failed = Failed("internal")
        self._end(course.outcome(failed))

    def _end(self, outcome: Outcome) -> None:
        row, so_far = outcome.row, self.progress
        self.ledger.add(row)
        self.progress = Progress(
            so_far.planned, so_far.swept + 1, so_far.alive + row.alive, so_far.admitted + (row.credential is not None),
            so_far.identified + (outcome.it is not None),
            so_far.explored + (outcome.explored is not None or bool(outcome.visits)),
        )  # fmt: skip
        self._outcomes.put_nowait(outcome)
        if self._watch:
            self._watch(self.progress)
