"""Templates of standard changes: proposed, then approved by a supervisor; never edited."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.record import Template
from collector.model import Path
from collector.store.engine import insert
from collector.store.schema import change_template as table

PROPOSED, APPROVED, REFUSED, WITHDRAWN = "proposed", "approved", "refused", "withdrawn"


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template: what it is for, how it is done (`text`), what it may touch, until when (ms), who decided what.

    `decided_by` approved or refused it; who withdrew it afterwards stands beside. `reason`: of the last decision.
    """

    number: str
    title: str
    text: str
    paths: frozenset[Path]
    proposed_by: str
    proposed_at: int
    until: int
    state: str = PROPOSED
    decided_by: str = ""
    decided_at: int = 0
    reason: str = ""
    withdrawn_by: str = ""
    withdrawn_at: int | None = None

    @property
    def template(self) -> Template | None:
        """What changes are made of; None where nobody approved it, or it was withdrawn."""
        if self.state != APPROVED:
            return None
        return Template(self.number, self.paths, self.decided_by, self.decided_at, self.until)


async def add(tx: AsyncConnection, row: TemplateRow) -> TemplateRow:
    """Write a template and give it its number."""
    made = insert(tx, table).values(_values(row) | {"number": f"new|{row.proposed_by}"}).returning(table.c.id)
    template_id = int((await tx.execute(made)).scalar_one())
    numbered = replace(row, number=f"TPL-{template_id:06d}")
    await tx.execute(update(table).where(table.c.id == template_id).values(number=numbered.number))
    return numbered


async def everyone(connection: AsyncConnection) -> list[TemplateRow]:
    """Return all templates, the newest first."""
    return [_row(row) for row in await connection.execute(select(table).order_by(table.c.id.desc()))]


async def find(connection: AsyncConnection, number: str, hold: bool = False) -> TemplateRow | None:
    """Return one template; `hold`: nobody else decides it until the transaction ends."""
    statement = select(table).where(table.c.number == number)
    row = (await connection.execute(statement.with_for_update() if hold else statement)).first()
    return _row(row) if row else None


async def decide(tx: AsyncConnection, row: TemplateRow) -> None:
    """Write who decided what of a template, and why."""
    await tx.execute(update(table).where(table.c.number == row.number).values(_decided(row)))


def _decided(row: TemplateRow) -> dict[str, object]:
    return {
        "state": row.state, "decided_by": row.decided_by, "decided_at": row.decided_at, "reason": row.reason,
        "withdrawn_by": row.withdrawn_by, "withdrawn_at": row.withdrawn_at,
    }  # fmt: skip


def _values(row: TemplateRow) -> dict[str, object]:
    paths = json.dumps(sorted([path.section, path.key] for path in row.paths))
    return {
        "title": row.title, "text": row.text, "paths": paths, "proposed_by": row.proposed_by,
        "proposed_at": row.proposed_at, "until": row.until, **_decided(row),
    }  # fmt: skip


def _row(row: object) -> TemplateRow:
    values = {name: getattr(row, name) for name in TemplateRow.__slots__}
    return TemplateRow(**{**values, "paths": frozenset(Path(*pair) for pair in json.loads(values["paths"]))})
