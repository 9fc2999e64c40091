"""The knowledge base on both databases: versions, what readers see of them, and that both find the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector import knowledge as pure
from collector.knowledge import Article, Body
from collector.store import knowledge
from collector.store.engine import Store

BODY = Body(
    "交换机端口频繁 up/down", "接口抖动，日志里有 link-flap", "更换光模块 SFP", "network", ("network",), ("光模块",)
)


def _new(body: Body) -> Article:
    return Article("", 1, pure.DRAFT, body, "ann", 1_000, "ann", 1_000)


async def _found(store: Store, question: str) -> list[str]:
    async with store.read() as connection:
        hits = await knowledge.search(connection, pure.asked(question))
        known = await knowledge.read_of(connection, [each.article_id for each in hits])
    return [known[each.article_id][0].article.number for each in hits]


async def _publish(store: Store, number: str) -> None:
    async with store.write() as tx:
        for act, who in ((pure.SUBMIT, "ann"), (pure.PUBLISH, "bea")):
            kept = await knowledge.find(tx, number)
            assert kept is not None
            await knowledge.save(tx, kept, pure.moved(kept.article, act, (who, 2_000), "", {"ann"}))


async def test_readers_see_the_published_version_until_the_next_is(store: Store) -> None:
    async with store.write() as tx:
        made = await knowledge.add(tx, _new(BODY))
    number = made.article.number
    assert (number, await _found(store, "光模块")) == ("KB-000001", [])
    await _publish(store, number)
    assert await _found(store, "光模块抖动") == [number]
    async with store.write() as tx:
        kept = await knowledge.find(tx, number)
        assert kept is not None
        await knowledge.save(tx, kept, pure.written(kept.article, replace(BODY, title="风暴抑制"), "ann", 3_000))
        with pytest.raises(knowledge.Stale):
            await knowledge.save(tx, kept, pure.moved(kept.article, pure.RETIRE, ("cid", 3_000), "old", ()))
        [(its, seen)] = await knowledge.read_ones(tx, 10)
    assert [its.article.state, its.article.version, seen.version, seen.body] == ["draft", 2, 1, BODY]
    assert await _found(store, "风暴抑制") == []
    await _publish(store, number)
    assert await _found(store, "风暴抑制") == [number]


async def test_both_databases_find_the_same_in_the_same_order(store: Store) -> None:
    bodies = [
        Body("磁盘空间不足", "根分区满", "清理日志"), Body("Disk full", "No space left on device", "Remove old logs"),
        Body("日志轮转", "磁盘被日志占满", "配置 logrotate"), BODY,
    ]  # fmt: skip
    for body in bodies:
        async with store.write() as tx:
            made = await knowledge.add(tx, _new(body))
        await _publish(store, made.article.number)
    assert await _found(store, "磁盘满") == ["KB-000001", "KB-000003"]
    assert await _found(store, "disks full of LOGS") == ["KB-000002"]
    assert await _found(store, "日志") == ["KB-000003", "KB-000004", "KB-000001"]


async def test_a_vote_is_counted_once_a_person(store: Store) -> None:
    async with store.write() as tx:
        made = await knowledge.add(tx, _new(BODY))
        for who, helpful in (("ann", True), ("bea", False), ("bea", True), ("cid", False)):
            await knowledge.vote(tx, made, who, helpful, 5)
        kept = await knowledge.find(tx, made.article.number)
    assert kept is not None
    assert (kept.article.helpful, kept.article.not_helpful) == (2, 1)
