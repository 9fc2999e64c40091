"""Saying of a proposed CI what it replaces: a case of identity that is opened and decided at once, and can be undone.

The CI that is replaced goes on with other hardware, its record and its relations; what differs is held against changes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from collector.classes import UNKNOWN
from collector.model import CI, GONE, CaseKind, CiState, DuplicateCase
from collector.security.audit import Act
from collector.security.roles import administers
from collector.services.decisions import MAX_REASON, REPLACES, Decider, Decision
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import cis, doubts

FIELD: Final = "replaces"
WHY_NOT: Final = {
    "standing": "only what is proposed can be said to replace something",
    "itself": "a CI does not replace itself",
    "not_registered": "what is replaced is a CI that is registered and in use",
    "classes": "it is of another class: it cannot stand in that CI's place",
    "doubt": "a doubt about the identity of one of them is open: that is decided first",
}


class NotReplaced(Refused):
    """Two CIs that stay two; `why` is a word of `WHY_NOT`."""

    def __init__(self, why: str) -> None:
        super().__init__(WHY_NOT[why], FIELD)
        self.why = why


@dataclass(frozen=True, slots=True)
class Replacement:
    """What a person says: the CI `new` (a uid) stands where the CI `old` stood."""

    new: str
    old: str
    reason: str = ""


async def replace(act: Act, decider: Decider, roles: Collection[str], asked: Replacement) -> None:
    """Let a registered CI go on as what was proposed; raise `NotFound`, `NotReplaced`, and `Refused` by its class.

    An open case about these two is decided by it; what no source could name is of the kind of what it replaces.
    `decider.decided` is to be called once this is written down.
    """
    known = await cis.by_uids(act.tx, (asked.new, asked.old))
    for uid in (asked.new, asked.old):
        if uid not in known:
            raise NotFound("CI", uid)
    new, old = known[asked.new], known[asked.old]
    await cis.hold(act.tx, {new.id, old.id})
    if why := _why_not(new, old):
        raise NotReplaced(why)
    if new.ci_class == UNKNOWN and administers(roles, old.ci_class):
        await cis.classify(act.tx, new.id, old.ci_class, old.ci_type, cis.When.said(act.at))
    case_id = await _case(act, new, old)
    await decider.decide(act, roles, case_id, Decision(REPLACES, old.uid, reason=asked.reason[:MAX_REASON]))


def _why_not(new: CI, old: CI) -> str:
    if new.id == old.id:
        return "itself"
    if new.state is not CiState.PROPOSED:
        return "standing"
    if old.state in GONE or old.state is CiState.PROPOSED:
        return "not_registered"
    return "" if new.ci_class in (old.ci_class, UNKNOWN) else "classes"


async def _case(act: Act, new: CI, old: CI) -> int:
    """Return the open case about the two and nobody else, else a new one; raise `NotReplaced` beside any other."""
    both = {new.id, old.id}
    about = await doubts.open_about(act.tx, both)
    if len(about) == 1 and set(await doubts.members(act.tx, about[0])) == both:
        return about[0]
    if about:
        raise NotReplaced("doubt")
    evidence = {new.id: "the new one", old.id: "what it is said to replace"}
    case = DuplicateCase(CaseKind.REPLACEMENT, f"said by {act.by}", evidence)
    return await doubts.open_case(act.tx, case, f"said|{new.id}|{old.id}", act.at)
