"""Findings on their pages, without script: filtered, answered one by one and several at once, campaigns as one."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx2
import pytest

from collector.change.batching import CAMPAIGN_CIS
from collector.change.verification import VERIFY_WITHIN_MS
from collector.services.changes import sights
from collector.services.changes.desk import Desk
from collector.services.following_up import FollowingUp
from collector.store import schema
from collector.store.engine import insert
from collector.web.catalogue import LANGUAGES, Texts, entries
from tests.collector.web.reading import read
from tests.estate import HOUR, NOW, Estate
from tests.people import World, shipped_policies

API = "/api/v1/findings"
BASH, SSL = (
    {"name": name, "arch": "amd64", "version": "5.2", "manager": "dpkg"} for name in ("bash", "libssl3")
)  # fmt: skip


async def send(client: httpx2.AsyncClient, path: str, **fields: str | list[str]) -> httpx2.Response:
    return await client.post(path, data={"csrf": client.headers["x-csrf-token"], **fields})


@pytest.fixture
async def night(world: World) -> list[int]:
    """Findings of one night of patches, pending."""
    async with world.store.write() as tx:
        estate = Estate(tx, NOW)
        return [await _patched(estate, f"node-{at:02}") for at in range(CAMPAIGN_CIS)]


async def _patched(estate: Estate, name: str) -> int:
    """Let a host get a package an hour ago; return the finding of it."""
    host, new = await estate.host(name), {each: SSL[each] for each in ("version", "manager")}
    await estate.say(host, "packages", [BASH])
    await estate.say(host, "packages", [BASH, SSL], NOW - HOUR)
    moved = [("packages", "libssl3|amd64", None, new)]
    return await estate.finding(host, moved, NOW - HOUR, verdict="pending", due_at=NOW + 7 * HOUR)


async def test_the_list_is_filtered_by_verdict_and_its_csv_shows_the_same_columns(
    world: World, night: list[int]
) -> None:
    async with await world.person("viewer") as client:
        pending = read((await client.get("/findings?verdict=pending")).text)
        csv = (await client.get("/findings.csv?verdict=pending&column=finding&column=due")).text
    assert {f"/findings/{each}" for each in night} <= set(pending.links)
    assert f"/findings/{world.estate.finding}" not in pending.links
    assert len(csv.splitlines()) == 1 + len(night)
    assert all("2026-11-25" in line for line in csv.splitlines()[1:])


async def test_several_are_accepted_at_once_and_what_was_left_says_why(world: World, night: list[int]) -> None:
    async with await world.person("change_supervisor:server", name="sophia") as client:
        page = (await client.get("/findings")).text
        assert page.count('name="finding"') == len(night) + 1
        done = await send(client, "/findings/accept", finding=[str(each) for each in night[:3]], reason="patches",
                          back="/findings?state=open")  # fmt: skip
        assert (done.status_code, done.headers["location"]) == (303, "/findings?state=open")
        again = await send(client, "/findings/accept", finding=[str(night[0]), str(night[4])], reason="patches")
        assert again.status_code == 200
        assert f"finding {night[0]} is closed" in again.text
        empty = await send(client, "/findings/accept", finding=[str(night[5])], reason=" ")
        assert "an answer has its reason" in empty.text
        nothing = await send(client, "/findings/accept", reason="patches")
        assert entries("en")["findings.nothing_chosen"] in nothing.text
        verdicts = [(await client.get(f"{API}/{each}")).json()["verdict"] for each in night[:6]]
    assert verdicts == ["accepted"] * 3 + ["pending", "accepted", "pending"]


async def test_who_may_not_answer_sees_no_boxes_and_is_told_who_may(world: World, night: list[int]) -> None:
    async with await world.person("change_supervisor:network") as client:
        assert 'name="finding"' not in (await client.get("/findings")).text
        assert entries("en")["finding.who_answers"] in (await client.get(f"/findings/{night[0]}")).text
        refused = await send(client, "/findings/accept", finding=str(night[0]), reason="mine")
        assert "supervises" in refused.text
    async with await world.person("engineer") as client:
        assert (await send(client, "/findings/accept", finding=str(night[0]), reason="mine")).status_code == 403


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_campaign_is_one_thing_to_answer(world: World, night: list[int], language: str) -> None:
    async with await world.person("change_manager", language=language) as client:
        page = (await client.get("/findings/campaigns")).text
        assert page.count('class="sheet" id="campaign-') == 1
        assert page.count('type="hidden" name="finding"') == len(night)
        form = (await client.get(f"/changes/new?campaign={night[2]}&type=normal")).text
        assert form.count("libssl3|amd64,,exact") == len(night)
        assert f'name="finding" value="{night[0]}"' in form
        (told,) = (await client.get(f"{API}/campaigns")).json()
        assert (told["number"], told["cis"], told["verdicts"]) == (night[0], len(night), ["pending"])
        assert [(each["key"], each["cis"]) for each in told["shared"]] == [("libssl3|amd64", len(night))]
        assert (await client.get(f"{API}/campaigns/{night[3]}")).json() == told
        assert (await client.get(f"{API}/campaigns/{world.estate.finding}")).status_code == 404
        await send(client, "/findings/accept", finding=[str(each) for each in night], reason="patches")
        assert (await client.get(f"{API}/campaigns")).json() == []
        noise = (await client.get(f"{API}/noise")).json()
    (one,) = noise["attributes"]
    assert (one["section"], one["name"], one["dismissed"], one["is_for_review"]) == (
        "packages", "", len(night), True,
    )  # fmt: skip


async def test_of_a_package_that_was_several_versions_the_campaign_says_how_many(world: World) -> None:
    async with world.store.write() as tx:
        estate = Estate(tx, NOW)
        for at in range(CAMPAIGN_CIS):
            host, old = await estate.host(f"node-{at:02}"), {"version": f"5.{at % 3}", "manager": "dpkg"}
            await estate.finding(host, [("packages", "bash|amd64", old, None)], NOW - HOUR, verdict="pending")
    async with await world.person("viewer") as client:
        (told,) = (await client.get(f"{API}/campaigns")).json()
        page = (await client.get("/findings/campaigns")).text
    assert [(each["key"], each["after"], each["befores"]) for each in told["shared"]] == [("bash|amd64", None, 3)]
    assert "3 different versions" in page


async def test_noise_of_a_month_that_is_none_is_refused_by_the_api_and_the_present_one_on_its_page(
    world: World,
) -> None:
    async with await world.person("viewer") as client:
        assert (await client.get(f"{API}/noise?month=2026-13")).status_code in (400, 422)
        assert (await client.get(f"{API}/noise?month=yesterday")).status_code == 422
        assert 'value="2026-11"' in (await client.get("/findings/noise?month=yesterday")).text
        assert (await client.get(f"{API}/{world.estate.finding}/flapping")).json() == []


async def test_of_a_field_that_moved_the_page_shows_what_is_authorised_of_it(world: World) -> None:
    async with world.store.write() as tx:
        estate = Estate(tx, NOW)
        host = await estate.host("node-77")
        number = await estate.finding(host, [], NOW - HOUR)
        words = {each: await estate.value(each) for each in ("/bin/allowed", "/bin/moved")}
        row = {"finding_id": number, "source_id": host.source_id, "path_id": await estate.path("users", "root"),
               "field": "shell", "hi": NOW - HOUR, "lo": NOW - HOUR - 1, "auth_val_id": words["/bin/allowed"],
               "old_val_id": words["/bin/allowed"], "new_val_id": words["/bin/moved"],
               "verdict": "pending"}  # fmt: skip
        await tx.execute(insert(tx, schema.finding_item).values(row))
    page = (await (await world.person("viewer")).get(f"/findings/{number}")).text
    assert page.count("/bin/allowed") >= 2, "what is authorised, and what it was"


async def test_of_what_two_sources_show_the_page_and_the_api_say_who_showed_it(world: World) -> None:
    async with world.store.write() as tx:
        estate = Estate(tx, NOW)
        host = await estate.host("node-78")
        number = await estate.finding(host, [("hardware", "bios_version", "1", "2")], NOW - HOUR)
        await estate.also_shown(number, "redfish//192.0.2.7")
    client = await world.person("viewer")
    page = await client.get(f"/findings/{number}", headers={"accept-language": "en"})
    assert "as the agent, Redfish sweep saw" in page.text
    assert 'title="redfish//192.0.2.7"' in page.text
    items = (await client.get(f"{API}/{number}")).json()["items"]
    assert [each["source"].partition("/")[0] for each in items] == ["agent", "redfish"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_to_be_put_back_is_with_whom_it_is_asked_of_and_they_say_when_it_is(
    world: World, language: str
) -> None:
    number, words = world.estate.finding, entries(language)
    cid = await world.person("engineer", name="cid", language=language)
    sophia = await world.person("change_supervisor:server", name="sophia", language=language)
    page = f"/findings/{number}"
    done = await send(sophia, f"{page}/answers", act="undo", assignee="cid", reason="nobody asked", due="2026-11-20")
    assert "within a year" in done.text, "a day that has passed is no time to do it in"
    done = await send(sophia, f"{page}/answers", act="undo", assignee="cid", reason="nobody asked", due="2026-12-01")
    assert done.status_code == 303
    (task,) = (await cid.get(f"{API}?assignee=cid")).json()["items"]
    assert (task["id"], task["revert"]["state"]) == (number, "open")
    _, _, mine = (await cid.get("/")).text.partition('id="mine"')
    assert words["overview.mine"] in mine
    mine, _, _ = mine.partition("</section>")
    assert f'href="{page}"' in mine
    assert "/incidents/INC" not in mine, "one thing to do, not two"
    assert words["overview.mine"] not in (await sophia.get("/")).text
    assert page in read((await cid.get("/findings?revert=mine")).text).links
    assert page not in read((await sophia.get("/findings?revert=mine")).text).links
    assert page not in read((await cid.get("/findings?revert=overdue")).text).links
    assert words["revert.done"] not in (await sophia.get(page)).text
    assert words["revert.done"] in (await cid.get(page)).text
    refused = await send(cid, f"{page}/put-back", note=" ")
    assert "what was done is said" in refused.text
    assert (await send(cid, f"{page}/put-back", note="as it was")).status_code == 303
    assert words["revert.waits"] in (await cid.get(page)).text
    assert (await send(sophia, f"{page}/answers", act="call_off", reason="it may stay")).status_code == 303
    assert (await cid.get(f"{API}/{number}")).json()["revert"] is None
    for client in (cid, sophia):
        await client.aclose()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_nobody_saw_after_a_change_is_listed_with_what_is_expected(world: World, language: str) -> None:
    async with world.store.write() as tx:
        (host,) = (await tx.execute(schema.ci.select().where(schema.ci.c.name == "web-01"))).all()
        row = {"number": "CHG-000077", "version": 1, "type": "standard", "state": "implemented", "initiator": "ann",
               "created_at": NOW, "moved_at": NOW, "title": "kernel", "reason": "old", "implementer": "cid",
               "requested_at": NOW, "planned_at": NOW, "window_start": NOW, "window_end": NOW}  # fmt: skip
        change_id = (await tx.execute(insert(tx, schema.change).values(row).returning(schema.change.c.id))).scalar()
        await tx.execute(insert(tx, schema.change_ci).values(change_id=change_id, ci_id=host.id))
        line = {"change_id": change_id, "place": 0, "ci_id": host.id, "section": "os", "key": "version", "field": "",
                "how": "exact", "value": '"12.8"'}  # fmt: skip
        await tx.execute(insert(tx, schema.change_line).values(line))
        for place, done_at in ((0, None), (1, NOW)):
            task = {"change_id": change_id, "place": place, "text": f"step {place}", "assignee": "dan"}
            await tx.execute(insert(tx, schema.change_task).values({**task, "done_at": done_at}))
    world.clock.at += VERIFY_WITHIN_MS + 1
    policies, desk = shipped_policies(), Desk(sights.evidence)
    await FollowingUp(world.store, desk, (policies.governance, policies.desk), world.clock).step()
    async with await world.person("viewer", name="dan", language=language) as client:
        mine = read((await client.get("/")).text)
        assert ("step 0" in mine.text, "step 1" in mine.text) == (True, False), "what is done waits for nobody"
        page = read((await client.get("/findings")).text)
        (told,) = (await client.get(f"{API}/unverified")).json()
        assert (await client.get(f"{API}/unverified?change=CHG-1")).json() == []
        (errand,) = (await client.get("/api/v1/incidents?kind=unverified")).json()["items"]
        told_of = read((await client.get(f"/incidents/{errand['number']}")).text)
        change = (await client.get("/changes/CHG-000077")).text
        listed = (await client.get("/changes?unverified=yes")).text
        file = (await client.get("/findings/unverified.csv")).text
        changes_file = (await client.get("/changes.csv?unverified=yes")).text
        (row,) = (await client.get("/api/v1/changes?unverified=true")).json()["items"]
        whole = (await client.get("/api/v1/changes/CHG-000077")).json()
    async with world.nobody("127.0.0.1") as scraper:
        assert "muster_changes_unverified 1.0" in (await scraper.get("/metrics")).text
    badge = str(Texts(language).n("changes.owed", 1))
    assert badge in change
    assert badge in listed
    assert "/changes/CHG-000077" in read(listed).links
    section = entries(language)["section.os"]
    assert f"web-01 {section}" in changes_file
    assert f"web-01 {section}" in change, "what is missing is named"
    assert whole["unverified"] == row["unverified"]
    assert (row["number"], row["unverified"]) == ("CHG-000077", {"count": 1, "since": told["over_at"]})
    assert [line.split(",")[:4] for line in file.splitlines()[1:]] == [["CHG-000077", "kernel", "ann", "web-01"]]
    assert {"/changes/CHG-000077", f"/cis/{host.uid}"} <= set(told_of.links)
    assert "12.8" in told_of.text
    assert entries(language)["changes.unverified"] in change
    assert entries(language)["unverified.title"] in page.text
    assert {"/changes/CHG-000077", f"/cis/{host.uid}"} <= set(page.links)
    assert "12.8" in page.text
    assert (told["change"], told["line"], told["ci"]["name"], told["value"], told["owner"]) == (
        "CHG-000077", 1, "web-01", "12.8", "ann",
    )  # fmt: skip


async def test_who_was_on_the_host_meanwhile_stands_beside_a_finding(world: World) -> None:
    """Sessions that touch the bracket, by page and REST; what a host wrote down is text of strangers."""
    async with world.store.write() as tx:
        estate = Estate(tx, NOW)
        host = await estate.host("node-77")
        number = await estate.finding(
            host, [("packages", "libssl3|amd64", None, {"version": "5.2"})], NOW - HOUR, verdict="pending"
        )
        stood = (await tx.execute(schema.finding.select().where(schema.finding.c.id == number))).one()
        inside, before = (datetime.fromtimestamp(at / 1000, UTC) for at in (stood.hi - 1000, stood.lo - 10 * HOUR))
        told = [
            {"at": _text(inside), "line": "pts/0", "user": "wang", "origin": "<b>evil</b>"},
            {"at": _text(before), "line": "pts/1", "user": "li", "ended": _text(before)},
        ]
        await estate.say(host, "logins", told)
    async with await world.person("viewer") as client:
        html = (await client.get(f"/findings/{number}")).text
        rest = (await client.get(f"{API}/{number}/sessions")).json()
    assert "wang" in html
    assert "&lt;b&gt;evil" in html
    assert "pts/1" not in html
    assert [(each["user"], each["origin"], each["until"]) for each in rest] == [("wang", "<b>evil</b>", None)]


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
