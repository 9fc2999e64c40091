"""The knowledge base as it is kept: articles, their versions, votes, and the words they are found by."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.knowledge import Article, Body, Hit, ranked, weights
from collector.store import interning
from collector.store.engine import insert
from collector.store.schema import knowledge_article, knowledge_version, knowledge_vote, knowledge_word
from wire.sections import canonical

_article, _version, _vote, _word = knowledge_article.c, knowledge_version.c, knowledge_vote.c, knowledge_word.c
_COUNTED = ("helpful", "not_helpful")


class Stale(Exception):
    """Somebody wrote the article since it was read."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An article with its row."""

    id: int
    article: Article


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an article: what it said, who wrote it, and when (ms)."""

    version: int
    body: Body
    written_by: str
    written_at: int


async def add(tx: AsyncConnection, new: Article) -> Kept:
    """Write a new article and give it its number."""
    row = insert(tx, knowledge_article).values(_values(new) | {"number": f"?{new.made_at}-{new.made_by}"})
    row_id = int((await tx.execute(row.returning(_article.id))).scalar_one())
    number = f"KB-{row_id:06d}"
    await tx.execute(update(knowledge_article).where(_article.id == row_id).values(number=number))
    kept = Kept(row_id, Article(**{**_fields(new), "number": number}))
    await _keep_version(tx, kept)
    return kept


async def save(tx: AsyncConnection, before: Kept, after: Article) -> None:
    """Write what became of an article, and what readers find of it; raise `Stale`."""
    was = before.article
    is_it = (
        _article.id == before.id, _article.version == was.version, _article.state == was.state,
        _article.moved_at == was.moved_at,
    )  # fmt: skip
    done = await tx.execute(update(knowledge_article).where(*is_it).values(_values(after)))
    if done.rowcount != 1:
        raise Stale
    if after.version != before.article.version:
        await _keep_version(tx, Kept(before.id, after))
    if after.published != before.article.published:
        await _index(tx, before.id, after.body if after.published else None)


async def _keep_version(tx: AsyncConnection, kept: Kept) -> None:
    its = kept.article
    row = {"article_id": kept.id, "version": its.version, "body": _packed(its.body)}
    await tx.execute(
        insert(tx, knowledge_version).values(row | {"written_by": its.written_by, "written_at": its.written_at})
    )


async def _index(tx: AsyncConnection, article_id: int, body: Body | None) -> None:
    await tx.execute(delete(knowledge_word).where(_word.article_id == article_id))
    found = weights(body) if body else {}
    rows = [{"word": word, "article_id": article_id, "weight": weight} for word, weight in sorted(found.items())]
    if rows:
        await tx.execute(insert(tx, knowledge_word), rows)


async def find(connection: AsyncConnection, number: str) -> Kept | None:
    """Return an article with its newest version."""
    row = (await connection.execute(select(knowledge_article).where(_article.number == number))).one_or_none()
    return _kept(row) if row else None


async def listed(connection: AsyncConnection, states: Collection[str], limit: int) -> list[Kept]:
    """Return the articles in these states, the newest first."""
    some = select(knowledge_article).where(_article.state.in_(sorted(states))).order_by(_article.id.desc())
    return [_kept(row) for row in await connection.execute(some.limit(limit))]


async def read_ones(connection: AsyncConnection, limit: int) -> list[tuple[Kept, Version]]:
    """Return what readers see, the newest first."""
    return await _read(connection, _readable().order_by(_article.id.desc()).limit(limit))


async def read_of(connection: AsyncConnection, ids: Collection[int]) -> dict[int, tuple[Kept, Version]]:
    """Return id → article and the version readers see."""
    found: dict[int, tuple[Kept, Version]] = {}
    for part in interning.chunks(sorted(ids)):
        found |= {each[0].id: each for each in await _read(connection, _readable().where(_article.id.in_(part)))}
    return found


def _readable() -> Any:
    seen = (_version.version, _version.body.label("its_body"), _version.written_by.label("its_writer"))
    joined = knowledge_article.join(
        knowledge_version, (_version.article_id == _article.id) & (_version.version == _article.published)
    )
    columns = [each for each in _article if each.name != "version"]
    return select(*columns, _article.version.label("newest"), *seen, _version.written_at.label("its_time")).select_from(
        joined
    )


async def _read(connection: AsyncConnection, statement: Any) -> list[tuple[Kept, Version]]:
    return [
        (_kept(row, row.newest), Version(row.version, _opened(row.its_body), row.its_writer, row.its_time))
        for row in await connection.execute(statement)
    ]


async def versions(connection: AsyncConnection, article_id: int) -> list[Version]:
    """Return every version of an article, the newest first."""
    rows = select(knowledge_version).where(_version.article_id == article_id).order_by(_version.version.desc())
    return [
        Version(row.version, _opened(row.body), row.written_by, row.written_at)
        for row in await connection.execute(rows)
    ]


async def search(connection: AsyncConnection, question: Sequence[str]) -> list[Hit]:
    """Return what answers a question best, the best first; the words are those of `collector.knowledge.asked`."""
    if not question:
        return []
    rows = await connection.execute(
        select(_word.word, _word.article_id, _word.weight).where(_word.word.in_(sorted(question)))
    )
    articles = (await connection.execute(select(func.count()).where(_article.published > 0))).scalar_one()
    return ranked(question, [(row.word, row.article_id, row.weight) for row in rows], articles)


async def vote(tx: AsyncConnection, kept: Kept, who: str, helpful: bool, at: int) -> None:
    """Write whether somebody found an article helpful, in place of what they said before."""
    statement = insert(tx, knowledge_vote).values(article_id=kept.id, who=who, helpful=helpful, at=at)
    await tx.execute(
        statement.on_conflict_do_update(index_elements=["article_id", "who"], set_={"helpful": helpful, "at": at})
    )
    counted = select(_vote.helpful, func.count()).where(_vote.article_id == kept.id).group_by(_vote.helpful)
    counts = {bool(row[0]): row[1] for row in await tx.execute(counted)}
    now = {"helpful": counts.get(True, 0), "not_helpful": counts.get(False, 0)}
    await tx.execute(update(knowledge_article).where(_article.id == kept.id).values(now))


async def count_states(connection: AsyncConnection) -> dict[str, int]:
    """Return state → how many articles are in it."""
    counted = select(_article.state, func.count()).group_by(_article.state)
    return {row[0]: row[1] for row in await connection.execute(counted)}


def _fields(its: Article) -> dict[str, Any]:
    return {name: getattr(its, name) for name in Article.__slots__}


def _values(its: Article) -> dict[str, Any]:
    """Votes are counted where they are written, the number is given once."""
    kept = {name: value for name, value in _fields(its).items() if name not in (*_COUNTED, "number")}
    return kept | {"body": _packed(its.body)}


def _packed(body: Body) -> str:
    said = asdict(body)
    return canonical(said | {"classes": list(body.classes), "tags": list(body.tags)}).decode()


def _opened(text: str) -> Body:
    said = json.loads(text)
    return Body(**said | {"classes": tuple(said["classes"]), "tags": tuple(said["tags"])})


def _kept(row: Row[Any], newest: int | None = None) -> Kept:
    its = {name: getattr(row, name) for name in Article.__slots__}
    its |= {"body": _opened(row.body), "version": row.version if newest is None else newest}
    return Kept(row.id, Article(**its))
