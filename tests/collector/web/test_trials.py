"""A credential tried from its page and by programs: what is asked for, and what is shown of its end."""

from __future__ import annotations

from typing import Any

import pytest

from collector.services import sweeps
from collector.services.sweeps import Taker
from tests import swept
from tests.collector.web.reading import read
from tests.people import World
from tests.swept import Swept
from wire.sweep import Progress, TargetRow

API = "/api/v1"
ADDRESS = "10.20.0.7"


async def end(world: World, uid: str, row: TargetRow) -> None:
    """Let the probe take the trial and tell this."""
    async with world.store.write() as tx:
        probe = await swept.agent_id(tx)
        task = await sweeps.take(tx, world.app.state.context.vault, Taker(probe), world.clock())
        assert task is not None
        assert task.uid == uid
        await sweeps.progress(tx, probe, Progress(uid, {}, (row,), "1", True, ""), world.clock())


def row(cause: str, credential: str = "", detail: str = "") -> TargetRow:
    return TargetRow(ADDRESS, "identify", cause, detail, credential, '{"name": "access-07"}', 1, 5, True)


async def test_a_program_asks_and_is_told_why_it_was_refused(world: World, made: Swept) -> None:
    path = f"{API}/credentials/{made.credential}/tests"
    async with await world.program("network_admin") as client:
        asked = await client.post(path, json={"address": ADDRESS})
        assert (asked.status_code, asked.json()["state"], asked.json()["accepted"]) == (201, "waiting", None)
        uid = asked.json()["id"]
        await end(world, uid, row("credential_refused", detail="snmp: silent"))
        told: dict[str, Any] = (await client.get(f"{path}/{uid}")).json()
        listed = (await client.get(path)).json()
    assert (told["accepted"], told["cause"], told["detail"]) == (False, "credential_refused", "snmp: silent")
    assert [each["id"] for each in listed] == [uid]


@pytest.mark.parametrize(("body", "status"), [
    ({"address": "192.0.2.1"}, 422), ({"address": "x"}, 422), ({}, 422), ({"address": ADDRESS, "secret": "x"}, 422),
])  # fmt: skip
async def test_what_cannot_be_tried_is_refused(world: World, made: Swept, body: dict[str, str], status: int) -> None:
    async with await world.program("network_admin") as client:
        answer = await client.post(f"{API}/credentials/{made.credential}/tests", json=body)
    assert answer.status_code in (400, status), answer.text


async def test_only_who_keeps_credentials_may_try_one(world: World, made: Swept) -> None:
    async with await world.program("viewer") as client:
        path = f"{API}/credentials/{made.credential}/tests"
        assert (await client.post(path, json={"address": ADDRESS})).status_code == 403


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("Accepted", "Latest tests")), ("zh-CN", ("认证通过", "最近的测试"))]
)
async def test_the_page_asks_and_shows_what_came_of_it(
    world: World, made: Swept, language: str, words: tuple[str, str]
) -> None:
    path = f"/credentials/{made.credential}/test"
    async with await world.person("network_admin", language=language) as client:
        assert path in (await client.get(f"/credentials/{made.credential}")).text
        sent = await client.post(path, data={"address": ADDRESS, "csrf": client.headers["x-csrf-token"]})
        assert (sent.status_code, sent.headers["location"]) == (303, path)
        waiting = (await client.get(path)).text
        uid = waiting.partition("/api/v1/sweeps/")[2].partition("/events")[0]
        await end(world, uid, row("", made.credential))
        text = read((await client.get(path)).text).text
        swept_page = read((await client.get(f"/sweeps/{uid}")).text).text
    for each in (*words, "access-07", ADDRESS):
        assert each in text
    assert {"en": "Test of a credential", "zh-CN": "凭据测试"}[language] in swept_page


async def test_the_page_says_what_is_wrong_with_an_address(world: World, made: Swept) -> None:
    path = f"/credentials/{made.credential}/test"
    async with await world.person("network_admin") as client:
        for address in ("", "nowhere", "192.0.2.1"):
            answer = await client.post(path, data={"address": address, "csrf": client.headers["x-csrf-token"]})
            assert answer.status_code == 400
            assert "Latest tests" in answer.text
        assert (await client.get("/credentials/none/test")).status_code == 404
