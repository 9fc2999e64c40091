"""The identity policy: `rules/identity.yaml` read, checked entry by entry and frozen."""

from __future__ import annotations

import enum
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from collector.yamlfile import BadFile, Entry, read
from wire import placeholders
from wire.placeholders import fold as fold

MAX_PATTERN = 200

KINDS = frozenset({
    "serial", "uuid", "mac", "virtual_mac", "machine_id", "hostname", "instance", "address", "engine_id", "wwn",
    "agent", "vendor_oid", "chassis_id", "product", "model", "label", "location", "licence", "member",
})  # fmt: skip
"""Every kind of identifier there is."""

REFUSABLE = KINDS | {"vendor"}
"""What a placeholder or pattern may name: the vendor is no identifier, but half of a serial."""


class BadPolicy(ValueError):
    """An identity policy that cannot be used; the message is `file:line: why`."""


class Strength(enum.IntEnum):
    """How much an identifier, or a set of them, proves."""

    WEAK = 1
    MEDIUM = 2
    STRONG = 3


@dataclass(frozen=True, slots=True)
class Pattern:
    """Folded values of `kinds` that match as a whole identify nothing; `refuses` and `keeps` are its test cases."""

    regex: re.Pattern[str]
    kinds: frozenset[str]
    reason: str
    refuses: tuple[str, ...]
    keeps: tuple[str, ...]


_SERIALS = tuple(
    Pattern(re.compile(each.pattern, re.ASCII), frozenset({"serial"}), each.reason, each.refuses, each.keeps)
    for each in placeholders.SHAPES
)
"""What is no serial number wherever it stands; the file of a site adds to it."""


@dataclass(frozen=True, slots=True)
class MacPrefix:
    """Hexadecimal digits (no colons) that a MAC of `kinds` must not begin with."""

    digits: str
    kinds: frozenset[str]
    reason: str


@dataclass(frozen=True, slots=True)
class IdentifierSet:
    """Kinds that name a CI together. `rank` counts from 1; a `silent` set proposes only CIs that fell silent.

    `unless` are kinds that break a match by this set when they disagree, beside the profile's vetoes.
    """

    rank: int
    kinds: tuple[str, ...]
    strength: Strength
    at_least: int = 1
    silent: bool = False
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """How CIs of some classes are told apart: ordered sets, and the strength of each kind that can veto."""

    name: str
    sets: tuple[IdentifierSet, ...]
    veto: Mapping[str, Strength]
    inside_parent: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """`exact` is kind → folded value → reason; `vendors` is spelling → name; `profiles` are by class or class/type."""

    version: int
    longest: int
    shortest: int
    exact: Mapping[str, Mapping[str, str]]
    patterns: tuple[Pattern, ...]
    macs: tuple[MacPrefix, ...]
    vendors: Mapping[str, str]
    profiles: Mapping[str, Profile]

    def profile(self, ci_class: str, ci_type: str) -> Profile:
        """Return the profile of a class and type; one that no profile names is told apart as `unknown` is."""
        named = self.profiles.get(f"{ci_class}/{ci_type}") or self.profiles.get(ci_class)
        return named or self.profiles["unknown"]


def load(path: Path) -> Policy:
    """Return the policy in the YAML file `path`; raise `BadPolicy` naming file and line."""
    try:
        return _policy(read(path))
    except BadFile as error:
        raise BadPolicy(str(error)) from error


def _policy(file: Entry) -> Policy:
    file.only(frozenset({"version", "limits", "placeholders", "patterns", "uuids", "macs", "vendors", "profiles"}))
    limits = file.entry("limits")
    limits.only(frozenset({"longest", "shortest"}))
    return Policy(
        version=_whole(file, "version", 1, 10**6),
        longest=_whole(limits, "longest", 1, 4096),
        shortest=_whole(limits, "shortest", 1, 64),
        exact=_exact(file),
        patterns=(*_SERIALS, *(_pattern(each) for each in file.entries("patterns"))),
        macs=tuple(_mac_prefix(each) for each in file.entries("macs")),
        vendors=_vendors(file.entry("vendors")),
        profiles=_profiles(file.entry("profiles")),
    )


def _exact(file: Entry) -> dict[str, dict[str, str]]:
    exact: dict[str, dict[str, str]] = {"serial": {**placeholders.WORDS, **placeholders.DOUBTFUL}}
    for each in file.entries("placeholders"):
        each.only(frozenset({"reason", "kinds", "values"}))
        for kind in _kinds(each, "kinds", REFUSABLE):
            exact.setdefault(kind, {}).update(dict.fromkeys(map(fold, _texts(each, "values")), each.text("reason")))
    for each in file.entries("uuids"):
        each.only(frozenset({"value", "reason"}))
        try:
            value = uuid.UUID(each.text("value"))
        except ValueError as error:
            raise each.bad(str(error), "value") from error
        both_orders = (str(value), str(uuid.UUID(bytes=value.bytes_le)))
        exact.setdefault("uuid", {}).update(dict.fromkeys(both_orders, each.text("reason")))
    return exact


def _pattern(entry: Entry) -> Pattern:
    entry.only(frozenset({"pattern", "kinds", "reason", "refuses", "keeps"}))
    refuses, keeps = _texts(entry, "refuses"), _texts(entry, "keeps")
    text = entry.text("pattern")
    if not refuses or not keeps or len(text) > MAX_PATTERN:
        raise entry.bad(f"a value it refuses, a value it keeps and at most {MAX_PATTERN} characters expected")
    try:
        regex = re.compile(text, re.ASCII)
    except re.error as error:
        raise entry.bad(str(error), "pattern") from error
    for value in refuses + keeps:
        if bool(regex.fullmatch(fold(value))) is not (value in refuses):
            raise entry.bad(f"{text} does not do as its example {value!r} says", "pattern")
    return Pattern(regex, frozenset(_kinds(entry, "kinds", REFUSABLE)), entry.text("reason"), refuses, keeps)


def _mac_prefix(entry: Entry) -> MacPrefix:
    entry.only(frozenset({"prefix", "kinds", "reason"}))
    digits = entry.text("prefix").replace(":", "").lower()
    if not re.fullmatch(r"[0-9a-f]{4,12}", digits):
        raise entry.bad("4 to 12 hexadecimal digits expected", "prefix")
    return MacPrefix(digits, frozenset(_kinds(entry, "kinds")), entry.text("reason"))


def _vendors(entry: Entry) -> dict[str, str]:
    names: dict[str, str] = {}
    for vendor in entry:
        for spelling in _texts(entry, vendor):
            if spelling in entry or names.setdefault(fold(spelling), vendor) != vendor:
                raise entry.bad(f"{spelling} is another maker's name too", vendor)
    return names


def _profiles(entry: Entry) -> dict[str, Profile]:
    by_class: dict[str, Profile] = {}
    for name in entry:
        profile = _profile(name, entry.entry(name))
        for ci_class in _texts(entry.entry(name), "classes"):
            if by_class.setdefault(ci_class, profile) is not profile:
                raise entry.bad(f"{ci_class} has another profile too", name)
    if "unknown" not in by_class:
        raise entry.bad("no profile for the class unknown")
    return by_class


def _profile(name: str, entry: Entry) -> Profile:
    entry.only(frozenset({"classes", "sets", "veto"}), frozenset({"inside_parent"}))
    sets = tuple(_set(each, rank) for rank, each in enumerate(entry.entries("sets"), 1))
    if [each.strength for each in sets] != sorted((each.strength for each in sets), reverse=True):
        raise entry.bad("sets stand in order of strength", "sets")
    weights = entry.entry("veto")
    if weights.keys() - KINDS:
        raise weights.bad(f"no kind of identifier: {', '.join(sorted(weights.keys() - KINDS))}")
    return Profile(name, sets, {kind: _strength(weights, kind) for kind in weights}, _flag(entry, "inside_parent"))


def _set(entry: Entry, rank: int) -> IdentifierSet:
    entry.only(frozenset({"kinds", "strength"}), frozenset({"at_least", "silent", "unless"}))
    kinds, strength, silent = _kinds(entry, "kinds"), _strength(entry, "strength"), _flag(entry, "silent")
    at_least = _whole(entry, "at_least", 1, 16) if "at_least" in entry else 1
    if not kinds or (silent and strength is not Strength.WEAK):
        raise entry.bad("a kind at least, and silent only where weak, expected")
    return IdentifierSet(rank, kinds, strength, at_least, silent, _kinds(entry, "unless"))


def _strength(entry: Entry, key: str) -> Strength:
    word = entry.text(key)
    if word.upper() not in Strength.__members__:
        raise entry.bad(f"{word} is not weak, medium or strong", key)
    return Strength[word.upper()]


def _kinds(entry: Entry, key: str, known: frozenset[str] = KINDS) -> tuple[str, ...]:
    kinds = _texts(entry, key)
    strange = set(kinds) - known
    if strange:
        raise entry.bad(f"no kind of identifier: {', '.join(sorted(strange))}", key)
    return kinds


def _texts(entry: Entry, key: str) -> tuple[str, ...]:
    texts = entry.items_of(key)
    if not all(isinstance(each, str) for each in texts):
        raise entry.bad(f"{key}: texts expected", key)
    return tuple(texts)


def _flag(entry: Entry, key: str) -> bool:
    value = entry.get(key, False)
    if not isinstance(value, bool):
        raise entry.bad(f"{key}: true or false expected", key)
    return value


def _whole(entry: Entry, key: str, least: int, most: int) -> int:
    value = entry[key]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise entry.bad(f"{key}: a whole number from {least} to {most} expected", key)
    return value
