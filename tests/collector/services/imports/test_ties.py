"""Relations by a list: said of CIs by what people call them, each line with what comes of it, and taken back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from collector.model import FOREVER
from collector.services.imports import AT_ONCE, Report
from collector.store import schema
from collector.store.engine import Store
from collector.web.catalogue import entries
from tests.collector.services.imports.lists import as_csv, as_json, as_xlsx, as_xml
from tests.collector.services.imports.test_taking import take, told
from tests.collector.test_pipeline import World
from tests.collector.test_relations import SERVER, UPS, relating
from tests.collector.test_targets import found

HEAD = ["from", "relation", "to"]
DEVICES = ["type", "name", "label", "serial", "asset number"]
ROWS = [
    ["pc_server", "web-1", "LB-1", "SRV-000-1", "ZC-1"], ["pc_server", "web-2", "LB-2", "SRV-000-2", "ZC-2"],
    ["ups", "ups-a", "LB-3", "UPS-000-3", "ZC-3"], ["rack", "A07", "LB-4", "", "ZC-4"],
]  # fmt: skip


@pytest.fixture
async def world(sqlite_store: Store) -> World:
    return await stocked(sqlite_store)


@pytest.fixture
async def either(store: Store) -> World:
    """The same on each engine."""
    return await stocked(store)


async def stocked(store: Store) -> World:
    """Return two servers, a UPS and a rack, as a list has brought them."""
    world = World(store)
    await world.enrol(1)
    assert (await take(world, as_csv(ROWS, DEVICES), name="devices")).applied
    return world


async def tie(world: World, *rows: Sequence[str], **how: Any) -> Report:
    return await take(world, as_csv(rows, HEAD), **how)


async def holding(world: World) -> list[tuple[str, str, str, str]]:
    """Return a, kind, b and the source of every relation that holds."""
    names = {row.id: row.name for row in await world.rows(schema.ci)}
    codes = {row.id: row.code for row in await world.rows(schema.source)}
    rows = await world.rows(schema.relation, schema.relation.c.vt == FOREVER)
    return sorted((names[row.a], row.kind, names[row.b], codes[row.source_id]) for row in rows)


async def uid(world: World, name: str) -> str:
    (row,) = await world.rows(schema.ci, schema.ci.c.name == name)
    return str(row.uid)


def why(report: Report) -> list[tuple[str, str]]:
    return [(line.why, line.field) for line in sorted(report.lines, key=lambda line: line.number)]


@pytest.mark.parametrize("write", [as_csv, as_json, as_xml, as_xlsx])
async def test_a_relation_names_its_ends_by_name_label_serial_asset_number_or_id(world: World, write: Any) -> None:
    rows = [
        ["web-1", "powered_by", "UPS-000-3"], ["LB-2", "供电来自", "ZC-3"],
        [await uid(world, "web-1"), "Located in", "A07"],
    ]  # fmt: skip
    report = await take(world, write(rows, ["源配置项", "关系", "目标配置项"]), name="power")
    assert (report.applied, dict(report.counts)) == (True, {"made": 3})
    assert [(line.name, line.relation, line.to_name) for line in report.lines] == [
        ("web-1", "powered_by", "ups-a"), ("web-2", "powered_by", "ups-a"), ("web-1", "located_in", "A07"),
    ]  # fmt: skip
    assert await holding(world) == [
        ("web-1", "located_in", "A07", "import/power"), ("web-1", "powered_by", "ups-a", "import/power"),
        ("web-2", "powered_by", "ups-a", "import/power"),
    ]  # fmt: skip
    act = (await world.rows(schema.audit))[-1]
    assert (act.actor, act.action, act.object) == ("ada", "import.apply", "import/power")
    assert {"rows": 3, "made": 3}.items() <= json.loads(act.details)["after"].items()


async def test_a_dry_run_tells_the_same_and_no_relation_holds(world: World) -> None:
    dry = await tie(world, ["web-1", "powered_by", "ups-a"], dry=True)
    assert (told(dry), dry.applied, await holding(world)) == ([(2, "made", "")], False, [])
    assert await world.rows(schema.source, schema.source.c.code == "import/list") == []


async def test_a_list_may_bring_devices_and_then_their_relations_wherever_they_stand(world: World) -> None:
    rows = [{"from": "db-1", "relation": "depends_on", "to": "db-2"}]
    rows += [{"type": "pc_server", "name": name, "label": name} for name in ("db-1", "db-2")]
    report = await take(world, json.dumps(rows).encode())
    assert (report.applied, told(report)) == (True, [(1, "made", ""), (2, "made", ""), (3, "made", "")])
    assert await holding(world) == [("db-1", "depends_on", "db-2", "import/list")]


async def test_a_relation_that_holds_already_by_anybodys_word_is_no_news(either: World) -> None:
    await either.say(1, found("192.0.2.1", SERVER | {"name": "db2", "serial": "SRV0002"}, either.now))
    fed = [{"outlet": "", "name": "db2"}]
    await either.say(1, found("192.0.2.9", UPS | {"serial": "AS0001", "name": "ups-b"}, either.now, attached=fed))
    await relating(either).step()
    rows = [["web-1", "powered_by", "ups-a"], ["web-1", "ha_peer", "web-2"]]
    await tie(either, *rows)
    before = await holding(either)
    again = await tie(either, *rows, ["web-2", "ha_peer", "web-1"], ["db2", "powered_by", "ups-b"], rows[0])
    assert (dict(again.counts), await holding(either)) == ({"same": 5}, before)
    assert [each for each in before if each[0] == "db2"] == [("db2", "powered_by", "ups-b", "snmp//192.0.2.9")]


async def test_what_a_list_says_outlasts_what_devices_tell(world: World) -> None:
    await tie(world, ["web-1", "powered_by", "ups-a"])
    assert await relating(world).step() == 0
    assert len(await holding(world)) == 1


async def test_lines_that_cannot_be_say_why_and_nothing_is_taken(world: World) -> None:
    async with world.store.write() as tx:
        await tx.execute(schema.ci.update().where(schema.ci.c.name == "A07").values(state="retired"))
    report = await tie(
        world,
        ["web-1", "powered_by", "ups-a"], ["ups-a", "powered_by", "web-1"], ["web-1", "powered_by", "nowhere"],
        ["web-1", "likes", "ups-a"], ["web-1", "powered_by", ""], ["", "powered_by", "ups-a"], ["web-1", "", "ups-a"],
        ["web-1", "powered_by", "LB-1"], ["web-1", "located_in", "A07"], ["x" * 201, "powered_by", "ups-a"],
        ["a\x07b", "powered_by", "ups-a"],
    )  # fmt: skip
    assert why(report) == [
        ("", ""), ("reversed", ""), ("unknown", "to"), ("relation", "relation"), ("missing", "to"),
        ("missing", "from"), ("missing", "relation"), ("itself", "to"), ("closed", "to"), ("long", "from"),
        ("line", "from"),
    ]  # fmt: skip
    assert (report.applied, await holding(world)) == (False, [])
    words = {each for each, _ in why(report)} - {""} | {"both", "ambiguous", "observed", "device"}
    assert not [each for each in words if f"import_why.{each}" not in entries("zh-CN")]


async def test_a_line_that_is_a_device_and_a_relation_is_neither(world: World) -> None:
    report = await take(world, as_csv([["web-1", "powered_by", "ups-a", "LB-9"]], [*HEAD, "label"]))
    assert why(report) == [("both", "label")]


async def test_what_leads_to_two_is_refused_with_the_names_of_both(either: World) -> None:
    await take(either, as_csv([["pc_server", "web-1", "ZC-2", "SRV-000-9", ""]], DEVICES), name="more")
    report = await tie(
        either, ["web-1", "powered_by", "ups-a"], ["web-2", "powered_by", "ups-a"], ["ups-a", "runs_on", "ZC-2"]
    )
    ones, _, numbers = sorted(report.lines, key=lambda line: line.number)
    assert why(report) == [("ambiguous", "from"), ("", ""), ("ambiguous", "to")]
    uids = [
        row.uid for row in sorted(await either.rows(schema.ci, schema.ci.c.name == "web-1"), key=lambda row: row.id)
    ]
    assert ones.detail == f"web-1 = {uids[0]}, web-1 = {uids[1]}"
    assert await uid(either, "web-2") in numbers.detail, "an asset number that is another one's label"
    assert (await tie(either, [uids[0], "powered_by", "ups-a"])).applied


async def test_only_who_administers_the_class_of_the_first_says_it(world: World) -> None:
    report = await tie(world, ["ups-a", "located_in", "A07"], ["web-1", "located_in", "A07"],
                       roles=("config_admin:environment",))  # fmt: skip
    assert [(line.outcome, line.why, line.detail) for line in sorted(report.lines, key=lambda line: line.number)] == [
        ("made", "", ""), ("refused", "class", "server"),
    ]  # fmt: skip


async def test_what_a_spreadsheet_would_run_is_a_name(world: World) -> None:
    await take(world, as_csv([["pc_server", "'=1+1", "LB-9", "", ""]], DEVICES), name="more")
    await tie(world, ["'=1+1", "powered_by", "ups-a"])
    assert [each[0] for each in await holding(world)] == ["=1+1"]


async def test_the_relations_of_a_list_are_taken_back_and_no_others(either: World) -> None:
    rows = [["web-1", "powered_by", "ups-a"], ["web-2", "powered_by", "ups-a"]]
    await tie(either, *rows)
    dry = await tie(either, rows[0], back=True, dry=True)
    assert (dry.applied, len(await holding(either))) == (False, 2)
    back = await tie(either, rows[0], rows[0], back=True)
    assert (back.applied, told(back)) == (True, [(2, "ended", ""), (3, "same", "")])
    assert [each[0] for each in await holding(either)] == ["web-2"]
    act = (await either.rows(schema.audit))[-1]
    assert (act.action, act.object) == ("import.take_back", "import/list")
    assert {"ended": 1, "same": 1}.items() <= json.loads(act.details)["before"].items()
    assert dict((await tie(either, rows[0], back=True)).counts) == {"same": 1}
    assert dict((await tie(either, rows[0])).counts) == {"made": 1}


async def test_neither_devices_nor_what_devices_say_is_taken_back(world: World) -> None:
    await world.say(1, found("192.0.2.1", SERVER | {"name": "db2", "serial": "SRV0002"}, world.now))
    fed = [{"outlet": "", "name": "db2"}]
    await world.say(1, found("192.0.2.9", UPS | {"serial": "AS0001", "name": "ups-b"}, world.now, attached=fed))
    await relating(world).step()
    report = await tie(world, ["db2", "powered_by", "ups-b"], back=True)
    (line,) = report.lines
    assert (line.why, line.detail, report.applied) == ("observed", "snmp//192.0.2.9", False)
    assert why(await take(world, as_csv(ROWS[:1], DEVICES), back=True)) == [("device", "")]
    assert len(await world.rows(schema.ci, schema.ci.c.name == "web-1")) == 1


async def test_a_list_of_many_pieces_is_taken_whole(either: World) -> None:
    count = AT_ONCE + 7
    kept = {"ci_class": "pc", "ci_type": "desktop", "state": "active", "created_at": 0}
    async with either.store.write() as tx:
        await tx.execute(schema.ci.insert(), [{"uid": f"u{at}", "name": f"pc-{at}", **kept} for at in range(count)])
    rows = [["A07", "contains", f"pc-{at}"] for at in range(count)]
    assert dict((await tie(either, *rows, ["pc-0", "contains", "A07"])).counts) == {"made": count, "refused": 1}
    assert dict((await tie(either, *rows)).counts) == {"made": count}
    assert dict((await tie(either, *rows, back=True)).counts) == {"ended": count}
    assert await holding(either) == []
