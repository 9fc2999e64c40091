"""The whole story from a seed: which things there are, what is done to them, and who looks when."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from collector.model import Verdict
from tests.bench.estate.deed import STANDING, Deed
from tests.bench.estate.people import Work, register, schedule
from tests.bench.estate.play import Act, Play
from tests.bench.estate.touch import Touch
from tests.bench.estate.world import AGENT_EVERY, HOUR, PROBE_EVERY, Thing, Voice, device, host

START = 1_790_000_000_000 // (24 * HOUR) * 24 * HOUR
DAY = 24 * HOUR
PROBE = 1
A_SWEEP = 125
"""Devices a probe looks at in one go."""


class NoRoom(Exception):
    """Nothing of that sort has time for another story."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large the estate is, and how long it is watched."""

    devices: int = 500
    agents: int = 50
    days: int = 30
    seed: int = 1

    @property
    def things(self) -> int:
        return self.devices + self.agents


@dataclass(slots=True)
class Script:
    """What stories write into: deeds, and acts in time. `next_agent`: the number of who enrols next."""

    size: Size
    dice: random.Random
    things: list[Thing]
    next_agent: int
    deeds: list[Deed] = field(default_factory=list)
    acts: list[tuple[int, Act]] = field(default_factory=list)
    works: list[Work] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    switched: set[str] = field(default_factory=set)
    """Things on which another source begins to speak with the very deed that is being told."""

    @property
    def end(self) -> int:
        return START + self.size.days * DAY

    def when(self) -> int:
        """Return a time in which a story may have its middle: it needs a day before and two after it."""
        return self.dice.randrange(START + DAY + 6 * HOUR, self.end - 2 * DAY)

    def pick(self, begin: int, end: int, is_it: Callable[[Thing], bool] = lambda _: True, spare: int = 1) -> Thing:
        """Return a registered thing of that sort to which no mishap happens from `begin` to `end`; raise `NoRoom`."""
        free = [
            thing for thing in self.things
            if is_it(thing) and thing.registered and thing.arrives <= START + HOUR and len(thing.spare) >= spare
            and not any(since <= end and begin <= until for since, until in thing.unquiet)
        ]  # fmt: skip
        if not free:
            raise NoRoom
        return self.dice.choice(free)

    def at(self, when: int, act: Act) -> None:
        self.acts.append((when, act))

    def touch(self, thing: Thing, made: Touch, at: int) -> None:
        """Let the world move."""
        self.at(at, partial(_touched, thing=thing, made=made))

    def do(self, kind: str, thing: Thing, made: Touch, at: int, *ought: Verdict, breach: bool | None = None) -> None:
        """Let a deed be done, and remember what ought to be held of it; a breach unless `ought` says otherwise."""
        self.touch(thing, made, at)
        is_breach = bool(STANDING & set(ought)) if breach is None else breach
        self.deeds.append(Deed(kind, thing, made, at, frozenset(ought), is_breach, thing.name in self.switched))

    def quiet(self, thing: Thing, at: int) -> None:
        """Let no look fail around `at`: what happens then hangs on when it is seen."""
        thing.calm.append((at - 3 * thing.every, at + 3 * thing.every))

    def enrol(self, at: int) -> int:
        """Let another agent enrol and return its number."""
        self.next_agent += 1
        self.at(at, partial(_enrolled, number=self.next_agent))
        return self.next_agent


async def _touched(_play: Play, thing: Thing, made: Touch) -> None:
    thing.touched(made)


async def _enrolled(play: Play, number: int) -> None:
    await play.enrol(number)


def write(size: Size) -> Script:
    """Return the script of an estate of that size, before any story: the things alone."""
    dice = random.Random(size.seed)
    hosts = [host(PROBE + n, dice) for n in range(1, size.agents + 1)]
    devices = [device(n, PROBE, dice) for n in range(1, size.devices + 1)]
    for thing in devices[:: max(8, size.devices // 10)]:
        thing.registered = False
    return Script(size, dice, [*hosts, *devices], PROBE + size.agents)


# --- on stage


async def stage(script: Script, play: Play) -> None:
    """Put everything on the clock: who looks when, who registers what, the acts and the work."""
    await play.people()
    for number in range(PROBE, PROBE + script.size.agents + 1):
        await play.enrol(number)
    for thing in script.things:
        if thing.has_agent:
            _watch(play, script, thing, thing.voices[0])
    _sweep(play, script)
    play.at(START + 10 * HOUR, partial(_registered, script=script))
    for at in range(START + HOUR, script.end + HOUR, HOUR):
        play.at(at, _tick)
    for when, act in script.acts:
        play.at(when, act)
    for work in script.works:
        schedule(play, work)


async def _tick(play: Play) -> None:
    await play.tick()


async def _registered(play: Play, script: Script) -> None:
    """Register the devices that are to be, and remember which CI each thing is, whoever speaks of it later."""
    here = [each for each in script.things if each.arrives <= START + HOUR]
    for thing in here:
        await play.ci(thing)
    await register(play, [each for each in here if each.registered and not each.has_agent])


def _watch(play: Play, script: Script, thing: Thing, voice: Voice) -> None:
    first = START + script.dice.randrange(AGENT_EVERY)
    for at in range(first, script.end, AGENT_EVERY):
        play.at(at, partial(_looked, thing=thing))


async def _looked(play: Play, thing: Thing) -> None:
    await play.look_of_agent(thing, thing.voices[0])


def _sweep(play: Play, script: Script) -> None:
    swept = [(thing, voice) for thing in script.things for voice in thing.voices if voice.target]
    for begin in range(START + HOUR // 2, script.end, PROBE_EVERY):
        for at in range(0, len(swept), A_SWEEP):
            play.at(begin + at * 200, partial(_swept, found=swept[at : at + A_SWEEP]))


async def _swept(play: Play, found: list[tuple[Thing, Voice]]) -> None:
    await play.sweep(found)
