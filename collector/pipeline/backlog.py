"""What has been logged and not been applied yet: as it was handed over in memory, else as the log has it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.ingest import Logged
from collector.store import ingest_log
from collector.store.ingest_log import Numbered

BATCH = 200
"""Rows read from the log at once; each of them may be long."""
BATCH_HANDED = 5_000
"""Rows that were handed over and are taken at once, as long as they hold no more than `BATCH_BYTES`."""
BATCH_BYTES = 8 * 1024 * 1024
MAX_HANDED_BYTES = 32 * 1024 * 1024
"""What is held in memory at most; beyond, all of it is read from the log again."""


class Backlog:
    """Gives each row once, in the log's order. `passed` is the last id that is done with; 0: ask every cursor.

    Rows handed over follow on what was read only when the log was read to its end before: until then, and
    whenever something was logged that was not handed over, the log alone tells.
    """

    def __init__(self) -> None:
        self.passed = 0
        self._handed: deque[Numbered] = deque()
        self._bytes = 0
        self._follows = False
        self._codes: dict[int, str] = {}  # agent id → source code

    @property
    def gathers(self) -> bool:
        """Whether what comes next is handed over and there is room for more of it in one batch."""
        return self._follows and len(self._handed) < BATCH_HANDED and self._bytes < BATCH_BYTES

    def hand_over(self, rows: Sequence[Numbered] | None) -> None:
        """Take note of a commit: of these rows, or of some that only the log tells."""
        if rows is None or self._bytes > MAX_HANDED_BYTES:
            self.forget()
        elif self._follows:
            self._handed.extend(rows)
            self._bytes += sum([len(row[4]) for _, row in rows])

    def forget(self) -> None:
        """Forget what was handed over: the log still has it."""
        self._handed.clear()
        self._bytes, self._follows = 0, False

    def take(self) -> list[Logged]:
        """Return the next rows that were handed over; none when the log has to be read."""
        taken: list[Logged] = []
        size = 0
        handed, codes, passed = self._handed, self._codes, self.passed  # thousands of rows: looked up once
        while handed and len(taken) < BATCH_HANDED and size < BATCH_BYTES:
            key, row = handed.popleft()
            size += len(row[4])
            code = codes.get(row[0])
            if code is None:
                self.forget()  # an agent that is heard for the first time: the log knows who that is
            elif key > passed:
                taken.append(Logged(key, row[0], code, *row[1:]))
        self._bytes = max(0, self._bytes - size)
        return taken

    async def read(self, tx: AsyncConnection) -> list[Logged]:
        """Return the next rows of the log. Inside `tx` nobody else appends to it."""
        rows = await ingest_log.pending(tx, BATCH, self.passed)
        self._codes.update((row.agent_id, row.source) for row in rows)
        self._follows = self._follows or len(rows) < BATCH
        return rows
