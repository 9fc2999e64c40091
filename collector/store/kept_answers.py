"""Requests that named themselves by a key: that they were carried out, and what was answered, sealed."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.store.engine import insert
from collector.store.schema import kept_answer


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One request: whose, its key, a digest of what was asked, when (ms), and the answer, None where it is not there.

    The answer is sealed for this uid, kind and scope.
    """

    account_id: int
    key: str
    request: bytes = field(repr=False)
    at: int
    sealed: bytes | None = field(default=None, repr=False)
    key_id: str = ""

    @property
    def uid(self) -> str:
        return f"{self.account_id}/{self.key}"

    kind, scope = "answer", ""


async def claim(tx: AsyncConnection, row: AnswerRow, since: int) -> bool:
    """Write that a request is carried out; return whether none of this key was, since then (ms).

    Who else claims the key waits until this transaction ends.
    """
    its = (kept_answer.c.account_id == row.account_id, kept_answer.c.key == row.key)
    await tx.execute(delete(kept_answer).where(*its, kept_answer.c.at < since))
    fresh = insert(tx, kept_answer).values(account_id=row.account_id, key=row.key, request=row.request, at=row.at)
    made = fresh.on_conflict_do_nothing(index_elements=["account_id", "key"]).returning(kept_answer.c.at)
    return (await tx.execute(made)).first() is not None


async def find(connection: AsyncConnection, account_id: int, key: str, since: int) -> AnswerRow | None:
    """Return the request with this key, if it was carried out since then (ms)."""
    its = (kept_answer.c.account_id == account_id, kept_answer.c.key == key, kept_answer.c.at >= since)
    row = (await connection.execute(select(kept_answer).where(*its))).first()
    if row is None:
        return None
    sealed = None if row.sealed is None else bytes(row.sealed)
    return AnswerRow(row.account_id, row.key, bytes(row.request), row.at, sealed, row.key_id)


async def keep(tx: AsyncConnection, row: AnswerRow) -> None:
    """Write what was answered to a request that was claimed."""
    its = (kept_answer.c.account_id == row.account_id, kept_answer.c.key == row.key)
    await tx.execute(update(kept_answer).where(*its).values(sealed=row.sealed, key_id=row.key_id))


async def forget(tx: AsyncConnection, before: int, most: int) -> int:
    """Take away what is from before then (ms), and what an account has beyond its latest `most`; return how many."""
    rank = func.row_number().over(partition_by=kept_answer.c.account_id, order_by=kept_answer.c.at.desc())
    ranked = select(kept_answer.c.account_id, kept_answer.c.key, rank.label("rank")).subquery()
    beyond = select(ranked.c.account_id, ranked.c.key).where(ranked.c.rank > most)
    gone = (await tx.execute(delete(kept_answer).where(kept_answer.c.at < before))).rowcount
    for account_id, key in (await tx.execute(beyond)).all():
        its = and_(kept_answer.c.account_id == account_id, kept_answer.c.key == key)
        gone += (await tx.execute(delete(kept_answer).where(its))).rowcount
    return int(gone)
