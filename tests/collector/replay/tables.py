"""What stands in the tables after a life, in words that depend on no number of a row and on no heartbeat."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import case, select

from collector.model import FOREVER
from collector.store import schema
from collector.store.engine import Store

Rows = dict[str, list[Any]]
_PLACE = (schema.path.c.section, schema.path.c.key, schema.val.c.text)


async def tables(store: Store) -> Rows:
    """Return claim, fact, authorised lane and items as they are believed now, relations and heads as they ever were.

    CIs are told by the order they came in.
    """
    async with store.read() as reader:
        return {
            "claim": await _claims(reader),
            "fact": await _facts(reader),
            "auth": await _auth(reader),
            "relation": await _relations(reader),
            "head": _rows(await reader.execute(select(schema.ci_head))),
            "item": await _items(reader),
        }


def _lane(lane: Any) -> Any:
    return lane.join(schema.path, schema.path.c.id == lane.c.path_id).outerjoin(
        schema.val, schema.val.c.id == lane.c.val_id
    )


async def _claims(reader: Any) -> list[Any]:
    own = schema.claim.c
    joined = _lane(schema.claim).join(schema.source, schema.source.c.id == own.source_id)
    wanted = select(
        own.ci_id, schema.source.c.code, *_PLACE, own.vf, own.vt, own.lo, own.cause, own.gone_lo, own.gone_cause,
        own.gone_tf,
    )  # fmt: skip
    return _rows(await reader.execute(wanted.select_from(joined).where(own.tt == FOREVER)))


async def _facts(reader: Any) -> list[Any]:
    own = schema.fact.c
    joined = _lane(schema.fact).join(schema.source, schema.source.c.id == own.source_id)
    wanted = select(own.ci_id, schema.source.c.code, *_PLACE, own.vf, own.vt, own.why, own.gone_tf)
    return _rows(await reader.execute(wanted.select_from(joined).where(own.tt == FOREVER)))


async def _auth(reader: Any) -> list[Any]:
    own = schema.auth.c
    wanted = select(own.ci_id, *_PLACE, own.vf, own.vt, own.basis, own.ref)
    return _rows(await reader.execute(wanted.select_from(_lane(schema.auth)).where(own.tt == FOREVER)))


async def _relations(reader: Any) -> list[Any]:
    own = schema.relation.c
    joined = schema.relation.join(schema.source, schema.source.c.id == own.source_id)
    wanted = select(own.a, own.kind, own.b, schema.source.c.code, own.vf, own.vt, own.lo, own.tf, own.gone_tf)
    return _rows(await reader.execute(wanted.select_from(joined)))


SETTLED = ("accepted", "reverted")
"""Verdicts that rest on no change: which one came nearest is what was known when they were given."""


async def _items(reader: Any) -> list[Any]:
    """Return each item with what is held of it.

    Which finding it is filed in is left out, for a closed one takes no more items; so is when a clock was looked at.
    """
    item, finding = schema.finding_item.c, schema.finding.c
    old, new, held = (schema.val.alias(name) for name in ("old", "new", "held"))
    joined = (
        schema.finding_item.join(schema.finding, finding.id == item.finding_id)
        .join(schema.source, schema.source.c.id == item.source_id)
        .join(schema.path, schema.path.c.id == item.path_id)
        .outerjoin(old, old.c.id == item.old_val_id)
        .outerjoin(new, new.c.id == item.new_val_id)
        .outerjoin(held, held.c.id == item.auth_val_id)
    )
    wanted = select(
        finding.ci_id, schema.source.c.code, schema.path.c.section, schema.path.c.key, item.field, item.lo, item.hi,
        item.verdict, case((item.verdict.in_(SETTLED), ""), else_=item.change), item.flags, item.late_ms, item.due_at,
        item.closed_at.is_(None), old.c.text, new.c.text, held.c.text,
    )  # fmt: skip
    return _rows(await reader.execute(wanted.select_from(joined)))


def _rows(found: Any) -> list[Any]:
    return sorted((list(row) for row in found), key=_text)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def differences(one: Rows, other: Rows) -> str:
    """Return what stands on one side only, for people."""
    lines = []
    for name in one:
        mine, theirs = (list(map(_text, side[name])) for side in (one, other))
        lines += [f"{name}: only lived:    {row}" for row in mine if row not in theirs]
        lines += [f"{name}: only replayed: {row}" for row in theirs if row not in mine]
    return "\n".join(lines)
