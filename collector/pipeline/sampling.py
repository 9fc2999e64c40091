"""Sampling with its store: of what moved, only what some rule looks back on is kept, and read only for those rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.compiled import CompiledRule
from collector.rulebook import Rulebook
from collector.samples import History, Spans, remembered, spans
from collector.store import samples
from collector.store.engine import Store

PORTION: Final = 2_000
"""Series that are looked at in one pass for what is too old."""


def looked_back_on(book: Rulebook) -> Spans:
    """Return section → field → the longest window of any rule over it, ms."""
    return spans(window for rule in book.rules.values() for window in rule.windows)


async def histories(connection: AsyncConnection, due: Mapping[int, Iterable[CompiledRule]]) -> dict[int, History]:
    """Return the history of each CI one of whose rules (CI → rules) looks back; of the others none."""
    asked = {ci_id: names for ci_id, rules in due.items() if (names := _names(rules))}
    if not asked:
        return {}
    told = await samples.of_cis(connection, asked, sorted(set().union(*asked.values())))
    return {ci_id: remembered(told.get(ci_id, [])) for ci_id in asked}


def _names(rules: Iterable[CompiledRule]) -> set[str]:
    return {window.section for rule in rules for window in rule.windows}


class Forgetting:
    """Lets samples go as they age, some series a pass. The first pass watches what rules newly look back on."""

    def __init__(self, store: Store, book: Rulebook) -> None:
        self._store, self._spans = store, looked_back_on(book)
        self._after, self._is_watching = 0, False

    async def step(self, now: int) -> None:
        """Look at the next series at `now` (ms)."""
        async with self._store.write() as tx:
            if not self._is_watching:
                await samples.watch(tx, self._spans, now)
            after = await samples.prune(tx, self._after, PORTION, self._spans, now)
        self._after, self._is_watching = after, True
