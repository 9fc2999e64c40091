"""Lists of devices: what would come of each line, and then all of it or nothing."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
import yaml

from collector.config import shipped_rules
from collector.pipeline import entering, listing, tying
from collector.record import ENVIRONMENTS
from collector.relations import KINDS
from collector.security.audit import Actor, acting
from collector.services.imports import BadTable, Importer, Line, Report
from collector.services.imports.columns import load
from collector.services.refused import Refused
from collector.store import schema
from collector.store.engine import Store
from collector.web.catalogue import entries
from tests.collector.services.imports.lists import HEAD, ROWS, as_csv, as_json, as_xlsx, as_xml
from tests.collector.test_pipeline import World
from tests.collector.test_targets import PROBE, SWITCH, found

ADMIN = ("config_admin:*",)


@pytest.fixture
async def world(store: Store) -> World:
    made = World(store)
    await made.enrol(PROBE)
    return made


async def take(
    world: World,
    content: bytes,
    roles: Sequence[str] = ADMIN,
    dry: bool = False,
    name: str = "list",
    back: bool = False,
) -> Report:
    """Send a list as an administrator does, a minute later; `back`: to take back its relations."""
    world.now += 60_000
    policies = world.runner.policies
    importer = Importer(
        policies.columns, partial(listing.settle, policies=policies), partial(entering.enter, policies=policies),
        partial(tying.say, policies=policies),
    )  # fmt: skip
    async with acting(world.store, Actor("ada", "test"), lambda: world.now) as act:
        return await (importer.take_back if back else importer.take)(act, roles, name, io.BytesIO(content), dry)


def told(report: Report) -> list[tuple[int, str, str]]:
    return [(line.number, line.outcome, line.why) for line in sorted(report.lines, key=lambda line: line.number)]


async def cis(world: World) -> dict[str, Any]:
    return {row.name: row for row in await world.rows(schema.ci)}


async def facts(world: World, ci_id: int) -> dict[str, Any]:
    joined = schema.fact.join(schema.path).join(schema.val)
    wanted = joined.select().where(schema.fact.c.ci_id == ci_id, schema.fact.c.vt > world.now * 2)
    async with world.store.read() as reader:
        return {f"{row.section}.{row.key}": json.loads(row.text) for row in await reader.execute(wanted)}


@pytest.mark.parametrize("write", [as_csv, as_json, as_xml, as_xlsx])
async def test_devices_nobody_knows_stand_as_proposed_with_what_the_list_says(world: World, write: Any) -> None:
    report = await take(world, write())
    assert (report.applied, dict(report.counts)) == (True, {"made": 2})
    switch = (await cis(world))["接入交换机 1"]
    assert (switch.state, switch.ci_class, switch.ci_type, switch.label) == ("proposed", "network", "switch", "LB-0001")
    assert await facts(world, switch.id) == {
        "device.vendor": "Huawei", "device.model": "S5731", "device.serial": "2102353TESR0001",
        "record.name": "接入交换机 1", "record.label": "LB-0001", "record.owner": "李伟", "record.place": "A07-U12",
    }  # fmt: skip
    (act,) = await world.rows(schema.audit)
    assert (act.actor, act.action, act.object) == ("ada", "import.apply", "import/list")
    assert {"rows": 2, "made": 2}.items() <= json.loads(act.details)["after"].items()


async def test_a_dry_run_tells_the_same_and_leaves_nothing(world: World) -> None:
    dry = await take(world, as_csv(), dry=True)
    assert (dry.applied, await cis(world), await world.rows(schema.audit)) == (False, {}, [])
    assert await world.rows(schema.source, schema.source.c.kind == "import") == []
    real = await take(world, as_csv())
    assert told(dry) == told(real) == [(2, "made", ""), (3, "made", "")]
    assert dry.columns["责任人"] == "owner"


async def test_one_refused_line_stops_the_whole_list(world: World) -> None:
    report = await take(world, as_csv([*ROWS, ["宇宙飞船", "Enterprise", "LB-3", "", "", "", "", ""]]))
    assert told(report) == [(2, "made", ""), (3, "made", ""), (4, "refused", "kind")]
    assert (report.applied, await cis(world), await world.rows(schema.audit)) == (False, {}, [])


async def test_the_same_list_again_changes_nothing_and_a_corrected_one_only_what_differs(world: World) -> None:
    await take(world, as_csv())
    assert dict((await take(world, as_csv())).counts) == {"same": 2}
    moved = [[*ROWS[0][:6], "张强", "A08-U01"], ROWS[1]]
    report = await take(world, as_csv(moved))
    assert [(line.outcome, line.fields) for line in report.lines] == [("changed", ("owner", "place")), ("same", ())]


async def test_a_listed_device_is_the_one_a_sweep_finds_and_what_is_observed_goes_before(world: World) -> None:
    await take(world, as_csv([["交换机", "listed", "LB-1", SWITCH["serial"], "Huawei", "typed by hand", "", ""]]))
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now))
    (switch,) = [row for row in (await cis(world)).values() if row.ci_type == "switch"]
    assert (switch.name, switch.label) == ("listed", "LB-1"), "one CI, by its serial; its name is what people call it"
    assert (await facts(world, switch.id))["device.model"] == SWITCH["model"]
    again = await take(world, as_csv([["交换机", "listed", "LB-1", SWITCH["serial"], "Huawei", "another", "", ""]]))
    assert [(line.outcome, line.fields) for line in again.lines] == [("same", ())], "what loses moves nothing"


async def test_a_swept_device_is_found_by_its_serial_and_only_its_record_is_written(world: World) -> None:
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now))
    report = await take(world, as_csv([["", "", "LB-1", SWITCH["serial"], "Huawei", "", "李伟", ""]]))
    assert [(line.outcome, line.fields) for line in report.lines] == [("changed", ("label", "owner"))]
    assert len(await cis(world)) == 1


async def test_lines_that_cannot_be_taken_say_why(world: World) -> None:
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now))
    (switch,) = (await cis(world)).values()
    async with world.store.write() as tx:
        await tx.execute(schema.ci.update().values(label="LB-TAKEN"))
    head = ["id", "type", "class", "name", "label", "serial", "vendor", "owner"]
    lines = [
        ["", "", "", "", "", "", "", "nobody knows of what"],
        ["", "switch", "", "x" * 201, "", "", "", ""],
        ["", "switch", "", "a\x07b", "", "", "", ""],
        ["", "switch", "server", "classes that differ", "", "", "", ""],
        ["", "", "", "no type", "", "", "", ""],
        ["gone", "", "", "", "", "", "", "x"],
        ["", "router", "", "", "", SWITCH["serial"], "Huawei", "x"],
        ["", "printer", "", "", "", SWITCH["serial"], "Huawei", "x"],
        ["", "pc_server", "", "twice", "LB-9", "", "", ""],
        ["", "pc_server", "", "twice too", "LB-9", "", "", ""],
        [switch.uid, "", "", "", "", "", "", "ok"],
        [switch.uid, "", "", "", "", "", "", "once more"],
    ]
    report = await take(world, as_csv(lines, head))
    assert [(line.why, line.field) for line in sorted(report.lines, key=lambda line: line.number)] == [
        ("nothing", ""), ("long", "name"), ("line", "name"), ("kind", "type"), ("untyped", "type"), ("id", "id"),
        ("kind_differs", "type"), ("doubt", ""), ("", ""), ("twice", "label"), ("", ""), ("twice", ""),
    ]  # fmt: skip
    for word in ("why", "outcome"):
        family = {"why": "import_why", "outcome": "import_outcome"}[word]
        words = {getattr(line, word) for line in report.lines} - {""}
        assert not [each for each in words if f"{family}.{each}" not in entries("en")]


async def test_a_label_and_a_serial_that_name_two_cis_are_a_doubt(world: World) -> None:
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now))
    await take(
        world, as_csv([["switch", "other", "LB-2", "SN-00004711", "Huawei", "", "", ""]], [*HEAD[:4], *HEAD[4:]])
    )
    report = await take(world, as_csv([["switch", "other", "LB-2", SWITCH["serial"], "Huawei", "", "", ""]]))
    assert told(report) == [(2, "refused", "doubt")]


async def test_only_the_classes_one_administers_are_taken(world: World) -> None:
    report = await take(world, as_csv(), roles=("config_admin:network,security",))
    assert told(report) == [(2, "made", ""), (3, "refused", "class")]
    assert await cis(world) == {}
    assert (await take(world, as_csv(ROWS[:1]), roles=("config_admin:network",))).applied


async def test_what_a_spreadsheet_would_run_is_a_text_and_comes_back_as_it_was(world: World) -> None:
    await take(world, as_csv([["switch", "'=cmd|'/c calc'!A0", "LB-1", "", "", "", "+86 10", ""]]))
    (ci,) = (await cis(world)).values()
    assert ci.name == "=cmd|'/c calc'!A0"
    assert (await facts(world, ci.id))["record.owner"] == "+86 10"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"colour,size\r\nred,1\r\n", "no heading is known"),
        ("name,名称\r\na,b\r\n".encode(), "two columns mean the same"),
        (b'name\r\n"open\r\n', "unexpected end"),
    ],
)
async def test_a_list_that_cannot_be_read_is_refused_as_a_whole(world: World, content: bytes, why: str) -> None:
    with pytest.raises(BadTable, match=why):
        await take(world, content)
    assert await cis(world) == {}


@pytest.mark.parametrize("name", ["", "a/b", "x" * 61, "a\nb"])
async def test_a_list_has_a_name_that_can_be_a_source(world: World, name: str) -> None:
    with pytest.raises(Refused):
        await take(world, as_csv(), name=name)


async def test_a_list_without_rows_is_no_act(world: World) -> None:
    report = await take(world, as_csv([]))
    assert (report.rows, report.applied) == (0, False)


def test_the_words_of_lists_are_those_of_the_pages_in_chinese() -> None:
    table = yaml.safe_load((shipped_rules() / "columns.yaml").read_text(encoding="utf-8"))
    zh = entries("zh-CN")
    assert table["classes"] == {code: zh[f"class.{code}"] for code in table["classes"]}
    assert table["types"] == {code: zh[f"type.{code}"] for code in table["types"]}
    assert table["relations"] == {code: zh[f"relation.{code}"] for code in KINDS}
    assert table["environments"] == {code: zh[f"environment.{code}"] for code in ENVIRONMENTS}
    columns = load(shipped_rules() / "columns.yaml")
    assert columns.relation_of("供电来自") == columns.relation_of("Powered by") == "powered_by"
    assert set(columns.types.values()) == {
        key.removeprefix("type.") for key in zh if re.match(r"type\.(?!unknown)", key)
    }
    assert set(table["columns"]) == {key.removeprefix("list_field.") for key in zh if key.startswith("list_field.")}
    assert columns.type_of("网络设备", " 交换机 ") == columns.type_of("", "SWITCH") == ("network", "switch")
    assert columns.type_of("服务器", "交换机") is columns.type_of("", "spaceship") is None


def test_a_line_says_what_it_is_about() -> None:
    assert Line(7, "refused", "sw", why="twice").fields == ()


async def test_a_line_with_more_cells_than_headings_is_refused_on_its_line(world: World) -> None:
    report = await take(world, as_csv([ROWS[0], [*ROWS[1], "what", "is this"]]))
    assert told(report) == [(2, "made", ""), (3, "refused", "wide")]
    assert report.lines[-1].detail == f"{len(HEAD) + 2} > {len(HEAD)}"
    assert report.ignored == ()
    tie = await take(world, b"from,relation,to\r\na,powered_by,b,c\r\n", name="ties")
    back = await take(world, b"from,relation,to\r\na,powered_by,b,c\r\n", name="ties", back=True)
    empty = await take(world, b"name,owner\r\n,,c\r\n")
    assert [told(each) for each in (tie, back, empty)] == [[(2, "refused", "wide")]] * 3


async def test_a_label_does_not_outdo_the_serial_of_its_ci(world: World) -> None:
    line = ["交换机", "core", "LB-1", SWITCH["serial"], "Huawei", "", "", ""]
    await take(world, as_csv([line]))
    before = await world.rows(schema.identifier)
    other = await take(world, as_csv([[*line[:3], "2102353TESR0099", *line[4:]]]))
    assert told(other) == [(2, "refused", "doubt")]
    assert "2102353TESR0099" in other.lines[0].detail
    assert await world.rows(schema.identifier) == before
    spelt = await take(world, as_csv([[*line[:4], "菊厂", *line[5:]]]))
    assert [each.outcome for each in spelt.lines] == ["changed"], "another spelling of its maker is no other serial"
