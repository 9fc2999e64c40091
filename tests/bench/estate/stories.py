"""One function a kind of event: what is done, what is recorded of it, and what ought to be held of it.

A breach that nobody could tell from observations (half an hour beside a window, seen six hours later) is in none of
them: every breach of time is further off than the thing is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from collector.change.record import ChangeType
from collector.model import Verdict
from tests.bench.estate import mishaps
from tests.bench.estate.people import LATER, MINUTE, Line, Work, accept
from tests.bench.estate.script import DAY, NoRoom, Script
from tests.bench.estate.touch import Touch
from tests.bench.estate.world import HOUR, Thing

PLANNED = (ChangeType.STANDARD, ChangeType.NORMAL, ChangeType.MAJOR, ChangeType.REQUEST)
BEFORE, AFTER = 25 * HOUR, 40 * HOUR
MARGIN = 2 * HOUR


def _taken(script: Script, count: int = 1, before: int = BEFORE, after: int = AFTER) -> tuple[int, Thing, list[Touch]]:
    """Return a time, a thing to which nothing else happens around it, and touches of it."""
    at = script.when()
    thing = script.pick(at - before, at + after, spare=count)
    return at, thing, [thing.spare.pop() for _ in range(count)]


def _work(script: Script, at: int, *lines: Line, type_: ChangeType | None = None, **other: int | None) -> Work:
    """Return work on `lines` around `at`, approved hours before; it is not on the stage yet."""
    made = Work(type_ or script.dice.choice(PLANNED), lines, (at - HOUR, at + HOUR), at - 20 * HOUR, at - 10 * HOUR,
                at + HOUR // 2, at + LATER)  # fmt: skip
    return replace(made, **other)  # type: ignore[arg-type]


# --- approved


def as_planned(script: Script) -> None:
    at, thing, touches = _taken(script, script.dice.randrange(1, 4))
    promised = script.dice.random() < 0.8
    for place, made in enumerate(touches):
        ought = Verdict.VERIFIED if promised else Verdict.AUTHORISED
        script.do("as planned", thing, made, at + place * MINUTE, ought)
    script.works.append(_work(script, at, *(Line(thing, made, promised) for made in touches)))


def another_value(script: Script) -> None:
    at, thing, (made,) = _taken(script)
    wrong: object = {**made.new, "gid": 1} if isinstance(made.new, dict) else "something else"
    script.do("another value than planned", thing, made, at, Verdict.VARIANCE)
    script.works.append(_work(script, at, Line(thing, made, instead=wrong)))


def beside_its_window(script: Script) -> None:
    at, thing, (made,) = _taken(script)
    off = HOUR + MARGIN + 3 * thing.every
    at_work = at - off if script.dice.random() < 0.5 else at + off
    script.quiet(thing, at)
    script.do("outside its window", thing, made, at, Verdict.OUT_OF_WINDOW)
    early = min(at, at_work) - thing.every
    script.works.append(_work(script, at_work, Line(thing, made), raised=early - 4 * HOUR, granted=early - 3 * HOUR))


def and_something_else(script: Script) -> None:
    at, thing, (asked, unasked) = _taken(script, 2)
    script.do("as planned", thing, asked, at, Verdict.VERIFIED)
    script.do("beside approved work", thing, unasked, at + MINUTE, Verdict.UNAPPROVED)
    script.works.append(_work(script, at, Line(thing, asked)))


def on_another_thing(script: Script) -> None:
    at, thing, (made,) = _taken(script)
    named = script.pick(at - BEFORE, at + AFTER, lambda each: each is not thing and any(_alike(made, each)))
    named.spare = [one for one, is_alike in zip(named.spare, _alike(made, named), strict=True) if not is_alike]
    script.do("on another CI than approved", thing, made, at, Verdict.UNAPPROVED)
    script.works.append(_work(script, at, Line(named, made), closed=0))


def _alike(made: Touch, thing: Thing) -> list[bool]:
    """Return of each spare touch of a thing whether it is of the same value."""
    return [(one.path, one.field) == (made.path, made.field) for one in thing.spare]


def approved_late(script: Script) -> None:
    at, thing, (made,) = _taken(script)
    script.do("approved after the work", thing, made, at, Verdict.LATE_APPROVAL)
    late = at + thing.every + 2 * HOUR
    script.works.append(_work(script, at, Line(thing, made), granted=late, raised=at - 2 * HOUR, finished=late + HOUR))


def half_approved(script: Script) -> None:
    at, thing, (made,) = _taken(script)
    type_ = script.dice.choice((ChangeType.NORMAL, ChangeType.MAJOR, ChangeType.REQUEST))
    script.do("never approved", thing, made, at, Verdict.UNAPPROVED)
    script.works.append(_work(script, at, Line(thing, made), type_=type_, granted=None, closed=0))


# --- emergencies


def _emergency(script: Script, kind: str, within: tuple[int, int], ought: Verdict) -> None:
    at, thing, (made,) = _taken(script)
    recorded = at + script.dice.randrange(*within)
    script.quiet(thing, at)
    script.do(kind, thing, made, at, ought)
    script.works.append(Work(ChangeType.EMERGENCY, (Line(thing, made),), (at - 5 * MINUTE, at + 5 * MINUTE), recorded,
                             recorded + 10 * MINUTE, recorded + 20 * MINUTE, at + LATER))  # fmt: skip


def emergency(script: Script) -> None:
    _emergency(script, "emergency, recorded in time", (HOUR // 2, 7 * HOUR), Verdict.VERIFIED)


def emergency_recorded_late(script: Script) -> None:
    _emergency(script, "emergency, recorded late", (9 * HOUR, 20 * HOUR), Verdict.RETRO_LATE)


# --- nobody asked for it


def on_the_quiet(script: Script) -> None:
    at, thing, (made,) = _taken(script)
    script.do("on the quiet", thing, made, at, Verdict.UNAPPROVED)


def put_back(script: Script) -> None:
    at, thing, (made,) = _taken(script)
    back = at + script.dice.randrange(2 * thing.every, DAY)
    _for_a_while(script, "on the quiet, put back", thing, made, (at, back))


def _for_a_while(script: Script, kind: str, thing: Thing, made: Touch, times: tuple[int, int]) -> None:
    """Let a value be another one for a time, and be seen while it is."""
    at, back = times
    script.quiet(thing, at)
    script.quiet(thing, back)
    undo = made.apply({made.path.section: _copy(thing.bodies[made.path.section])})
    script.do(kind, thing, made, at, Verdict.REVERTED, breach=True)
    script.touch(thing, undo, back)


def _copy(body: object) -> object:
    return [dict(row) for row in body] if isinstance(body, list) else dict(body)  # type: ignore[call-overload]


def accepted_later(script: Script) -> None:
    at, thing, (made,) = _taken(script)
    script.do("on the quiet, accepted later", thing, made, at, Verdict.ACCEPTED, breach=True)
    script.at(at + thing.every * 2 + 12 * HOUR, partial(accept, thing=thing, touch=made))


def to_and_fro(script: Script) -> None:
    at, thing, (made,) = _taken(script)
    every, at = thing.every + thing.every // 2, at - 18 * HOUR
    for turn in range(3):
        _for_a_while(script, "to and fro", thing, made, (at + 2 * turn * every, at + (2 * turn + 1) * every))


# --- many at once


def patch_night(script: Script) -> None:
    """One change over up to forty hosts and devices; a few are forgotten, one gets more than was asked for."""
    at = script.when()
    night, lines = script.size.things // 4, list[Line]()
    has_agents = script.dice.random() < 0.5
    for _ in range(min(40, max(4, night))):
        try:
            thing = script.pick(at - BEFORE, at + AFTER, lambda each: each.has_agent is has_agents, 3)
        except NoRoom:
            break
        thing.unquiet.append((at - BEFORE, at + AFTER))
        made = thing.spare.pop()
        lines.append(Line(thing, made))
        if script.dice.random() < 0.95:
            script.do("patch night", thing, made, at + script.dice.randrange(HOUR), Verdict.VERIFIED)
    if not lines:
        raise NoRoom
    extra = lines[0].thing
    script.do("beside approved work", extra, extra.spare.pop(), at + HOUR // 2, Verdict.UNAPPROVED)
    script.works.append(_work(script, at, *lines, type_=script.dice.choice(PLANNED[:2])))


STORIES: Mapping[Callable[[Script], None], int] = {
    patch_night: 3,
    **mishaps.MISHAPS,
    as_planned: 100,
    another_value: 20,
    beside_its_window: 20,
    and_something_else: 25,
    on_another_thing: 10,
    approved_late: 20,
    half_approved: 10,
    emergency: 30,
    emergency_recorded_late: 15,
    on_the_quiet: 80,
    put_back: 20,
    accepted_later: 15,
    to_and_fro: 10,
}
"""How often each happens to 550 things in 30 days; those that need a thing for themselves come first."""
PER = 550 * 30
TRIES = 20


def tell(script: Script) -> None:
    """Let every kind of story happen, each once at least."""
    share = script.size.things * script.size.days / PER
    for story, often in STORIES.items():
        for _ in range(max(1, round(often * share))):
            name = story.__name__
            name = name if _told(script, story) else f"{name}, no room for it"
            script.told[name] = script.told.get(name, 0) + 1


def _told(script: Script, story: Callable[[Script], None]) -> bool:
    """Let a story happen, in a small estate at the time at which there is room for it."""
    for _ in range(TRIES):
        try:
            story(script)
        except NoRoom:
            continue
        return True
    return False
