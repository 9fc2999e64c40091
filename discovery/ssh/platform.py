"""Platforms: how their devices are recognised, asked for their configuration, and what of it is volatile or secret.

Data, one file each in `platforms/`; `platforms/README.md` tells how to write one. What is wrong in a file is found
when it is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import re2
import yaml
from netmiko.ssh_dispatcher import CLASS_MAPPER

from discovery.pattern import MAX_PATTERN

SHIPPED: Final = Path(__file__).parent / "platforms"
EVERYWHERE: Final = "everywhere.yaml"
Kind = Literal["running", "startup"]
Span = tuple[int, int]


class BadPlatform(ValueError):
    """A file that is no platform; the message names it."""


class Lines:
    """Patterns of single lines (RE2, linear in the line). One look at all of them decides whether any can match."""

    def __init__(self, sources: tuple[str, ...] = (), grouped: bool = False) -> None:
        self.sources = sources
        self._each = [_compiled(source) for source in sources]
        if grouped and not all(each.groups for each in self._each):
            raise ValueError("a pattern without a group")
        self._any = _compiled("|".join(f"(?:{source})" for source in sources), bounded=False) if sources else None

    def match(self, line: str) -> bool:
        return self._any is not None and self._any.search(line) is not None

    def first(self, line: str) -> str | None:
        """Return the first group of the first pattern that matches."""
        if not self.match(line):
            return None
        found = (each.search(line) for each in self._each)
        return next((match.group(1) for match in found if match), None)

    def spans(self, line: str) -> list[Span]:
        """Return where the groups of all patterns are, in order, those that overlap as one."""
        if not self.match(line):
            return []
        return joined(span for each in self._each for match in each.finditer(line) for span in _groups(match))


@dataclass(frozen=True, slots=True)
class Block:
    """Lines from what `begins` to what `ends`. With `secrets`, these hold between the two; without, all between is one.

    `salted` as in `Platform`.
    """

    begins: Lines
    ends: Lines
    secrets: Lines | None
    salted: bool


@dataclass(frozen=True, slots=True)
class Platform:
    """One dialect.

    `vendor`, `os`: who made what speaks it and what that runs, None where several did. `device_type`: netmiko's driver.
    `shell`: commands are typed into a terminal, not run one by one. `plain`: the driver's own preparation would change
    settings of the device; `paging` then switches its pager off for this session.
    `commands` by what they print. `whole`: the last line of every output that is whole. `absent`: there is no such
    configuration. `volatile`: lines that are no configuration, or groups within lines. `changed`: its stamp of the last
    change. `secrets`: what their groups hold. `salted`: secrets that the device writes anew each time, so that nothing
    can be told of them. `notable`: these two and `blocks`, to know at one look that a line holds nothing.
    """

    name: str
    device_type: str
    shell: bool
    plain: bool
    paging: str | None
    definitions: frozenset[str]
    description: Lines
    banner: Lines
    commands: Mapping[Kind, str]
    whole: Lines
    absent: Lines
    volatile: Lines
    changed: Lines
    secrets: Lines
    salted: Lines
    blocks: tuple[Block, ...]
    notable: Lines
    vendor: str | None = None
    os: str | None = None


KEYS: Final = frozenset({
    "device_type", "vendor", "os", "shell", "plain", "paging", "definitions", "description", "banner", "running",
    "startup", "whole", "absent", "volatile", "changed", "secrets", "salted", "blocks", "ordering",
})  # fmt: skip
PATTERNS: Final = ("description", "banner", "whole", "absent", "volatile", "changed", "secrets", "salted")
GROUPED: Final = frozenset({"changed", "secrets", "salted"})


@cache
def platforms(folder: Path = SHIPPED) -> Mapping[str, Platform]:
    """Return the platforms of a folder by name. Raises BadPlatform."""
    shared = _file(folder / EVERYWHERE)
    files = sorted(file for file in folder.glob("*.yaml") if file.name != EVERYWHERE)
    return {file.stem: _platform(file.stem, _file(file), shared) for file in files}


def recognise(definition: str | None, description: str = "", banner: str = "") -> Platform | None:
    """Return the platform of a device: by its definition, else by its sysDescr, else by what SSH shows of it.

    `definition`: its id, or `Identified.matched_by`, which begins with it.
    """
    known, identity = platforms().values(), (definition or "").partition(":")[0]
    by_definition = (each for each in known if identity in each.definitions)
    by_description = (each for each in known if each.description.match(description[:2048]))
    by_banner = (each for each in known if each.banner.match(banner[:255]))
    return next(by_definition, None) or next(by_description, None) or next(by_banner, None)


def _file(file: Path) -> dict[str, Any]:
    try:
        read = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadPlatform(f"{file.name}: {error}") from error
    if not isinstance(read, dict) or not read.keys() <= KEYS:
        raise BadPlatform(f"{file.name}: keys are {', '.join(sorted(KEYS))}")
    return read


def _platform(name: str, read: dict[str, Any], shared: dict[str, Any]) -> Platform:
    device_type = read.get("device_type", "")
    if device_type not in CLASS_MAPPER:
        raise BadPlatform(f"{name}: netmiko has no device_type {device_type!r}")
    commands: dict[Kind, str] = {kind: str(read[kind]) for kind in ("running", "startup") if kind in read}
    if not commands:
        raise BadPlatform(f"{name}: neither running nor startup")
    try:
        lines = {key: Lines((*read.get(key, ()), *shared.get(key, ())), key in GROUPED) for key in PATTERNS}
        blocks = tuple(_block(each) for each in (*read.get("blocks", ()), *shared.get("blocks", ())))
        begins = [source for each in blocks for source in each.begins.sources]
        notable = Lines((*lines["secrets"].sources, *lines["salted"].sources, *begins))
    except (re2.error, TypeError, KeyError, ValueError) as error:
        raise BadPlatform(f"{name}: {error}") from error
    return Platform(
        name, device_type, bool(read.get("shell", True)), bool(read.get("plain")), read.get("paging"),
        frozenset(read.get("definitions", ())), commands=commands, blocks=blocks, notable=notable,
        vendor=read.get("vendor"), os=read.get("os"), **lines,
    )  # fmt: skip


def _block(read: Mapping[str, Any]) -> Block:
    secrets = Lines(tuple(read["secrets"]), grouped=True) if "secrets" in read else None
    return Block(Lines((read["begins"],)), Lines((read["ends"],)), secrets, bool(read.get("salted")))


def _compiled(source: str, bounded: bool = True) -> Any:
    if bounded and len(source) > MAX_PATTERN:
        raise ValueError(f"longer than {MAX_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    return re2.compile(source, options)


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those that overlap as one."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _groups(match: Any) -> Iterator[Span]:
    """Yield where the groups are that took part."""
    for number in range(1, match.re.groups + 1):
        begin, end = match.span(number)
        if begin < end:
            yield begin, end
