"""What people fill in during a run: answers, photos, and notes after it was signed. All of it is only added to."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.inspecting.answer import Answer, Photo
from collector.store.engine import insert
from collector.store.schema import inspection_answer, inspection_note, inspection_photo

_answer, _photo, _note = inspection_answer.c, inspection_photo.c, inspection_note.c


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


async def add_photo(tx: AsyncConnection, run_id: int, photo: Photo, content: bytes) -> bool:
    """Write a photo; return False when the item has it already."""
    values = {**asdict(photo), "run_id": run_id, "content": content}
    values.pop("id")
    made = insert(tx, inspection_photo).values(values).on_conflict_do_nothing()
    return bool((await tx.execute(made)).rowcount)


_ABOUT = (
    _photo.id, _photo.item, _photo.sha256, _photo.media_type, _photo.size, _photo.at, _photo.who,
)  # fmt: skip


async def photos(connection: AsyncConnection, run_id: int) -> list[Photo]:
    """Return every photo without its bytes, the oldest first."""
    wanted = select(*_ABOUT).where(_photo.run_id == run_id).order_by(_photo.id)
    return [Photo(*row) for row in await connection.execute(wanted)]


async def photo(connection: AsyncConnection, run_id: int, photo_id: int) -> tuple[Photo, bytes] | None:
    """Return a photo with its bytes, None when the run has no such one."""
    wanted = select(*_ABOUT, _photo.content).where(_photo.run_id == run_id, _photo.id == photo_id)
    row = (await connection.execute(wanted)).one_or_none()
    return (Photo(*row[:-1]), bytes(row.content)) if row else None


async def count_photos(connection: AsyncConnection, run_id: int) -> int:
    counted = select(func.count()).select_from(inspection_photo).where(_photo.run_id == run_id)
    return int((await connection.execute(counted)).scalar_one())


async def add_note(tx: AsyncConnection, run_id: int, note: Note) -> None:
    await tx.execute(insert(tx, inspection_note).values(run_id=run_id, **asdict(note)))


async def notes(connection: AsyncConnection, run_id: int) -> list[Note]:
    """Return what was added, the oldest first."""
    wanted = select(inspection_note).where(_note.run_id == run_id).order_by(_note.id)
    return [Note(row.text, row.at, row.who) for row in await connection.execute(wanted)]
