"""Registering: a person says of a proposed CI that it belongs here; what it shows is authorised from then on.

What they say of it with that (owner, place, label …) is written before, as a word of theirs, and so is authorised too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector import drift, record
from collector.classes import TYPES, UNKNOWN
from collector.governance import Governance
from collector.model import CI, CiState, Path, Value
from collector.security.audit import Act
from collector.security.roles import administers
from collector.services import records
from collector.services.missing import NotFound
from collector.services.records import Recorder
from collector.services.refused import Refused
from collector.store import cis, doubts, interning, lanes
from collector.store.lanes import Authorising, Basis, Ids, Origin

Judge = Callable[[AsyncConnection, Collection[int], int], Awaitable[None]]
"""Runs every rule on those CIs at that time (ms), within the transaction: their standing moved, not their facts."""

MOST: Final = 200
"""CIs that are registered at once."""
FORM: Final = ("label", "asset_number", "owner", "department", "place", "environment")
"""What a form asks with it; whoever registers one CI may say anything of its record."""
ALIKE: Final = ("owner", "department", "place", "environment", "contact", "purpose", "note")
"""What may be said of several at once: not what each has of its own."""
_NOTHING: Final[Mapping[str, object]] = {}
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
    recorder: Recorder

    async def register(
        self, act: Act, roles: Collection[str], uids: Collection[str], said: Mapping[str, object] = _NOTHING
    ) -> tuple[Left, ...]:
        """Register the proposed CIs among `uids`, as far as `roles` reach; return those that were left as they are.

        `said`: what the record of each of them shall say. Raise `NotFound`, `BadValue`, and `Refused` when they are
        too many, or for a field that each has for itself.
        """
        if len(uids) > MOST:
            raise Refused(f"at most {MOST} are registered at once", "ids")
        if own := sorted(said.keys() & set(record.FIELDS) - set(ALIKE)):
            raise Refused("each has its own: register them one by one", own[0])
        found = await _found(act.tx, uids)
        doubtful = await doubts.doubtful(act.tx, [ci.id for ci in found])
        why = {ci.id: _why_not(ci, roles, doubtful) for ci in found}
        await self.admit(act, [ci for ci in found if not why[ci.id]], record.checked(said))
        return tuple(Left(ci, why[ci.id]) for ci in found if why[ci.id])

    async def register_one(
        self, act: Act, roles: Collection[str], uid: str, named: Named, said: Mapping[str, object] = _NOTHING
    ) -> None:
        """Register one CI and say what it is where no source could; `said`: what its record shall say.

        Raise `NotFound`, `NotRegistered`, `BadValue`, and `Refused` for a label another CI carries.
        """
        (ci,) = await _found(act.tx, [uid])
        values = record.checked(said)
        if named != Named():
            await _name(act, ci, named)
            (ci,) = await _found(act.tx, [uid])
        if why := _why_not(ci, roles, await doubts.doubtful(act.tx, [ci.id])):
            raise NotRegistered(why)
        await records.check_label(act.tx, ci.id, values.get("label"))
        await self.admit(act, [ci], values)

    async def admit(self, act: Act, found: Collection[CI], said: Mapping[str, str | None]) -> None:
        if said and found:
            await self.recorder.write_alike(act, found, said)
        admitted = await cis.admit(act.tx, [ci.id for ci in found], BY + act.by, cis.When.said(act.at))
        shown = await lanes.standing(act.tx, sorted(admitted))
        await self._authorise(act, {ci.id: self._controlled(ci, shown[ci.id]) for ci in found if ci.id in shown})
        await self.judge(act.tx, admitted, act.at)
        for ci in found:
            if ci.id in admitted:
                act.tell("ci.register", f"ci/{ci.uid}", {"state": str(ci.state)}, {"state": str(CiState.ACTIVE)})

    def _controlled(self, ci: CI, facts: Mapping[Path, Value]) -> dict[Path, Value]:
        governance = self.governance.of(ci.ci_class)
        return {path: value for path, value in facts.items() if drift.controlled(path, value, governance) is not None}

    async def _authorise(self, act: Act, values: Mapping[int, Mapping[Path, Value]]) -> None:
        paths = await interning.path_ids(act.tx, (path for its in values.values() for path in its))
        ids = Ids(paths, await interning.value_ids(act.tx, (each for its in values.values() for each in its.values())))
        basis = Basis("arrival", BY + act.by)
        rows = [Authorising(Origin(ci_id, 0, 0, act.at), its, act.at, basis) for ci_id, its in values.items()]
        await lanes.write_authorised(act.tx, rows, ids)


async def _found(tx: AsyncConnection, uids: Collection[str]) -> list[CI]:
    known = await cis.by_uids(tx, uids)
    for uid in uids:
        if uid not in known:
            raise NotFound("CI", uid)
    # Held, then read: whoever writes of these CIs on another collector is done by then, or waits for us.
    ci_ids = [ci.id for ci in known.values()]
    await cis.hold(tx, ci_ids)
    return list((await cis.by_ids(tx, ci_ids)).values())


def _why_not(ci: CI, roles: Collection[str], doubtful: Collection[int]) -> str:
    if ci.state is not CiState.PROPOSED:
        return "standing"
    if ci.id in doubtful:
        return "doubt"
    return "" if administers(roles, ci.ci_class) else "class"


async def _name(act: Act, ci: CI, named: Named) -> None:
    """Say what a CI is; raise `NotRegistered` where a source has said so, and for words that are none of ours."""
    if named.ci_type not in TYPES.get(named.ci_class, ()) or named.ci_type == UNKNOWN:
        raise NotRegistered("named")
    if ci.ci_type != UNKNOWN:
        raise NotRegistered("recognised")
    await cis.classify(act.tx, ci.id, named.ci_class, named.ci_type, cis.When.said(act.at))
