"""Answering findings: what moved is right as it is, may stay a while, or is to be undone; who says so, and why.

Only who supervises the changes of a CI's class answers for it, and never for what evidence says they did themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.change.filing import Filed
from collector.desk.table import BUILT_IN, Table
from collector.model import CI, Verdict
from collector.reverting import Revert
from collector.security.audit import Act
from collector.security.roles import supervises
from collector.services import reverting
from collector.services.changes.asked import MAX_REASON, lines_of
from collector.services.changes.desk import Moved, nothing_to_judge
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import acceptances, cis, findings
from collector.store.acceptances import Mark

ACCEPT, WAIVE, UNDO, CALL_OFF = "accept", "waive", "undo", "call_off"
DAY_MS: Final = 86_400_000
LONGEST_MS: Final = 366 * DAY_MS
"""How long a finding may be waived: the year after which somebody looks again."""
MOST: Final = 500
"""Findings that are accepted at once: a patch night."""


@dataclass(frozen=True, slots=True)
class LeftFinding:
    """A finding that was left as it is, and why, as a sentence."""

    id: int
    why: str


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers findings; `moved` judges anew what concerns a CI, within the transaction. `desk`: for incidents."""

    moved: Moved = nothing_to_judge
    desk: Table = BUILT_IN

    async def accept(self, act: Act, roles: Collection[str], number: int, reason: str) -> None:
        """Say that what moved is right as it is, so it is what is authorised from then on; raise `Refused`."""
        ci, items, said = await _asked(act, roles, number, reason)
        waiting = _waiting(items)
        await acceptances.accept(act.tx, waiting, act.by, act.at, f"finding/{number}")
        await self._done(act, ci, number, Mark(act.at, act.by, ACCEPT, said))
        act.tell("finding.accept", f"finding/{number}", {}, {"reason": said})

    async def accept_alike(
        self, act: Act, roles: Collection[str], numbers: Collection[int], reason: str
    ) -> tuple[LeftFinding, ...]:
        """Accept several as one decision; return those that were left as they are. Raise `Refused` when too many."""
        if len(numbers) > MOST:
            raise Refused(f"at most {MOST} findings are accepted at once", "ids")
        left = []
        for number in sorted(numbers):
            try:
                await self.accept(act, roles, number, reason)
            except (Refused, NotFound) as error:
                left.append(LeftFinding(number, str(error)))
        return tuple(left)

    async def waive(self, act: Act, roles: Collection[str], number: int, until: int, reason: str) -> None:
        """Let a finding stand without an incident until `until` (ms), then raise it again; raise `Refused`."""
        ci, _, said = await _asked(act, roles, number, reason)
        if not act.at < until <= act.at + LONGEST_MS:
            raise Refused("a waiver ends within a year", "until")
        await findings.waive(act.tx, number, until)
        await self._done(act, ci, number, Mark(act.at, act.by, WAIVE, said, until))
        act.tell("finding.waive", f"finding/{number}", {}, {"reason": said, "until": until})

    async def undo(
        self, act: Act, roles: Collection[str], number: int, assignee: str, reason: str, due_at: int = 0
    ) -> None:
        """Ask somebody to put it back until `due_at` (ms), the usual ones where nothing is said; raise `Refused`.

        The finding closes when it is seen to be as authorised. It is not waived any longer, if it was.
        """
        ci, items, said = await _asked(act, roles, number, reason)
        _waiting(items)
        await findings.waive(act.tx, number, None)
        await self.moved(act.tx, [ci.id], act.at)
        its = await reverting.ask(act, ci, Revert(0, number, assignee, act.by, act.at, due_at, said), self.desk)
        await acceptances.mark(act.tx, number, Mark(act.at, act.by, UNDO, said, its.due_at, its.assignee))

    async def call_off(self, act: Act, roles: Collection[str], number: int, reason: str) -> None:
        """Let it not be put back any more; raise `NotFound`, `Refused`."""
        _, _, said = await _asked(act, roles, number, reason)
        await reverting.call_off(act, number, said)

    async def _done(self, act: Act, ci: CI, number: int, mark: Mark) -> None:
        await acceptances.mark(act.tx, number, mark)
        await self.moved(act.tx, [ci.id], act.at)
        await reverting.answered(act, number)


def _waiting(items: Collection[Filed]) -> list[Filed]:
    """Return the items that wait for an answer; raise `Refused` when none does."""
    waiting = [each for each in items if each.judged.judgement.verdict is not Verdict.IN_PROGRESS]
    if not waiting:
        raise Refused("approved work is going on; what came of it is told when it is over")
    return waiting


async def _asked(act: Act, roles: Collection[str], number: int, reason: str) -> tuple[CI, list[Filed], str]:
    """Return the CI, the open items and the reason; raise `NotFound`, or `Refused` when it is not theirs to answer."""
    items = await _open_items(act.tx, number)
    ci = (await cis.by_ids(act.tx, [items[0].judged.item.ci_id]))[items[0].judged.item.ci_id]
    if not may_answer(roles, ci.ci_class):
        raise Refused("who supervises the changes of this class answers its findings")
    if act.by in {each.judged.item.actor for each in items}:
        raise Refused("evidence says that you did this yourself; somebody else answers for it")
    said = lines_of(reason, MAX_REASON, "reason")
    if not said:
        raise Refused("an answer has its reason", "reason")
    return ci, items, said


async def _open_items(connection: AsyncConnection, number: int) -> list[Filed]:
    items = (await findings.of_findings(connection, [number])).get(number)
    if not items:
        raise NotFound("finding", str(number))
    waiting = [each for each in items if each.judged.judgement.closed_at is None]
    if not waiting:
        raise Refused(f"finding {number} is closed")
    return waiting


def may_answer(roles: Iterable[str], ci_class: str) -> bool:
    """Return whether `roles` answer for findings of a class."""
    held = tuple(roles)
    names = {role.partition(":")[0] for role in held}
    if "change_manager" in names:
        return True
    classes = supervises(held)
    return "change_supervisor" in names and (classes is None or ci_class in classes)
