"""Deciding doubts about identity: one thing, different things, a replacement, an identifier that names nobody, a clone.

What waited for a case is applied by the pipeline once this transaction is done, in the log's order. A merge moves no
value: it is a pointer, and taken back by taking the pointer away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import CI, CiState, Holder, Identifier, Subject
from collector.security.audit import Act
from collector.security.roles import administers
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.services.registration import Judge
from collector.store import cis, doubts, merges, suspects
from collector.store.merges import Merged, Why

Withdraw = Callable[[AsyncConnection, int, Collection[int], int], Awaitable[None]]
"""Takes back what those sources say of a CI, at that time (ms), within the transaction."""

SAME, APART, REPLACES, QUARANTINE, CLONE = "same", "apart", "replaces", "quarantine", "clone"
DECISIONS: Final = (SAME, APART, REPLACES, QUARANTINE, CLONE)
IN_BULK: Final = (SAME, APART)
MOST: Final = 100
"""Cases that are decided at once."""
MAX_REASON: Final = 1000
HARDWARE: Final = ("serial", "uuid", "engine_id", "wwn", "chassis_id", "mac", "virtual_mac")
"""Kinds that go with the hardware: of these a replaced CI keeps only what its successor shows."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decides. `ci`: uid of the CI that goes on; `identifier`: the one that names nobody."""

    word: str
    ci: str = ""
    identifier: Identifier | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LeftCase:
    """A case that was left as it is, and why, as a sentence."""

    id: int
    why: str


@dataclass(slots=True)
class _Case:
    """A case under decision, with the CIs it is about as they are since they were merged."""

    row: Any
    cis: list[CI]
    holders: list[Holder]
    waiting: int
    survivor: CI | None = None
    touched: set[int] = field(default_factory=set)

    @property
    def others(self) -> list[CI]:
        return [ci for ci in self.cis if self.survivor is None or ci.id != self.survivor.id]

    def held(self, ci: CI) -> frozenset[Identifier]:
        return next((each.identifiers for each in self.holders if each.ci_id == ci.id), frozenset())


@dataclass(frozen=True, slots=True)
class Decider:
    """Decides cases and takes merges back, by how rules are run and how words are taken back."""

    judge: Judge
    withdraw: Withdraw
    decided: Callable[[], None] = lambda: None
    """Tells the pipeline, once the transaction is done, that something may be applied now."""

    async def decide(self, act: Act, roles: Collection[str], case_id: int, asked: Decision) -> None:
        """Decide one case; raise `NotFound`, or `Refused`."""
        case = await _case(act.tx, case_id)
        _check(case, roles, asked)
        case.survivor = _survivor(case, asked)
        await _CARRY_OUT[asked.word](act, case, asked)
        values = {
            "decision": asked.word, "reason": asked.reason[:MAX_REASON], "decided_by": act.by, "decided_at": act.at,
            "ci_id": case.survivor.id if case.survivor else None,
        }  # fmt: skip
        await doubts.decide(act.tx, case.row, values, is_final=asked.word != CLONE)
        if asked.word != CLONE:
            await doubts.thaw(act.tx, case_id)
        await doubts.next_turn(act.tx)
        await self.judge(act.tx, case.touched, act.at)
        act.tell("case.decide", f"case/{case_id}", {"state": case.row.state}, _told(case, asked))

    async def decide_many(
        self, act: Act, roles: Collection[str], case_ids: Collection[int], asked: Decision
    ) -> tuple[LeftCase, ...]:
        """Decide cases of one kind alike, as far as each of them can be; return those that were left.

        Raise `Refused` when they are not alike or too many, and for what is decided one by one.
        """
        if asked.word not in IN_BULK or len(case_ids) > MOST:
            raise Refused(f"at most {MOST} cases are decided at once, as one thing or as different ones", "decision")
        cases = [await _case(act.tx, each) for each in sorted(case_ids)]
        if len({case.row.kind for case in cases}) > 1:
            raise Refused("cases of one kind are decided at once", "ids")
        left = []
        for case in cases:
            try:
                await self.decide(act, roles, case.row.id, asked)
            except Refused as error:
                left.append(LeftCase(case.row.id, str(error)))
        return tuple(left)

    async def unmerge(self, act: Act, roles: Collection[str], merge_id: int) -> None:
        """Let two CIs be two again; raise `NotFound`, or `Refused`."""
        merged = await merges.one(act.tx, merge_id)
        if merged is None:
            raise NotFound("merge", str(merge_id))
        if merged.host:
            raise Refused("it was merged with what it runs on, and is parted with it")
        found = await cis.by_ids(act.tx, [merged.ci_id, merged.into_id])
        _check_roles(found.values(), roles)
        for each in await merges.with_it(act.tx, merged):
            await self._part(act, each)
        await doubts.next_turn(act.tx)
        await self.judge(act.tx, [merged.ci_id, merged.into_id], act.at)
        ends = {"ci": found[merged.ci_id].uid, "into": found[merged.into_id].uid}
        act.tell("ci.unmerge", f"ci/{found[merged.into_id].uid}", {"merged": ends}, {})

    async def _part(self, act: Act, merged: Merged) -> None:
        lent = {each.source_id for each in merged.bound}
        own = await merges.speakers(act.tx, merged.into_id, merged.at)
        await self.withdraw(act.tx, merged.into_id, lent - own, act.at)
        await merges.unpoint(act.tx, merged, act.at, act.by)

    async def split(self, act: Act, roles: Collection[str], uid: str, codes: Collection[str]) -> str:
        """Let what those sources say be a CI of its own; return its uid. Raise `NotFound`, or `Refused`."""
        ci = (await cis.by_uids(act.tx, [uid])).get(uid)
        if ci is None:
            raise NotFound("CI", uid)
        _check_roles([ci], roles)
        speakers = await merges.sources_of(act.tx, ci.id)
        chosen = {speakers[code] for code in codes if code in speakers}
        if not chosen or len(chosen) == len(speakers):
            raise Refused("some of the sources that speak of it, and not all, become a CI of their own", "sources")
        same = Subject("host", ci.ci_class, ci.ci_type, ci.name, frozenset(), {})
        made = await cis.create(act.tx, same, CiState.PROPOSED, "", cis.When.said(act.at))
        await self.withdraw(act.tx, ci.id, chosen, act.at)
        await merges.rebind(act.tx, ci.id, made, f"split, {act.by}", act.at, chosen)
        await merges.move_identifiers(act.tx, ci.id, made, chosen)
        await merges.part(act.tx, [ci.id, made], None, act.at, act.by)
        await doubts.next_turn(act.tx)
        new = (await cis.by_ids(act.tx, [made]))[made]
        act.tell("ci.split", f"ci/{uid}", {}, {"made": new.uid, "sources": sorted(codes)})
        return new.uid

    async def lift(self, act: Act, identifier: Identifier) -> None:
        """Let an identifier that was in quarantine name CIs again; raise `NotFound`."""
        if not await suspects.lift(act.tx, identifier):
            raise NotFound("identifier in quarantine", f"{identifier.kind} {identifier.value}")
        await doubts.next_turn(act.tx)
        act.tell("identifier.lift", f"identifier/{identifier.kind}/{identifier.value}", {"state": "suspect"}, {})


async def _case(tx: AsyncConnection, case_id: int) -> _Case:
    row = await doubts.hold_case(tx, case_id)
    if row is None:
        raise NotFound("case", str(case_id))
    roots = await cis.roots(tx, await doubts.members(tx, case_id))
    known = await cis.by_ids(tx, roots)
    held = await cis.of(tx, roots)
    return _Case(row, [known[each] for each in sorted(known)], held, await doubts.count_waiting(tx, case_id))


def _check(case: _Case, roles: Collection[str], asked: Decision) -> None:
    """Raise `Refused` for what cannot be decided, or not by whoever holds `roles`."""
    if asked.word not in DECISIONS:
        raise Refused(f"one of {', '.join(DECISIONS)} is expected", "decision")
    if case.row.state != doubts.OPEN:
        raise Refused(f"it has been decided by {case.row.decided_by}")
    _check_roles(case.cis, roles)


def _check_roles(found: Collection[CI] | Any, roles: Collection[str]) -> None:
    for ci in found:
        if not administers(roles, ci.ci_class):
            raise Refused(f"somebody else administers the class {ci.ci_class}")


def _survivor(case: _Case, asked: Decision) -> CI | None:
    """Return the CI that goes on: the one that was named, or the only one that can be meant."""
    if asked.word not in (SAME, REPLACES):
        return None
    named = [ci for ci in case.cis if ci.uid == asked.ci]
    if asked.ci and not named:
        raise Refused("it is none of the CIs of the case", "ci")
    registered = [ci for ci in case.cis if ci.state is not CiState.PROPOSED]
    for meant in (named, case.cis, registered):
        if len(meant) == 1:
            return meant[0]
    raise Refused("it takes a word which of the CIs goes on", "ci")


async def _join(act: Act, case: _Case, asked: Decision) -> None:
    """One thing: everything else the case is about is the survivor."""
    assert case.survivor is not None
    for each in case.others:
        await _merge(act, case, each, case.survivor)


async def _replace(act: Act, case: _Case, asked: Decision) -> None:
    """The survivor goes on with other hardware: of its identifiers those end that its successor contradicts."""
    assert case.survivor is not None
    was, shown = case.held(case.survivor), {each for ci in case.others for each in case.held(ci)}
    await _join(act, case, asked)
    kinds = {each.kind for each in was} & {each.kind for each in shown} & set(HARDWARE)
    ended = kinds - {each.kind for each in was & shown}
    await merges.end_identifiers(act.tx, case.survivor.id, ended, shown)


async def _set_apart(act: Act, case: _Case, asked: Decision) -> None:
    """Different things. What several of them hold names none of them any more, where an observation was torn by it."""
    await merges.part(act.tx, [ci.id for ci in case.cis], case.row.id, act.at, act.by)
    if case.waiting and len(case.cis) > 1:
        held = [each.identifiers for each in case.holders]
        twice = {one for at, its in enumerate(held) for one in its if any(one in other for other in held[at + 1 :])}
        torn = {each for each in twice if each.kind in suspects.LEARNABLE}
        await suspects.put(act.tx, torn, act.at, act.by, f"case {case.row.id}")


async def _quarantine(act: Act, case: _Case, asked: Decision) -> None:
    held = {each for holder in case.holders for each in holder.identifiers}
    if asked.identifier is None or asked.identifier not in held:
        raise Refused("an identifier of one of the CIs of the case is expected", "identifier")
    await suspects.put(act.tx, [asked.identifier], act.at, act.by, f"case {case.row.id}")


async def _freeze(act: Act, case: _Case, asked: Decision) -> None:
    """Two things speak as one: nothing is written of the CI until its agents are enrolled anew and this is decided."""
    await doubts.freeze(act.tx, [ci.id for ci in case.cis], case.row.id, act.at)


_CARRY_OUT: Final = {SAME: _join, APART: _set_apart, REPLACES: _replace, QUARANTINE: _quarantine, CLONE: _freeze}


async def _merge(act: Act, case: _Case, ci: CI, into: CI) -> None:
    """Let `ci` be `into`, and what runs on the one be the same on the other where both call it alike."""
    if await merges.standing(act.tx, [ci.id]):
        raise Refused(f"{ci.name} is made of several CIs: let it be the one that goes on, or part it first", "ci")
    merge_id = await merges.point(act.tx, ci.id, into.id, Why(act.by, act.at, case.row.id))
    case.touched |= {ci.id, into.id}
    for mine, theirs in _pairs(await cis.children(act.tx, ci.id), await cis.children(act.tx, into.id)):
        if mine != theirs:
            await merges.point(act.tx, mine, theirs, Why(act.by, act.at, case.row.id, merge_id))
            case.touched |= {mine, theirs}
    act.tell("ci.merge", f"ci/{ci.uid}", {}, {"into": into.uid, "case": case.row.id})


def _pairs(mine: Sequence[Holder], theirs: Sequence[Holder]) -> list[tuple[int, int]]:
    """Return the children that are the same instance of the same kind of software on both."""
    own = {each.ci_id for each in mine}
    places = {
        (each.ci_class, each.ci_type, one.value): each.ci_id
        for each in theirs if each.ci_id not in own
        for one in each.identifiers if one.kind == "instance"
    }  # fmt: skip
    found = (
        (each.ci_id, places.get((each.ci_class, each.ci_type, one.value), each.ci_id))
        for each in mine
        for one in each.identifiers
        if one.kind == "instance"
    )
    return sorted(set(found))


def _told(case: _Case, asked: Decision) -> dict[str, Any]:
    told: dict[str, Any] = {"state": "open" if asked.word == CLONE else "decided", "decision": asked.word}
    if case.survivor is not None:
        told["ci"] = case.survivor.uid
    if asked.identifier is not None:
        told["identifier"] = f"{asked.identifier.kind} {asked.identifier.value}"
    return told | {"reason": asked.reason[:MAX_REASON], "cis": [ci.uid for ci in case.cis]}
