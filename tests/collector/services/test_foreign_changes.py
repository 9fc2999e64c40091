"""Changes of another system made changes here: whose words count, what is followed, what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import select

from collector.change.approval import approved_at
from collector.change.expected import Expected, How
from collector.change.record import ChangeType, State
from collector.config import shipped_rules
from collector.model import Path
from collector.services.changes import things
from collector.services.changes.desk import Desk
from collector.services.changes.foreign import Came, Taking
from collector.services.refused import Refused
from collector.store import accounts, changes, interning, schema
from collector.store.changes import Kept
from collector.store.engine import Store, insert
from collector.tickets import tables
from collector.tickets.record import Approval, Foreign, Thing
from collector.tickets.system import System, Voice
from collector.tickets.tables import under
from tests.store.ground import with_cis

NOW = 1_800_000_000_000
HOUR = 3_600_000
ROLES: Mapping[str, tuple[str, ...]] = {
    "ann": ("change_initiator",), "cid": ("engineer",), "bea": ("change_supervisor",), "max": ("change_manager",),
    "eve": ("viewer",), "ina": ("change_initiator", "change_supervisor"),
}  # fmt: skip
SYSTEM = System(
    "snow", "servicenow", "https://snow.example",
    people={"abel": "ann", "bow": "cid", "vic": "eve", "fay": "fay", "ines": "ina"},
    voices={
        "beth": Voice("bea", "change_supervisor"), "mark": Voice("max", "change_manager"),
        "abel": Voice("bea", "change_supervisor"), "ines": Voice("ina", "change_supervisor"),
        "vic": Voice("eve", "change_supervisor"), "gone": Voice("nobody", "change_supervisor"),
    },
    sections={"*": ("os",), "emergency": ("packages",)},
)  # fmt: skip
YES = Approval(("beth", "4711"), True, "2026-11-25 08:00:00", "Looks fine")
NO = Approval(("beth", "4711"), False, "2026-11-25 09:00:00", "Not in the freeze")
ASKED = Foreign(
    "CHG1", "Patch OpenSSL", "a weakness", "normal", "-4", ("abel",), ("bow",), NOW + HOUR, NOW + 2 * HOUR, "apt",
    things=(Thing("srv1"),),
)  # fmt: skip
APPROVED = replace(ASKED, state="-2", approvals=(YES,))


@dataclass
class Desks:
    """Takes records of one system, one after the other."""

    store: Store
    system: System = SYSTEM
    at: int = NOW
    came: list[Came] = field(default_factory=list)

    async def take(self, foreign: Foreign) -> tuple[Came, Kept]:
        self.at += 1000
        table = under(tables.load(shipped_rules() / "tickets.yaml")["servicenow"], self.system)
        async with self.store.write() as tx:
            came = await Taking(Desk(), self.system, table).take(tx, foreign, self.at)
        async with self.store.read() as connection:
            found = await changes.find(connection, came.number)
        assert found
        return came, found

    async def refused(self, foreign: Foreign) -> tuple[str, str]:
        """Return why a record is refused and where, having seen that it left nothing behind."""
        before = await self.everything()
        with pytest.raises(Refused) as refusal:
            await self.take(foreign)
        assert await self.everything() == before
        return str(refusal.value), refusal.value.field

    async def everything(self) -> list[object]:
        kinds = (schema.change, schema.change_line, schema.change_word, schema.change_trail, schema.audit)
        async with self.store.read() as connection:
            return [tuple(row) for table in kinds for row in await connection.execute(select(table))]

    async def audited(self) -> list[tuple[str, str]]:
        async with self.store.read() as connection:
            rows = await connection.execute(select(schema.audit.c.actor, schema.audit.c.origin))
            return [(row.actor, row.origin) for row in rows]


async def _filled(store: Store) -> Desks:
    await with_cis(store, 3)
    async with store.write() as tx:
        for name, roles in ROLES.items():
            await accounts.add(tx, name, roles, NOW)
    return Desks(store)


@pytest.fixture
async def desks(sqlite_store: Store) -> Desks:
    return await _filled(sqlite_store)


async def test_approved_there_by_whom_the_settings_name_is_approved_here_and_followed_to_its_end(store: Store) -> None:
    desks = await _filled(store)
    came, kept = await desks.take(APPROVED)
    assert (came.is_new, came.why, kept.change.state) == (True, "", State.APPROVED)
    assert (kept.origin.system, kept.origin.reference) == ("snow", "CHG1")
    assert [(word.who, word.role, word.granted) for word in kept.change.words] == [
        ("bea", "change_supervisor", True), ("bea", "change_supervisor", True),
    ]  # fmt: skip
    assert kept.change.words[0].reason == "snow, beth 2026-11-25 08:00:00: Looks fine"
    assert approved_at(kept.change, desks.at) == desks.at, "its time is ours: when it was seen here"
    assert [(line.path, line.expected.how) for line in kept.change.lines] == [(Path("os", ""), How.DISCOVERED)]
    assert set(await desks.audited()) == {(name, "system snow") for name in ("ann", "bea", "cid")}
    _, kept = await desks.take(replace(APPROVED, state="-1"))
    assert kept.change.state is State.IMPLEMENTING
    came, kept = await desks.take(replace(APPROVED, state="3"))
    assert (came, kept.change.state) == (Came("CHG-000001", False), State.IMPLEMENTED)
    assert kept.change.finished_at == desks.at
    before = await desks.everything()
    _, kept = await desks.take(replace(APPROVED, state="3"))
    assert await desks.everything() == before, "closed there, it closes here only when it was seen to be done"


async def test_what_was_over_long_before_it_was_known_makes_no_change(desks: Desks) -> None:
    done = replace(APPROVED, state="3", start=NOW - 200 * HOUR, end=NOW - 170 * HOUR)
    assert await desks.refused(done) == ("it was over a week or more before it was known here", "state")
    _, kept = await desks.take(replace(done, end=NOW - 100 * HOUR))
    assert kept.change.state is State.IMPLEMENTED


async def test_taken_again_it_is_the_change_it_made_and_nothing_is_written(desks: Desks) -> None:
    _, first = await desks.take(APPROVED)
    before = await desks.everything()
    for _ in range(3):
        came, again = await desks.take(APPROVED)
        assert (came.is_new, came.why, again) == (False, "", first)
    assert await desks.everything() == before


async def test_all_four_types_go_their_way_by_the_words_of_both_roles(desks: Desks) -> None:
    manager = Approval(("mark",), True, "2026-11-25 10:00:00")
    desks.system = replace(SYSTEM, types={"model major": "major"})
    for reference, word, both in (
        ("S", "standard", False), ("N", "normal", False), ("M", "Model: major", True), ("E", "emergency", True),
    ):  # fmt: skip
        said = (YES, manager) if both else (YES,)
        record = replace(APPROVED, reference=reference, type=word, approvals=said)
        _, kept = await desks.take(record)
        assert kept.change.state is State.APPROVED, word
        if both:
            alone = replace(record, reference=reference + "-alone", approvals=(YES,))
            came, kept = await desks.take(alone)
            assert kept.change.state is State.CONFIRMING
            assert "nobody who approved it there stands for a change_manager here" in came.why


@pytest.mark.parametrize(
    ("approval", "why"),
    [
        (Approval(("stranger",), True), "nobody who approved it there stands for a change_supervisor"),
        (Approval(("mark",), True), "nobody who approved it there stands for a change_supervisor"),
        (Approval(("abel",), True), "nobody who approved it there stands for a change_supervisor"),
        (Approval(("beth", "ines"), True), "nobody who approved it there stands for a change_supervisor"),
        (Approval((), True), "nobody who approved it there stands for a change_supervisor"),
        (Approval(("vic",), True), "eve may not approve it here: no such role"),
        (Approval(("gone",), True), "nobody is no active account"),
    ],
    ids=["a stranger", "another role", "its initiator there", "two at once", "nobody", "no role here", "no account"],
)
async def test_no_other_word_counts(desks: Desks, approval: Approval, why: str) -> None:
    came, kept = await desks.take(replace(APPROVED, approvals=(approval,)))
    assert (kept.change.state, kept.change.words) == (State.REQUESTED, ())
    assert why in came.why


async def test_who_initiates_it_here_approves_nothing_whatever_they_are_called_there(desks: Desks) -> None:
    desks.system = replace(
        SYSTEM, voices={"other-name": Voice("ina", "change_supervisor")}, people={"ines": "ina", "bow": "cid"}
    )
    record = replace(APPROVED, initiator=("ines",), approvals=(Approval(("other-name",), True),))
    came, kept = await desks.take(record)
    assert (kept.change.state, kept.change.words) == (State.REQUESTED, ())
    assert "ina may not approve it here: initiator approves" in came.why


async def test_refused_there_it_goes_back_with_the_reason_until_it_is_approved_after_all(desks: Desks) -> None:
    await desks.take(ASKED)
    came, kept = await desks.take(replace(ASKED, approvals=(NO, YES)))
    assert (kept.change.state, came.why) == (State.DRAFT, "")
    assert "Not in the freeze" in kept.change.words[-1].reason
    before = await desks.everything()
    await desks.take(replace(ASKED, approvals=(NO, YES)))
    assert await desks.everything() == before, "it is not handed in over and over"
    _, kept = await desks.take(replace(APPROVED, approvals=(replace(YES, at="2026-11-26 08:00:00"), NO)))
    assert kept.change.state is State.APPROVED


@pytest.mark.parametrize(
    ("other", "field_"),
    [
        ({"title": "Patch everything"}, "reference"),
        ({"things": (Thing("srv1"), Thing("srv2"))}, "reference"),
        ({"end": NOW + 9 * HOUR}, "reference"),
        ({"lines": ":os:version=13"}, "reference"),
        ({"initiator": ("ines",)}, "initiator"),
        ({"type": "standard"}, "type"),
    ],
)
async def test_what_says_something_else_later_is_not_taken_for_what_was_approved(
    desks: Desks, other: dict[str, object], field_: str
) -> None:
    await desks.take(APPROVED)
    why, where = await desks.refused(replace(APPROVED, **other))  # type: ignore[arg-type]
    assert "CHG-000001" in why
    assert where == field_


async def test_withdrawn_there_it_is_cancelled_here_and_never_made_anew(desks: Desks) -> None:
    withdrawn = replace(ASKED, state="4")
    assert await desks.refused(withdrawn) == ("it was withdrawn before it was known here", "state")
    await desks.take(ASKED)
    _, kept = await desks.take(withdrawn)
    assert kept.change.state is State.CANCELLED
    _, kept = await desks.take(withdrawn)
    assert kept.change.state is State.CANCELLED


@pytest.mark.parametrize(
    ("other", "why", "field_"),
    [
        ({"type": "retrofit"}, "its type retrofit is in no table", "type"),
        ({"state": "99"}, "its state 99 is in no table", "state"),
        ({"initiator": ()}, "its initiator is nobody in particular", "initiator"),
        ({"initiator": ("abel", "ines")}, "who is no account here", "initiator"),
        ({"initiator": ("vic",)}, "eve here, who may not raise changes", "initiator"),
        ({"implementer": ("stranger",)}, "its implementer is stranger", "implementer"),
        ({"implementer": ("fay",)}, "account that may work on changes", "implementer"),
        ({"implementer": ("abel",)}, "does not carry it out", "implementer"),
        ({"things": (Thing("nowhere"),)}, "no CI is called nowhere", "cis"),
        ({"title": ""}, "a printable line of 1 to 200", "title"),
        ({"reason": ""}, "say why it is needed", "reason"),
        ({"end": NOW}, "a window begins before it ends", "window"),
        ({"lines": "srv1:nonsense:x=1"}, "there is no section nonsense", "section"),
        ({"lines": "srv3:os:version=1"}, "with a CI of the change", "lines"),
        ({"lines": "os version 13"}, "CI:SECTION:KEY=VALUE", "lines"),
    ],
)
async def test_what_cannot_be_mapped_is_refused_with_a_sentence(
    desks: Desks, other: dict[str, object], why: str, field_: str
) -> None:
    said, where = await desks.refused(replace(APPROVED, **other))  # type: ignore[arg-type]
    assert why in said
    assert where == field_


async def test_lines_are_values_where_a_record_says_them_and_sections_of_its_type_where_it_does_not(
    desks: Desks,
) -> None:
    both = (Thing("srv1"), Thing("srv2"))
    _, kept = await desks.take(replace(ASKED, things=both, lines="srv1:os:version=13\n:packages:openssl|amd64=-\n"))
    assert [(line.ci_id, line.path, line.expected) for line in kept.change.lines] == [
        (1, Path("os", "version"), Expected(How.EXACT, "13")),
        (1, Path("packages", "openssl|amd64"), Expected(How.EXACT, None)),
        (2, Path("packages", "openssl|amd64"), Expected(How.EXACT, None)),
    ]
    _, kept = await desks.take(replace(ASKED, reference="E", type="emergency", things=both))
    assert [(line.ci_id, line.path.section) for line in kept.change.lines] == [(1, "packages"), (2, "packages")]


async def test_an_empty_scope_stays_a_draft_and_says_so(desks: Desks) -> None:
    came, kept = await desks.take(replace(APPROVED, type="standard", things=()))
    assert kept.change.state is State.DRAFT
    assert came.why.endswith("ann may not submit it here: empty scope")


async def test_without_a_whole_window_there_is_no_plan(desks: Desks) -> None:
    came, kept = await desks.take(replace(APPROVED, end=None))
    assert kept.change.plan is None
    assert "no plan" in came.why


async def _carry(store: Store, ci_id: int, path: Path, value: str) -> None:
    """Write a fact of a CI as the pipeline does."""
    async with store.write() as tx:
        source = {"code": f"agent/{ci_id}/{path.key}", "kind": "agent"}
        made = (await tx.execute(insert(tx, schema.source).values(source).returning(schema.source.c.id))).scalar_one()
        path_id = (await interning.path_ids(tx, [path]))[path]
        val_id = interning.id_of(await interning.value_ids(tx, [value]), value)
        row = {"ci_id": ci_id, "path_id": path_id, "vf": 1, "tf": 1, "val_id": val_id, "source_id": made, "why": "rank"}
        await tx.execute(insert(tx, schema.fact).values(row))


async def test_a_ci_is_meant_by_all_that_is_said_of_it_and_never_the_first_of_several(desks: Desks) -> None:
    await _carry(desks.store, 1, Path("hardware", "serial"), "SN-1")
    await _carry(desks.store, 1, Path("record", "asset_number"), "ZC-1")
    await _carry(desks.store, 2, Path("hardware", "serial"), "SN-2")

    async def meant(*said: str) -> str:
        async with desks.store.read() as connection:
            return (await things.meant(connection, [Thing(*said)]))[Thing(*said)]

    for said in (
        ("srv1",), ("ci-1",), ("", "", "SN-1"), ("", "ZC-1"), ("srv1", "ZC-1", "SN-1"), ("another name", "", "SN-1"),
        ("srv1", "unknown here"), ("", "srv1"),
    ):  # fmt: skip
        assert await meant(*said) == "ci-1", said
    assert await meant("srv3", "", "SN-3") == "ci-3", "nobody has read its serial number here"
    for said, why in (
        (("srv1", "", "SN-OF-THE-OLD-ONE"), "another serial number here than there"),
        (("srv2", "", "SN-1"), "its names mean different CIs"), (("srv2", "ZC-1"), "its names mean different CIs"),
        (("nothing",), "no CI is called nothing"), (("",), "no CI is called"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=why):
            await meant(*said)


async def test_two_cis_of_one_name_are_nobody(desks: Desks) -> None:
    async with desks.store.write() as tx:
        await tx.execute(schema.ci.update().where(schema.ci.c.uid == "ci-2").values(name="srv1"))
    assert (await desks.refused(ASKED))[0] == "several CIs are called srv1"
    _, kept = await desks.take(replace(ASKED, things=(Thing("ci-2"),)))
    assert kept.change.request.ci_ids == {2}
    assert kept.change.type is ChangeType.NORMAL
