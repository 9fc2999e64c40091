"""A stock-take from opening to closing, on both engines."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from collector.change.flow import Step
from collector.change.record import State
from collector.pipeline import entering, policies
from collector.security.audit import Act
from collector.services.changes import sights
from collector.services.changes.desk import Desk, actor_of
from collector.services.missing import NotFound
from collector.services.records import Recorder
from collector.services.refused import Refused
from collector.services.stocktaking import closing, counting, evidence, opening, seen
from collector.services.stocktaking.closing import Closing
from collector.services.stocktaking.counting import Said
from collector.services.stocktaking.evidence import Showing
from collector.services.wiring import Wiring
from collector.store import accounts, changes, schema
from collector.store.browse.page import Window
from collector.store.browse.stocktakes import StocktakeQuery
from collector.store.engine import Store
from tests.acts import act
from tests.collector.inspecting.hall import JPEG
from tests.collector.inspecting.test_drawing import PLAIN
from tests.collector.test_pipeline import RULES
from tests.estate import HOUR, NOW, Estate, Seeded
from tests.people import shipped_closer

DESK = Desk(sights.evidence)


@dataclass
class Room:
    """Three servers in a room, one elsewhere, one switch; ada and bob count."""

    store: Store
    cis: dict[str, Seeded]
    number: str = ""
    at: int = NOW
    keys: int = 0

    async def doing(self, by: str, do: Any) -> tuple[Any, list[Any]]:
        """Let `by` act a minute later; return what came of it and what was told."""
        self.at += 60_000
        async with self.store.write() as tx:
            acting: Act = act(tx, by, self.at)
            done = await do(acting)
        return done, [(each.action, json.loads(each.details)) for each in acting.told]

    async def open(self, by: str = "ada", **asked: Any) -> str:
        said: dict[str, Any] = {"kind": "round", "title": "机房A 月度巡检", "people": ("ada", "bob"), "place": "机房A"}
        asked = said | asked
        self.number, _ = await self.doing(by, lambda a: opening.open_(a, Wiring(), opening.Asked(**asked)))
        return self.number

    async def say(self, by: str, **said: Any) -> counting.Taken:
        self.keys += 1
        told = Said(**({"key": f"k{self.keys}"} | said))
        taken, _ = await self.doing(by, lambda a: counting.say(a, self.number, told))
        return taken  # type: ignore[no-any-return]

    async def close(self, by: str = "ada", rest: bool = False, drawn: bytes = b"") -> list[Any]:
        how = Closing(rest, "done", drawn)
        _, told = await self.doing(by, lambda a: closing.close(a, shipped_closer(), self.number, how))
        return told

    async def seen(self) -> seen.Seen:
        async with self.store.read() as connection:
            return await seen.one(connection, self.number)

    async def states(self) -> dict[str, str]:
        return {row.line.thing.name: row.state for row in (await self.seen()).result.rows}


@pytest.fixture
async def room(store: Store) -> Room:
    cis = {}
    async with store.write() as tx:
        for name in ("ada", "bob"):
            await accounts.add(tx, name, ("config_admin:*",), NOW)
        await accounts.add(tx, "eve", ("viewer",), NOW)
        estate = Estate(tx)
        for number, (name, place) in enumerate(
            [("srv-1", "机房A/1排/01"), ("srv-2", "机房A/1排/02"), ("srv-3", "机房A/2排/01"), ("srv-9", "机房B")], 1
        ):
            cis[name] = await estate.host(name, label=f"A-{number:04d}")
            await estate.say(cis[name], "record", {"place": place, "owner": "王芳"})
        await estate.identify(cis["srv-2"], "serial", "CN7475151K0021")
        cis["lab"] = await estate.host("lab", environment="test")
        await estate.say(cis["lab"], "record", {"place": "机房A"})
    return Room(store, cis)


async def test_a_round_is_walked_by_two_people_and_closed(room: Room) -> None:
    number = await room.open()
    assert (number, set(await room.states())) == ("ST-000001", {"srv-1", "srv-2", "srv-3"})
    link = f"https://muster.example/cis/{room.cis['srv-1'].uid}#A-0001"
    assert (await room.say("ada", text=link, place="机房A")).mark.outcome == "confirmed"
    assert (await room.say("bob", text="cn7475151k0021", place="机房C")).mark.outcome == "moved"
    assert (await room.say("bob", text="A-0004", place="机房A")).mark.outcome == "found"
    assert (await room.say("bob", text="mystery box", place="机房A")).mark.thing is None
    with pytest.raises(Refused, match="nothing was said yet of 1") as refused:
        await room.close()
    assert refused.value.field == "rest"
    told = await room.close(rest=True)
    assert [action for action, _ in told] == ["stocktake.close"]
    led = told[0][1]["after"].pop("led_to")
    assert (led[room.cis["srv-3"].uid], led["mystery box"][:3]) == ("INC-000001", "ci/")
    assert told[0][1]["after"] | {"digest": ""} == {
        "open": 0, "confirmed": 1, "moved": 1, "damaged": 0, "missing": 1, "found": 2, "digest": "",
    }  # fmt: skip
    whole = await room.seen()
    assert whole.is_intact
    assert [mark.thing and mark.thing.name for mark in whole.result.found] == ["srv-9", None]
    assert {row.mark.who for row in whole.result.rows if row.mark} == {"ada", "bob"}
    assert {row.line.last_seen for row in whole.result.rows} == {NOW - 20_000}


async def test_a_closed_one_takes_no_word_and_shows_when_it_was_touched(room: Room) -> None:
    await room.open()
    await room.close(rest=True)
    for late in (
        room.say("ada", text="A-0001"),
        room.close(),
        room.doing("ada", lambda a: opening.assign(a, room.number, ("bob",))),
    ):
        with pytest.raises(Refused, match="closed"):
            await late
    async with room.store.write() as tx:
        mark = schema.stocktake_mark
        await tx.execute(mark.update().where(mark.c.ci_id == room.cis["srv-1"].id).values(outcome="confirmed"))
    assert (await room.seen()).is_intact is False


async def test_photos_are_kept_with_their_line_and_are_part_of_what_is_closed(room: Room) -> None:
    await room.open()
    await room.say("ada", ci=room.cis["srv-1"].uid, outcome="missing")
    await room.say("ada", ci=room.cis["srv-2"].uid, outcome="damaged")
    await room.say("bob", text="Mystery  Box", place="机房A")
    told = []
    for showing in (
        Showing(JPEG, ci=room.cis["srv-1"].uid),
        Showing(JPEG, ci=room.cis["srv-1"].uid),
        Showing(JPEG + b"2", ci=room.cis["srv-2"].uid),
        Showing(JPEG, text="Mystery Box"),
    ):
        told += (await room.doing("bob", lambda a, of=showing: evidence.attach(a, room.number, of)))[1]
    assert [action for action, _ in told] == ["stocktake.photo"] * 3  # the second one was there already
    await room.close(rest=True)
    whole = await room.seen()
    assert whole.is_intact
    assert {row.line.thing.name: len(whole.photos_of(row.line.thing)) for row in whole.result.rows} == {
        "srv-1": 1, "srv-2": 1, "srv-3": 0,
    }  # fmt: skip
    assert len(whole.photos_of(None, "mystery box")) == 1
    with pytest.raises(Refused, match="closed"):
        await room.doing("bob", lambda a: evidence.attach(a, room.number, Showing(JPEG, ci=room.cis["srv-1"].uid)))
    async with room.store.write() as tx:
        await tx.execute(schema.stocktake_photo.delete().where(schema.stocktake_photo.c.item == "mystery box"))
    assert (await room.seen()).is_intact is False


async def test_a_stock_take_without_photos_has_the_digest_it_had_before_there_were_any(room: Room) -> None:
    await room.open()
    await room.close(rest=True)
    whole = await room.seen()
    assert seen.head_of(whole.kept, {}).keys() == {
        "number", "kind", "title", "opened_by", "opened_at", "closed_by", "closed_at", "note", "people",
    }  # fmt: skip


async def test_a_signature_that_is_drawn_is_part_of_what_is_closed(room: Room) -> None:
    await room.open()
    with pytest.raises(Refused) as refused:
        await room.close(rest=True, drawn=JPEG)
    assert refused.value.field == "drawing"
    ((_, told),) = await room.close(rest=True, drawn=PLAIN)
    whole = await room.seen()
    (kept,) = whole.signatures
    assert (kept.role, kept.who, kept.digest, kept.sha256) == (
        "closer", "ada", whole.kept.digest, told["after"]["drawing"],
    )  # fmt: skip
    assert whole.is_intact
    async with room.store.write() as tx:
        await tx.execute(schema.signature.delete())
    assert (await room.seen()).is_intact is False


async def test_there_is_an_end_of_photos_and_who_counts_blind_sees_their_own(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "STOCKTAKES", replace(evidence.STOCKTAKES, most=2))
    await room.open(blind=True)
    for number, name in enumerate(("ada", "bob")):
        showing = Showing(JPEG + bytes([number]), ci=room.cis["srv-1"].uid)
        await room.doing(name, lambda a, of=showing: evidence.attach(a, room.number, of))
    with pytest.raises(Refused, match="no room for more") as refused:
        await room.doing("ada", lambda a: evidence.attach(a, room.number, Showing(JPEG, ci=room.cis["srv-1"].uid)))
    assert refused.value.field == "photo"
    async with room.store.read() as connection:
        assert (await evidence.one(connection, room.number, 1, "ada"))[1] == JPEG + b"\0"
        with pytest.raises(NotFound):
            await evidence.one(connection, room.number, 1, "bob")


async def test_what_a_bad_link_sends_twice_counts_once(room: Room) -> None:
    await room.open()
    first = await room.doing("ada", lambda a: counting.say(a, room.number, Said("same", text="A-0001")))
    again = await room.doing("ada", lambda a: counting.say(a, room.number, Said("same", text="A-0001")))
    assert ([action for action, _ in first[1]], again[1]) == (["stocktake.mark"], [])
    async with room.store.read() as connection:
        assert len((await connection.execute(schema.stocktake_mark.select())).all()) == 1


async def test_the_scope_is_frozen_and_the_record_of_then_stays(room: Room) -> None:
    await room.open()
    async with room.store.write() as tx:
        estate = Estate(tx)
        late = await estate.host("srv-late", label="A-0100")
        await estate.say(late, "record", {"place": "机房A"})
        await estate.say(room.cis["srv-1"], "record", {"place": "机房Z"}, NOW - HOUR)
    assert set(await room.states()) == {"srv-1", "srv-2", "srv-3"}
    assert (await room.say("ada", text="srv-1", place="机房A")).mark.outcome == "confirmed"
    assert (await room.say("ada", text="srv-late", place="机房A")).mark.outcome == "found"


async def test_words_are_given_by_hand_and_taken_back(room: Room) -> None:
    await room.open()
    uid = room.cis["srv-1"].uid
    words = (
        ("missing", "", "missing"), ("withdrawn", "", "open"), ("moved", "机房A/1排", "confirmed"),
        ("moved", "库房", "moved"),
    )  # fmt: skip
    for outcome, place, state in words:
        await room.say("bob", ci=uid, outcome=outcome, place=place)
        assert (await room.states())["srv-1"] == state
    with pytest.raises(Refused, match="where it is now"):
        await room.say("bob", ci=uid, outcome="moved")
    with pytest.raises(Refused, match="expected"):
        await room.say("bob", ci=uid, outcome="found")
    for hostile in ("\0", "\ud800", "x" * 10_000, "' OR 1=1 --"):
        with pytest.raises(NotFound):
            await room.say("bob", ci=hostile, outcome="missing")
    with pytest.raises(NotFound):
        await room.doing("bob", lambda a: counting.say(a, "\0", Said("k", text="x")))
    with pytest.raises(Refused, match="asked to count"):
        await room.say("eve", text="A-0001")


async def test_who_counts_blind_says_where_and_is_not_shown_what_is_expected(room: Room) -> None:
    await room.open(blind=True, people=("bob",))
    whole = await room.seen()
    assert (seen.is_hidden(whole.kept, "bob"), seen.is_hidden(whole.kept, "ada")) == (True, False)
    with pytest.raises(Refused, match="where you are"):
        await room.say("bob", text="A-0001")
    await room.say("bob", text="A-0001", place="机房A")
    await room.close(rest=True)
    assert not seen.is_hidden((await room.seen()).kept, "bob")


async def test_a_label_whose_text_is_old_is_told(room: Room) -> None:
    await room.open()
    uid = room.cis["srv-1"].uid
    assert (await room.say("ada", text=f"{uid} A-0777")).printed == "A-0777"
    assert (await room.say("ada", text=f"{uid} A-0001")).printed == ""


async def test_what_moved_is_proposed_as_one_standard_change_and_not_written(room: Room) -> None:
    await room.open()
    for name, place in (("srv-1", "机房C/01"), ("srv-2", "库房")):
        await room.say("ada", ci=room.cis[name].uid, outcome="moved", place=place)
    number, told = await room.doing("ada", lambda a: closing.propose(a, DESK, room.number, "巡检发现", ()))
    assert [action for action, _ in told] == ["change.step", "stocktake.propose"]
    async with room.store.read() as connection:
        kept = await changes.find(connection, number)
    assert kept
    assert (kept.change.type, kept.change.initiator, kept.change.request.implementer) == ("standard", "ada", "ada")
    assert {(line.ci_id, line.path.key, line.expected.value) for line in kept.change.lines} == {
        (room.cis["srv-1"].id, "place", "机房C/01"), (room.cis["srv-2"].id, "place", "库房"),
    }  # fmt: skip
    assert set((await room.seen()).changes.values()) == {number}
    with pytest.raises(Refused, match="without a change"):
        await room.doing("ada", lambda a: closing.propose(a, DESK, room.number, "again", ()))


async def test_what_a_stocktake_proposed_is_closed_once_the_record_says_where_things_are(room: Room) -> None:
    await room.open()
    uid, place = room.cis["srv-1"].uid, "机房C/01"
    await room.say("ada", ci=uid, outcome="moved", place=place)
    number, _ = await room.doing("ada", lambda a: closing.propose(a, DESK, room.number, "巡检发现", ()))

    async def step(by: str, step: Step) -> State:
        who = actor_of(by, ("change_supervisor",) if by == "bea" else ("config_admin:*",))
        state: State = (await room.doing(by, lambda a: DESK.step(a, who, number, step)))[0]
        return state

    for by, each in (("ada", Step.SUBMIT), ("bea", Step.APPROVE), ("ada", Step.START)):
        await step(by, each)
    recorder = Recorder(partial(entering.enter, policies=policies.load(RULES)))
    await room.doing("ada", lambda a: recorder.write(a, ("config_admin:*",), uid, {"place": place}))
    assert await step("ada", Step.FINISH) is State.IMPLEMENTED
    assert await step("ada", Step.CLOSE) is State.CLOSED


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"title": ""}, "title"),
        ({"kind": "weekly"}, "kind"),
        ({"people": ()}, "people"),
        ({"people": ("eve",)}, "people"),
        ({"people": ("nobody",)}, "people"),
        ({"place": "nowhere"}, "scope"),
        ({"classes": ("unknown",)}, "classes"),
        ({"place": "", "cis": ("A-0001", "no such")}, "cis"),
        ({"place": "", "cis": ("A-0001\0",)}, "cis"),
        ({"place": "机房\0"}, "place"),
    ],
)
async def test_what_cannot_be_opened_is_refused_where_it_is_wrong(
    room: Room, asked: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await room.open(**asked)
    assert refused.value.field == field


async def test_a_list_and_a_range_of_labels_are_scopes(room: Room) -> None:
    await room.open(place="", cis=("A-0001", "srv-9"))
    assert set(await room.states()) == {"srv-1", "srv-9"}
    await room.open(place="", label_from="A-0002", label_to="A-0003")
    assert set(await room.states()) == {"srv-2", "srv-3"}
    await room.say("ada", text="srv-2")
    async with room.store.read() as connection:
        found = (await seen.listed(connection, StocktakeQuery(states=("open",), who="bob"), Window())).items
    assert [(row.number, row.lines, row.said) for row in found] == [("ST-000002", 2, 1), ("ST-000001", 2, 0)]
