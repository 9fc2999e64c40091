"""Why a value is so: every claim as it counts now, with its rule and its age, and the lock if there is one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Path
from collector.precedence import Precedences
from collector.reconcile import Weighed, weighed
from collector.services import locks
from collector.services.locks import Locked
from collector.store import lanes
from collector.store.browse.cis import CiRow


@dataclass(frozen=True, slots=True)
class Because:
    """The claims on one value, the one that would win first; `locked`: what stands in its place."""

    weighed: tuple[Weighed, ...]
    locked: Locked | None
    now: int

    @property
    def is_passed_over(self) -> bool:
        """Return whether a better source is passed over for its silence."""
        return any(each.lost == "silent" for each in self.weighed)


async def explained(
    connection: AsyncConnection, ci: CiRow, path: Path, precedence: Precedences, now: int
) -> Because:  # fmt: skip
    """Return why a value of `ci` is so at `now` (ms), by the rules of that time."""
    claims, _ = await lanes.claims(connection, ci.id, [path])
    counted = weighed(claims.get(path, []), now, precedence.order(path, ci.ci_class, now))
    locked = next((each for each in await locks.on_ci(connection, ci.id) if each.lock.path == path), None)
    return Because(counted, locked, now)
