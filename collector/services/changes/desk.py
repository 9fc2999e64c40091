"""Every step of a change: what it makes of it, its row in the trail and its row in the audit log, in one transaction.

Who may do which step is `collector.change.lifecycle`'s word; it raises `Denied`, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change import lifecycle
from collector.change.flow import Step
from collector.change.lifecycle import Actor, Denied, Surroundings, Why
from collector.change.record import RULE, Change, ChangeType, State, Task, Template
from collector.change.verification import DECIDED, Evidence, LineCheck, LineState, verify
from collector.record import SECTION
from collector.security.audit import Act
from collector.security.roles import supervises
from collector.services import looking
from collector.services.changes.asked import (
    MAX_REASON,
    MAX_TITLE,
    Asked,
    check_takes_part,
    lines_of,
    one_line,
    plan_of,
    request_of,
)
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import change_trail, changes, freezes
from collector.store.change_trail import Decision, Mark
from collector.store.changes import Kept, Origin, Stale

UNSEEN: Final = frozenset({RULE, SECTION})
"""Sections of lines nobody looks at anew: alerts, and what people say themselves."""
MAX_TASKS: Final = 100
MAX_NAME: Final = 100
"""Of another system, and of what it calls a change."""

EvidenceOf = Callable[[AsyncConnection, Change, int], Awaitable[Mapping[int, Evidence]]]
"""Returns what was seen of each line of a change at a time (ms), by the line's place."""
Moved = Callable[[AsyncConnection, Collection[int], int], Awaitable[None]]
"""Judges anew what moved on these CIs at a time (ms): a change that concerns them is another one now."""


async def nothing_seen(_connection: AsyncConnection, _change: Change, _at: int) -> Mapping[int, Evidence]:
    return {}


async def nothing_to_judge(_connection: AsyncConnection, _ci_ids: Collection[int], _at: int) -> None:
    """Where nothing observes, nothing is judged."""


class Overtaken(Refused):
    """Somebody wrote the change since it was looked at; nothing was done."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} is no longer what was looked at: somebody wrote it since")


def actor_of(name: str, roles: Collection[str]) -> Actor:
    """Return somebody as the steps know them: roles without the classes, and of which classes they decide."""
    return Actor(name, frozenset(role.partition(":")[0] for role in roles), supervises(roles))


@dataclass(frozen=True, slots=True)
class Desk:
    """Where changes are dealt with: what was seen of their lines, and who judges what moved once they have."""

    evidence: EvidenceOf = nothing_seen
    moved: Moved = nothing_to_judge

    async def raise_(
        self, act: Act, type_: ChangeType, asked: Asked, *, finding: int | None = None, template: Template | None = None
    ) -> str:
        """Write a draft, made from a finding or from a template perhaps, and return its number; raise `Refused`."""
        if finding is not None and template is not None:
            raise Refused("what was done already is approved by somebody, by no template", "template")
        return await self._begin(act, type_, asked, Origin(finding_id=finding), template)

    async def _begin(
        self, act: Act, type_: ChangeType, asked: Asked, origin: Origin, template: Template | None = None
    ) -> str:
        request, plan = await request_of(act.tx, asked, type_, act.by), await plan_of(act.tx, asked)
        new = Change(
            "", type_, act.by, replace(request, written_at=act.at), plan and replace(plan, written_at=act.at),
            template=template,
        )  # fmt: skip
        kept = await changes.add(act.tx, new, origin, act.at)
        await self._noted(act, None, kept, "raise", "")
        return kept.change.number

    async def arrive(self, act: Act, type_: ChangeType, asked: Asked, system: str, reference: str) -> tuple[str, bool]:
        """Write what another system calls `reference`, and return its number and whether it is new; raise `Refused`.

        What comes again as it was is the change it made; what comes as something else is not taken for it.
        """
        origin = Origin(_named(system, "origin"), _named(reference, "reference"))
        known = await changes.by_reference(act.tx, origin.system, origin.reference)
        if known is None:
            return await self._begin(act, type_, asked, origin), True
        old = known.change
        request, plan = await request_of(act.tx, asked, type_, old.initiator), await plan_of(act.tx, asked)
        if replace(old, type=type_, request=request, plan=plan).content_hash != old.content_hash:
            raise Refused(f"{system} calls {old.number} {reference} already, and that says something else", "reference")
        return old.number, False

    async def edit(self, act: Act, who: Actor, number: str, asked: Asked, version: int | None = None) -> None:
        """Write request and plan anew, or the plan alone where its implementer does; raise `Denied`, `Refused`.

        Words that spoke of the content as it was count no longer.
        """
        before = await _read(act.tx, number, version)
        old, plan = before.change, await plan_of(act.tx, asked)
        if plans_only(old, who):
            after = lifecycle.edit(old, who, act.at, plan=plan)
        else:
            request = await request_of(act.tx, asked, old.type, old.initiator)
            after = lifecycle.edit(old, who, act.at, request=request, plan=plan)
        await self._write(act, before, after, "edit", "")

    async def step(
        self, act: Act, who: Actor, number: str, step: Step, reason: str = "", version: int | None = None
    ) -> State:
        """Do one step and return the state after it; raise `Denied` with every reason, or `Refused`."""
        before = await _read(act.tx, number, version)
        said = lines_of(reason, MAX_REASON, "reason")
        around = await self.around(act.tx, before, act.at)
        after = lifecycle.take(before.change, step, who, act.at, reason=said, around=around)
        await self._write(act, before, after, step, said)
        if step is Step.FINISH:
            await _have_looked(act, before.id, after)
        return after.state

    async def entrust(self, act: Act, who: Actor, number: str, text: str, assignee: str) -> None:
        """Give a helper a task; raise `Denied`, `Refused`."""
        before = await _read(act.tx, number)
        _check_is_alive(before.change)
        if len(before.change.tasks) >= MAX_TASKS:
            raise Refused(f"a change has at most {MAX_TASKS} tasks", "text")
        await check_takes_part(act.tx, assignee, "assignee")
        task = Task(one_line(text, MAX_TITLE, "text"), assignee)
        await self._write(
            act, before, lifecycle.entrust(before.change, who, task), "entrust", f"{assignee}: {task.text}"
        )

    async def done(self, act: Act, who: Actor, number: str, place: int) -> None:
        """Say that a task is done; raise `Refused` unless its helper says so, once."""
        before = await _read(act.tx, number)
        _check_is_alive(before.change)
        tasks = list(before.change.tasks)
        if not 0 <= place < len(tasks) or tasks[place].assignee != who.name:
            raise Refused("only whom a task was given says that it is done", "place")
        if tasks[place].done_at is not None:
            raise Refused("the task is done already", "place")
        tasks[place] = replace(tasks[place], done_at=act.at)
        await self._write(act, before, replace(before.change, tasks=tuple(tasks)), "task_done", tasks[place].text)

    async def decide(self, act: Act, who: Actor, number: str, place: int, state: LineState, reason: str) -> None:
        """Say what no observation can of a line of work that is done; raise `Denied`, `Refused`.

        Whoever did the work does not say that it came out well.
        """
        before = await _read(act.tx, number)
        old, said = before.change, lines_of(reason, MAX_REASON, "reason")
        denied = _may_not_decide(old, who, said)
        if denied:
            raise Denied(denied)
        if not 0 <= place < len(old.lines) or state not in DECIDED:
            raise Refused("the place of a line, and what a person can say of it, are expected", "place")
        await change_trail.decide(act.tx, before.id, Decision(place, state, who.name, act.at, said))
        await self._write(act, before, old, f"line_{state}", f"{place + 1}: {said}")

    async def checks(self, connection: AsyncConnection, kept: Kept, at: int) -> tuple[LineCheck, ...]:
        """Return where each line of a change stands at `at` (ms)."""
        seen = await self.evidence(connection, kept.change, at)
        said = (await change_trail.decisions(connection, [kept.id])).get(kept.id, {})
        evidence = {
            place: replace(seen.get(place, Evidence()), decided=said[place].state if place in said else None)
            for place in range(len(kept.change.lines))
        }
        return verify(kept.change, evidence, at)

    async def around(self, connection: AsyncConnection, kept: Kept, at: int) -> Surroundings:
        """Return what a step is held against: freezes of its window, and its lines once the work is done."""
        plan = kept.change.plan
        known = await freezes.since(connection, plan.window.start) if plan else []
        is_over = kept.change.state is State.IMPLEMENTED
        checks = await self.checks(connection, kept, at) if is_over else ()
        return Surroundings(tuple(row.freeze for row in known), checks)

    async def _write(self, act: Act, before: Kept, after: Change, what: str, said: str) -> None:
        try:
            saved = await changes.save(act.tx, before, after, act.at)
        except Stale:
            raise Overtaken(before.change.number) from None
        await self._noted(act, before, saved, what, said)

    async def _noted(self, act: Act, before: Kept | None, after: Kept, what: str, said: str) -> None:
        change = after.change
        await change_trail.add(act.tx, after.id, Mark(act.at, act.by, what, change.state, said))
        was, is_now = _told(before.change) if before else {}, _told(change) | {"step": str(what), "said": said}
        act.tell("change.step", f"change/{change.number}", was, is_now)
        concerned = change.request.ci_ids | (before.change.request.ci_ids if before else frozenset())
        await self.moved(act.tx, concerned, act.at)


async def _have_looked(act: Act, change_id: int, done: Change) -> None:
    """Ask whoever knows the CIs of a change to look at once: only what is seen after the work says what came of it."""
    seeable = {line.ci_id for line in done.lines if line.path.section not in UNSEEN}
    if not seeable:
        return
    asked = await looking.ask(act, seeable)
    word = "look" if asked.text else "no_look"
    await change_trail.add(act.tx, change_id, Mark(act.at, act.by, word, done.state, asked.text))
    act.tell("change.look", f"change/{done.number}", after={"agents": asked.agents, "addresses": asked.addresses})


def _named(text: str, field_: str) -> str:
    return one_line(text, MAX_NAME, field_)


def plans_only(change: Change, who: Actor) -> bool:
    """Return whether `who` writes the plan alone: as implementer of a request that somebody else made."""
    return who.name == change.request.implementer and who.name != change.initiator


async def _read(tx: AsyncConnection, number: str, version: int | None = None) -> Kept:
    """Return the change, as long as it is the one that was looked at; raise `NotFound`, `Overtaken`."""
    found = await changes.find(tx, number)
    if found is None:
        raise NotFound("change", number)
    if version is not None and found.version != version:
        raise Overtaken(number)
    return found


def _check_is_alive(change: Change) -> None:
    if change.state in changes.ENDED:
        raise Denied([Why.NOT_IN_THIS_STATE])


def _may_not_decide(change: Change, who: Actor, reason: str) -> list[Why]:
    found = [] if change.state is State.IMPLEMENTED else [Why.NOT_IN_THIS_STATE]
    if who.name == change.request.implementer:
        found.append(Why.IMPLEMENTER_APPROVES)
    if who.name != change.initiator and "change_supervisor" not in who.roles:
        found.append(Why.NO_SUCH_ROLE)
    return found if reason else [*found, Why.NO_REASON]


def _told(change: Change) -> dict[str, object]:
    """Return what the audit log says of a change."""
    return {
        "state": str(change.state), "type": str(change.type), "title": change.request.title,
        "content": change.content_hash, "words": len(change.words), "tasks": len(change.tasks),
    }  # fmt: skip
