"""Changes step by step, on both engines: who may what, in which order; a refused step leaves nothing behind."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.approval import Flaw, Gap
from collector.change.expected import Expected, How
from collector.change.flow import Step
from collector.change.lifecycle import Denied, Why
from collector.change.record import Change, ChangeType, Stage, State, Window
from collector.change.verification import Evidence, LineState, Sight
from collector.model import Path
from collector.security import audit
from collector.security.audit import Actor as Person
from collector.services.changes import freezing, listed, seen, templates
from collector.services.changes.asked import Asked, AskedLine
from collector.services.changes.desk import Desk, Overtaken, actor_of
from collector.services.changes.seen import Seen
from collector.services.changes.templates import NewTemplate
from collector.services.imports import BadTable
from collector.services.refused import Refused
from collector.store import accounts, schema
from collector.store.engine import Store, insert
from tests.store.ground import with_cis

HOUR = 3_600_000
NOW = 1_800_000_000_000
ROLES: Mapping[str, tuple[str, ...]] = {
    "ann": ("change_initiator",), "cid": ("engineer",), "bea": ("change_supervisor",),
    "net": ("change_supervisor:network",), "max": ("change_manager",), "dan": ("service_desk",), "eve": ("viewer",),
}  # fmt: skip
LINE = AskedLine("ci-1", "os", "version", "", Expected(How.EXACT, "12.6"))
ASKED = Asked(
    "Patch OpenSSL", "A known weakness", "cid", ("ci-1",), (LINE,),
    Window(NOW + HOUR, NOW + 2 * HOUR), "apt upgrade; roll back the snapshot",
)  # fmt: skip
NOTHING_PLANNED = replace(ASKED, lines=(), window=None, text="")


@dataclass
class Office:
    """A desk, the people around it, and the time that passes between their steps."""

    store: Store
    desk: Desk
    at: int = NOW

    async def raised(self, type_: ChangeType = ChangeType.STANDARD, asked: Asked = ASKED, by: str = "ann") -> str:
        async with self.acting(by) as act:
            return await self.desk.raise_(act, type_, asked)

    def acting(self, by: str) -> AbstractAsyncContextManager[audit.Act]:
        self.at += 1000
        return audit.acting(self.store, Person(by, "test"), lambda: self.at)

    async def step(self, by: str, number: str, step: Step, reason: str = "", version: int | None = None) -> State:
        async with self.acting(by) as act:
            return await self.desk.step(act, actor_of(by, ROLES[by]), number, step, reason, version)

    async def edit(self, by: str, number: str, asked: Asked) -> None:
        async with self.acting(by) as act:
            await self.desk.edit(act, actor_of(by, ROLES[by]), number, asked)

    async def seen(self, number: str, by: str = "ann") -> Seen:
        async with self.store.read() as connection:
            return await seen.one(connection, self.desk, number, actor_of(by, ROLES[by]), self.at)

    async def denied(self, by: str, number: str, step: Step, reason: str = "") -> tuple[Why, ...]:
        """Return why a step is refused, having seen that it left nothing behind."""
        before = await self.everything()
        with pytest.raises(Denied) as refusal:
            await self.step(by, number, step, reason)
        assert await self.everything() == before
        return refusal.value.reasons

    async def everything(self) -> list[object]:
        tables = (schema.change, schema.change_word, schema.change_trail, schema.audit)
        async with self.store.read() as connection:
            return [tuple(row) for table in tables for row in await connection.execute(select(table))]


@pytest.fixture
async def office(store: Store) -> Office:
    await with_cis(store, 3)
    async with store.write() as tx:
        for name, roles in ROLES.items():
            await accounts.add(tx, name, roles, NOW)
    return Office(store, Desk())


async def test_a_normal_change_goes_its_way_with_three_people(office: Office) -> None:
    number = await office.raised(ChangeType.NORMAL, NOTHING_PLANNED)
    for by, step, after in (
        ("ann", Step.SUBMIT, State.REQUESTED), ("bea", Step.APPROVE, State.PLANNING),
    ):  # fmt: skip
        assert await office.step(by, number, step) is after
    await office.edit("cid", number, ASKED)
    for by, step, after in (
        ("cid", Step.SUBMIT, State.PLANNED), ("bea", Step.APPROVE, State.APPROVED),
        ("cid", Step.START, State.IMPLEMENTING), ("cid", Step.FINISH, State.IMPLEMENTED),
    ):  # fmt: skip
        assert await office.step(by, number, step) is after
    found = await office.seen(number)
    assert [each.flaw for each in found.said] == [None, None]
    assert found.gap is None
    assert [mark.act for mark in found.trail] == [
        "raise", "submit", "approve", "edit", "submit", "approve", "start", "finish", "no_look",
    ]  # fmt: skip


async def test_approvals_out_of_order_by_the_initiator_or_replayed_leave_nothing(
    office: Office,
) -> None:
    number = await office.raised(ChangeType.MAJOR)
    assert await office.denied("bea", number, Step.APPROVE) == (Why.NOT_IN_THIS_STATE,)  # nothing was submitted
    assert await office.denied("cid", number, Step.SUBMIT) == (Why.NOT_THE_INITIATOR,)
    await office.step("ann", number, Step.SUBMIT)
    assert await office.denied("ann", number, Step.APPROVE) == (Why.NO_SUCH_ROLE, Why.INITIATOR_APPROVES)
    assert await office.denied("cid", number, Step.APPROVE) == (Why.NO_SUCH_ROLE, Why.IMPLEMENTER_APPROVES)
    assert await office.denied("max", number, Step.APPROVE) == (Why.NO_SUCH_ROLE,)
    assert await office.denied("net", number, Step.APPROVE) == (Why.OTHER_CLASS,)  # its CIs are servers
    await office.step("bea", number, Step.APPROVE)
    assert await office.denied("bea", number, Step.APPROVE) == (Why.NOT_IN_THIS_STATE,)  # replayed
    assert await office.denied("cid", number, Step.START) == (Why.NOT_IN_THIS_STATE,)


async def test_an_edit_after_the_approval_voids_it_and_what_was_looked_at_is_what_is_approved(office: Office) -> None:
    number = await office.raised()
    await office.step("ann", number, Step.SUBMIT)
    looked_at = (await office.seen(number)).kept.version
    await office.edit("ann", number, replace(ASKED, text="reinstall"))
    await office.step("ann", number, Step.SUBMIT)
    with pytest.raises(Overtaken):
        await office.step("bea", number, Step.APPROVE, version=looked_at)
    await office.step("bea", number, Step.APPROVE)
    await office.edit("ann", number, replace(ASKED, title="Patch and reboot"))
    found = await office.seen(number)
    assert found.change.state is State.DRAFT
    assert [each.flaw for each in found.said] == [Flaw.EDITED]
    assert await office.denied("cid", number, Step.START) == (Why.NOT_IN_THIS_STATE,)


async def test_a_refusal_carries_its_reason_back(office: Office) -> None:
    number = await office.raised()
    await office.step("ann", number, Step.SUBMIT)
    assert await office.denied("bea", number, Step.REFUSE, "  ") == (Why.NO_REASON,)
    assert await office.step("bea", number, Step.REFUSE, "no way back is planned") is State.DRAFT
    found = await office.seen(number)
    assert found.said[0].word.reason == "no way back is planned"
    assert found.trail[-1].detail == "no way back is planned"


async def test_who_initiates_a_normal_change_does_not_carry_it_out(office: Office) -> None:
    with pytest.raises(Refused, match="does not carry it out"):
        await office.raised(ChangeType.NORMAL, replace(ASKED, implementer="ann"))
    await office.raised(ChangeType.STANDARD, replace(ASKED, implementer="ann"))
    with pytest.raises(Refused, match="an account that may work on changes"):
        await office.raised(ChangeType.STANDARD, replace(ASKED, implementer="eve"))


@pytest.mark.parametrize(
    "asked",
    [
        replace(ASKED, title=" \u0007 "), replace(ASKED, reason=""), replace(ASKED, cis=("nobody",)),
        replace(ASKED, window=Window(NOW + 2, NOW + 1)), replace(ASKED, window=None),
        replace(ASKED, lines=(AskedLine("ci-1", "no such section"),)), replace(ASKED, lines=ASKED.lines * 2),
        replace(ASKED, lines=(AskedLine("ci-1", "os", "a\0b"),)), replace(ASKED, implementer="nobody"),
        replace(ASKED, lines=(AskedLine("ci-1", "rule"),)), replace(ASKED, lines=(AskedLine("ci-1", "rule", "*"),)),
        replace(ASKED, lines=(AskedLine("ci-1", "rule", "NET-LINK-001", "", Expected(How.EXACT, "1")),)),
    ],
)  # fmt: skip
async def test_what_is_no_request_or_plan_is_refused_and_leaves_nothing(office: Office, asked: Asked) -> None:
    before = await office.everything()
    with pytest.raises(Refused):
        await office.raised(ChangeType.STANDARD, asked)
    assert await office.everything() == before


async def test_tasks_keep_the_work_open_until_their_helpers_are_done(office: Office) -> None:
    number = await office.raised()
    for by, step in (("ann", Step.SUBMIT), ("bea", Step.APPROVE), ("cid", Step.START)):
        await office.step(by, number, step)
    cid, dan = actor_of("cid", ROLES["cid"]), actor_of("dan", ROLES["dan"])
    async with office.acting("cid") as act:
        await office.desk.entrust(act, cid, number, "print the label", "dan")
    with pytest.raises(Denied):
        async with office.acting("ann") as act:
            await office.desk.entrust(act, actor_of("ann", ()), number, "mine", "dan")
    assert await office.denied("cid", number, Step.FINISH) == (Why.TASKS_OPEN,)
    for who in (cid, dan):
        async with office.acting(who.name) as act:
            if who is cid:
                with pytest.raises(Refused, match="only whom a task was given"):
                    await office.desk.done(act, who, number, 0)
            else:
                await office.desk.done(act, who, number, 0)
    assert await office.step("cid", number, Step.FINISH) is State.IMPLEMENTED


async def test_a_change_closes_only_once_every_line_was_seen_or_decided(office: Office) -> None:
    sights: dict[int, Evidence] = {}

    async def evidence(_connection: AsyncConnection, _change: Change, _at: int) -> Mapping[int, Evidence]:
        return sights

    office.desk = Desk(evidence)
    number = await office.raised()
    for by, step in (("ann", Step.SUBMIT), ("bea", Step.APPROVE), ("cid", Step.START), ("cid", Step.FINISH)):
        await office.step(by, number, step)
    assert await office.denied("ann", number, Step.CLOSE) == (Why.NOT_VERIFIED,)
    sights[0] = Evidence([Sight("agent", office.at + 1, "12.5")])
    office.at += HOUR
    assert (await office.seen(number)).checks[0].state is LineState.FAILED
    assert await office.denied("ann", number, Step.CLOSE) == (Why.NOT_VERIFIED,)
    sights[0] = Evidence([Sight("agent", office.at, "12.6")])
    assert await office.step("ann", number, Step.CLOSE) is State.CLOSED


async def test_what_nothing_can_see_somebody_else_than_the_implementer_decides_with_a_reason(office: Office) -> None:
    number = await office.raised()
    for by, step in (("ann", Step.SUBMIT), ("bea", Step.APPROVE), ("cid", Step.START), ("cid", Step.FINISH)):
        await office.step(by, number, step)

    async def decide(by: str, reason: str) -> None:
        async with office.acting(by) as act:
            who = actor_of(by, ROLES[by])
            await office.desk.decide(act, who, number, 0, LineState.MANUALLY_VERIFIED, reason)

    for by, reason in (("cid", "I did it"), ("ann", ""), ("dan", "seen")):
        with pytest.raises(Denied):
            await decide(by, reason)
    await decide("ann", "seen on the console")
    assert await office.step("ann", number, Step.CLOSE) is State.CLOSED


async def test_nothing_but_an_emergency_is_planned_in_a_freeze(office: Office) -> None:
    async with office.acting("max") as act:
        uid = await freezing.set_(act, "Spring Festival", Window(NOW, NOW + 3 * HOUR), frozenset({"server"}))
    number = await office.raised()
    assert await office.denied("ann", number, Step.SUBMIT) == (Why.FROZEN,)
    assert [each.name for each in (await office.seen(number)).freezes] == ["Spring Festival"]
    emergency = await office.raised(ChangeType.EMERGENCY)
    assert await office.step("ann", emergency, Step.SUBMIT) is State.REQUESTED
    async with office.acting("max") as act:
        assert await freezing.lift(act, uid)
    assert await office.step("ann", number, Step.SUBMIT) is State.REQUESTED


async def test_an_emergency_recorded_more_than_eight_hours_later_says_by_how_much(office: Office) -> None:
    timely, late = [
        replace(ASKED, window=Window(NOW - hours * HOUR, NOW - hours * HOUR + 1)) for hours in (7, 9)
    ]  # fmt: skip
    for asked, hours in ((timely, 0), (late, 9)):
        number = await office.raised(ChangeType.EMERGENCY, asked)
        assert (await office.seen(number)).late_ms // HOUR == hours


async def test_a_change_of_an_approved_template_needs_no_further_word(office: Office) -> None:
    new = NewTemplate("Patches", "as ever", [Path("os", "")], NOW + 1000 * HOUR)
    async with office.acting("ann") as act:
        name = await templates.propose(act, new)
        with pytest.raises(Refused, match="not approved"):
            await templates.live(act.tx, name, act.at)
    for by, why in (("ann", Why.NO_SUCH_ROLE), ("net", Why.OTHER_CLASS)):
        async with office.acting(by) as act:
            with pytest.raises(Denied) as refusal:
                await templates.decide(act, actor_of(by, ROLES[by]), name, "approved")
            assert why in refusal.value.reasons
    async with office.acting("bea") as act:
        await templates.decide(act, actor_of("bea", ROLES["bea"]), name, "approved")
        template = await templates.live(act.tx, name, act.at)
    async with office.acting("ann") as act:
        number = await office.desk.raise_(act, ChangeType.STANDARD, ASKED, template=template)
    assert await office.step("ann", number, Step.SUBMIT) is State.APPROVED


async def of_template(office: Office) -> tuple[str, str]:
    """Return an approved template and a draft that was made of it."""
    async with office.acting("ann") as act:
        name = await templates.propose(act, NewTemplate("Patches", "", [Path("os", "")], NOW + 1000 * HOUR))
    async with office.acting("bea") as act:
        await templates.decide(act, actor_of("bea", ROLES["bea"]), name, "approved")
    async with office.acting("ann") as act:
        template = await templates.live(act.tx, name, act.at)
        return name, await office.desk.raise_(act, ChangeType.STANDARD, ASKED, template=template)


async def withdraw(office: Office, name: str) -> None:
    async with office.acting("bea") as act:
        await templates.decide(act, actor_of("bea", ROLES["bea"]), name, "withdrawn", "it broke a cluster")


async def test_a_draft_made_before_its_template_was_withdrawn_waits_for_a_supervisor_when_it_is_submitted(
    office: Office,
) -> None:
    name, number = await of_template(office)
    await withdraw(office, name)
    assert await office.step("ann", number, Step.SUBMIT) is State.REQUESTED
    assert (await office.seen(number)).gap == Gap(Stage.PLAN, Flaw.MISSING)
    assert await office.denied("cid", number, Step.START) == (Why.NOT_IN_THIS_STATE,)
    assert await office.step("bea", number, Step.APPROVE) is State.APPROVED


async def test_what_a_template_approved_stays_approved_when_it_is_withdrawn_and_both_are_told(office: Office) -> None:
    name, number = await of_template(office)
    assert await office.step("ann", number, Step.SUBMIT) is State.APPROVED
    await office.step("cid", number, Step.START)
    approved_at = office.at
    await withdraw(office, name)
    assert (await office.seen(number)).gap is None
    assert await office.step("cid", number, Step.FINISH) is State.IMPLEMENTED
    async with office.store.read() as connection:
        (row,) = await templates.everyone(connection)
    assert (row.state, row.decided_by, row.withdrawn_by, row.reason) == (
        "withdrawn",
        "bea",
        "bea",
        "it broke a cluster",
    )
    assert row.withdrawn_at is not None
    assert row.decided_at < approved_at < row.withdrawn_at


async def test_what_a_template_approved_waits_for_a_supervisor_once_it_is_edited_after_the_withdrawal(
    office: Office,
) -> None:
    name, number = await of_template(office)
    await office.step("ann", number, Step.SUBMIT)
    await withdraw(office, name)
    await office.edit("ann", number, replace(ASKED, text="and more"))
    assert await office.step("ann", number, Step.SUBMIT) is State.REQUESTED


async def test_what_collides_and_who_depends_is_told(office: Office) -> None:
    async with office.store.write() as tx:
        source = insert(tx, schema.source).values(code="agent/x", kind="agent").returning(schema.source.c.id)
        source_id = (await tx.execute(source)).scalar_one()
        ends = ((2, "runs_on", 1), (3, "runs_on", 2))
        for a, kind, b in ends:
            row = {"a": a, "kind": kind, "b": b, "source_id": source_id, "vf": 0, "lo": 0, "tf": 0}
            await tx.execute(insert(tx, schema.relation).values(row))
    first, second = await office.raised(), await office.raised()
    found = await office.seen(first)
    assert [each.number for each in found.collisions] == [second]
    assert [(each.ci.uid, each.on.uid, each.steps) for each in found.impact.nearest] == [
        ("ci-2", "ci-1", 1),
        ("ci-3", "ci-2", 2),
    ]
    assert (found.impact.count, found.impact.is_more) == (2, False)


async def test_whoever_judges_is_told_of_each_step_and_of_cis_that_left_the_request(office: Office) -> None:
    told: list[set[int]] = []

    async def moved(_connection: AsyncConnection, ci_ids: object, _at: int) -> None:
        assert isinstance(ci_ids, frozenset)
        told.append(set(ci_ids))

    office.desk = Desk(moved=moved)
    number = await office.raised()
    await office.edit("ann", number, replace(ASKED, cis=("ci-2",), lines=()))
    await office.step("ann", number, Step.CANCEL, "not needed")
    assert told == [{1}, {1, 2}, {2}]


# --- from other systems


async def test_what_another_system_sends_again_is_the_change_it_made(office: Office) -> None:
    async def arrive(asked: Asked) -> tuple[str, bool]:
        async with office.acting("ann") as act:
            return await office.desk.arrive(act, ChangeType.NORMAL, asked, "itop", "C-0042")

    number, is_new = await arrive(ASKED)
    assert is_new
    assert await arrive(ASKED) == (number, False)
    with pytest.raises(Refused, match="says something else"):
        await arrive(replace(ASKED, title="Another"))


HEADINGS = "reference,type,title,reason,implementer,start,end,ci,section,key,expected,value\n"
ROW = "R1,standard,打补丁,漏洞,cid,2027-02-01T22:00+08:00,2027-02-01T23:00+08:00,srv{ci},os,version,exact,12.6\n"


async def take(office: Office, text: str, encoding: str = "utf-8") -> listed.Taken:
    async with office.acting("ann") as act:
        return await listed.take(act, office.desk, "list", io.BytesIO(text.encode(encoding)))


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
async def test_rows_of_one_reference_are_one_change(office: Office, encoding: str) -> None:
    taken = await take(office, HEADINGS + ROW.format(ci=1) + ROW.format(ci=2), encoding)
    assert (len(taken.made), taken.known, taken.wrong) == (1, (), ())
    change = (await office.seen(taken.made[0])).change
    assert (change.request.title, change.request.ci_ids, len(change.lines)) == ("打补丁", {1, 2}, 2)
    assert (await take(office, HEADINGS + ROW.format(ci=1) + ROW.format(ci=2))).known == taken.made


async def test_a_list_with_one_wrong_row_is_not_taken(office: Office) -> None:
    before = await office.everything()
    taken = await take(office, HEADINGS + ROW.format(ci=1) + ROW.format(ci=99).replace("R1", "R2"))
    assert taken.made == ()
    assert [(each.row, each.field) for each in taken.wrong] == [(3, "ci")]
    assert await office.everything() == before
    with pytest.raises(BadTable, match="no column"):
        await take(office, "nonsense\n=cmd|x\n")
