"""Which CIs alerts of other systems are about because of a label they bear: people said so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.browse.ref import CiRef
from collector.store.engine import upsert
from collector.store.schema import ci, foreign_binding


@dataclass(frozen=True, slots=True)
class Binding:
    """What bears `label` with `value`, or is called so by a name of that kind, is the CI: said by `who` `at` (ms)."""

    id: int
    source: str
    label: str
    value: str
    ci_id: int
    who: str
    at: int


@dataclass(frozen=True, slots=True)
class BindingRow:
    """One with its CI."""

    binding: Binding
    ci: CiRef


_COLUMNS = [foreign_binding.c[name] for name in Binding.__slots__]
_PLACE = (ci.c.uid, ci.c.name, ci.c.ci_class, ci.c.ci_type, ci.c.state)


async def of_sources(connection: AsyncConnection, sources: Collection[str]) -> list[Binding]:
    """Return what people said of the alerts of these sources."""
    rows = await connection.execute(select(*_COLUMNS).where(foreign_binding.c.source.in_(sorted(sources))))
    return [Binding(*row) for row in rows]


async def count(connection: AsyncConnection) -> int:
    return (await connection.execute(select(func.count()).select_from(foreign_binding))).scalar_one()


async def find(connection: AsyncConnection, number: int) -> Binding | None:
    row = (await connection.execute(select(*_COLUMNS).where(foreign_binding.c.id == number))).first()
    return Binding(*row) if row else None


async def save(tx: AsyncConnection, key: tuple[str, str, str], ci_id: int, who: str, at: int) -> None:
    """Write which CI bears a label: `key` is (source, label, value). What was said of it before counts no more."""
    said = dict(zip(("source", "label", "value"), key, strict=True)) | {"ci_id": ci_id, "who": who, "at": at}
    await tx.execute(upsert(tx, foreign_binding, ("source", "label", "value"), "ci_id", "who", "at"), [said])


async def remove(tx: AsyncConnection, number: int) -> None:
    await tx.execute(delete(foreign_binding).where(foreign_binding.c.id == number))


async def listed(connection: AsyncConnection) -> list[BindingRow]:
    """Return all, the newest first."""
    joined = foreign_binding.join(ci, ci.c.id == foreign_binding.c.ci_id)
    wanted = select(*_COLUMNS, *_PLACE).select_from(joined).order_by(foreign_binding.c.id.desc())
    width = len(_COLUMNS)
    return [BindingRow(Binding(*row[:width]), CiRef(*row[width:])) for row in await connection.execute(wanted)]
