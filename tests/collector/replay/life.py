"""A script lived as it comes, in batches as chance has it; or its log replayed into a database that knew nothing."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlalchemy import select

from collector.change.approval import MANAGER, NEEDS, SUPERVISOR, hash_for
from collector.change.record import Change, Line, Plan, Request, State, Word
from collector.model import Path
from collector.pipeline import changed, entering, judging, withdrawing
from collector.pipeline.policies import Policies
from collector.pipeline.runner import Runner
from collector.services.decisions import Decider, Decision
from collector.services.records import Recorder
from collector.services.registration import Registrar
from collector.store import acceptances, changes, findings, ingest_log, schema
from collector.store.changes import Kept, Origin
from collector.store.engine import Store, insert
from tests.acts import act
from tests.collector.replay.script import (
    BARRIERS,
    HELD,
    HOSTS,
    OF_CHANGES,
    PROBE,
    Accepted,
    Cancelled,
    Edited,
    Finished,
    Granted,
    Merged,
    Op,
    Parted,
    Raised,
    Registered,
    Script,
    Ticked,
    Told,
)

ADMIN = ("config_admin:*",)
WHO = {SUPERVISOR: "sophia", MANAGER: "mei"}
Key = tuple[str, Path, str, int]
"""An item: source, path, field, and when it was first seen new."""


@dataclass
class Life:
    """One store a script is played in. `before`: how it was lived, which says what people's acts were about."""

    store: Store
    policies: Policies
    before: Life | None = None
    now: int = 0
    accepted: dict[int, Key] = field(default_factory=dict)
    raised: dict[int, int] = field(default_factory=dict)
    runner: Runner = field(init=False)
    _changes: dict[int, Kept] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.runner = Runner(self.store, self.policies, lambda: self.now)

    async def live(self, script: Script, dice: random.Random) -> None:
        """Play the script as it comes; what is logged is taken up at once, or waits for company."""
        await self._enrol()
        for op in script.ops:
            self.now = op.at
            if isinstance(op, Told):
                await self._log([op])
                if dice.random() < 0.6:
                    await self._drain()
            else:
                await self._drain()
                await self._do(op)
        await self._end(script)

    async def replay(self, script: Script) -> None:
        """Play the log in as few batches as can be, with all changes known from the beginning."""
        await self._enrol()
        self.now = script.end
        first = [op for op in script.ops if isinstance(op, Told) and op.first]
        await self._log(first)
        await self._drain()
        for op in script.ops:
            if isinstance(op, OF_CHANGES):
                await self._do(op)
        for op in script.ops:
            if isinstance(op, Told) and not op.first:
                await self._log([op])
            elif isinstance(op, BARRIERS):
                self.now = op.at
                await self._drain()
                await self._do(op)
        await self._end(script)

    async def merge_and_part(self, at: int) -> None:
        """Let the two hosts be one, and two again."""
        for op in (Merged(at), Parted(at + 1)):
            self.now = op.at
            await self._do(op)

    async def _enrol(self) -> None:
        async with self.store.write() as tx:
            for number in (*HOSTS, PROBE):
                row = {"id": number, "uid": f"uid{number}", "instance_key": bytes([number]), "enrolled_at": 1}
                await tx.execute(insert(tx, schema.agent).values(row))
                its = {"code": f"agent/uid{number}", "kind": "agent", "agent_id": number}
                await tx.execute(insert(tx, schema.source).values(its))

    async def _log(self, told: Sequence[Told]) -> None:
        async with self.store.write() as tx:
            await ingest_log.append(tx, [(each.agent, bytes(16), each.seq, each.at, each.payload) for each in told])

    async def _drain(self) -> None:
        while await self.runner.step():
            pass

    async def _end(self, script: Script) -> None:
        """Let the clocks run out; what is still in the log is taken up then."""
        self.now = script.end
        await self._drain()
        await self.runner.tick()

    # --- what people do

    async def _do(self, op: Op) -> None:
        does: dict[type[Any], Callable[[Any], Awaitable[None]]] = {
            Raised: self._raise, Edited: self._edit, Cancelled: self._cancel, Granted: self._grant,
            Finished: self._finish, Accepted: self._accept, Registered: self._register, Merged: self._merge,
            Parted: self._part, Ticked: self._tick,
        }  # fmt: skip
        await does[type(op)](op)

    async def _raise(self, op: Raised) -> None:
        ci_id = self.before.raised[op.name] if self.before else await self.ci_of(op.speaker)
        self.raised[op.name] = ci_id
        request = Request("work", "because", frozenset({ci_id}), "boris", op.at)
        plan = Plan(_of_ci(op.lines, ci_id), op.window, op.at)
        new = Change("", op.type, "anna", request, plan, state=State.REQUESTED)
        async with self.store.write() as tx:
            self._changes[op.name] = await changes.add(tx, new, Origin(), op.at)
            await changed(tx, [ci_id], self.now, self.policies)

    async def _edit(self, op: Edited) -> None:
        change = self._changes[op.name].change
        (ci_id,) = change.request.ci_ids
        assert change.plan
        await self._save(op.name, replace(change, plan=replace(change.plan, lines=_of_ci(op.lines, ci_id),
                                                               written_at=op.at)), op.at)  # fmt: skip

    async def _cancel(self, op: Cancelled) -> None:
        change = self._changes[op.name].change
        await self._save(op.name, replace(change, state=State.CANCELLED, cancelled_at=op.at), op.at)

    async def _grant(self, op: Granted) -> None:
        change = self._changes[op.name].change
        for need in NEEDS[change.type]:
            word = Word(need.stage, need.role, WHO[need.role], op.at, hash_for(change, need))
            change = replace(change, words=(*change.words, word))
        await self._save(op.name, replace(change, state=State.APPROVED), op.at)

    async def _finish(self, op: Finished) -> None:
        change = self._changes[op.name].change
        await self._save(op.name, replace(change, finished_at=change.finished_at or op.at), op.at)

    async def _save(self, name: int, after: Change, at: int) -> None:
        async with self.store.write() as tx:
            self._changes[name] = await changes.save(tx, self._changes[name], after, at)
            await changed(tx, after.request.ci_ids, self.now, self.policies)

    async def _accept(self, op: Accepted) -> None:
        async with self.store.write() as tx:
            hosts = [row.id for row in await tx.execute(select(schema.finding))]
            filed = [each for its in (await findings.of_findings(tx, hosts)).values() for each in its]
            by_key = {(each.judged.item.ci_id, filing_key(each.judged.item)): each for each in filed}
            if self.before is None:
                open_ = sorted(name for name, each in by_key.items() if each.judged.judgement.closed_at is None
                               and each.judged.judgement.verdict != "in_progress")  # fmt: skip
                if not open_:
                    return
                self.accepted[op.at] = open_[op.turn % len(open_)]
            known = (self.before or self).accepted
            if op.at not in known:
                return
            one = by_key[known[op.at]]
            await acceptances.accept(tx, [one], "sophia", op.at, "finding")
            await changed(tx, [one.judged.item.ci_id], self.now, self.policies)

    async def _register(self, op: Registered) -> None:
        async with self.store.write() as tx:
            (uid,) = (await tx.execute(select(schema.ci.c.uid).where(schema.ci.c.ci_class == "network"))).scalars()
            registrar = Registrar(
                self.policies.governance, partial(judging.judge_whole, policies=self.policies),
                Recorder(partial(entering.enter, policies=self.policies)),
            )  # fmt: skip
            await registrar.register(act(tx, "chen", op.at), ADMIN, [uid])

    async def _merge(self, op: Merged) -> None:
        first, second = [await self.ci_of(number) for number in HOSTS]
        async with self.store.write() as tx:
            values = {"kind": "duplicate", "why": "alike", "opened_at": op.at, "fingerprint": f"alike {op.at}"}
            case = schema.duplicate_case
            made = await tx.execute(insert(tx, case).values(values).returning(case.c.id))
            case_id = int(made.scalar_one())
            members = [{"case_id": case_id, "ci_id": ci_id, "evidence": ""} for ci_id in (first, second)]
            await tx.execute(insert(tx, schema.duplicate_member), members)
            uid = (await tx.execute(select(schema.ci.c.uid).where(schema.ci.c.id == first))).scalar_one()
            await self._decider().decide(act(tx, "chen", op.at), ADMIN, case_id, Decision("same", uid))
        await self._settle()

    async def _part(self, op: Parted) -> None:
        async with self.store.write() as tx:
            (merge, *_) = (
                await tx.execute(select(schema.merge.c.id).where(schema.merge.c.undone_at.is_(None)))
            ).scalars()
            await self._decider().unmerge(act(tx, "chen", op.at), ADMIN, merge)
        await self._settle()

    def _decider(self) -> Decider:
        judge = partial(judging.judge_whole, policies=self.policies)
        return Decider(judge, partial(withdrawing.withdraw, policies=self.policies), self.runner.decided)

    async def _settle(self) -> None:
        self.runner.decided()
        await self._drain()

    async def _tick(self, op: Ticked) -> None:
        await self.runner.tick()

    async def ci_of(self, speaker: int) -> int:
        """Return the CI whose host the source of `speaker` is."""
        bound = schema.subject_ci.join(schema.source)
        wanted = select(schema.subject_ci.c.ci_id).select_from(bound)
        async with self.store.read() as reader:
            found = await reader.execute(
                wanted.where(schema.source.c.code == HELD[speaker], schema.subject_ci.c.role == "host")
            )
            return int(found.scalar_one())


def filing_key(item: Any) -> Key:
    return item.source, item.path, item.field, item.hi


def _of_ci(lines: Sequence[Line], ci_id: int) -> tuple[Line, ...]:
    return tuple(replace(line, ci_id=ci_id) for line in lines)
