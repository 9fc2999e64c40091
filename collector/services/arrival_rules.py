"""Arrival rules as people keep them: written, tried on what waits, turned on and off, each in one's own classes.

A rule that is changed is off until it is turned on again. What waits then is accepted as it was listed beforehand;
from then on, what comes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.arrival import ArrivalRule
from collector.identity_policy import Policy
from collector.model import FOREVER
from collector.security.audit import Act
from collector.security.roles import administers
from collector.services import arrivals
from collector.services.arrival_terms import Asked, own
from collector.services.arrivals import Fit
from collector.services.missing import NotFound
from collector.services.records import NotTheirs
from collector.services.refused import Refused
from collector.services.registration import Registrar
from collector.store import arrival_rules, cis
from collector.store import arrivals as waiting
from collector.store.arrival_rules import Kept
from collector.store.arrivals import Waiting

MAX_RULES: Final = 500
ON, OFF, OVER, ORPHANED = "on", "off", "over", "orphaned"
"""How a rule stands; orphaned: it is on, and its maker administers the class no more."""
CHANGED, GONE, OTHER = "changed", "gone", "other"
WHY_LEFT: Final[Mapping[str, str]] = {
    CHANGED: "it is of another class or type than when it was listed",
    GONE: "it does not wait any more",
    OTHER: "the rule is not about it any more",
}
"""Why one that was listed is left, beside the words of `arrival.WHY_NOT`."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A newcomer as somebody saw it listed."""

    uid: str
    ci_class: str
    ci_type: str


@dataclass(frozen=True, slots=True)
class Left:
    """One that was listed and is left as it is; `why` is a word of `arrival.WHY_NOT` or of `WHY_LEFT`."""

    listed: Listed
    why: str


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A version of a rule, how it stands (`ON` …), from when and until when it held (ms; None: it still does)."""

    rule: ArrivalRule
    stand: str
    since: int
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Reception:
    """Lets rules accept newcomers; `registrar` and the `identity` policy are the pipeline's."""

    registrar: Registrar
    identity: Policy

    async def fit(self, connection: AsyncConnection, rule: ArrivalRule) -> Fit:
        """Return what a rule would do now, written down or not."""
        return await arrivals.fit(connection, rule, self.identity)

    async def turn_on(
        self, act: Act, roles: Collection[str], number: str, version: int, listed: Collection[Listed] = ()
    ) -> tuple[int, tuple[Left, ...]]:
        """Let a rule accept what comes, and of what waits those that were listed; return how many, and who is left.

        One that is on goes on, and accepts what is listed; one whose maker may register no more becomes the actor's.
        Raise `NotFound`, `NotTheirs`, and `Refused`.
        """
        if len(listed) > arrivals.MOST:
            raise Refused(f"at most {arrivals.MOST} are accepted at once", "accept")
        kept = await _theirs(act, roles, number, version)
        rule = before = kept.rule
        if _stand(kept, act.at) == OVER:
            raise Refused("its time is over: say another end first", "ends")
        if _stand(kept, act.at) != ON:
            rule = await _write(act, before, replace(before, on_since=act.at))
            act.tell("arrival_rule.on", f"arrival_rule/{number}", told(before), told(rule))
        fitting, left = await self._fitting(act.tx, rule, {each.uid: each for each in listed}.values())
        if fitting:
            await arrivals.accept(act.tx, self.registrar, rule, fitting, act.at)
            act.tell("arrival_rule.accept", f"arrival_rule/{number}", after={"accepted": len(fitting)})
        return len(fitting), left

    async def _fitting(
        self, tx: AsyncConnection, rule: ArrivalRule, listed: Collection[Listed]
    ) -> tuple[list[int], tuple[Left, ...]]:
        """Return the CIs a rule accepts of those that were listed, and the others with why not."""
        known = await cis.by_uids(tx, [each.uid for each in listed])
        await cis.hold(tx, [ci.id for ci in known.values()])
        now = {each.uid: each for each in await waiting.among(tx, [ci.id for ci in known.values()])}
        weighed = await arrivals.weigh(tx, list(now.values()), self.identity)
        fitting, left = list[int](), list[Left]()
        for each in listed:
            stands = now.get(each.uid)
            why = _why_left(each, stands)
            if stands is not None and not why:
                arrival = weighed[stands.ci_id]
                why = rule.why_not(arrival) if rule.is_about(arrival) else OTHER
            if stands is None or why:
                left.append(Left(each, why))
            else:
                fitting.append(stands.ci_id)
        return fitting, tuple(left)


def _why_left(listed: Listed, stands: Waiting | None) -> str:
    if stands is None:
        return GONE
    return "" if (stands.ci_class, stands.ci_type) == (listed.ci_class, listed.ci_type) else CHANGED


async def listed(connection: AsyncConnection, now: int) -> list[RuleRow]:
    """Return all rules, those that are on first."""
    return [_row(each, now) for each in await arrival_rules.everyone(connection)]


async def one(connection: AsyncConnection, number: str, now: int) -> RuleRow:
    """Return one rule as it stands; raise `NotFound`."""
    return _row(await _found(connection, number), now)


async def versions(connection: AsyncConnection, number: str, now: int) -> list[RuleRow]:
    """Return what a rule said, and when, the newest first."""
    return [_row(each, now) for each in await arrival_rules.versions(connection, number)]


async def make(act: Act, roles: Collection[str], asked: Asked) -> str:
    """Write a rule, which is off, and return its number; raise `NotTheirs`, `BadValue` and `Refused`."""
    rule = own(roles, asked, act.at)
    if await arrival_rules.count(act.tx) >= MAX_RULES:
        raise Refused(f"there are {MAX_RULES} rules: change one of them")
    await _check_name(act, rule)
    made = await arrival_rules.add(act.tx, replace(rule, made_by=act.by), act.at)
    act.tell("arrival_rule.create", f"arrival_rule/{made.number}", after=told(made))
    return made.number


async def change(act: Act, roles: Collection[str], number: str, version: int, asked: Asked) -> None:
    """Write what a rule says from now on; it is off then. Raise `NotFound`, `NotTheirs`, `BadValue`, `Refused`."""
    before = (await _theirs(act, roles, number, version)).rule
    rule = replace(own(roles, asked, act.at), number=number)
    await _check_name(act, rule)
    after = await _write(act, before, rule)
    act.tell("arrival_rule.change", f"arrival_rule/{number}", told(before), told(after))


async def turn_off(act: Act, roles: Collection[str], number: str) -> None:
    """Let a rule accept nobody from now on; raise `NotFound`, `NotTheirs`, `Refused`."""
    before = (await _theirs(act, roles, number)).rule
    if before.on_since:
        after = await _write(act, before, replace(before, on_since=0))
        act.tell("arrival_rule.off", f"arrival_rule/{number}", told(before), told(after))


def told(rule: ArrivalRule) -> dict[str, object]:
    """Return what the audit log says of a rule."""
    return {
        "name": rule.name, "class": rule.ci_class, "type": rule.ci_type, "zone": rule.zone,
        "ranges": list(rule.within), "gives": dict(rule.gives), "ends_at": rule.ends_at, "on": bool(rule.on_since),
        "version": rule.version,
    }  # fmt: skip


async def _check_name(act: Act, rule: ArrivalRule) -> None:
    if await arrival_rules.is_called(act.tx, rule.name, rule.number):
        raise Refused("another rule is called so", "name")


async def _write(act: Act, before: ArrivalRule, after: ArrivalRule) -> ArrivalRule:
    """Write the next version of a rule, by whoever acts."""
    if not await arrival_rules.replace(act.tx, replace(after, version=before.version, made_by=act.by), act.at):
        raise Refused("somebody else changed it meanwhile: look at it again", "version")
    return (await _found(act.tx, before.number)).rule


async def _theirs(act: Act, roles: Collection[str], number: str, version: int | None = None) -> Kept:
    """Return a rule of one's own classes; raise `Refused` where `version` is not the present one."""
    found = await _found(act.tx, number)
    if not administers(roles, found.rule.ci_class):
        raise NotTheirs(found.rule.ci_class)
    if version not in (None, found.rule.version):
        raise Refused("somebody else changed it meanwhile: look at it again", "version")
    return found


async def _found(connection: AsyncConnection, number: str) -> Kept:
    found = await arrival_rules.find(connection, number)
    if found is None:
        raise NotFound("arrival rule", number)
    return found


def _row(kept: Kept, now: int) -> RuleRow:
    return RuleRow(kept.rule, _stand(kept, now), kept.vf, None if kept.vt == FOREVER else kept.vt)


def _stand(kept: Kept, now: int) -> str:
    if kept.rule.ends_at is not None and kept.rule.ends_at <= now:
        return OVER
    if not kept.rule.on_since:
        return OFF
    return ON if arrivals.is_entitled(kept) else ORPHANED
