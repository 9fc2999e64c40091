"""Our view of a thing moves and the thing does not: agents, spools, indexes and readers; and what moves by itself."""

from __future__ import annotations

from functools import partial
from typing import Any

from collector.model import Verdict
from tests.bench.estate.alone import AFTER, alone, has_agent, is_device
from tests.bench.estate.play import Play
from tests.bench.estate.script import Script
from tests.bench.estate.world import HOUR, Thing, Voice, renumbered


def enrol_anew(script: Script, thing: Thing, at: int) -> None:
    number = script.enrol(at)
    script.at(at, partial(_speaks_as, voice=thing.voices[0], number=number))


async def _speaks_as(_play: Play, voice: Voice, number: int) -> None:
    voice.agent = number
    voice.sent.clear()


def agent_enrolled_anew(script: Script) -> None:
    """The agent is installed again; a day later something is done on the quiet, which its new lane must show."""
    at, thing = alone(script, has_agent, 1)
    script.quiet(thing, at)
    enrol_anew(script, thing, at)
    script.do("after the agent enrolled anew", thing, thing.spare.pop(), at + 12 * HOUR, Verdict.UNAPPROVED)


def spool_lost(script: Script) -> None:
    at, thing = alone(script, has_agent, 1)
    script.at(at, partial(_spool_lost, voice=thing.voices[0]))
    script.do("as the agent lost its spool", thing, thing.spare.pop(), at - HOUR // 4, Verdict.UNAPPROVED)


async def _spool_lost(play: Play, voice: Voice) -> None:
    await play.settle()
    play.spool_anew(voice)


def renumbered_ports(script: Script) -> None:
    at, thing = alone(script, is_device)
    script.at(at, partial(_renumbered, thing=thing))


async def _renumbered(play: Play, thing: Thing) -> None:
    thing.moved("interfaces", renumbered(thing.bodies, 100))
    play.count("devices that numbered their ports anew")


def reader_changed(script: Script) -> None:
    """All agents, and all probes, read a section by a newer reader; meanwhile one thing moves in another section.

    What moves in that very section, seen for the first time with that reader, cannot be told from its new spelling:
    it is for the review of the upgrade, and nobody touches these two sections here.
    """
    at = script.when()
    script.at(at, partial(_reader_changed, things=script.things, section="firmware", field="version"))
    script.at(at, partial(_reader_changed, things=script.things, section="cpu", field="model"))
    thing = script.pick(at - HOUR, at + AFTER)
    script.do("as our reader changed", thing, thing.spare.pop(), at - HOUR // 4, Verdict.UNAPPROVED)


async def _reader_changed(play: Play, things: list[Thing], section: str, field: str) -> None:
    for thing in things:
        if section in thing.bodies:
            body = thing.bodies[section]
            rows = [_respelt(row, field) for row in ([body] if isinstance(body, dict) else body)]
            thing.moved(section, rows[0] if isinstance(body, dict) else rows)
            thing.revisions[section] = thing.revisions.get(section, 1) + 1
            play.count("sections that were read anew")


def _respelt(row: dict[str, Any], field: str) -> dict[str, Any]:
    return {**row, field: f"V{row[field]}"} if field in row else row


def moves_by_itself(script: Script) -> None:
    """What is informational moves: links, states, routes of the kernel; on a PC sticks and programs that listen."""
    at = script.when()
    thing = script.pick(at - HOUR, at + HOUR)
    script.at(at, partial(_moved_by_itself, thing=thing, turn=script.dice.randrange(10**6)))


async def _moved_by_itself(play: Play, thing: Thing, turn: int) -> None:
    thing.moved("interfaces", [{**row, "state": "up" if turn % 2 else "down", "speed_mbps": 1000 + turn % 7}
                               for row in thing.bodies["interfaces"]])  # fmt: skip
    if "memory" in thing.bodies:
        thing.moved("memory", {**thing.bodies["memory"], "total_bytes": 34_359_738_368 + turn})
    if thing.kind == "pc":
        stick = {"mount": f"/media/stick-{turn}", "device": "/dev/sdb1", "type": "vfat", "size_bytes": 8 << 30}
        thing.moved("filesystems", [*thing.bodies["filesystems"], stick])
        port = {"protocol": "tcp", "address": "0.0.0.0", "port": 20_000 + turn % 9999, "executable": "/usr/bin/player"}
        thing.moved("listening_ports", [*thing.bodies["listening_ports"], port])
    play.count("things in which something moved by itself")
