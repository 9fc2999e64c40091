"""What people fill in during a run: answers, and notes after it was signed. All of it is only added to."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.inspecting.answer import Answer
from collector.store.engine import insert
from collector.store.schema import inspection_answer, inspection_note

_answer, _note = inspection_answer.c, inspection_note.c


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody added at a time (ms)."""

    text: str
    at: int
    who: str


async def say(tx: AsyncConnection, run_id: int, answer: Answer) -> bool:
    """Write an answer; return False when one with its key is there already."""
    made = insert(tx, inspection_answer).values(run_id=run_id, **asdict(answer)).on_conflict_do_nothing()
    return bool((await tx.execute(made)).rowcount)


async def answers(connection: AsyncConnection, run_id: int) -> list[Answer]:
    """Return every answer, the oldest first."""
    wanted = select(inspection_answer).where(_answer.run_id == run_id).order_by(_answer.id)
    return [
        Answer(row.item, row.value, row.note, row.at, row.who, row.key) for row in await connection.execute(wanted)
    ]  # fmt: skip


async def add_note(tx: AsyncConnection, run_id: int, note: Note) -> None:
    await tx.execute(insert(tx, inspection_note).values(run_id=run_id, **asdict(note)))


async def notes(connection: AsyncConnection, run_id: int) -> list[Note]:
    """Return what was added, the oldest first."""
    wanted = select(inspection_note).where(_note.run_id == run_id).order_by(_note.id)
    return [Note(row.text, row.at, row.who) for row in await connection.execute(wanted)]
