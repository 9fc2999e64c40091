"""Random scripts: what agents and a probe said in which order, and what people did in between.

A script is a value made from a seed. Who lives it incrementally and who replays its log read the same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from collector.change.covering import Margins
from collector.change.expected import Expected, How
from collector.change.record import ChangeType, Line, Window
from collector.model import Path, Value
from tests.collector.test_pipeline import MINUTE, START
from tests.collector.test_targets import PORTS, SWITCH, found
from tests.simulated import SimulatedHost
from wire import codec
from wire.observation import Observation, state_hash

HOUR = 60 * MINUTE
HOSTS, PROBE = (1, 2), 3
ADDRESS = "192.0.2.1"
HELD = {1: "agent/uid1", 2: "agent/uid2", PROBE: f"snmp//{ADDRESS}"}
"""Who speaks → the source whose CI is meant."""
MARGINS = Margins()
MARGIN = MARGINS.pre_ms
"""Before its window, too, a change may be at work: it is edited no more."""


@dataclass(frozen=True, slots=True)
class Told:
    """An observation arrives; `first` of its source."""

    at: int
    agent: int
    seq: int
    payload: bytes
    first: bool = False


@dataclass(frozen=True, slots=True)
class Raised:
    """A change is recorded, without a word yet; `name` is how the script calls it. CIs of its lines are filled in."""

    at: int
    name: int
    type: ChangeType
    speaker: int
    lines: tuple[Line, ...]
    window: Window


@dataclass(frozen=True, slots=True)
class Edited:
    at: int
    name: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Cancelled:
    at: int
    name: int


@dataclass(frozen=True, slots=True)
class Granted:
    at: int
    name: int


@dataclass(frozen=True, slots=True)
class Finished:
    at: int
    name: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """Somebody accepts one of the items that are open, the one at `turn` of them."""

    at: int
    turn: int


@dataclass(frozen=True, slots=True)
class Registered:
    """The device the probe found is registered, if it is proposed."""

    at: int


@dataclass(frozen=True, slots=True)
class Merged:
    at: int


@dataclass(frozen=True, slots=True)
class Parted:
    at: int


@dataclass(frozen=True, slots=True)
class Ticked:
    """The clocks are looked at."""

    at: int


Op = Told | Raised | Edited | Cancelled | Granted | Finished | Accepted | Registered | Merged | Parted | Ticked
OF_CHANGES = (Raised, Edited, Cancelled, Granted, Finished)
BARRIERS = (Accepted, Registered, Merged, Parted)
"""What people do to CIs stands where it stood among what was observed; changes may be known from the beginning."""


@dataclass(frozen=True, slots=True)
class Script:
    seed: int
    ops: tuple[Op, ...]
    end: int


VALUES: dict[Path, tuple[Value, ...]] = {
    Path("os", "kernel"): ("6.1.0-28-amd64", "6.1.0-29-amd64", "6.1.0-30-amd64"),
    Path("packages", "cowsay|all"): (
        None, {"version": "3.03", "manager": "dpkg"}, {"version": "3.04", "manager": "dpkg"},
    ),
    Path("users", "root"): tuple(
        {"uid": 0, "gid": 0, "shell": shell, "can_log_in": True} for shell in ("/bin/bash", "/bin/zsh")
    ),
}  # fmt: skip
TOLD = {"hardware", "os", "packages", "users", "interfaces", "databases_and_middleware"}
"""Sections of a host."""
OF_THE_SWITCH: dict[Path, tuple[Value, ...]] = {
    Path("device", "version"): ("5.170", "5.180", "5.190"),
    Path("interfaces", "GigabitEthernet0/0/1"): tuple(
        {"kind": "ethernet", "mac": PORTS[0]["mac"], "state": "up", "mtu": mtu} for mtu in (1500, 9000)
    ),
}


@dataclass
class _Speaker:
    """One thing that is observed: what stands at its paths, and what it is worth when it is told."""

    values: dict[Path, tuple[Value, ...]]
    standing: dict[Path, Value] = field(default_factory=dict)
    seq: int = 0
    revision: int = 1
    looks: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.standing = {path: values[0] for path, values in self.values.items()}


def script(seed: int) -> Script:
    """Return the script of `seed`."""
    return _Writing(seed).script()


class _Writing:
    """Writes a script, one deed after the other."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._seed, self._now, self._ops = seed, START, list[Op]()
        self._speakers = {**{number: _Speaker(VALUES) for number in HOSTS}, PROBE: _Speaker(OF_THE_SWITCH)}
        self._changes: dict[int, Raised] = {}
        self._late: list[Told] = []
        self._is_merged = False

    def script(self) -> Script:
        for speaker in self._speakers:
            self._ops.append(self._told(speaker, first=True))
        deeds: list[tuple[int, Callable[[], None]]] = [
            (8, self._observe), (6, self._work), (4, self._work_first), (2, self._raise), (3, self._grant),
            (1, self._edit), (1, self._finish), (2, self._accept), (2, self._register), (1, self._merge),
            (2, self._part), (2, self._tick), (2, self._deliver),
        ]  # fmt: skip
        weights, does = zip(*deeds, strict=True)
        for _ in range(self._dice.randint(4, 9)):
            self._now += self._dice.choice((1, 10, 40, 90, 600)) * MINUTE
            self._dice.choices(does, weights)[0]()
        self._take_back(random.Random(f"{self._seed} taken back"))
        return Script(self._seed, tuple(self._ops), self._now + 40 * 24 * HOUR)

    # --- what is observed

    def _observe(self) -> None:
        number = self._dice.choice((*HOSTS, PROBE))
        speaker = self._speakers[number]
        self._move(speaker, *self._dice.sample(sorted(speaker.values), self._dice.randint(0, 2)))
        if self._dice.random() < 0.08:
            speaker.revision += 1
        told = self._told(number)
        if self._dice.random() < 0.12:
            self._late.append(told)
        else:
            self._ops.append(told)

    def _move(self, speaker: _Speaker, *paths: Path) -> None:
        for path in paths:
            speaker.standing[path] = self._dice.choice(speaker.values[path])

    def _deliver(self) -> None:
        """Something that was on its way arrives, behind what was said after it."""
        if self._late:
            self._ops.append(replace(self._late.pop(0), at=self._now))

    def _told(self, number: int, *, first: bool = False) -> Told:
        speaker = self._speakers[number]
        speaker.seq += 1
        self._now += MINUTE
        speaker.looks.append(self._now)
        sender = number if number in HOSTS else PROBE
        payload = _host(number, speaker, self._now) if number in HOSTS else _switch(speaker, self._now)
        return Told(self._now, sender, speaker.seq, payload, first)

    # --- what people do

    def _raise(self) -> None:
        speaker = self._dice.choice(sorted(self._speakers))
        start = self._now + self._dice.choice((-300, -60, -10, 0, 20)) * MINUTE
        type_ = self._dice.choice((ChangeType.NORMAL, ChangeType.STANDARD, ChangeType.MAJOR, ChangeType.EMERGENCY))
        self._record(speaker, self._lines(speaker), start, type_)

    def _work(self) -> None:
        """Work as it should be, most of it: asked for, approved, done in its window, seen, and finished perhaps."""
        number = self._dice.choice(sorted(self._speakers))
        path, start = self._dice.choice(sorted(self._speakers[number].values)), self._now + 30 * MINUTE
        self._record(number, (self._line(path, self._speakers[number].values[path]),), start)
        if self._dice.random() < 0.85:
            self._ops.append(Granted(self._now, len(self._changes) - 1))
        self._now = start + self._dice.choice((-20, 5, 40, 700)) * MINUTE
        for _ in range(self._dice.choice((1, 1, 2))):
            self._move(self._speakers[number], path)
            self._ops.append(self._told(number))
        if self._dice.random() < 0.3:
            self._now += MINUTE
            self._ops.append(Finished(self._now, len(self._changes) - 1))

    def _work_first(self) -> None:
        """Something is done, and recorded afterwards: in time, too late, or never approved."""
        number = self._dice.choice(sorted(self._speakers))
        path = self._dice.choice(sorted(self._speakers[number].values))
        self._move(self._speakers[number], path)
        self._ops.append(self._told(number))
        done = self._now
        self._now += self._dice.choice((5, 100, 470, 600)) * MINUTE
        type_ = self._dice.choice((ChangeType.EMERGENCY, ChangeType.EMERGENCY, ChangeType.NORMAL))
        line = self._line(path, (self._speakers[number].standing[path],))
        self._record(number, (line,), done - 10 * MINUTE, type_)
        if self._dice.random() < 0.8:
            self._ops.append(Granted(self._now, len(self._changes) - 1))

    def _record(
        self, speaker: int, lines: tuple[Line, ...], start: int, type_: ChangeType = ChangeType.NORMAL
    ) -> None:  # fmt: skip
        window = Window(start, start + self._dice.choice((30, 120, 600)) * MINUTE)
        raised = Raised(self._now, len(self._changes), type_, speaker, lines, window)
        self._changes[raised.name] = raised
        self._ops.append(raised)

    def _lines(self, speaker: int) -> tuple[Line, ...]:
        values = self._speakers[speaker].values
        paths = self._dice.sample(sorted(values), self._dice.randint(1, 2))
        return tuple(self._line(path, values[path]) for path in paths)

    def _line(self, path: Path, values: tuple[Value, ...]) -> Line:
        value = self._dice.choice(values)
        if value is None or self._dice.random() < 0.4:
            whole = path if self._dice.random() < 0.7 else Path(path.section, "")
            return Line(0, whole, Expected())
        return Line(0, path, Expected(How.EXACT, value))

    def _grant(self) -> None:
        if self._changes:
            self._ops.append(Granted(self._now, self._dice.choice(sorted(self._changes))))

    def _edit(self) -> None:
        """A plan is written anew as long as its work has not begun."""
        ahead = [each for each in self._changes.values() if self._now < each.window.start - MARGIN]
        if ahead:
            one = self._dice.choice(ahead)
            self._ops.append(Edited(self._now, one.name, self._lines(one.speaker)))

    def _finish(self) -> None:
        at_work = [each for each in self._changes.values() if each.window.start <= self._now < each.window.end]
        if at_work:
            self._ops.append(Finished(self._now, self._dice.choice(at_work).name))

    def _accept(self) -> None:
        self._ops.append(Accepted(self._now, self._dice.randrange(5)))

    def _register(self) -> None:
        self._ops.append(Registered(self._now))

    def _merge(self) -> None:
        if not self._is_merged:
            self._ops.append(Merged(self._now))
            self._is_merged = True

    def _part(self) -> None:
        if self._is_merged:
            self._ops.append(Parted(self._now))
            self._is_merged = False

    def _tick(self) -> None:
        self._ops.append(Ticked(self._now))

    def _take_back(self, dice: random.Random) -> None:
        """Edit or cancel some changes whose work nobody said to have begun; when it was done and judged, too.

        Not where the work was seen twice: what it did and undid left nothing that could be judged anew.
        """
        finished = {op.name for op in self._ops if isinstance(op, Finished)}
        for one in self._changes.values():
            if one.name in finished or self._looks(one) > 1 or dice.random() < 0.4:
                continue
            at = max(one.at, one.window.start + dice.choice((-60, 0, 20, 90, 300, 900)) * MINUTE)
            if dice.random() < 0.5:
                op: Op = Cancelled(at, one.name)
            else:
                op = Edited(at, one.name, (replace(one.lines[0], path=Path("labels", "")),))
            self._ops.insert(next((i for i, each in enumerate(self._ops) if each.at > at), len(self._ops)), op)

    def _looks(self, one: Raised) -> int:
        """Return how often its CI was looked at while it may have been worked on."""
        start, end = one.window.start - MARGINS.pre_ms, one.window.end + MARGINS.post_ms
        return sum(start <= at <= end for at in self._speakers[one.speaker].looks)


# --- the bytes


def _host(number: int, speaker: _Speaker, at: int) -> bytes:
    host = SimulatedHost(number, packages=2)
    bodies: dict[str, Any] = host.bodies
    for name in bodies.keys() - TOLD:
        del bodies[name]
    for path, value in speaker.standing.items():
        _put(bodies, path, value)
    sections = [replace(each, revision=speaker.revision, collected_at_ms=at) for each in host.sections()]
    told = Observation(at, "0.1.0", "boot", state_hash(sections), tuple(sections))
    return codec.encode_observation(told)


def _put(bodies: dict[str, Any], path: Path, value: Value) -> None:
    if isinstance(bodies[path.section], dict):
        bodies[path.section][path.key] = value
        return
    name, _, arch = path.key.partition("|")
    bodies[path.section] = [each for each in bodies[path.section] if each["name"] != name]
    if value is not None:
        bodies[path.section].append({"name": name, **({"arch": arch} if arch else {}), **value})


def _switch(speaker: _Speaker, at: int) -> bytes:
    (version_path, version), (port_path, port) = sorted(speaker.standing.items())
    assert isinstance(port, dict)
    return found(
        ADDRESS, SWITCH | {version_path.key: version}, at, interfaces=[{"name": port_path.key, **port}]
    )  # fmt: skip
