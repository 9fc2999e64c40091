"""A simulated device: what it tells, its clock, and what is done to it on command."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from discovery.lab.encoding import TICKS, number, octets_of, text
from discovery.lab.moved import reconfigured, stamped
from discovery.lab.renumber import interfaces_of, renumbered, shuffled
from discovery.lab.story import Story
from discovery.lab.tree import Tree, binding
from discovery.snmp.ber import OBJECT, OCTETS, encode_oid, inside, oid_text

SYS_OBJECT_ID: Final = encode_oid("1.3.6.1.2.1.1.2.0")
UP_TIME: Final = encode_oid("1.3.6.1.2.1.1.3.0")
ENGINE_ID: Final = encode_oid("1.3.6.1.6.3.10.2.1.1.0")
ENGINE_BOOTS: Final = encode_oid("1.3.6.1.6.3.10.2.1.2.0")
ENGINE_TIME: Final = encode_oid("1.3.6.1.6.3.10.2.1.3.0")
_CLASS: Final = "1.3.6.1.2.1.47.1.1.1.1.5"  # entPhysicalClass; 3 is a chassis
_SERIAL: Final = encode_oid("1.3.6.1.2.1.47.1.1.1.1.11")
_ENTERPRISES: Final = "1.3.6.1.4.1."

Configuration = dict[str, str]
"""What a login shows: `style`, `name`, `version`, `text` (what runs), `saved` (what starts). Empty: it has no SSH."""


class Refused(Exception):
    """A command that cannot be done; the message says why."""


class Device:
    """One address. `delay` in seconds before each answer, `loss` the share of questions that get none; `prompt_delay`:
    seconds before each prompt of a login. `asked` counts questions.

    `load` is called at the first question: a lab of thousands starts at once. `own_engine`: it has an engine identity
    of its own, whatever it was recorded with. `stories`: what can happen to it, by name.
    """

    def __init__(
        self, address: str, source: str, load: Callable[[], Tree], configure: Callable[[], Configuration] = dict,
        own_engine: bool = False,
    ) -> None:  # fmt: skip
        self.address, self.source = address, source
        self._configure, self._configuration = configure, Configuration()
        self.delay, self.loss, self.prompt_delay = 0.0, 0.0, 0.0
        self.asked, self.boots = 0, 1
        self._engine_id, self._own_engine = b"", own_engine
        self._load, self._tree, self._loaded = load, Tree(()), False
        self._begun, self._born, self._silent_until = 0, time.monotonic(), 0.0
        self._live: dict[int, Callable[[], bytes]] = {}
        self.stories: Mapping[str, Story] = {}

    # --- what it tells

    @property
    def tree(self) -> Tree:
        if not self._loaded:
            self.become(self._load())
        return self._tree

    def become(self, tree: Tree) -> None:
        """Tell what `tree` says from now on. Its clock goes on."""
        if not self._loaded:
            self._begun, self.boots = _number(tree, UP_TIME, 0), _number(tree, ENGINE_BOOTS, 1)
            told = None if self._own_engine else _told_engine_id(tree)
            self._engine_id = told or made_engine_id(tree, self.address)
            self._loaded = True
        else:
            tree = stamped(self._tree, tree, self.up_time)
        self._tree = tree
        self._live = {place: make for name, make in self._clocks().items() if (place := tree.at(name)) is not None}

    def _clocks(self) -> Mapping[bytes, Callable[[], bytes]]:
        return {
            UP_TIME: lambda: binding(UP_TIME, number(self.up_time, TICKS)),
            ENGINE_BOOTS: lambda: binding(ENGINE_BOOTS, number(self.boots)),
            ENGINE_TIME: lambda: binding(ENGINE_TIME, number(self.engine_time)),
            ENGINE_ID: lambda: binding(ENGINE_ID, text(self.engine_id)),
        }

    def variable(self, place: int) -> bytes:
        """Return the encoded variable at a place of the tree."""
        make = self._live.get(place)
        return make() if make else self.tree.bindings[place]

    def variables(self, start: int, count: int) -> list[bytes]:
        """Return encoded variables from a place on; fewer where the tree ends."""
        told = self.tree.bindings[start : start + count]
        for place, make in self._live.items():
            if start <= place < start + len(told):
                told[place - start] = make()
        return told

    @property
    def engine_id(self) -> bytes:
        _ = self.tree  # it is told there, or made of what is
        return self._engine_id

    @property
    def configuration(self) -> Configuration:
        self._configuration = self._configuration or self._configure()
        return self._configuration

    @property
    def up_time(self) -> int:
        """Hundredths of a second; wraps after 497 days (RFC 3418 sysUpTime)."""
        return self._ticks % 2**32

    @property
    def engine_time(self) -> int:
        """Seconds (RFC 3411 snmpEngineTime)."""
        return self._ticks // 100

    @property
    def _ticks(self) -> int:
        return self._begun + max(0, int((time.monotonic() - self._born) * 100))

    @property
    def is_silent(self) -> bool:
        return time.monotonic() < self._silent_until

    # --- what is done to it

    def reboot(self, seconds: float = 0.0) -> None:
        """Restart: no answer for some seconds, one boot more, the clock from zero."""
        _ = self.tree
        self.boots, self._begun = self.boots + 1, 0
        self._born = self._silent_until = time.monotonic() + seconds

    def happen(self, what: str) -> bool:
        """Let a story come true; return whether the device has one of that name."""
        story = self.stories.get(what)
        if story is None:
            return False
        self.become(story.tree(self.tree))
        told = self.configuration
        told.update({name: story.retell(said) for name, said in told.items()})
        if story.restarts:
            self.reboot()
        return True

    def renumber(self, seed: int = 0) -> dict[int, int]:
        """Number the interfaces anew; return old → new. Raises Refused."""
        indexes = interfaces_of(self.tree)
        if not indexes:
            raise Refused("it has no interfaces")
        new = shuffled(indexes, seed)
        self.become(renumbered(self.tree, new))
        return new

    def swap_serial(self, new: str, old: str | None = None) -> int:
        """Exchange the device for another of its kind: tell `new` wherever `old` was told. Raises Refused.

        Without `old` it is the serial number of the chassis. Returns in how many places.
        """
        was, now = text(old.encode() if old else self._chassis_serial()), text(new)
        places = sum(value == was for _, value in self.tree)
        if not places:
            raise Refused("it does not tell that serial number")
        self.become(Tree((name, now if value == was else value) for name, value in self.tree))
        return places

    def _chassis_serial(self) -> bytes:
        prefix = encode_oid(_CLASS)
        for name, value in self.tree:
            if name.startswith(prefix) and value == number(3):
                serial = self.tree.value(_SERIAL + name[len(prefix) :])
                if serial and serial[0] == OCTETS and len(serial) > 2:
                    start, stop = inside(serial, 0, len(serial), OCTETS)
                    return serial[start:stop]
        raise Refused("its chassis tells no serial number; say which one to exchange")

    def reconfigure(self, old: str, new: str) -> int:
        """Exchange text of the configuration; return in how many places. Raises Refused."""
        places = self.configuration.get("text", "").count(old)
        if not places:
            raise Refused("its configuration does not say that")
        self._configuration["text"] = self._configuration["text"].replace(old, new)
        self.become(reconfigured(self.tree, self.up_time))
        return places

    def save(self) -> None:
        """Let what runs be what starts."""
        if self.configuration:
            self._configuration["saved"] = self._configuration["text"]

    def edit(self, instance: str, value: bytes | None) -> None:
        """Tell an encoded value of an instance, new or not; None takes it away. Raises Refused."""
        try:
            name = encode_oid(instance)
        except ValueError as error:
            raise Refused(str(error)) from error
        if value is None and self.tree.at(name) is None:
            raise Refused("it does not tell that")
        kept = [(each, told) for each, told in self.tree if each != name]
        self.become(Tree(kept if value is None else [*kept, (name, value)]))


def _number(tree: Tree, name: bytes, default: int) -> int:
    value = tree.value(name)
    return int.from_bytes(value[2:], "big") if value and value[0] in (2, TICKS) else default


def _told_engine_id(tree: Tree) -> bytes | None:
    told = tree.value(ENGINE_ID)
    return told[2:] if told and told[0] == OCTETS and 5 <= len(told) - 2 <= 32 else None


def made_engine_id(tree: Tree, address: str) -> bytes:
    """Return an identity made of the maker's number and the address (RFC 3411 §5): no two devices have the same."""
    value = tree.value(SYS_OBJECT_ID)
    said = oid_text(value[2:]) if value and value[0] == OBJECT else ""
    maker = said.removeprefix(_ENTERPRISES).partition(".")[0] if said.startswith(_ENTERPRISES) else "8072"
    return (int(maker) | 1 << 31).to_bytes(4, "big") + b"\1" + octets_of(address)
