"""The parts of a change as rows, and the rows as a change."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Row, Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.expected import Expected, How
from collector.change.record import (
    Change,
    ChangeType,
    Line,
    Plan,
    Request,
    Stage,
    State,
    Task,
    Template,
    Window,
    Word,
)
from collector.model import Path, Value
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import (
    change,
    change_ci,
    change_line,
    change_task,
    change_template,
    change_word,
    ci,
)

AnyRow = Row[*tuple[Any, ...]]
Rows = dict[int, list[AnyRow]]
"""Change id → its rows of one table, in their order."""

_TEMPLATE = ("number", "paths", "decided_by", "decided_at", "until", "withdrawn_at")
HEADS = (
    select(change, *(change_template.c[name].label(f"template_{name}") for name in _TEMPLATE))
    .outerjoin(change_template, change_template.c.id == change.c.template_id)
    .order_by(change.c.id)
)


# --- writing


def head(one: Change) -> dict[str, object]:
    """Return the columns of a change that one row holds, its number, version and origin aside."""
    asked, plan = one.request, one.plan
    return {
        "type": one.type, "state": one.state, "initiator": one.initiator, "title": asked.title,
        "reason": asked.reason, "implementer": asked.implementer, "requested_at": asked.written_at,
        "planned_at": plan.written_at if plan else None, "window_start": plan.window.start if plan else None,
        "window_end": plan.window.end if plan else None, "plan_text": plan.text if plan else "",
        "submitted_at": one.submitted_at, "finished_at": one.finished_at, "cancelled_at": one.cancelled_at,
    }  # fmt: skip


async def template_id(connection: AsyncConnection, template: Template | None) -> int | None:
    if template is None:
        return None
    found = select(change_template.c.id).where(change_template.c.number == template.number)
    return int((await connection.execute(found)).scalar_one())


async def write(tx: AsyncConnection, change_id: int, before: Change | None, after: Change) -> None:
    """Write what moved of the parts; words are added and never taken away."""
    if before is None or before.request.ci_ids != after.request.ci_ids:
        await _replace(tx, change_ci, change_id, [{"ci_id": each} for each in sorted(after.request.ci_ids)])
    if before is None or before.plan != after.plan:
        planned = after.plan.lines if after.plan else ()
        await _replace(tx, change_line, change_id, _placed(_line_row(line) for line in planned))
    if before is None or before.tasks != after.tasks:
        await _replace(tx, change_task, change_id, _placed(_task_row(task) for task in after.tasks))
    said = len(before.words) if before else 0
    await _insert(tx, change_word, change_id, _placed(_word_row(word) for word in after.words)[said:])


async def _replace(tx: AsyncConnection, table: Table, change_id: int, rows: list[dict[str, object]]) -> None:
    await tx.execute(delete(table).where(table.c.change_id == change_id))
    await _insert(tx, table, change_id, rows)


async def _insert(tx: AsyncConnection, table: Table, change_id: int, rows: list[dict[str, object]]) -> None:
    if rows:
        await tx.execute(insert(tx, table), [{"change_id": change_id, **row} for row in rows])


def _placed(rows: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    return [{"place": place, **row} for place, row in enumerate(rows)]


def _line_row(line: Line) -> dict[str, object]:
    return {
        "ci_id": line.ci_id, "section": line.path.section, "key": line.path.key, "field": line.field,
        "how": line.expected.how, "value": interning.canonical(line.expected.value),
    }  # fmt: skip


def _word_row(word: Word) -> dict[str, object]:
    return {
        "stage": word.stage, "role": word.role, "who": word.who, "at": word.at, "content_hash": word.content_hash,
        "granted": word.granted, "reason": word.reason,
    }  # fmt: skip


def _task_row(task: Task) -> dict[str, object]:
    return {"text": task.text, "assignee": task.assignee, "done_at": task.done_at}


# --- reading


async def whole(connection: AsyncConnection, heads: Sequence[AnyRow]) -> dict[int, Change]:
    """Return change id → change, of rows of `HEADS`."""
    ids = [row.id for row in heads]
    cis, lines, words, tasks = [
        await _rows(connection, table, ids) for table in (change_ci, change_line, change_word, change_task)
    ]
    its_classes = await classes(connection, ids)
    return {
        row.id: Change(
            number=row.number, type=ChangeType(row.type), initiator=row.initiator,
            request=Request(
                row.title, row.reason, frozenset(each.ci_id for each in cis.get(row.id, ())), row.implementer,
                row.requested_at,
            ),
            plan=_plan(row, lines.get(row.id, ())),
            words=tuple(_word(each) for each in words.get(row.id, ())),
            state=State(row.state), ci_classes=its_classes.get(row.id, frozenset()), template=_template(row),
            tasks=tuple(Task(each.text, each.assignee, each.done_at) for each in tasks.get(row.id, ())),
            submitted_at=row.submitted_at, finished_at=row.finished_at, cancelled_at=row.cancelled_at,
        )
        for row in heads
    }  # fmt: skip


async def classes(connection: AsyncConnection, ids: Collection[int]) -> dict[int, frozenset[str]]:
    """Return change id → the classes of what it asks for, as they are now."""
    found: dict[int, set[str]] = {}
    for part in interning.chunks(ids):
        here = select(change_ci.c.change_id, ci.c.ci_class).join(ci, ci.c.id == change_ci.c.ci_id)
        for row in await connection.execute(here.where(change_ci.c.change_id.in_(part)).distinct()):
            found.setdefault(row.change_id, set()).add(row.ci_class)
    return {change_id: frozenset(its) for change_id, its in found.items()}


async def _rows(connection: AsyncConnection, table: Table, ids: Collection[int]) -> Rows:
    found: Rows = {}
    for part in interning.chunks(ids):
        ordered = select(table).where(table.c.change_id.in_(part)).order_by(*table.primary_key.columns)
        for row in await connection.execute(ordered):
            found.setdefault(row.change_id, []).append(row)
    return found


def _plan(row: AnyRow, lines: Sequence[AnyRow]) -> Plan | None:
    if row.planned_at is None:
        return None
    window = Window(row.window_start, row.window_end)
    return Plan(tuple(_line(each) for each in lines), window, row.planned_at, row.plan_text)


def _line(row: AnyRow) -> Line:
    return Line(row.ci_id, Path(row.section, row.key), expected(How(row.how), json.loads(row.value)), row.field)


def expected(how: How, value: Value) -> Expected:
    """Return the expectation JSON names; what is a tuple is a list there. Raise `BadExpected`."""
    is_several = how in {How.ONE_OF, How.RANGE} and isinstance(value, list)
    return Expected(how, tuple(value) if is_several else value)


def _word(row: AnyRow) -> Word:
    return Word(Stage(row.stage), row.role, row.who, row.at, row.content_hash, row.granted, row.reason)


def _template(row: AnyRow) -> Template | None:
    if row.template_id is None:
        return None
    paths = frozenset(Path(section, key) for section, key in json.loads(row.template_paths))
    return Template(
        row.template_number, paths, row.template_decided_by, row.template_decided_at, row.template_until,
        row.template_withdrawn_at,
    )  # fmt: skip
