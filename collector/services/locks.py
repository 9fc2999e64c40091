"""Locks: a person holds a value in its place until a day, for a reason; what sources say against it stays in sight.

Only who administers the class of a CI does so. A lock ends by itself: on its day, with its CI, or when the account that
holds it is no longer in use.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import record
from collector.model import CI, Claim, Path, Value
from collector.precedence import Precedences
from collector.reconcile import Lock
from collector.record import HAND, BadValue
from collector.security.audit import Act
from collector.services import records
from collector.services.changes.asked import lines_of
from collector.services.element import element
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import changes, contenders, contest, interning, locks, sources
from collector.store.contest import Place
from collector.store.locks import RELEASED, REPLACED, Held
from wire.sections import SECTIONS, BadSection, check, shape_of

DAY_MS: Final = 86_400_000
LONGEST_MS: Final = 366 * DAY_MS
"""How long a value may be locked: the year after which somebody looks again."""
MAX_REASON: Final = 500
MAX_VALUE: Final = 4_096
"""Characters of a value as JSON."""

Settle = Callable[[AsyncConnection, Collection[Place], int], Awaitable[None]]
"""Let the facts at those places be what wins there at that time (ms), inside the transaction."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks to be locked: one value, until when (ms), why; `value` None: as it stands.

    `change`: the number of the change that calls for it, or empty.
    """

    path: Path
    until: int
    reason: str
    change: str = ""
    value: Value = None


@dataclass(frozen=True, slots=True)
class Locked:
    """A value that is locked, and the claims that say something else: what is to be settled before it ends.

    `is_unsaid`: no source says anything of it any more.
    """

    lock: Lock
    against: tuple[Claim, ...] = ()
    is_unsaid: bool = False

    @property
    def is_disputed(self) -> bool:
        return bool(self.against) or self.is_unsaid


@dataclass(frozen=True, slots=True)
class Locker:
    """Locks values by way of the pipeline, which `app` puts here; `precedence` says who is believed meanwhile."""

    precedence: Precedences
    settle: Settle

    async def lock(self, act: Act, roles: Collection[str], uid: str, asked: Asked) -> None:
        """Lock a value, or renew its lock; raise `NotFound`, `NotTheirs` and `Refused`."""
        ci = await _theirs(act, roles, uid)
        reason = _reason(asked.reason)
        if not act.at < asked.until <= act.at + LONGEST_MS:
            raise Refused("a lock ends within a year", "until")
        if asked.change and await changes.find(act.tx, asked.change) is None:
            raise Refused("there is no change with this number", "change")
        value = await self._value(act, ci, asked)
        before = await self._end(act, (ci.id, asked.path), REPLACED)
        lock = Lock(asked.path, value, f"{HAND}/{act.by}", act.at, asked.until, reason, asked.change)
        await sources.ensure(act.tx, [lock.holder])
        await locks.add(act.tx, ci.id, lock)
        await self.settle(act.tx, [(ci.id, asked.path)], act.at)
        act.tell("ci.lock", f"ci/{ci.uid}", told(before.lock) if before else {}, told(lock))

    async def release(self, act: Act, roles: Collection[str], uid: str, path: Path, reason: str) -> None:
        """Let a value follow its sources again; raise `NotFound`, `NotTheirs` and `Refused`."""
        ci = await _theirs(act, roles, uid)
        said = _reason(reason)
        before = await self._end(act, (ci.id, path), RELEASED)
        if before is None:
            raise NotFound("lock", f"{path.section}.{path.key}")
        await self.settle(act.tx, [(ci.id, path)], act.at)
        act.tell("ci.unlock", f"ci/{ci.uid}", told(before.lock), {"why": RELEASED, "reason": said})

    async def _end(self, act: Act, place: Place, why: str) -> Held | None:
        held = (await locks.on(act.tx, [place[0]])).get(place)
        if held is not None:
            await locks.end(act.tx, [held.id], act.at, act.by, why)
        return held

    async def _value(self, act: Act, ci: CI, asked: Asked) -> Value:
        """Return the value to be held: what was asked for, else what stands. What has no value has nothing to lock."""
        paths = await interning.path_ids(act.tx, [asked.path])
        stands = (await contest.held(act.tx, [(ci.id, asked.path)], paths)).get((ci.id, asked.path))
        if stands is None:
            raise Refused("it has no value now", "key")
        return stands.value if asked.value is None else _checked(asked.path, asked.value)


async def on_ci(connection: AsyncConnection, ci_id: int) -> tuple[Locked, ...]:
    """Return what is locked on a CI, by path, each with what sources say against it now."""
    held = await locks.on(connection, [ci_id])
    if not held:
        return ()
    paths = await interning.known_paths(connection, {path for _, path in held})
    claims, _ = await contest.claims_at(connection, held, paths)
    found = [_locked(each.lock, claims.get(place, [])) for place, each in held.items()]
    return tuple(sorted(found, key=lambda each: each.lock.path))


def told(lock: Lock) -> dict[str, Any]:
    """Return what the audit log says of a lock."""
    return {
        "section": lock.path.section, "key": lock.path.key, "value": lock.value, "until": lock.expires_at,
        "reason": lock.reason, "change": lock.change, "holder": lock.holder,
    }  # fmt: skip


def _locked(lock: Lock, claims: Collection[Claim]) -> Locked:
    against = sorted((each for each in claims if each.value != lock.value), key=lambda each: each.source)
    return Locked(lock, tuple(against), not claims)


async def _theirs(act: Act, roles: Collection[str], uid: str) -> CI:
    """Return the CI, nobody else writing its facts meanwhile."""
    ci = await records.theirs(act.tx, roles, uid)
    await contenders.hold(act.tx, [ci.id])
    return ci


def _reason(text: str) -> str:
    said = lines_of(text, MAX_REASON, "reason")
    if not said:
        raise Refused("say why it is locked or released", "reason")
    return said


def _checked(path: Path, value: Value) -> Value:
    """Return a value that its source could have said; raise `Refused`."""
    try:
        fits = _fits(path, value)
        is_short = len(interning.canonical(value)) <= MAX_VALUE
    except (BadSection, BadValue, ValueError, RecursionError) as error:
        raise Refused(f"no value of this field: {error}"[:300], "value") from error
    if not fits or not is_short:
        raise Refused("no value of this field", "value")
    return value


def _fits(path: Path, value: Value) -> bool:
    if path.section == record.SECTION:
        return record.checked({path.key: value}) == {path.key: value}
    if path.section not in SECTIONS:
        return False
    shape = shape_of(path.section)
    if shape.is_record:
        return check(shape, {path.key: value}) == {path.key: value}
    if not isinstance(value, dict) or not value.keys().isdisjoint(shape.key):
        return False
    row = element(shape, path.key, value)
    return check(shape, [row]) == [row]
