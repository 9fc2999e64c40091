"""The knowledge base as people use it: written by one, published by another, found, linked, never markup."""

from __future__ import annotations

from typing import Any

import pytest

from collector.web.catalogue import LANGUAGES
from tests.people import World

API = "/api/v1"
HOSTILE = "<script>alert(1)</script>"
ARTICLE: dict[str, Any] = {
    "title": f"根分区满 {HOSTILE}", "problem": "磁盘空间不足\n\n- 日志写不进去",
    "solution": "1. 找出大文件\n2. 删除\n\n```\ndu -xh / | sort -h\n```", "classes": ["server"], "tags": "disk, 日志",
    "language": "zh-CN",
}  # fmt: skip
pytestmark = pytest.mark.usefixtures("complete")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_article_is_written_by_one_published_by_another_and_found_by_all(world: World, language: str) -> None:
    async with await world.person("engineer", name="ann", language=language) as ann:
        assert (await ann.get("/knowledge/new")).status_code == 200
        made = await ann.post("/knowledge", data=ARTICLE)
        assert (made.status_code, made.headers["location"]) == (303, "/knowledge/KB-000001")
        page = (await ann.get("/knowledge/KB-000001")).text
        assert HOSTILE not in page
        assert '<pre class="prose">du -xh / | sort -h</pre>' in page
        assert "<li>找出大文件</li>" in page
        assert (await ann.post("/knowledge/KB-000001/submit", data={})).status_code == 303
        assert (await ann.post("/knowledge/KB-000001/decide", data={"act": "publish"})).status_code == 403
    async with await world.person("viewer", language=language) as viewer:
        assert (await viewer.get("/knowledge/KB-000001")).status_code == 404, "it is not published yet"
    async with await world.person("knowledge_manager", name="bea", language=language) as bea:
        refused = await bea.post("/knowledge/KB-000001/decide", data={"act": "refuse", "note": ""})
        assert refused.status_code == 400, "a reason is needed"
        assert (await bea.post("/knowledge/KB-000001/decide", data={"act": "publish"})).status_code == 303
    async with await world.person("viewer", name="cid", language=language) as cid:
        assert "KB-000001" in (await cid.get("/knowledge?q=磁盘")).text
        assert "KB-000001" not in (await cid.get("/knowledge?q=电源")).text
        assert (await cid.post("/knowledge/KB-000001/votes", data={"helpful": "yes"})).status_code == 303
        page = (await cid.get("/knowledge/KB-000001")).text
        assert 'value="retire"' not in page


async def test_who_wrote_it_does_not_publish_it_and_the_audit_log_knows(world: World) -> None:
    manager, other = await world.program("knowledge_manager"), await world.program("engineer")
    asked = ARTICLE | {"tags": ["disk"]}
    number = (await manager.post(f"{API}/knowledge", json=asked)).json()["number"]
    assert (await manager.post(f"{API}/knowledge/{number}/submissions", json={})).status_code == 200
    own = await manager.post(f"{API}/knowledge/{number}/decisions", json={"decision": "publish"})
    assert (own.status_code, "somebody else" in own.text) == (400, True)
    sent_back = await manager.post(f"{API}/knowledge/{number}/decisions", json={"decision": "retire", "note": "old"})
    assert sent_back.status_code == 200
    rewritten = await other.put(f"{API}/knowledge/{number}", json=asked | {"title": "again", "version": 1})
    assert rewritten.status_code == 204
    stale = await other.put(f"{API}/knowledge/{number}", json=asked | {"title": "twice", "version": 1})
    assert stale.status_code == 400
    found = (await other.get(f"{API}/knowledge/{number}")).json()
    assert [found["state"], found["version"], found["published"], len(found["versions"])] == ["draft", 2, 0, 2]
    auditor = await world.program("auditor")
    acts = (await auditor.get(f"{API}/audit")).text
    assert "knowledge.retire" in acts
    assert "knowledge.rewrite" in acts


async def test_what_cannot_be_written_is_refused_beside_its_field(world: World) -> None:
    async with await world.person("engineer") as ann:
        for field, typed in (("title", " "), ("problem", ""), ("category", "nope"), ("tags", "x" * 41)):
            answer = await ann.post("/knowledge", data=ARTICLE | {field: typed})
            assert (answer.status_code, 'aria-invalid="true"' in answer.text) == (400, True), field
