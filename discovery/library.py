"""All definitions that are in force, in the order they are tried for a device; reloaded when a file changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from discovery.definitions import SHIPPED, BadDefinition, Condition, Definition, File, Refinement, Step, load
from discovery.vendors import Vendor, Vendors, alike, read_vendors

TOOLKITS: Final = ("1.3.6.1.4.1.8072", "1.3.6.1.4.1.2021", "1.3.6.1.4.1.99", "0.0")
"""Begin sysObjectIDs that name the agent's software (net-snmp, UCD, SNMP Research), not the device."""

GENERIC: Final = "generic.yaml"

Candidate = tuple[Definition, Condition, str]
"""A definition, the alternative of its `match` and the prefix of sysObjectID that speaks for it (may be empty)."""


@dataclass(frozen=True, slots=True)
class Definitions:
    """Definitions by what leads to them, and what is known of devices that have none."""

    by_prefix: Mapping[str, tuple[Candidate, ...]]
    loose: tuple[Candidate, ...]
    identity: Mapping[str, tuple[Step, ...]]
    strong: tuple[Refinement, ...]
    weak: tuple[Refinement, ...]
    vendors: Vendors
    ids: tuple[str, ...]

    def candidates(self, sysobjectid: str) -> Iterator[Candidate]:
        """Yield who may know the device, in order: longest prefix first, then what asks most beside it.

        A definition without a prefix speaks for another maker's enterprise number only when it is of that maker: words
        in sysDescr are weaker than a number.
        """
        numbered = self.vendors.of(sysobjectid)
        prefix = sysobjectid
        while prefix:
            yield from self.by_prefix.get(prefix, ())
            prefix = prefix.rpartition(".")[0]
        for candidate in self.loose:
            if f"{sysobjectid}.".startswith(f"{candidate[2]}.") if candidate[2] else _may_be(candidate[0], numbered):
                yield candidate


def _may_be(definition: Definition, numbered: tuple[str, Vendor] | None) -> bool:
    if numbered is None:
        return True
    return alike(definition.vendor or "", numbered[1].name)


def definitions_in(folders: Iterable[Path]) -> Definitions:
    """Load folders of definitions, later ones over earlier ones by id; raise `BadDefinition`."""
    found: dict[str, Definition] = {}
    generic = File()
    vendors = Vendors()
    for folder in folders:
        here: set[str] = set()
        for file in sorted(folder.glob("*.yaml")):
            read = load(file)
            generic = read if file.name == GENERIC else generic
            for each in read.definitions:
                if each.id in here:
                    raise BadDefinition(f"{file}:1: {each.id} is defined twice in {folder}")
                here.add(each.id)
                found[each.id] = each
        vendors = read_vendors(folder, vendors)
    return _indexed(found.values(), generic, vendors)


def _indexed(found: Iterable[Definition], generic: File, vendors: Vendors) -> Definitions:
    by_prefix: defaultdict[str, list[Candidate]] = defaultdict(list)
    loose: list[Candidate] = []
    for each in found:
        for condition in each.match:
            for prefix in condition.prefixes or ("",):
                says_nothing = not prefix or each.fallback or f"{prefix}.".startswith(_DOTTED_TOOLKITS)
                (loose if says_nothing else by_prefix[prefix]).append((each, condition, prefix))
    return Definitions(
        {prefix: tuple(sorted(some, key=_order)) for prefix, some in by_prefix.items()},
        tuple(sorted(loose, key=_order)),
        generic.identity, generic.strong, generic.weak, vendors,
        tuple(sorted(each.id for each in found)),
    )  # fmt: skip


_DOTTED_TOOLKITS: Final = tuple(f"{each}." for each in TOOLKITS)


def _order(candidate: Candidate) -> tuple[bool, int, int, int, str]:
    definition, condition, prefix = candidate
    return definition.fallback, -condition.weight, condition.cost, -prefix.count("."), definition.id


Stamps = Mapping[Path, tuple[int, int]]


@dataclass(slots=True)
class Library:
    """The shipped definitions and a user's own over them.

    `problem`: why the last change on disk was not taken; what was in force before it stays in force.
    """

    user: Path | None = None
    problem: str | None = None
    _stamps: Stamps | None = field(default=None, repr=False)
    _loaded: Definitions | None = field(default=None, repr=False)

    def current(self) -> Definitions:
        """Return the definitions in force; raise `BadDefinition` only when there never were any."""
        stamps = self._look()
        if self._loaded is None or stamps != self._stamps:
            self._stamps = stamps
            try:
                self._loaded, self.problem = definitions_in(self._folders()), None
            except BadDefinition as error:
                if self._loaded is None:
                    raise
                self.problem = str(error)
        return self._loaded

    def _folders(self) -> list[Path]:
        return [SHIPPED, *([self.user] if self.user else [])]

    def _look(self) -> Stamps:
        files = (file for folder in self._folders() for file in (*folder.glob("*"), *folder.glob("models/*")))
        return {file: (stat.st_mtime_ns, stat.st_size) for file in files if (stat := file.stat())}
