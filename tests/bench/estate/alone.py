"""What mishaps share: a thing that has its time for itself, and several deeds under one change or under none."""

from __future__ import annotations

from collections.abc import Callable

from collector.change.record import ChangeType
from collector.model import Verdict
from tests.bench.estate.people import LATER, Line, Work
from tests.bench.estate.script import Script
from tests.bench.estate.touch import Touch
from tests.bench.estate.world import HOUR, Thing

BEFORE, AFTER = 22 * HOUR, 36 * HOUR


def alone(script: Script, is_it: Callable[[Thing], bool] = lambda _: True, spare: int = 1) -> tuple[int, Thing]:
    """Return a time and a thing that has it for itself."""
    at = script.when()
    thing = script.pick(at - BEFORE, at + AFTER, is_it, spare)
    thing.unquiet.append((at - BEFORE, at + AFTER))
    return at, thing


def has_agent(thing: Thing) -> bool:
    return thing.has_agent


def is_device(thing: Thing) -> bool:
    return not thing.has_agent


def approved(script: Script, at: int, thing: Thing, touches: list[Touch]) -> None:
    lines = tuple(Line(thing, made, promised=False) for made in touches)
    script.works.append(Work(ChangeType.NORMAL, lines, (at - HOUR, at + HOUR), at - 20 * HOUR, at - 10 * HOUR,
                             at + HOUR // 2, at + LATER))  # fmt: skip


def done(script: Script, kind: str, thing: Thing, touches: list[Touch], at: int, is_approved: bool) -> None:
    """Let all of it be done at once, under a change or under none."""
    for made in touches:
        script.do(kind, thing, made, at, Verdict.AUTHORISED if is_approved else Verdict.UNAPPROVED)
    if is_approved:
        approved(script, at, thing, touches)
