"""Changes, incidents, relations and findings listed as they stood at a time."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from collector.store import schema
from collector.store.browse import findings
from collector.store.browse.findings import FindingQuery
from collector.store.browse.page import Window
from collector.wording import time_text
from tests.collector.test_aging import DAY, HOUR, Ground
from tests.collector.test_aging import on_both as on_both
from tests.people import World

API = "/api/v1"
WINDOW = {"start": "2026-11-25T20:00:00+00:00", "end": "2026-11-25T21:00:00+00:00"}


async def listed(client: httpx2.AsyncClient, what: str, at: int, **more: Any) -> list[dict[str, Any]]:
    answer = await client.get(f"{API}/{what}", params={"at": time_text(at), **more})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_changes_are_listed_in_the_state_they_were_in(world: World) -> None:
    ann, bea = await world.person("change_initiator", name="ann"), await world.person("change_supervisor", name="bea")
    await world.person("engineer", name="cid")
    uid, before = world.estate.web.uid, world.clock()
    line = {"ci": uid, "section": "os", "key": "version", "how": "exact", "value": "12.6"}
    asked = {"type": "standard", "title": "Patch", "reason": "a weakness", "implementer": "cid", "cis": [uid]}
    world.clock.at += HOUR
    made = await ann.post(f"{API}/changes", json=asked | {"lines": [line], "window": WINDOW})
    number, times = made.json()["number"], {"draft": world.clock()}
    for client, step, state in ((ann, "submit", "requested"), (bea, "approve", "approved")):
        world.clock.at += HOUR
        answer = await client.post(f"{API}/changes/{number}/steps", json={"step": step})
        assert answer.status_code == 200, answer.text
        times[state] = world.clock()
    assert await listed(ann, "changes", before) == []
    for state, at in times.items():
        (each,) = await listed(ann, "changes", at + 1)
        assert (each["number"], each["state"]) == (number, state)
        assert len(await listed(ann, "changes", at + 1, state=state)) == 1
        assert await listed(ann, "changes", at + 1, state="closed") == []
    page = (await ann.get("/changes", params={"at": "2026-11-25T09:00:00"})).text
    assert "each in its state of then" in page
    file = await ann.get("/changes.csv", params={"at": "2020-01-01T00:00:00"})
    assert number not in file.text


async def test_incidents_are_listed_in_the_state_and_the_hands_they_were_in(world: World) -> None:
    uma, ann = await world.person("viewer", name="uma"), await world.person("service_desk", name="ann")
    before = world.clock()
    world.clock.at += HOUR
    number = (await uma.post(f"{API}/my/reports", json={"title": "No mail"})).json()["number"]
    times = {"new": world.clock()}
    for what, more, state in (
        ("take", {}, "in_progress"), ("resolve", {"code": "fixed", "text": "restarted"}, "resolved"),
    ):  # fmt: skip
        world.clock.at += HOUR
        answer = await ann.post(f"{API}/incidents/{number}/acts", json={"act": what, **more})
        assert answer.status_code == 200, answer.text
        times[state] = world.clock()

    async def of(at: int, **more: Any) -> list[tuple[str, str]]:
        found = await listed(ann, "incidents", at, q="No mail", **more)
        return [(each["state"], each["assignee"]) for each in found]

    assert await of(before) == []
    assert await of(times["new"] + 1) == [("new", "")]
    assert await of(times["new"] + 1, unassigned=True) == [("new", "")]
    assert await of(times["in_progress"] + 1) == [("in_progress", "ann")]
    assert await of(times["in_progress"] + 1, state="open", assignee="ann") == [("in_progress", "ann")]
    assert await of(times["resolved"] + 1, state="open") == []
    (then,) = await listed(ann, "incidents", times["new"] + 1, q="No mail")
    assert then["resolved_at"] is None, "nobody knew how it would end"


async def test_relations_are_listed_as_they_stood(world: World) -> None:
    web, other = world.estate.web.uid, world.estate.db.uid
    before = world.clock()
    async with await world.program("config_admin:*") as client:
        world.clock.at += HOUR
        asked = {"kind": "powered_by", "to": other}
        assert (await client.post(f"{API}/cis/{web}/relations", json=asked)).status_code == 204
        world.clock.at += HOUR
        assert (await client.delete(f"{API}/cis/{web}/relations/powered_by/{other}")).status_code == 204
        for path in ("relations", f"cis/{web}/relations"):
            assert await listed(client, path, before, kind="powered_by") == []
            assert len(await listed(client, path, before + HOUR + 1, kind="powered_by")) == 1
            assert await listed(client, path, world.clock() + 1, kind="powered_by") == []
            known = {"kind": "powered_by", "known_at": time_text(before + HOUR + 1)}
            assert len(await listed(client, path, world.clock() + 1, **known)) == 1, "nobody knew yet that it would end"
            known["known_at"] = time_text(before)
            assert await listed(client, path, before + HOUR + 1, **known) == [], "nobody had said so yet"


async def test_pages_show_the_relations_that_were_held_to_be_then(world: World) -> None:
    web, other = world.estate.web.uid, world.estate.db.uid
    client = await world.person("config_admin:*")
    began = world.clock()
    async with await world.program("config_admin:*", "viewer") as program:
        asked = {"kind": "powered_by", "to": other}
        assert (await program.post(f"{API}/cis/{web}/relations", json=asked)).status_code == 204
        world.clock.at += HOUR
        assert (await program.delete(f"{API}/cis/{web}/relations/powered_by/{other}")).status_code == 204
    now, then = {"known_at": time_text(world.clock() + 1)}, {"known_at": time_text(began + 1000)}
    late = then | {"at": time_text(world.clock() + 1)}
    for page, told in ((f"/cis/{web}", f"/cis/{other}"), ("/relations", f"/cis/{other}"), ("/relations.csv", other)):
        for moment, is_there in ((now, False), (then, True), (late, True)):
            text = (await client.get(page, params=moment | {"relation": "powered_by"})).text
            assert (told in text) is is_there, (page, moment)
    held = (await client.get("/relations", params=then, headers={"accept-language": "en"})).text
    assert "as far as it was known at" in held
    assert 'name="known_at"' in held


@pytest.mark.parametrize("what", ["findings", "changes", "incidents", "relations"])
async def test_what_is_no_time_is_refused_by_rest_and_now_on_a_page(world: World, what: str) -> None:
    client = await world.person("viewer")
    assert (await client.get(f"{API}/{what}", params={"at": "yesterday"})).status_code == 422
    page = await client.get(f"/{what}", params={"at": "yesterday"})
    assert (page.status_code, 'name="at"' in page.text) == (200, True)


async def test_findings_stand_with_the_verdict_that_was_known_then(on_both: Ground) -> None:
    world = on_both.world
    before = world.now
    await on_both.lose(1)
    unapproved = world.now
    world.now += DAY
    await on_both.show(1, bare=True)
    await world.runner.tick()
    reverted = world.now

    async def at(when: int, *states: str, **more: Any) -> list[tuple[str, bool]]:
        async with world.store.read() as connection:
            found = await findings.list_findings(connection, FindingQuery(states, at=when, **more), Window())
        return [(each.verdict, each.is_open) for each in found.items]

    assert await at(before) == []
    assert await at(unapproved) == [("unapproved", True)]
    assert await at(unapproved, "open") == [("unapproved", True)]
    assert await at(unapproved, "closed") == []
    assert await at(unapproved, verdicts=("reverted",)) == []
    assert await at(unapproved, known_at=reverted + 1) == [("reverted", True)], "it stood open, as is known now"
    assert await at(reverted + 1) == [("reverted", False)]
    assert await at(reverted + 1, "open") == []


async def test_how_a_finding_stood_is_kept_once_a_move_and_not_each_time_it_is_looked_at(on_both: Ground) -> None:
    world = on_both.world
    await on_both.lose(1)
    for _ in range(3):
        world.now += HOUR
        await world.runner.tick()
    assert await world.rows(schema.finding_past) == []
    await on_both.show(1, bare=True)
    await world.runner.tick()
    assert len(await world.rows(schema.finding_past)) == 1
