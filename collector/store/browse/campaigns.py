"""Open findings that share what moved: the same delta (`collector.change.batching.delta`) on many CIs."""

from __future__ import annotations

from sqlalchemy import case, func, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.batching import BY_RESULT
from collector.model import Verdict
from collector.store.browse.page import AnySelect
from collector.store.schema import finding, finding_item, path

_OPEN = (
    finding.c.closed_at.is_(None), finding_item.c.closed_at.is_(None),
    finding_item.c.verdict != str(Verdict.IN_PROGRESS),
)  # fmt: skip
_OLD = case((path.c.section.in_(sorted(BY_RESULT)), null()), else_=finding_item.c.old_val_id)
_DELTA = (finding_item.c.path_id, finding_item.c.field, _OLD.label("old"), finding_item.c.new_val_id)


async def sharing(connection: AsyncConnection, cis: int, limit: int) -> tuple[int, ...]:
    """Return the findings with something open that moved alike on `cis` CIs at least, at most `limit`, newest first."""
    rows = await connection.execute(_sharing(cis).order_by(finding.c.id.desc()).limit(limit))
    return tuple(int(row[0]) for row in rows)


def _sharing(cis: int) -> AnySelect:
    wide = (
        select(*_DELTA)
        .join(finding, finding.c.id == finding_item.c.finding_id)
        .join(path, path.c.id == finding_item.c.path_id)
        .where(*_OPEN)
        .group_by(*_DELTA)
        .having(func.count(finding.c.ci_id.distinct()) >= cis)
        .subquery("wide")
    )
    alike = [here.is_not_distinct_from(there) for here, there in zip(_DELTA, wide.c, strict=True)]
    return (
        select(finding.c.id)
        .distinct()
        .join(finding_item, finding_item.c.finding_id == finding.c.id)
        .join(path, path.c.id == finding_item.c.path_id)
        .where(*_OPEN, select(1).select_from(wide).where(*alike).exists())
    )
