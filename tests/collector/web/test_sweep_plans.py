"""The form of a plan: typed, refused beside the field, kept, and removed by its name."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from collector.services import sweeps
from tests.collector.web.sweeping import PLAN, looked_at
from tests.people import World
from tests.swept import Swept


async def test_a_plan_is_made_listed_changed_and_removed_by_its_name(empty_world: World) -> None:
    async with await empty_world.person("network_admin") as client:
        assert (await client.post("/sweeps/plans", data=PLAN)).headers["location"] == "/sweeps"
        async with empty_world.store.read() as connection:
            (plan,) = await sweeps.plans(connection)
        assert plan.settings["ranges"] == ["10.1.0.0/24", "10.1.4.10-20"]
        assert plan.settings["blackout"] == [{"from": "22:00", "to": "06:00", "days": ["mon", "tue"]}]
        form = (await client.get(f"/sweeps/plans/{plan.uid}")).text
        assert 'value="22:00"' in form
        assert "10.1.4.10-20" in form
        moved = await client.post(f"/sweeps/plans/{plan.uid}", data={**PLAN, "name": "Offices", "schedule": ""})
        assert moved.status_code == 303
        assert "by hand only" in (await looked_at(client, "/sweeps")).text
        wrong = await client.post(f"/sweeps/plans/{plan.uid}/remove", data={"name": "Head office"})
        assert (wrong.status_code, "nothing was removed" in wrong.text) == (400, True)
        await client.post(f"/sweeps/plans/{plan.uid}/remove", data={"name": "Offices"})
        assert "No plan yet" in (await looked_at(client, "/sweeps")).text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": ""}, "Needed."),
        ({"name": "n" * 101}, "At most 100 characters."),
        ({"ranges": ""}, "Needed."),
        ({"ranges": "10.1.0.0/24\n10.1.0.0/99"}, "10.1.0.0/99 is no range"),
        ({"ranges": "2001:db8::/64"}, "IPv6 is swept by single addresses"),
        ({"ranges": "10.0.0.0/8"}, "more than a million"),
        ({"exclusions": "<b>"}, "&lt;b&gt; is no range"),
        ({"zone": "a b"}, "Letters, digits"),
        ({"until": "death"}, "One of those offered."),
        ({"rate": "0"}, "A whole number from 1 to 20000."),
        ({"rate": "١٢"}, "A whole number from 1 to 20000."),
        ({"timeout_ms": "9" * 40}, "A whole number from 0 to 30000."),
        ({"snmp_port": "x"}, "A whole number from 1 to 65535."),
        ({"ports": "ssh=2222, telnet=23"}, "Services and ports such as"),
        ({"ports": "ssh"}, "Services and ports such as"),
        ({"ports": "ssh=65536"}, "Services and ports such as"),
        ({"schedule": "every day"}, "five fields are expected"),
        ({"to0": ""}, "A time such as 22:00"),
        ({"from0": "25:00"}, "A time such as 22:00"),
    ],
)
async def test_a_plan_that_is_wrong_says_so_beside_the_field_and_keeps_what_was_typed(
    empty_world: World, change: Mapping[str, str], says: str
) -> None:
    async with await empty_world.person("network_admin") as client:
        answer = await client.post("/sweeps/plans", data={**PLAN, **change})
        assert answer.status_code == 400
        (name,) = change
        beside = answer.text.partition(f'name="{name}"')[2].partition("</section>")[0]
        assert says in beside or says in answer.text.partition('class="wrong"')[2]
        assert 'aria-invalid="true"' in answer.text
        if "name" not in change:
            assert 'value="Head office"' in answer.text
        async with empty_world.store.read() as connection:
            assert await sweeps.plans(connection) == []


async def test_a_plan_shows_all_its_blackouts_and_room_for_one_more_and_saving_drops_none(empty_world: World) -> None:
    times = {f"{end}{at}": f"{at + (end == 'to'):02}:00" for at in range(7) for end in ("from", "to")}
    async with await empty_world.person("network_admin") as client:
        await client.post("/sweeps/plans", data={**PLAN, **times})
        async with empty_world.store.read() as connection:
            (plan,) = await sweeps.plans(connection)
        assert len(plan.settings["blackout"]) == 7
        page = await looked_at(client, f"/sweeps/plans/{plan.uid}")
        timed = [each.attributes for each in page.all("input") if each.attributes.get("type") == "time"]
        fields = {each["name"]: each.get("value", "") for each in timed}
        assert sorted(name for name in fields if name.startswith("from")) == [f"from{at}" for at in range(8)]
        await client.post(f"/sweeps/plans/{plan.uid}", data={**PLAN, **fields})
        async with empty_world.store.read() as connection:
            (after,) = await sweeps.plans(connection)
    assert [each["from"] for each in after.settings["blackout"]] == [each["from"] for each in plan.settings["blackout"]]


async def test_more_blackouts_than_a_plan_may_have_are_refused_and_kept_in_the_form(empty_world: World) -> None:
    times = {f"{end}{at}": "01:00" for at in range(51) for end in ("from", "to")}
    async with await empty_world.person("network_admin") as client:
        answer = await client.post("/sweeps/plans", data={**PLAN, **times})
    assert answer.status_code == 400
    assert 'name="from50"' in answer.text


async def test_a_name_is_taken_once(world: World, made: Swept) -> None:
    async with await world.person("network_admin") as client:
        answer = await client.post("/sweeps/plans", data={**PLAN, "name": "Campus"})
    assert (answer.status_code, "This name is taken." in answer.text) == (400, True)


async def test_ports_of_services_are_typed_as_one_line_and_come_back_so(empty_world: World) -> None:
    async with await empty_world.person("network_admin") as client:
        await client.post("/sweeps/plans", data={**PLAN, "ports": "ssh = 2222，redfish=8443"})
        async with empty_world.store.read() as connection:
            (plan,) = await sweeps.plans(connection)
        assert plan.settings["ports"] == {"ssh": 2222, "redfish": 8443}
        assert 'value="ssh=2222, redfish=8443"' in (await client.get(f"/sweeps/plans/{plan.uid}")).text
