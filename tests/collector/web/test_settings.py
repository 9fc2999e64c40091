"""One's own account, other people's accounts, and the two acts on agents."""

from __future__ import annotations

import re

from collector.api.access import COOKIE
from collector.store import accounts as kept
from collector.store import sessions as kept_sessions
from tests.people import PASSWORD, World


async def test_who_came_by_a_link_sets_a_password_without_one(world: World) -> None:
    async with await world.person("viewer", name="li.wei") as client:
        new = {"new": PASSWORD, "again": PASSWORD}
        assert (await client.post("/settings/password", data=new)).headers["location"] == "/settings?done=password"
        assert "has no password" not in (await client.get("/settings?done=password")).text
        assert (await client.post("/settings/password", data=new)).status_code == 400, "now the current one is needed"
        wrong = {"current": PASSWORD, "new": PASSWORD, "again": "different"}
        assert "differ" in (await client.post("/settings/password", data=wrong)).text
        short = {"current": PASSWORD, "new": "short", "again": "short"}
        assert "12 to 256" in (await client.post("/settings/password", data=short)).text


async def test_a_new_password_ends_sessions_elsewhere(world: World) -> None:
    async with (
        await world.person("viewer", name="li.wei") as here,
        await world.person("viewer", name="li.wei") as there,
    ):
        await here.post("/settings/password", data={"new": PASSWORD, "again": PASSWORD})
        assert (await here.get("/settings")).status_code == 200
        assert (await there.get("/settings")).status_code == 303


async def test_other_sessions_are_ended_by_a_button(world: World) -> None:
    async with (
        await world.person("viewer", name="li.wei") as here,
        await world.person("viewer", name="li.wei") as there,
    ):
        await here.post("/settings/sessions")
        assert (await here.get("/settings")).status_code == 200
        assert (await there.get("/settings")).status_code == 303


async def test_a_token_is_shown_once_works_and_is_revoked(world: World) -> None:
    async with await world.person("viewer", name="li.wei") as client:
        made = await client.post("/settings/tokens", data={"name": "report", "days": "90"})
        text = re.search(r"muster_[\w-]{43}", made.text)
        assert text
        assert text[0] not in (await client.get("/settings")).text
        async with world.nobody(authorization=f"Bearer {text[0]}") as program:
            assert (await program.get("/api/v1/cis")).status_code == 200
            async with world.store.read() as connection:
                (row,) = await kept_sessions.tokens(connection)
            assert row.expires_at - row.created_at == 90 * 86_400_000
            await client.post(f"/settings/tokens/{row.id}/revoke")
            assert (await program.get("/api/v1/cis")).status_code == 401
        assert (await client.post("/settings/tokens", data={"name": " "})).status_code == 400
        assert (await client.post("/settings/tokens/x/revoke")).status_code == 404


async def test_nobody_revokes_the_token_of_another(world: World) -> None:
    text = await world.token("viewer")
    async with await world.person("viewer", name="wang") as client:
        await client.post("/settings/tokens/1/revoke")
    async with world.nobody(authorization=f"Bearer {text}") as program:
        assert (await program.get("/api/v1/me")).status_code == 200


async def test_an_account_is_made_with_roles_and_comes_in_by_its_link(world: World) -> None:
    async with await world.person("system_admin") as client:
        form = {"name": "li.wei", "role": ["engineer", "viewer"], "scope": ["server", "pc"]}
        made = await client.post("/settings/accounts", data=form)
        link = re.search(r"http://muster\.test(/login/[\w-]{43})", made.text)
        assert link
        assert "shown only now" in made.text
        assert link[1] not in (await client.get("/settings/accounts")).text
        assert (await client.post("/settings/accounts", data=form)).status_code == 400
    async with world.nobody() as guest:
        assert (await guest.get(link[1])).status_code == 303
        assert (await guest.get("/api/v1/me")).json()["roles"] == ["config_admin:server,pc", "engineer", "viewer"]


async def test_roles_that_exclude_each_other_and_names_that_are_none_are_refused(world: World) -> None:
    async with await world.person("system_admin") as client:
        refused = await client.post("/settings/accounts", data={"name": "li", "role": ["auditor", "ops"]})
        assert refused.status_code == 400
        assert "do not go together" in refused.text
        assert (await client.post("/settings/accounts", data={"name": "<b>"})).status_code == 400
        assert (await client.post("/settings/accounts", data={"name": "li", "role": ["king"]})).status_code == 400


async def test_roles_are_changed_and_an_account_is_disabled_and_enabled(world: World) -> None:
    async with await world.person("viewer", name="li.wei") as other, await world.person("system_admin") as client:
        async with world.store.read() as connection:
            account = await kept.by_name(connection, "li.wei")
        assert account
        base = f"/settings/accounts/{account.id}"
        await client.post(f"{base}/roles", data={"role": ["auditor"], "scope": []})
        assert (await other.get("/api/v1/me")).json()["roles"] == ["auditor"]
        assert (await other.get("/settings/accounts")).status_code == 200
        assert "Add account" not in (await other.get("/settings/accounts")).text, "an auditor changes nothing"
        key = other.cookies[COOKIE]
        await client.post(f"{base}/state", data={"state": "disabled"})
        assert (await other.get("/cis")).status_code == 303
        await client.post(f"{base}/state", data={"state": "active"})
        other.cookies.set(COOKIE, key)
        assert (await other.get("/cis")).status_code == 303, "the session ended with the account"
        assert (await client.post("/settings/accounts/999/link")).status_code == 404


async def test_the_classes_of_a_supervisor_stay_when_other_roles_are_saved(world: World) -> None:
    await world.person("change_supervisor:network", name="li.wei")
    async with await world.person("system_admin") as client:
        html = (await client.get("/settings/accounts")).text
    assert 'name="role" value="change_supervisor:network" checked' in html


async def test_the_last_administrator_stays(world: World) -> None:
    async with await world.person("system_admin", name="only") as client:
        async with world.store.read() as connection:
            account = await kept.by_name(connection, "only")
        assert account
        answer = await client.post(f"/settings/accounts/{account.id}/state", data={"state": "disabled"})
    assert (answer.status_code, "has to stay" in answer.text) == (400, True)


async def test_the_line_that_enrols_a_machine_is_shown_once(world: World) -> None:
    async with await world.person("ops", name="yun.wei") as client:
        made = await client.post("/agents/enrol", data={"life": "1d", "uses": "10", "note": "rack 7"})
        assert "muster-agent enroll https://127.0.0.1:8444 --token muster1.AAAA.BBBB.CCCC" in made.text
        assert "muster1." not in (await client.get("/agents")).text
        await client.post("/agents/enrol", data={"life": "forever", "uses": "1000000"})
    assert [(terms.life_s, terms.uses, terms.note, by) for terms, by in world.minted] == [
        (86_400, 10, "rack 7", "yun.wei"),
        (3600, 1, "", "yun.wei"),
    ]


async def test_a_ban_names_what_it_bans_and_why(world: World) -> None:
    agent = f"/agents/{world.estate.web.agent_uid}"
    async with await world.person("ops", name="yun.wei") as client:
        assert "Ban the agent of web-01?" in (await client.get(f"{agent}/ban")).text
        assert (await client.post(f"{agent}/ban", data={"name": "db-01", "reason": "x"})).status_code == 400
        assert (await client.post(f"{agent}/ban", data={"name": "web-01", "reason": " "})).status_code == 400
        assert "Active" in (await client.get(agent)).text
        done = await client.post(f"{agent}/ban", data={"name": "web-01", "reason": "stolen"})
        assert (done.status_code, done.headers["location"]) == (303, agent)
        html = (await client.get(agent)).text
    assert "Banned" in html
    assert "stolen (yun.wei)" in html
