"""Registering: a person says of a proposed CI that it belongs here; what it shows is authorised from then on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import drift
from collector.classes import TYPES, UNKNOWN
from collector.governance import Governance
from collector.model import CI, CiState, Path, Value
from collector.security.audit import Act
from collector.security.roles import administers
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import cis, doubts, interning, lanes
from collector.store.lanes import Authorising, Basis, Ids, Origin

Judge = Callable[[AsyncConnection, Collection[int], int], Awaitable[None]]
"""Runs every rule on those CIs at that time (ms), within the transaction: their standing moved, not their facts."""

MOST: Final = 200
"""CIs that are registered at once."""
BY: Final = "registered by "
"""What the basis of a registered CI's first authorised values begins with; the account follows."""

WHY_NOT: Final[Mapping[str, str]] = {
    "standing": "it is not proposed",
    "doubt": "a doubt about its identity is open: that is decided first",
    "class": "somebody else administers its class",
    "named": "a class of the regulation and a type of that class are expected",
    "recognised": "a source has said what it is",
}


class NotRegistered(Refused):
    """A CI that stays proposed; `why` is a word of `WHY_NOT`."""

    def __init__(self, why: str) -> None:
        super().__init__(WHY_NOT[why], "type" if why in ("named", "recognised") else "")
        self.why = why


@dataclass(frozen=True, slots=True)
class Named:
    """What a person says a CI is that no source could name; empty: nothing."""

    ci_class: str = ""
    ci_type: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """A CI that was not registered; `why` is a word of `WHY_NOT`."""

    ci: CI
    why: str


@dataclass(frozen=True, slots=True)
class Registrar:
    """Registers CIs by what is governed and how rules are run."""

    governance: Governance
    judge: Judge

    async def register(self, act: Act, roles: Collection[str], uids: Collection[str]) -> tuple[Left, ...]:
        """Register the proposed CIs among `uids`, as far as `roles` reach; return those that were left as they are.

        Raise `NotFound`, and `Refused` when they are too many.
        """
        if len(uids) > MOST:
            raise Refused(f"at most {MOST} are registered at once", "ids")
        found = await _found(act.tx, uids)
        doubtful = await doubts.doubtful(act.tx, [ci.id for ci in found])
        why = {ci.id: _why_not(ci, roles, doubtful) for ci in found}
        await self._admit(act, [ci for ci in found if not why[ci.id]])
        return tuple(Left(ci, why[ci.id]) for ci in found if why[ci.id])

    async def register_one(self, act: Act, roles: Collection[str], uid: str, named: Named) -> None:
        """Register one CI and say what it is where no source could; raise `NotFound`, or `NotRegistered`."""
        (ci,) = await _found(act.tx, [uid])
        if named != Named():
            await _name(act.tx, ci, named)
        for left in await self.register(act, roles, [uid]):
            raise NotRegistered(left.why)

    async def _admit(self, act: Act, found: Iterable[CI]) -> None:
        # Admitted first: whoever writes facts of these CIs on another collector is done by then, or waits for us.
        admitted = await cis.admit(act.tx, [ci.id for ci in found], BY + act.by)
        shown = await lanes.standing(act.tx, sorted(admitted))
        await self._authorise(act, {ci_id: self._controlled(facts) for ci_id, facts in shown.items()})
        await self.judge(act.tx, admitted, act.at)
        for ci in found:
            if ci.id in admitted:
                act.tell("ci.register", f"ci/{ci.uid}", {"state": str(ci.state)}, {"state": str(CiState.ACTIVE)})

    def _controlled(self, facts: Mapping[Path, Value]) -> dict[Path, Value]:
        return {
            path: value
            for path, value in facts.items()
            if drift.controlled(path, value, self.governance) is not None
        }  # fmt: skip

    async def _authorise(self, act: Act, values: Mapping[int, Mapping[Path, Value]]) -> None:
        paths = await interning.path_ids(act.tx, (path for its in values.values() for path in its))
        ids = Ids(paths, await interning.value_ids(act.tx, (each for its in values.values() for each in its.values())))
        basis = Basis("arrival", BY + act.by)
        rows = [Authorising(Origin(ci_id, 0, 0, act.at), its, act.at, basis) for ci_id, its in values.items()]
        await lanes.write_authorised(act.tx, rows, ids)


async def _found(connection: AsyncConnection, uids: Collection[str]) -> list[CI]:
    known = await cis.by_uids(connection, uids)
    for uid in uids:
        if uid not in known:
            raise NotFound("CI", uid)
    return list(known.values())


def _why_not(ci: CI, roles: Collection[str], doubtful: Collection[int]) -> str:
    if ci.state is not CiState.PROPOSED:
        return "standing"
    if ci.id in doubtful:
        return "doubt"
    return "" if administers(roles, ci.ci_class) else "class"


async def _name(tx: AsyncConnection, ci: CI, named: Named) -> None:
    """Say what a CI is; raise `NotRegistered` where a source has said so, and for words that are none of ours."""
    if named.ci_type not in TYPES.get(named.ci_class, ()) or named.ci_type == UNKNOWN:
        raise NotRegistered("named")
    if ci.ci_type != UNKNOWN:
        raise NotRegistered("recognised")
    await cis.classify(tx, ci.id, named.ci_class, named.ci_type)
