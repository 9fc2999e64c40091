"""The past over HTTP: a CI, a list and a value as they were believed; a period judged again; what is only logged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from collector.modes import LogOnly, Modes
from collector.store import schema
from collector.wording import time_text as at
from tests.estate import DAY, HOUR, NOW
from tests.people import World

API = "/api/v1"
OPENSSL = {"section": "packages", "key": "openssl|amd64"}


async def learnt_late(world: World) -> None:
    """Let the upgrade of three hours ago have been recorded an hour ago only."""
    recorded = (schema.fact.c.ci_id == world.estate.web.id) & (schema.fact.c.vf == NOW - 3 * HOUR)
    async with world.store.write() as tx:
        await tx.execute(update(schema.fact).where(recorded).values(tf=NOW - HOUR))


async def version(world: World, **asked: str) -> str:
    client = await world.person("viewer", name="v" + str(len(asked)) + asked.get("known_at", "")[11:13])
    whole = (await client.get(f"{API}/cis/{world.estate.web.uid}", params=asked)).json()
    (packages,) = [each for each in whole["sections"] if each["name"] == "packages"]
    (openssl,) = [each for each in packages["facts"] if each["key"] == OPENSSL["key"]]
    return str(openssl["value"]["version"])


async def test_a_ci_is_shown_as_it_was_believed_to_be(world: World) -> None:
    await learnt_late(world)
    assert await version(world) == "3.0.16-1~deb12u1"
    assert await version(world, at=at(NOW - 2 * HOUR)) == "3.0.16-1~deb12u1", "today we know it"
    assert await version(world, at=at(NOW - 2 * HOUR), known_at=at(NOW - 2 * HOUR)) == "3.0.15-1~deb12u1"
    assert await version(world, known_at=at(NOW - 90 * 60_000)) == "3.0.15-1~deb12u1", "true when it was known"


async def test_a_value_is_told_in_every_lane_as_of_a_moment(world: World) -> None:
    client = await world.person("viewer")
    now = (await client.get(f"{API}/cis/{world.estate.web.uid}/lanes", params=OPENSSL)).json()
    then = (await client.get(f"{API}/cis/{world.estate.web.uid}/lanes", params=OPENSSL | {"at": at(NOW - DAY)})).json()
    assert (now["fact"]["value"]["version"], then["fact"]["value"]["version"]) == (
        "3.0.16-1~deb12u1", "3.0.15-1~deb12u1",
    )  # fmt: skip
    assert [each["value"]["version"] for each in then["claims"]] == ["3.0.15-1~deb12u1"]
    assert (then["authorised"]["basis"], then["authorised"]["value"]["version"]) == ("arrival", "3.0.15-1~deb12u1")
    before = OPENSSL | {"at": at(NOW - 1000 * DAY)}
    assert (await client.get(f"{API}/cis/{world.estate.web.uid}/lanes", params=before)).json() == {
        "fact": None, "claims": [], "authorised": None,
    }  # fmt: skip


async def test_a_list_is_of_those_who_were_known_then_with_what_was_open_then(world: World) -> None:
    client = await world.person("viewer")
    then = (await client.get(f"{API}/cis", params={"class": "server", "at": at(NOW - DAY)})).json()
    now = (await client.get(f"{API}/cis", params={"class": "server"})).json()
    assert [each["name"] for each in then["items"]] == [each["name"] for each in now["items"]]
    web, was = (next(each for each in page["items"] if each["name"] == "web-01") for page in (now, then))
    assert (web["open_findings"], was["open_findings"]) == (1, 0)
    assert was["values"]["os.name"] == web["values"]["os.name"]
    none = (await client.get(f"{API}/cis", params={"known_at": at(NOW - 1000 * DAY)})).json()
    assert (none["items"], none["count"]) == ([], 0)
    assert (await client.get(f"{API}/cis", params={"at": "yesterday"})).status_code == 422


async def test_a_period_is_judged_again_by_who_governs_changes_and_nobody_else(world: World) -> None:
    asked = {"from": at(NOW - 7 * DAY), "post": "60"}
    manager = await world.person("change_manager")
    answer = await manager.post(f"{API}/backtests", params=asked)
    told = answer.json()
    assert (answer.status_code, told["from"], told["cis"]) == (200, at(NOW - 7 * DAY), 1)
    assert told["differing"] == sum(each["count"] for each in told["counts"] if each["was"] != each["would_be"])
    assert {row["ci"]["name"] for row in told["rows"]} <= {"web-01"}
    nothing = "packages: {default: informational, reason: others look at these}\n"
    less = (await manager.post(f"{API}/backtests", params=asked, content=nothing.encode())).json()
    assert (less["flagged"], less["would_flag"]) == (2, 0)
    engineer = await world.person("engineer")
    assert (await engineer.post(f"{API}/backtests", params=asked)).status_code == 403


@pytest.mark.parametrize(
    ("params", "body", "status"),
    [
        ({"from": "x"}, b"", 422), ({}, b"", 422), ({"from": at(NOW + DAY)}, b"", 400),
        ({"from": at(NOW - DAY), "post": "-1"}, b"", 422), ({"from": at(NOW - DAY)}, b"os: [", 400),
        ({"from": at(NOW - DAY)}, b"\xff\xfe", 400), ({"from": at(NOW - DAY)}, b"#" * 600_000, 400),
    ],
)  # fmt: skip
async def test_what_cannot_be_judged_is_a_clear_answer(
    world: World, params: dict[str, str], body: bytes, status: int
) -> None:  # fmt: skip
    manager = await world.person("change_manager")
    answer = await manager.post(f"{API}/backtests", params=params, content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_what_is_only_logged_is_listed_and_said_on_findings(world: World) -> None:
    entry = LogOnly(NOW + DAY, "first <weeks>", "server")
    context = world.app.state.context
    world.app.state.context = replace(context, modes=Modes((entry, LogOnly(NOW - 1, "over", "pc"))))
    client = await world.person("viewer")
    assert (await client.get(f"{API}/log-only")).json() == [
        {"class": "server", "environment": "", "place": "", "until": at(NOW + DAY), "reason": "first <weeks>"}
    ]
    for page in ("/findings", f"/findings/{world.estate.finding}"):
        assert "first &lt;weeks&gt;" in (await client.get(page)).text
