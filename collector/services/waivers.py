"""Waivers: asked for by one person, granted by another, ended early by either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.compiled import BadRule, compile_selector
from collector.incident.foreign import is_kind
from collector.security.audit import Act
from collector.services.changes.asked import MAX_REASON, one_line
from collector.services.inspections import Rules
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.severity import SEVERITIES
from collector.store import alerts, foreign_alerts, waivers
from collector.waiver import (
    ACCEPT,
    ASKED,
    DAY_MS,
    ENDED,
    GRANTED,
    LONGEST_MS,
    LOWER,
    REFUSED,
    RISKS,
    Waiver,
    meets,
)

MAX_SCOPE: Final = 2048
MAX_TICKET: Final = 64
MAX_INSTANCE: Final = 1000
SOON_MS: Final = 14 * DAY_MS
ACTIVE, UPCOMING, EXPIRED = "active", "upcoming", "expired"


@dataclass(frozen=True, slots=True)
class Asked:
    """A waiver as somebody asks for it; times in ms, `starts` 0: from now on."""

    rule: str
    reason: str
    expires: int
    effect: str = ACCEPT
    level: str = ""
    scope: str = ""
    instance: str = ""
    risk: str = "medium"
    ticket: str = ""
    starts: int = 0


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """A waiver and how it stands: asked, upcoming, active, expired, refused, ended.

    `days_left` counts begun days; `is_dead`: it has met nothing for a long time; `rules`: how many rules it names.
    """

    waiver: Waiver
    stand: str
    days_left: int
    is_dead: bool
    rules: int

    @property
    def ends_soon(self) -> bool:
        return self.stand == ACTIVE and self.days_left * DAY_MS <= SOON_MS


async def listed(connection: AsyncConnection, rules: Rules, now: int) -> list[WaiverRow]:
    """Return all waivers, those to be decided on first."""
    return [_row(each.waiver, rules, now) for each in await waivers.everyone(connection)]


async def one(connection: AsyncConnection, rules: Rules, number: str, now: int) -> WaiverRow:
    """Return one waiver; raise `NotFound`."""
    return _row(await _found(connection, number), rules, now)


async def ask(act: Act, asked: Asked, rules: Rules) -> str:
    """Write what somebody asks for and return its number; it holds nothing back until somebody else grants it.

    Raise `Refused`.
    """
    new = _checked(asked, rules, act.at)
    made = await waivers.add(act.tx, replace(new, requested_by=act.by, asked_at=act.at))
    act.tell("waiver.ask", f"waiver/{made.number}", after=_told(made))
    return made.number


async def decide(act: Act, decision: str, number: str, rules: Rules, words: str) -> None:
    """Do what is decided on a waiver: grant, refuse, end; raise `NotFound`, `Refused`."""
    if decision == "grant":
        await grant(act, number, rules, words)
    elif decision == "refuse":
        await refuse(act, number, rules, words)
    elif decision == "end":
        await end(act, number, rules, words)
    else:
        raise Refused("grant, refuse or end is expected", "decision")


async def grant(act: Act, number: str, rules: Rules, note: str = "") -> None:
    """Let a waiver hold from its start on; raise `NotFound`, and `Refused`, also to whoever asked for it."""
    before, after = await _decided(act, number, GRANTED, note.strip()[:MAX_REASON])
    if before.expires <= act.at:
        raise Refused("it would be over already", "expires")
    await _write(act, before, after, rules)
    act.tell("waiver.grant", f"waiver/{number}", _told(before), _told(after))


async def refuse(act: Act, number: str, rules: Rules, reason: str) -> None:
    """Refuse a waiver; raise `NotFound`, and `Refused` without a reason."""
    before, after = await _decided(act, number, REFUSED, one_line(reason, MAX_REASON, "note"))
    await _write(act, before, after, rules)
    act.tell("waiver.refuse", f"waiver/{number}", _told(before), _told(after))


async def end(act: Act, number: str, rules: Rules, reason: str) -> None:
    """End a waiver before its time, or take back what was asked; raise `NotFound`, `Refused`."""
    before = await _found(act.tx, number)
    if before.state not in (ASKED, GRANTED) or before.expires <= act.at:
        raise Refused("it is over already")
    after = replace(before, state=ENDED, expires=act.at, note=one_line(reason, MAX_REASON, "note"))
    await _write(act, before, after, rules)
    act.tell("waiver.end", f"waiver/{number}", _told(before), _told(after))


async def _decided(act: Act, number: str, state: str, note: str) -> tuple[Waiver, Waiver]:
    """Return a waiver as it is and as it is once somebody else than who asked decided on it."""
    before = await _found(act.tx, number)
    if before.state != ASKED:
        raise Refused("it is decided already")
    if act.by.casefold() == before.requested_by.casefold():
        raise Refused("somebody else decides on what one asks for oneself")
    return before, replace(before, state=state, decided_by=act.by, decided_at=act.at, note=note)


async def _write(act: Act, before: Waiver, after: Waiver, rules: Rules) -> None:
    """Write what became of a waiver, and have the alerts it is about looked at again."""
    if not await waivers.decide(act.tx, before, after):
        raise Refused("somebody else decided on it meanwhile")
    if named := [each for each in rules if meets(after.rule, each)]:
        await alerts.look_again(act.tx, act.at, rules=named)
    await foreign_alerts.look_again(act.tx, act.at)


async def _found(connection: AsyncConnection, number: str) -> Waiver:
    found = await waivers.find(connection, number)
    if found is None:
        raise NotFound("waiver", number)
    return found


def _checked(asked: Asked, rules: Rules, now: int) -> Waiver:
    starts = asked.starts or now
    named = [each.rule for name, each in rules.items() if meets(asked.rule, name)]
    if not (is_kind(asked.rule) or named):
        raise Refused("no rule is called that; an id or a prefix with * is expected", "rule")
    if named and not any(each.waivable for each in named):
        raise Refused("no waiver is granted of this rule: what it finds is mended", "rule")
    if not max(now, starts) < asked.expires <= starts + LONGEST_MS:
        raise Refused("it ends after it starts, and within 365 days", "expires")
    if asked.effect not in (ACCEPT, LOWER) or (asked.effect == LOWER) != (asked.level in SEVERITIES):
        raise Refused("accept, or lower with one of notice, warning, error, critical is expected", "effect")
    if asked.risk not in RISKS:
        raise Refused("a risk of low, medium or high is expected", "risk")
    _check_scope(asked.scope)
    return Waiver(
        "", asked.rule, asked.effect, one_line(asked.reason, MAX_REASON, "reason"), starts, asked.expires,
        asked.scope.strip(), asked.instance[:MAX_INSTANCE], asked.level, asked.risk, asked.ticket.strip()[:MAX_TICKET],
    )  # fmt: skip


def _check_scope(scope: str) -> None:
    if len(scope) > MAX_SCOPE:
        raise Refused(f"at most {MAX_SCOPE} characters are expected", "scope")
    if scope.strip():
        try:
            compile_selector(scope.strip())
        except BadRule as error:
            raise Refused(str(error), "scope") from error


def _row(its: Waiver, rules: Rules, now: int) -> WaiverRow:
    left = max(0, -(-(its.expires - now) // DAY_MS))
    return WaiverRow(its, _stand(its, now), left, its.is_dead(now), _reach(its, rules))


def _reach(its: Waiver, rules: Rules) -> int:
    return sum(meets(its.rule, name) and each.rule.waivable for name, each in rules.items())


def _stand(its: Waiver, now: int) -> str:
    if its.state in (REFUSED, ENDED):
        return its.state
    if its.expires <= now:
        return EXPIRED
    if its.state == ASKED:
        return ASKED
    return ACTIVE if its.starts <= now else UPCOMING


def _told(its: Waiver) -> Mapping[str, object]:
    return {
        "rule": its.rule, "scope": its.scope, "instance": its.instance, "effect": its.effect, "level": its.level,
        "reason": its.reason, "risk": its.risk, "ticket": its.ticket, "starts": its.starts, "expires": its.expires,
        "state": its.state, "note": its.note,
    }  # fmt: skip
