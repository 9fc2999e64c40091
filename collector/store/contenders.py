"""Who has a say where several sources speak of one value: rows by which the clock finds what time alone can move.

One row a (CI, section, source). It is due when its source would be passed over for its silence, were it not heard until
then, or when a rule of precedence begins or ends; and at once when a source that was passed over is heard again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store import interning, schema, settings
from collector.store.engine import insert
from wire.observation import Status

_TABLE = "precedence"
"""The setting that says by which table of precedence everything was looked at last."""
_SPEAKING = [int(each) for each in Status if each.speaks]
_its, _section = schema.contender.c, schema.section.c

Pair = tuple[int, str]
"""A CI and a section."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A source that has a say on a section; `heard_at` (ms) where it was passed over: when it was last heard."""

    ci_id: int
    section: str
    source_id: int
    due_at: int | None
    heard_at: int | None = None


async def enter(tx: AsyncConnection, rows: Iterable[Contender]) -> None:
    """Add those that are not there yet; what is known of the others stays."""
    told = [asdict(row) for row in rows]
    if told:
        await tx.execute(insert(tx, schema.contender).on_conflict_do_nothing(), told)


async def due(tx: AsyncConnection, now: int, most: int) -> list[Pair]:
    """Return where to look by `now` (ms), twice `most` of them at most, left alone by other collectors meanwhile."""
    silent = (
        select(_its.ci_id, _its.section)
        .join(schema.source, schema.source.c.id == _its.source_id)
        .join(schema.section, (_section.ci_id == _its.ci_id) & (_section.source_id == _its.source_id)
              & (_section.name == _its.section))
        .where(_its.heard_at.is_not(None))
        .where((_section.last_ok > _its.heard_at)
               | ((schema.source.c.confirmed_at > _its.heard_at) & _section.status.in_(_SPEAKING)))
    )  # fmt: skip
    clock = select(_its.ci_id, _its.section).where(_its.due_at <= now).order_by(_its.due_at)
    found: dict[Pair, None] = {}
    for wanted in (clock, silent):
        held = wanted.limit(most).with_for_update(skip_locked=True, of=schema.contender)
        found |= {(row.ci_id, row.section): None for row in await tx.execute(held)}
    return list(found)


async def rewrite(tx: AsyncConnection, pairs: Sequence[Pair], rows: Collection[Contender]) -> None:
    """Let `rows` be all that is known of `pairs`."""
    for part in interning.chunks(pairs):
        by_section: dict[str, list[int]] = {}
        for ci_id, section in part:
            by_section.setdefault(section, []).append(ci_id)
        for section, ci_ids in by_section.items():
            await tx.execute(delete(schema.contender).where(_its.ci_id.in_(ci_ids), _its.section == section))
    await enter(tx, rows)


async def hold(tx: AsyncConnection, ci_ids: Collection[int]) -> None:
    """Wait for whoever else writes facts of these CIs, and let them wait for us."""
    table = schema.ci.c
    for part in interning.chunks(sorted(ci_ids)):
        await tx.execute(select(table.id).where(table.id.in_(part)).order_by(table.id).with_for_update())


async def by_table(tx: AsyncConnection, fingerprint: str, advisers: Collection[str]) -> None:
    """Have everything looked at again where the table of precedence is another one than last time.

    `advisers`: kinds of sources whose word need not count even where nobody else speaks.
    """
    if await settings.read(tx, _TABLE) == fingerprint:
        return
    await tx.execute(update(schema.contender).values(due_at=0))
    alone = select(_section.ci_id, _section.name, _section.source_id, literal(0)).join(schema.source)
    alone = alone.where(schema.source.c.kind.in_(sorted(advisers)), _section.last_ok > 0)
    added = insert(tx, schema.contender).from_select(["ci_id", "section", "source_id", "due_at"], alone)
    if advisers:
        await tx.execute(added.on_conflict_do_nothing())
    await settings.write(tx, _TABLE, fingerprint)
