"""When to collect what: functions of the time and of what is due. All times are monotonic, in seconds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace

from agent.worker import Trait

INVENTORY_INTERVAL_S = 900.0
JITTER = 0.1
SLACK_S = 5.0


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be collected and when.

    `timers` holds the sections with a rhythm of their own, `urgent` those that something asked for.
    """

    inventory_at: float
    inventory_every_s: float = INVENTORY_INTERVAL_S
    timers: Mapping[str, float] = field(default_factory=dict)
    urgent: frozenset[str] = frozenset()
    wants_all: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Sections to collect now. Only a full run confirms what did not change."""

    sections: tuple[str, ...]
    is_full: bool


def begin(traits: Iterable[Trait], now: float, inventory_every_s: float = INVENTORY_INTERVAL_S) -> Due:
    """Return the state of an agent that just started: everything is due."""
    timers = {trait.section: now for trait in traits if trait.every_s}
    return Due(now, inventory_every_s, timers, wants_all=True)


def next_run(due: Due, traits: Iterable[Trait], now: float, owed: Set[str] = frozenset()) -> Run | None:
    """Return what to collect at `now`, None when nothing is due.

    A full inventory leaves out sections with a rhythm slower than its own, unless it is their time or their
    content is still `owed` to the collector. What would be due within seconds comes along, so that one worker
    serves all.
    """
    if now < wake_at(due):
        return None
    is_full = due.wants_all or due.inventory_at <= now
    sections = tuple(
        trait.section
        for trait in traits
        if trait.section in due.urgent
        or due.timers.get(trait.section, math.inf) <= now + min(SLACK_S, trait.every_s / 10)
        or (is_full and (due.wants_all or trait.every_s <= due.inventory_every_s or trait.section in owed))
    )
    return Run(sections, is_full) if sections else None


def after(due: Due, run: Run, traits: Iterable[Trait], now: float, chance: float) -> Due:
    """Return what is due once `run` is under way; `chance` is uniform in [0, 1) and spreads agents over time."""
    ran = [trait for trait in traits if trait.every_s and trait.section in run.sections]
    inventory_at = now + jittered(due.inventory_every_s, chance) if run.is_full else due.inventory_at
    return replace(
        due,
        inventory_at=inventory_at,
        timers={**due.timers, **{trait.section: now + trait.every_s for trait in ran}},
        urgent=due.urgent - set(run.sections),
        wants_all=due.wants_all and not run.is_full,
    )


def instructed(due: Due, now: float, inventory_every_s: float, inventory_now: bool) -> Due:
    """Return what is due after the collector's word: a shorter interval takes effect at once."""
    latest = now + inventory_every_s * (1 + JITTER)
    return replace(
        due,
        inventory_every_s=inventory_every_s,
        inventory_at=min(due.inventory_at, latest),
        wants_all=due.wants_all or inventory_now,
    )


def urged(due: Due, sections: Iterable[str], traits: Iterable[Trait]) -> Due:
    """Return what is due after `sections` were asked for; names this platform does not have are left out."""
    known = {trait.section for trait in traits}
    return replace(due, urgent=due.urgent | (known & set(sections)))


def wake_at(due: Due) -> float:
    """Return the next time at which `next_run` may have an answer."""
    if due.wants_all or due.urgent:
        return 0.0
    return min([due.inventory_at, *due.timers.values()])


def jittered(interval_s: float, chance: float) -> float:
    """Return `interval_s` ± 10 %."""
    return interval_s * (1 - JITTER + 2 * JITTER * chance)
