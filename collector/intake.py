"""Intake: observations onto the disk, many agents' in one commit, and the acknowledgement only after it.

Nothing is opened here beyond its checksum; what an observation says is the pipeline's business. It is told of
every commit, and handed what was committed where the ids are known, so that it need not read it back.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from collector.clock import Clock, now
from collector.store import ingest_log
from collector.store.engine import Store
from collector.store.failure import Unacceptable, WriteFailed, writing
from collector.store.ingest_log import Numbered, Row
from wire.observation import MAX_OBSERVATION_BYTES, Acknowledgement, Envelope, Refusal, Report

GROUP_ROWS = 5_000
"""Rows that start no further report in one commit; a single report brings at most 500 more."""

NONE: Final[Mapping[int, str]] = {}

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Counters:
    """What has been taken since start, for /metrics."""

    envelopes: int = 0
    refused: int = 0
    commits: int = 0
    failed_commits: int = 0


Committed = Callable[[Sequence[Numbered] | None], None]
"""Is told of each commit: the rows in the log's order, or None when these have to be read from there."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    rows: Sequence[Row]
    done: asyncio.Future[None]


class Intake:
    """The one way into the ingest log. While one group is being committed, the next gathers."""

    def __init__(self, store: Store, committed: Committed = lambda _: None, clock: Clock = now) -> None:
        self._store, self._committed, self._clock = store, committed, clock
        self._queue: deque[_Waiting] = deque()
        self._committer: asyncio.Task[None] | None = None
        self.counters = Counters()

    async def take(self, agent_id: int, report: Report, refused: Mapping[int, str] = NONE) -> Acknowledgement:
        """Return after every envelope that is not refused is on the disk; raise `WriteFailed` with none acknowledged.

        `refused`: sequence number → why, for what the agent may not say.
        After a failure some of it may be on the disk all the same: sending it again does no harm.
        """
        rows, turned_away = self._sorted(agent_id, report, refused)
        if rows:
            await self._commit(rows)
        self.counters.envelopes += len(rows)
        self.counters.refused += len(turned_away)
        return Acknowledgement(max((row[2] for row in rows), default=0), tuple(turned_away))

    async def drain(self) -> None:
        """Return when nothing waits any more."""
        while self._committer is not None and not self._committer.done():
            await asyncio.wait([self._committer])

    def _sorted(self, agent_id: int, report: Report, refused: Mapping[int, str]) -> tuple[list[Row], list[Refusal]]:
        epoch, at = report.spool_epoch, self._clock()
        rows: list[Row] = []
        turned_away: list[Refusal] = []
        for envelope in report.envelopes:
            if reason := fault(envelope) or refused.get(envelope.seq):
                turned_away.append(Refusal(envelope.seq, reason))
            else:
                rows.append((agent_id, epoch, envelope.seq, at, envelope.observation))
        return rows, turned_away

    async def _commit(self, rows: Sequence[Row]) -> None:
        done = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(rows, done))
        if self._committer is None or self._committer.done():
            self._committer = asyncio.create_task(self._commit_all())
        await done

    async def _commit_all(self) -> None:
        while self._queue:
            await self._commit_group()

    async def _commit_group(self) -> None:
        group: list[_Waiting] = []
        try:
            async with writing(self._store) as connection:
                group = self._gathered()  # only now: whoever came while we waited for our turn is in
                rows = [row for each in group for row in each.rows]
                ids = await ingest_log.append(connection, rows)
        except Unacceptable as failure:
            log.warning("reports refused together, writing one by one", reports=len(group), error=str(failure))
            for each in group:
                await self._commit_one(each)
        except Exception as failure:  # noqa: BLE001  whatever it was, nobody may be left waiting
            self._settle(group or self._gathered(), failure)
        else:
            self._settle(group)
            self._committed(None if ids is None else list(zip(ids, rows, strict=True)))

    async def _commit_one(self, waiting: _Waiting) -> None:
        """A report the database will not have must not cost the others of its group theirs."""
        try:
            async with writing(self._store) as connection:
                await ingest_log.append(connection, waiting.rows)
        except WriteFailed as failure:
            self._settle([waiting], failure)
        else:
            self._settle([waiting])
            self._committed(None)

    def _gathered(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        count = 0
        while self._queue and count < GROUP_ROWS:
            waiting = self._queue.popleft()
            if not waiting.done.done():  # whoever gave up before its turn has been told nothing, and sends it again
                group.append(waiting)
                count += len(waiting.rows)
        return group

    def _settle(self, group: list[_Waiting], failure: Exception | None = None) -> None:
        if failure is None:
            self.counters.commits += 1
        else:
            self.counters.failed_commits += 1
            log.error("observations not written", reports=len(group), error=str(failure)[:200])
        for waiting in group:
            if waiting.done.done():
                continue
            if failure is None:
                waiting.done.set_result(None)
            else:
                waiting.done.set_exception(failure)


def fault(envelope: Envelope) -> str:
    """Return why an envelope can never be taken, or an empty text."""
    if not 1 <= envelope.seq <= ingest_log.MAX_SEQ:
        return "the sequence number is out of range"
    if len(envelope.observation) > MAX_OBSERVATION_BYTES:
        return f"{len(envelope.observation)} bytes, at most {MAX_OBSERVATION_BYTES}"
    if zlib.crc32(envelope.observation) != envelope.crc:
        return "the checksum does not match"
    return ""
