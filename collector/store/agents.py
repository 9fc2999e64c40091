"""The agents: who is admitted, under which serials, and what each said at its last check-in.

Every write that decides who may speak also moves the `setting` row `agents.revision`, so that
another process sees at the price of one row that it has to read the standings again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields

from sqlalchemy import ColumnElement, RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import schema, settings
from collector.store.engine import insert

ACTIVE, BANNED, RETIRED = "active", "banned", "retired"
CLONE_SUSPECT = "clone-suspect"
REVISION = "agents.revision"

_agent = schema.agent


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an agent may speak: its state, and the serials (32 hex digits) its certificate may have."""

    id: int
    uid: str
    state: str
    state_reason: str
    instance_key: bytes
    serial_current: str | None
    serial_next: str | None
    look_asked_at: int = 0
    """When it was last asked for a whole inventory (ms)."""


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent. Times in epoch milliseconds, 0 for never; sizes in bytes; clock offset: agent minus collector.

    `heard`: what its receiver has heard, and what it has not, by cause: counts.
    """

    id: int
    uid: str
    hostname: str
    state: str
    state_reason: str
    instance_key: bytes
    join_counter: int
    token_id: bytes | None
    enrolled_at: int
    address: str
    serial_current: str | None
    serial_next: str | None
    certificate_until: int
    last_seen: int
    version: str
    clock_offset_ms: int
    spool_depth: int
    dropped_total: int
    rss_bytes: int
    cpu_ms: int
    failing_sections: tuple[str, ...]
    heard: Mapping[str, int] = field(default_factory=dict)
    look_asked_at: int = 0


@dataclass(frozen=True, slots=True)
class NewAgent:
    """What is known of an agent when it is admitted."""

    uid: str
    instance_key: bytes
    serial: str
    certificate_until: int
    enrolled_at: int
    token_id: bytes | None = None
    hostname: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Touch:
    """One check-in, as it is kept; units as in `Agent`."""

    agent_id: int
    last_seen: int
    hostname: str
    version: str
    address: str
    clock_offset_ms: int
    spool_depth: int
    dropped_total: int
    rss_bytes: int
    cpu_ms: int
    failing_sections: tuple[str, ...]
    heard: Mapping[str, int] = field(default_factory=dict)


_STANDING = [_agent.c[each.name] for each in fields(Standing)]
_TOUCHED = tuple(each.name for each in fields(Touch))[1:]
_WHOLE = frozenset({"last_seen", "clock_offset_ms", "spool_depth", "dropped_total", "rss_bytes", "cpu_ms"})


async def create(connection: AsyncConnection, new: NewAgent) -> Standing:
    """Admit an agent and make its source `agent/<uid>`; an instance key can only be admitted once."""
    row = asdict(new)
    row["serial_current"] = row.pop("serial")
    added = insert(connection, _agent).values(row).returning(*_STANDING)
    standing = Standing(**(await connection.execute(added)).one()._mapping)
    source = {"code": f"agent/{new.uid}", "kind": "agent", "agent_id": standing.id}
    await connection.execute(insert(connection, schema.source).values(source))
    await moved(connection)
    return standing


async def by_uid(connection: AsyncConnection, uid: str) -> Agent | None:
    row = (await connection.execute(select(_agent).where(_agent.c.uid == uid))).first()
    return _opened(row._mapping) if row else None


async def by_instance_key(connection: AsyncConnection, key: bytes) -> Standing | None:
    row = (await connection.execute(select(*_STANDING).where(_agent.c.instance_key == key))).first()
    return Standing(**row._mapping) if row else None


async def everyone(connection: AsyncConnection) -> list[Agent]:
    """Return all agents in the order they were admitted."""
    return [_opened(row._mapping) for row in await connection.execute(select(_agent).order_by(_agent.c.id))]


async def standings(connection: AsyncConnection) -> list[Standing]:
    return [Standing(*row) for row in await connection.execute(select(*_STANDING))]


async def revision(connection: AsyncConnection, hold: bool = False) -> str:
    """Return a text that is another one after every change of a standing; `hold` keeps others from changing it."""
    return await settings.read(connection, REVISION, hold="write" if hold else "") or ""


async def set_state(connection: AsyncConnection, uid: str, state: str, reason: str) -> bool:
    """Ban, retire or re-admit an agent; return whether there is one."""
    return await _set(connection, uid, state=state, state_reason=reason)


async def suspect(connection: AsyncConnection, uid: str) -> bool:
    """Remember that a certificate of this agent was used that had been replaced."""
    return await _set(connection, uid, state_reason=CLONE_SUSPECT)


async def offer(connection: AsyncConnection, uid: str, serial: str, until: int) -> bool:
    """Let a renewed certificate be used; the present one stays good until it is."""
    return await _set(connection, uid, serial_next=serial, certificate_until=until)


async def readmit(connection: AsyncConnection, uid: str, serial: str, until: int) -> bool:
    """The same as `offer`, counted: the agent came back by its instance key."""
    moved = await _set(connection, uid, serial_next=serial, certificate_until=until)
    counted = update(_agent).where(_agent.c.uid == uid).values(join_counter=_agent.c.join_counter + 1)
    await connection.execute(counted)
    return moved


async def promote(connection: AsyncConnection, uid: str, serial: str) -> bool:
    """Make the next serial the current one; return False when it is not the next (any more)."""
    return await _set(connection, uid, _agent.c.serial_next == serial, serial_current=serial, serial_next=None)


async def ask_to_look(connection: AsyncConnection, uids: Collection[str], at: int) -> None:
    """Have these agents asked, with the answer to their next check-in, for a whole inventory."""
    if uids:
        asked = update(_agent).where(_agent.c.uid.in_(sorted(uids)))
        await connection.execute(asked.values(look_asked_at=at))
        await moved(connection)


async def _set(connection: AsyncConnection, uid: str, *conditions: ColumnElement[bool], **values: object) -> bool:
    changed = update(_agent).where(_agent.c.uid == uid, *conditions).values(**values).returning(_agent.c.id)
    if (await connection.execute(changed)).first() is None:
        return False
    await moved(connection)
    return True


async def moved(connection: AsyncConnection) -> None:
    """Have every process read the standings and appointments again."""
    await settings.write(connection, REVISION, secrets.token_hex(8))


async def touch(connection: AsyncConnection, touches: Sequence[Touch]) -> None:
    """Write many check-ins with one statement; an agent that is not there is left out."""
    if not touches:
        return
    rows = [_values(each) for each in touches]
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql(_TOUCH_POSTGRESQL, tuple(list(column) for column in zip(*rows, strict=True)))
    else:
        await connection.exec_driver_sql(_TOUCH_SQLITE, (json.dumps(rows),))


def _values(touch: Touch) -> list[int | str]:
    return [touch.agent_id, *(_kept(getattr(touch, name)) for name in _TOUCHED)]


def _kept(value: int | str | tuple[str, ...] | Mapping[str, int]) -> int | str:
    return value if isinstance(value, int | str) else json.dumps(value, ensure_ascii=False)


def _sqlite_touch() -> str:
    sets = ", ".join(f"{name} = json_extract(e.value, '$[{at}]')" for at, name in enumerate(_TOUCHED, 1))
    return f"UPDATE agent SET {sets} FROM json_each(?) AS e WHERE agent.id = json_extract(e.value, '$[0]')"  # noqa: S608


def _postgresql_touch() -> str:
    kinds = ["bigint", *("bigint" if name in _WHOLE else "text" for name in _TOUCHED)]
    arrays = ", ".join(f"${at}::{kind}[]" for at, kind in enumerate(kinds, 1))
    sets = ", ".join(f"{name} = e.{name}" for name in _TOUCHED)
    return f"UPDATE agent SET {sets} FROM unnest({arrays}) AS e(id, {', '.join(_TOUCHED)}) WHERE agent.id = e.id"  # noqa: S608


_TOUCH_SQLITE, _TOUCH_POSTGRESQL = _sqlite_touch(), _postgresql_touch()


def _opened(row: RowMapping) -> Agent:
    failing, heard = tuple(json.loads(row["failing_sections"])), json.loads(row["heard"])
    return Agent(**{**row, "failing_sections": failing, "heard": heard})
