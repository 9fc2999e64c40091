"""Whose word alerts of other systems are, and what the desk does with those nobody knows the CI of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

from collector.store import desk as store_desk
from collector.store import schema
from tests.collector.api.test_inbound_api import alert, incidents, post, webhook
from tests.collector.cli.typed import served
from tests.people import World

ROLES = ("viewer", "service_desk", "incident_manager", "ops", "auditor", "system_admin")


async def audited(world: World, action: str) -> list[Any]:
    async with world.store.read() as connection:
        rows = select(schema.audit).where(schema.audit.c.action == action).order_by(schema.audit.c.seq)
        return list(await connection.execute(rows))


async def trail(world: World, incident_id: int) -> list[tuple[str, str]]:
    async with world.store.read() as connection:
        return [(each.act, each.who) for each in await store_desk.trail(connection, incident_id)]


async def test_no_person_tells_of_alerts(world: World) -> None:
    for role in ROLES:
        person = await world.program(role)
        for path in ("in/alertmanager", "in/pagerduty", "in/webhook/generic"):
            assert (await person.post(f"/api/v1/{path}", json=webhook(alert()))).status_code == 403, (role, path)
    assert await incidents(world) == []


async def test_a_viewer_ends_no_incident_of_an_alert(world: World) -> None:
    source, viewer = await world.program("alert_source"), await world.program("viewer")
    await post(source, webhook(alert(host=world.estate.web.name)))
    ended = webhook(alert(status="resolved", host=world.estate.web.name))
    for path, body in (("/api/v1/in/alertmanager", ended), ("/api/v2/alerts", ended["alerts"])):
        assert (await viewer.post(path, json=body)).status_code == 403
    assert [each.resolved_at for each in await incidents(world)] == [None]


async def test_a_message_that_is_news_has_one_row_in_the_audit_log_and_one_that_is_none_has_none(world: World) -> None:
    source = await world.program("alert_source")
    told = webhook(*(alert(f"f{at}", host=f"nowhere-{at}") for at in range(50)))
    await post(source, told)
    await post(source, told)
    [row] = await audited(world, "alert.take")
    assert (row.actor, row.object) == ("robot-alert_source", "source/alertmanager")
    assert json.loads(row.details)["after"] == {"firing": 50, "over": 0, "unbound": 50}


async def test_the_trail_of_an_incident_says_who_told_of_its_alert_and_of_its_end(world: World) -> None:
    source = await world.program("alert_source")
    await post(source, webhook(alert(host=world.estate.web.name)))
    await post(source, webhook(alert(status="resolved", host=world.estate.web.name)))
    [one] = await incidents(world)
    assert await trail(world, one.id) == [
        ("open", "collector"), ("alert_told", "robot-alert_source"), ("self_recovered", "collector"),
        ("alert_over", "robot-alert_source"),
    ]  # fmt: skip


async def test_the_incident_of_alerts_of_no_ci_says_kind_source_and_about_how_many(world: World) -> None:
    source = await world.program("alert_source")
    titles = []
    for count in (1, 7, 300, 320, 0):
        firing = [alert(f"f{at}", host=f"nowhere-{at}") for at in range(count)]
        over = [alert(f"f{at}", "resolved", host=f"nowhere-{at}") for at in range(count, 320)] if not count else []
        await post(source, webhook(*firing, *over))
        [one] = await incidents(world)
        titles.append(json.loads(one.title)["en"])
    assert titles == [
        "Down: one alert of alertmanager about no known CI", "Down: 5 or more alerts of alertmanager about no known CI",
        *["Down: 200 or more alerts of alertmanager about no known CI"] * 3,
    ]  # fmt: skip
    assert (one.causes, one.resolved_at is None) == (0, False)


async def test_of_thousands_that_stand_only_those_that_moved_are_read(world: World) -> None:
    source = await world.program("alert_source")
    await post(source, webhook(*(alert(f"f{at}", host=f"nowhere-{at}") for at in range(3_000))))
    asked: list[str] = []
    heard = world.store._writer.sync_engine
    event.listen(heard, "before_cursor_execute", lambda *its: asked.append(its[2]))
    await post(source, webhook(alert("one-more", host="nowhere")))
    assert len(asked) < 60, "as many statements as for the first one"
    [one] = await incidents(world)
    assert one.causes == 3_001


async def test_a_label_means_a_ci_for_what_stands_and_for_what_comes_until_it_is_forgotten(world: World) -> None:
    source, desk = await world.program("alert_source"), await world.program("service_desk")
    await post(source, webhook(*(alert(f"f{at}", job="erp", host=f"pod-{at}") for at in range(3)),
                               alert("other", job="hr", host="pod-9")))  # fmt: skip
    listed = (await desk.get("/api/v1/in/alerts?bound=false&q=pod-1")).json()["items"]
    web = world.estate.web
    wrong = await desk.post(f"/api/v1/in/alerts/{listed[0]['id']}/ci", json={"ci": web.uid, "label": "no-such"})
    assert wrong.status_code == 400
    done = await desk.post(f"/api/v1/in/alerts/{listed[0]['id']}/ci", json={"ci": web.uid, "label": "job"})
    assert done.json() == {"alerts": 3}
    assert (await post(source, webhook(alert("later", job="erp", host="pod-7")))).json()["unbound"] == 0
    assert (await desk.get("/api/v1/in/alerts?bound=false")).json()["count"] == 1
    [label] = (await desk.get("/api/v1/in/labels")).json()
    assert (label["label"], label["value"], label["ci"]["id"]) == ("job", "erp", web.uid)
    assert (await desk.delete(f"/api/v1/in/labels/{label['id']}")).status_code == 204
    assert (await post(source, webhook(alert("last", job="erp", host="pod-8")))).json()["unbound"] == 1
    actions = [len(await audited(world, each)) for each in ("alert.bind_label", "alert.forget_label")]
    assert actions == [1, 1]


async def test_labels_that_mean_two_cis_mean_none(world: World) -> None:
    source, desk = await world.program("alert_source"), await world.program("service_desk")
    await post(source, webhook(alert("a", job="erp"), alert("b", team="blue")))
    ids = {each["fingerprint"]: each["id"] for each in (await desk.get("/api/v1/in/alerts")).json()["items"]}
    async with world.store.read() as connection:
        [one, other] = (await connection.execute(
            select(schema.ci.c.uid).where(schema.ci.c.state == "active").limit(2))).scalars()  # fmt: skip
    for number, uid, label in ((ids["a"], one, "job"), (ids["b"], other, "team")):
        await desk.post(f"/api/v1/in/alerts/{number}/ci", json={"ci": uid, "label": label})
    assert (await post(source, webhook(alert("c", job="erp", team="blue")))).json()["unbound"] == 1


async def test_a_wrong_binding_is_put_right_and_the_incident_goes_with_it(world: World) -> None:
    source, desk = await world.program("alert_source"), await world.program("service_desk")
    async with world.store.read() as connection:
        uids = select(schema.ci.c.uid).where(schema.ci.c.state == "active").limit(2)
        one, other = (await connection.execute(uids)).scalars()
    await post(source, webhook(alert()))
    [row] = (await desk.get("/api/v1/in/alerts")).json()["items"]
    for uid in (one, other):
        assert (await desk.post(f"/api/v1/in/alerts/{row['id']}/ci", json={"ci": uid})).status_code == 200
    shared, first, second = await incidents(world)
    assert (shared.resolved_at is None, first.resolved_at is None, second.resolved_at) == (False, False, None)
    assert (await desk.post(f"/api/v1/in/alerts/{row['id']}/ci", json={"ci": "nobody"})).status_code == 400
    assert (await desk.post("/api/v1/in/alerts/99999/ci", json={"ci": one})).status_code == 404
    assert (await (await world.program("viewer")).post(f"/api/v1/in/alerts/{row['id']}/ci", json={})).status_code == 403


async def test_the_queue_is_worked_by_command(world: World, tmp_path: Path) -> None:
    source = await world.program("alert_source")
    await post(source, webhook(alert("a", job="erp", host="pod-1")))
    async with served(world, tmp_path, await world.token("service_desk")) as run:
        [row] = json.loads((await run("foreign", "list", "--unbound", "--json")).stdout)
        uid = world.estate.web.uid
        done = await run("foreign", "bind", str(row["id"]), uid, "--label", "job")
        assert (done.returncode, "1 alerts" in done.stdout) == (0, True), done.stderr
        assert json.loads((await run("foreign", "list", "--unbound", "--json")).stdout) == []
        [label] = json.loads((await run("foreign", "labels", "--json")).stdout)
        assert "erp" in (await run("foreign", "labels")).stdout
        assert (await run("foreign", "forget", str(label["id"]))).returncode == 0
        assert json.loads((await run("foreign", "labels", "--json")).stdout) == []
