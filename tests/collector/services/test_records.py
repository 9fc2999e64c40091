"""Hand entry: what people say of a CI is a source like any other, in their classes, and held against approvals."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from collector.pipeline import entering
from collector.record import FIELDS, SECTION, BadValue, Word, checked
from collector.services.missing import NotFound
from collector.services.records import NotTheirs, Recorder, standing
from collector.services.refused import Refused
from collector.store import schema
from collector.store.engine import Store
from tests.acts import act
from tests.collector.test_pipeline import World
from tests.collector.test_targets import PROBE, SWITCH, found
from tests.simulated import SimulatedHost
from wire import codec
from wire.observation import Observation, Section, Status, state_hash
from wire.sections import canonical, digest

ADMIN = ("config_admin:*",)


@pytest.fixture
async def world(store: Store) -> World:
    """A host with its agent, arrived and governed."""
    world = World(store)
    await world.enrol(PROBE)
    await world.tell(PROBE, SimulatedHost(1))
    return world


async def host(world: World) -> Any:
    (row,) = await world.rows(schema.ci, schema.ci.c.ci_class == "server")
    return row


async def write(world: World, by: str = "ada", roles: tuple[str, ...] = ADMIN, uid: str = "", **said: Any) -> list[Any]:
    """Let `by` write the host's record a minute later; return what was told."""
    world.now += 60_000
    recorder = Recorder(partial(entering.enter, policies=world.runner.policies))
    async with world.store.write() as tx:
        doing = act(tx, by, world.now)
        await recorder.write(doing, roles, uid or (await host(world)).uid, said)
    return [json.loads(each.details) for each in doing.told]


async def record(world: World) -> dict[str, str]:
    async with world.store.read() as connection:
        return await standing(connection, (await host(world)).id)


async def lane(world: World, table: Any, key: str) -> list[tuple[str, str | None]]:
    """Return the open intervals of a value of the record: source and value."""
    joined = table.join(schema.path).join(schema.source, schema.source.c.id == table.c.source_id).outerjoin(schema.val)
    wanted = joined.select().where(schema.path.c.section == SECTION, schema.path.c.key == key)
    async with world.store.read() as reader:
        rows = await reader.execute(wanted.where(table.c.vt > world.now, table.c.tt > world.now))
        return sorted((row.code, row.text) for row in rows)


async def test_what_a_person_says_is_their_claim_and_the_fact(world: World) -> None:
    assert await write(world, owner=" 李  伟 ", place="A07-U12") == [
        {"before": {}, "after": {"owner": "李 伟", "place": "A07-U12"}}
    ]
    assert await record(world) == {"owner": "李 伟", "place": "A07-U12"}
    assert await lane(world, schema.claim, "owner") == [("hand/ada", '"李 伟"')]
    assert await lane(world, schema.fact, "owner") == [("hand/ada", '"李 伟"')]


async def test_of_two_people_the_later_word_counts_field_by_field(world: World) -> None:
    await write(world, "ada", owner="one", place="here")
    await write(world, "bob", owner="two")
    await write(world, "ada", purpose="mail")
    assert await record(world) == {"owner": "two", "place": "here", "purpose": "mail"}
    assert await lane(world, schema.claim, "owner") == [("hand/bob", '"two"')], "ada's word was replaced"
    await write(world, "ada", owner="one")
    assert await record(world) == {"owner": "one", "place": "here", "purpose": "mail"}


async def test_a_value_is_taken_back_with_nothing_in_its_place(world: World) -> None:
    await write(world, owner="one", place="here")
    assert await write(world, "bob", owner=None) == [{"before": {"owner": "one"}, "after": {}}]
    assert await record(world) == {"place": "here"}
    assert await lane(world, schema.fact, "owner") == []


async def test_saying_the_same_again_is_no_act(world: World) -> None:
    await write(world, owner="one")
    assert await write(world, owner="one") == []
    assert await write(world, "bob", owner="one") == []


async def test_the_first_word_is_an_arrival_and_the_next_one_needs_an_approval(world: World) -> None:
    await write(world, owner="one", note="new")
    assert await world.rows(schema.finding) == []
    await write(world, "ada", note="just a remark")
    assert await world.rows(schema.finding) == []
    await write(world, "bob", owner="two")
    (finding,) = await world.rows(schema.finding)
    items = await world.rows(schema.finding_item)
    assert (finding.ci_id, len(items)) == ((await host(world)).id, 1), "one finding of one value, whoever said it"
    assert (await world.rows(schema.incident))[0].kind == "unapproved_change"


async def test_a_name_that_people_gave_stays_when_the_host_is_seen_again(world: World) -> None:
    await write(world, name="核心数据库 01", label="LB-0001")
    assert ((await host(world)).name, (await host(world)).label) == ("核心数据库 01", "LB-0001")
    seen = SimulatedHost(1)
    seen.bodies["os"]["hostname"] = "renamed"
    await world.tell(PROBE, seen)
    assert (await host(world)).name == "核心数据库 01"
    await write(world, label=None, name=None)
    assert (await host(world)).label is None


async def test_a_label_is_given_once(world: World) -> None:
    await world.say(PROBE, found("192.0.2.1", SWITCH, world.now))
    (switch,) = await world.rows(schema.ci, schema.ci.c.name == "access-01")
    await write(world, label="LB-0001")
    with pytest.raises(Refused, match="another CI carries this label") as refused:
        await write(world, uid=switch.uid, label="LB-0001")
    assert refused.value.field == "label"
    assert await write(world, label="LB-0001", owner="x"), "one's own label is no other's"


async def test_only_the_classes_one_administers_are_written(world: World) -> None:
    with pytest.raises(NotTheirs, match="config_admin:server"):
        await write(world, roles=("viewer", "config_admin:network"), owner="x")
    await write(world, roles=("config_admin:pc,server",), owner="x")
    with pytest.raises(NotFound):
        await write(world, uid="gone", owner="x")


async def test_what_is_retired_is_no_longer_written(world: World) -> None:
    async with world.store.write() as tx:
        await tx.execute(schema.ci.update().values(state="retired"))
    with pytest.raises(Refused, match="no longer written"):
        await write(world, owner="x")


async def test_people_rank_before_a_device_only_in_what_is_administrative(world: World) -> None:
    told = {**SWITCH, "location": "written into the device"}
    await world.say(PROBE, found("192.0.2.1", told, world.now))
    (switch,) = await world.rows(schema.ci, schema.ci.c.name == "access-01")
    words = [Word(switch.id, {"device": {"location": "A07", "model": "typed", "asset_tag": "AT-1"}})]
    async with world.store.write() as tx:
        await entering.enter(tx, "import/list", words, world.now + 1, world.runner.policies)
    await world.say(PROBE, found("192.0.2.1", told | {"location": "moved by SNMP"}, world.now))
    joined = schema.fact.join(schema.path).join(schema.val)
    wanted = joined.select().where(schema.fact.c.ci_id == switch.id, schema.fact.c.vt > world.now * 2)
    async with world.store.read() as reader:
        facts = {row.key: json.loads(row.text) for row in await reader.execute(wanted)}
    assert (facts["location"], facts["model"], facts["asset_tag"]) == ("A07", SWITCH["model"], "AT-1")


async def test_a_list_that_loses_to_a_person_moves_nothing_and_is_no_finding(world: World) -> None:
    await write(world, owner="one")
    ci = await host(world)
    for owner in ("listed", "listed otherwise"):
        world.now += 60_000
        async with world.store.write() as tx:
            words = [Word(ci.id, {SECTION: {"owner": owner, "department": "IT"}})]
            await entering.enter(tx, "import/list", words, world.now, world.runner.policies)
    assert await record(world) == {"owner": "one", "department": "IT"}
    assert [code for code, _ in await lane(world, schema.claim, "owner")] == ["hand/ada", "import/list"]
    assert {item.path_id for item in await world.rows(schema.finding_item)} == {
        row.id for row in await world.rows(schema.path, schema.path.c.key == "department")
    }, "a department nobody had approved"


async def test_no_agent_can_say_who_owns_its_machine(world: World) -> None:
    encoded = canonical({"owner": "mallory"})
    section = Section(SECTION, Status.OK, True, digest(encoded), encoded)
    said = Observation(world.now, "0.1.0", "boot", state_hash((section,)), (section,))
    await world.say(PROBE, codec.encode_observation(said))
    assert await record(world) == {}
    assert await world.rows(schema.path, schema.path.c.section == SECTION) == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"king": "x"}, "unknown"),
        ({"owner": 7}, "text"),
        ({"owner": "x" * 101}, "long"),
        ({"place": "a\x1b[31m"}, "line"),
        ({"environment": "prod"}, "choice"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_field(said: dict[str, object], code: str) -> None:
    with pytest.raises(BadValue) as bad:
        checked(said)
    assert (bad.value.field, bad.value.code) == (next(iter(said)), code)


def test_blanks_are_single_and_an_empty_text_is_taken_back() -> None:
    assert checked({"owner": " a \n b ", "place": "  ", "note": None}) == {"owner": "a b", "place": None, "note": None}
    assert set(FIELDS) >= {"name", "owner", "place", "purpose", "label", "contact"}
