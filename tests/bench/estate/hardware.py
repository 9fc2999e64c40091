"""Other hardware under the same name, another system on the same hardware: approved, or on the quiet."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from collector.services.decisions import REPLACES
from tests.bench.estate import touch
from tests.bench.estate.alone import alone, done, has_agent, is_device
from tests.bench.estate.people import decide
from tests.bench.estate.script import Script
from tests.bench.estate.touch import Touch
from tests.bench.estate.views import enrol_anew
from tests.bench.estate.world import HOUR, Thing


def _swap(script: Script, is_it: Callable[[Thing], bool], is_approved: bool) -> None:
    at, thing = alone(script, is_it)
    script.quiet(thing, at)
    number = script.dice.randrange(10**6)
    board = _board_of_host(number) if thing.has_agent else _board_of_device(number)
    word = "approved" if is_approved else "on the quiet"
    done(script, f"board swap of a {thing.kind}, {word}", thing, board, at, is_approved)
    script.at(at + thing.every + 3 * HOUR, partial(decide, thing=thing, word=REPLACES))


def _board_of_host(number: int) -> list[Touch]:
    mac = f"b8:27:ec:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
    return [
        touch.record("hardware", "serial", f"SW{number:08d}Q"),
        touch.record("hardware", "uuid", f"{number:08x}-2222-4222-8333-{number:012x}"),
        touch.field("interfaces", "eno1", "mac", mac),
        touch.field("interfaces", "eno1", "permanent_mac", mac),
    ]


def _board_of_device(number: int) -> list[Touch]:
    return [
        touch.record("device", "serial", f"SW{number:08d}K"),
        touch.record("device", "engine_id", f"800007db04{number:012x}"),
        touch.record("device", "base_mac", f"00:e0:fd:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:01"),
    ]


def board_swap_of_a_host_approved(script: Script) -> None:
    _swap(script, has_agent, is_approved=True)


def board_swap_of_a_host(script: Script) -> None:
    _swap(script, has_agent, is_approved=False)


def board_swap_of_a_device_approved(script: Script) -> None:
    _swap(script, is_device, is_approved=True)


def board_swap_of_a_device(script: Script) -> None:
    _swap(script, is_device, is_approved=False)


def _reimage(script: Script, is_approved: bool, is_enrolled_anew: bool) -> None:
    at, thing = alone(script, lambda each: each.kind == "pc", 4)
    script.quiet(thing, at)
    machine = touch.record("os", "machine_id", f"{script.dice.getrandbits(128):032x}")
    system = [machine, *(thing.spare.pop() for _ in range(3))]
    word = "approved" if is_approved else "on the quiet"
    if not is_enrolled_anew:
        done(script, f"re-imaged, {word}", thing, system, at, is_approved)
        return
    script.switched.add(thing.name)
    done(script, f"re-imaged, {word}, agent enrolled anew", thing, system, at, is_approved)
    script.switched.remove(thing.name)
    enrol_anew(script, thing, at)


def reimaged_approved(script: Script) -> None:
    _reimage(script, is_approved=True, is_enrolled_anew=False)


def reimaged(script: Script) -> None:
    _reimage(script, is_approved=False, is_enrolled_anew=False)


def reimaged_and_enrolled_anew_approved(script: Script) -> None:
    _reimage(script, is_approved=True, is_enrolled_anew=True)


def reimaged_and_enrolled_anew(script: Script) -> None:
    _reimage(script, is_approved=False, is_enrolled_anew=True)
