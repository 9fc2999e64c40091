"""`/api/v1/audit`: every act of pages and programs stands there, and whether it still says what was written."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from collector.security import chain
from collector.security.chain import Check
from collector.store import schema
from collector.store.audit import AuditRow, Mark
from tests.people import ADDRESS, PASSWORD, World

API = "/api/v1/audit"
SECRET = "Sesame-7q!community"
SCOPE = {"ranges": ["10.1.0.0/16"]}
PLAN = {"name": "Office", "settings": {"ranges": ["10.1.0.0/24"]}, "schedule": "0 2 * * *"}


async def acts(world: World) -> list[tuple[str, str, str]]:
    """Return who did what on what, oldest first."""
    async with await world.program("auditor") as client:
        items = (await client.get(API, params={"limit": 200})).json()["items"]
    return [(each["actor"], each["action"], each["object"].partition("/")[0]) for each in reversed(items)]


async def test_what_programs_do_is_told_with_who_where_and_what_moved(world: World) -> None:
    async with await world.program("network_admin") as client:
        body = {"name": "campus", "kind": "snmp_community", "scope": SCOPE, "secret": {"community": SECRET}}
        uid = (await client.post("/api/v1/credentials", json=body)).json()["id"]
        await client.patch(f"/api/v1/credentials/{uid}", json={"name": "office", "secret": {"community": SECRET + "2"}})
        plan = (await client.post("/api/v1/sweep-plans", json=PLAN)).json()["id"]
        await client.put(f"/api/v1/sweep-plans/{plan}", json=PLAN | {"name": "Offices"})
        sweep = (await client.post("/api/v1/sweeps", json={"plan": plan})).json()["id"]
        await client.post(f"/api/v1/sweeps/{sweep}/cancel")
        await client.delete(f"/api/v1/sweep-plans/{plan}")
        await client.delete(f"/api/v1/credentials/{uid}")
    assert [(action, kind) for _, action, kind in await acts(world)] == [
        ("credential.create", "credential"), ("credential.change", "credential"), ("plan.create", "plan"),
        ("plan.change", "plan"), ("sweep.start", "sweep"), ("sweep.cancel", "sweep"), ("plan.remove", "plan"),
        ("credential.remove", "credential"),
    ]  # fmt: skip
    async with await world.program("auditor") as client:
        found = (await client.get(API, params={"object": f"credential/{uid}", "action": "credential.change"})).json()
    (row,) = found["items"]
    assert (row["actor"], row["origin"]) == ("robot-network_admin", f"token {ADDRESS}")
    assert row["details"] == {"before": {"name": "campus"}, "after": {"name": "office", "secret": "another one"}}


async def test_what_people_do_in_pages_is_told(world: World) -> None:
    await world.admin()
    async with await world.person("system_admin", name="chen") as client:
        await client.post("/settings/accounts", data={"name": "li.wei", "role": "viewer"})
        await client.post("/settings/password", data={"new": PASSWORD, "again": PASSWORD})
        await client.post("/settings/tokens", data={"name": "report", "days": "90"})
        await client.post("/settings/sessions")
        await client.post("/logout")
    assert await acts(world) == [
        ("chen", "account.create", "account"), ("chen", "account.link", "account"),
        ("chen", "account.password", "account"), ("chen", "token.create", "account"),
        ("chen", "session.end_others", "account"), ("chen", "session.end", "account"),
    ]  # fmt: skip


async def test_what_was_refused_is_not_told(world: World) -> None:
    async with await world.program("network_admin") as client:
        assert (await client.post("/api/v1/sweep-plans", json=PLAN | {"schedule": "daily"})).status_code == 400
        assert (await client.delete("/api/v1/sweep-plans/gone")).status_code == 404
    assert await acts(world) == []


async def test_without_a_log_nothing_is_done(world: World) -> None:
    async with world.store.write() as tx:
        await tx.execute(text("DROP TABLE audit"))
    async with await world.program("network_admin") as client:
        assert (await client.post("/api/v1/sweep-plans", json=PLAN)).status_code == 500
        assert (await client.get("/api/v1/sweep-plans")).json() == []
    async with await world.program("system_admin") as client:
        assert (await client.post("/api/v1/accounts", json={"name": "li.wei", "roles": []})).status_code == 500
        assert "li.wei" not in (await client.get("/api/v1/accounts")).text


async def test_no_secret_stands_in_the_log(world: World) -> None:
    seen = [SECRET, PASSWORD]
    async with await world.program("network_admin") as client:
        body = {"name": "campus", "kind": "snmp_community", "scope": SCOPE, "secret": {"community": SECRET}}
        await client.post("/api/v1/credentials", json=body)
    async with await world.program("system_admin") as client:
        made = await client.post("/api/v1/accounts", json={"name": "li.wei", "roles": ["viewer"]})
        seen.append(made.json()["path"].rpartition("/")[2])
    async with await world.person("viewer", name="wang") as client:
        await client.post("/settings/password", data={"new": PASSWORD, "again": PASSWORD})
        page = await client.post("/settings/tokens", data={"name": "report", "days": "90"})
        seen.append("muster_" + page.text.partition("muster_")[2][:43].partition("<")[0])
    async with world.store.read() as connection:
        kept = "\n".join(map(str, await connection.execute(schema.audit.select())))
    assert "account.password" in kept
    assert not [secret for secret in seen if secret in kept]


async def test_the_chain_can_be_checked_by_anyone_who_reads_it(world: World) -> None:
    async with await world.program("network_admin") as client:
        await client.post("/api/v1/sweep-plans", json=PLAN)
        await client.post("/api/v1/sweep-plans", json=PLAN | {"name": "另一个"})
    async with await world.program("auditor") as client:
        links = [*(await client.get(f"{API}/chain", params={"limit": 1})).json()]
        links += (await client.get(f"{API}/chain", params={"after": 1})).json()
        anchor = (await client.get(f"{API}/anchor")).json()
    check = Check(chain.ORIGIN)
    for link in links:
        check.take(AuditRow(**{**link, "prev": bytes.fromhex(link["prev"]), "hash": bytes.fromhex(link["hash"])}))
    assert check.end(Mark(anchor["seq"], bytes.fromhex(anchor["hash"]), anchor["at"])) is None
    assert json.loads(links[1]["details"])["after"]["name"] == "另一个"


async def test_the_check_names_the_row_and_holds_the_log_against_anchors(world: World) -> None:
    async with await world.program("network_admin") as client:
        for number in range(3):
            await client.post("/api/v1/sweep-plans", json=PLAN | {"name": f"plan {number}"})
    async with await world.program("auditor") as client:
        anchor = (await client.get(f"{API}/anchor")).json()
        intact = (await client.post(f"{API}/verification", json={"anchors": [anchor]})).json()
        assert intact == {
            "first": 1, "last": 3, "broken": None, "anchored": 3, "outlived": [], "forged": [], "lost": [],
            "is_intact": True,
        }  # fmt: skip
        async with world.store.write() as tx:
            await tx.execute(text("UPDATE audit SET actor = 'mallory' WHERE seq = 2"))
        broken = (await client.post(f"{API}/verification", json={})).json()["broken"]
        assert broken == {"seq": 2, "how": "changed", "since": 2}
        forged = await client.post(f"{API}/verification", json={"anchors": [anchor | {"seq": 2}]})
        assert (forged.status_code, "not signed" in forged.json()["detail"]) == (400, True)


@pytest.mark.parametrize("role", ["system_admin", "network_admin", "viewer"])
async def test_nobody_but_an_auditor_reads_it(world: World, role: str) -> None:
    async with await world.program(role) as client:
        for path in (API, f"{API}/chain", f"{API}/anchor", f"{API}/anchors"):
            assert (await client.get(path)).status_code == 403
        assert (await client.post(f"{API}/verification", json={})).status_code == 403
