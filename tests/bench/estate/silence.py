"""Things that are silent for a while, send late, come new, or are never registered."""

from __future__ import annotations

from functools import partial

from collector.model import Verdict
from tests.bench.estate.alone import alone, approved, has_agent
from tests.bench.estate.people import register
from tests.bench.estate.script import DAY, PROBE, Script
from tests.bench.estate.world import HOUR, device


def off(script: Script) -> None:
    at, thing = alone(script)
    thing.away.append((at, at + DAY))


def worked_on_before_it_was_off(script: Script) -> None:
    """It is switched off after approved work, before anybody looked; beside that something was done on the quiet."""
    at, thing = alone(script, spare=2)
    asked, unasked = thing.spare.pop(), thing.spare.pop()
    thing.away.append((at - thing.every, at + 20 * HOUR))
    script.do("as planned, seen a day later", thing, asked, at, Verdict.AUTHORISED)
    script.do("on the quiet, seen a day later", thing, unasked, at, Verdict.UNAPPROVED)
    approved(script, at, thing, [asked])


def cut_off(script: Script) -> None:
    """Its agent cannot send for a day and keeps what it sees; that comes all at once, in order."""
    at, thing = alone(script, has_agent, 2)
    asked, unasked = thing.spare.pop(), thing.spare.pop()
    thing.cut.append((at - 6 * HOUR, at + 14 * HOUR))
    script.do("as planned, told late", thing, asked, at, Verdict.AUTHORISED)
    script.do("on the quiet, told late", thing, unasked, at + 3 * HOUR, Verdict.UNAPPROVED)
    approved(script, at, thing, [asked])


def arrival(script: Script) -> None:
    """A new device is registered after a while; what is done to it before is nobody's business, after it is."""
    at = script.when()
    thing = device(script.size.devices + 1 + script.told.get("arrival", 0), PROBE, script.dice)
    thing.arrives = at - 18 * HOUR
    thing.unquiet.append((0, script.end))
    script.things.append(thing)
    script.do("before it was registered", thing, thing.spare.pop(), at - 9 * HOUR)
    script.at(at, partial(register, things=[thing]))
    script.do("after it was registered", thing, thing.spare.pop(), at + 9 * HOUR, Verdict.UNAPPROVED)


def never_registered(script: Script) -> None:
    at = script.when()
    thing = script.dice.choice([each for each in script.things if not each.registered and each.spare])
    script.do("proposed only", thing, thing.spare.pop(), at)
