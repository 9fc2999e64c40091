"""Definitions of devices: what a file says, as values. `discovery/devices/README.md` tells how to write one.

A file is checked against `devices/schema.json`, patterns are compiled and tables joined when it is loaded, so that
what goes live can only fail on what a device says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema

from discovery import lined
from discovery.lined import BadDefinition, Lined
from discovery.pattern import BadPattern, Pattern
from discovery.tables import Table, read_table

SHIPPED: Final = Path(__file__).parent / "devices"
FIELDS: Final = ("vendor", "model", "serial", "os", "version", "name")
SOURCES: Final = ("get", "walk", "entity", "sysdescr", "sysname", "sysobjectid", "text", "lookup", "join", "none")
PATTERNED: Final[tuple[str, ...]] = ("sysdescr", "sysname", "model", "version", "os")


@dataclass(frozen=True, slots=True)
class Step:
    """One way to a value: where it comes from (`source` of `SOURCES`, `argument`), and what is made of it.

    `none` ends the search: the device does not say it, and the steps behind would find something else.
    """

    source: str
    argument: str = ""
    match: Pattern | None = None
    template: str | None = None
    form: str = "text"
    unless: Pattern | None = None
    optional: bool = False
    deref: bool = False
    where: tuple[str, Pattern] | None = None
    row: Step | None = None
    by: Step | None = None
    parts: tuple[Step, ...] = ()
    glue: str = " "
    table: Table | None = None

    def within(self) -> Iterator[Step]:
        """Yield this step and every one inside it."""
        yield self
        for inner in (*self.parts, *(each for each in (self.row, self.by) if each)):
            yield from inner.within()


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold, all of it. `patterns`: word of `PATTERNED` → pattern. `probe`: get or walk, OID, pattern."""

    prefixes: tuple[str, ...] = ()
    patterns: Mapping[str, Pattern] = field(default_factory=dict)
    resources: tuple[str, ...] = ()
    probe: tuple[str, str, Pattern | None] | None = None
    but: Condition | None = None

    @property
    def weight(self) -> int:
        """How much it asks beside the sysObjectID."""
        return len(self.patterns) + bool(self.resources) + bool(self.probe)

    @property
    def cost(self) -> int:
        """0 when the scalars decide it, 1 for a walk of sysORID, 2 for a probe."""
        return 2 if self.probe else int(bool(self.resources))


@dataclass(frozen=True, slots=True)
class Refinement:
    """What is said instead when `when` holds; None leaves it."""

    when: Condition
    class_: str | None = None
    vendor: str | None = None
    os: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """One family of devices that is identified alike. `class_`: `class.type` or `class`; None: evidence decides."""

    id: str
    match: tuple[Condition, ...]
    vendor: str | None = None
    os: str | None = None
    class_: str | None = None
    fallback: bool = False
    refine: tuple[Refinement, ...] = ()
    identity: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class File:
    """What one file holds."""

    definitions: tuple[Definition, ...] = ()
    identity: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    strong: tuple[Refinement, ...] = ()
    weak: tuple[Refinement, ...] = ()


def load(file: Path) -> File:
    """Return what `file` holds; raise `BadDefinition` with file and line."""
    read = lined.read(file)
    _check(read)
    return _Parser(read).file()


@cache
def _schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((SHIPPED / "schema.json").read_text(encoding="utf-8")))


def _check(read: Lined) -> None:
    for error in _schema().iter_errors(read.content):
        path = list(error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
            unknown = next((key for key in error.instance if key not in known), "")
            raise read.bad(f"unknown key {unknown}", [*path, unknown])
        raise read.bad(error.message[:200], path)


class _Parser:
    """Turns checked content into values; a path is kept along so that an error can name its line."""

    def __init__(self, read: Lined) -> None:
        self._read = read
        content: dict[str, Any] = read.content
        self._content = content
        rows = content.get("tables", {})
        self._tables = {
            name: Table({str(key): str(value) for key, value in each.items()}) for name, each in rows.items()
        }

    def file(self) -> File:
        content = self._content
        identity = self._identity(content.get("identity", {}), ["identity"])
        listed = enumerate(content.get("definitions", []))
        evidence = content.get("evidence", {})
        return File(
            tuple(self._definition(raw, identity, ["definitions", at]) for at, raw in listed),
            identity,
            self._refinements(evidence.get("strong", []), ["evidence", "strong"]),
            self._refinements(evidence.get("weak", []), ["evidence", "weak"]),
        )

    def _definition(self, raw: dict[str, Any], shared: Mapping[str, tuple[Step, ...]], path: list[Any]) -> Definition:
        said = {key: raw.get(key, self._content.get(key)) for key in ("vendor", "os", "class")}
        return Definition(
            raw["id"],
            tuple(self._alternative(each, [*path, "match", at]) for at, each in enumerate(raw["match"])),
            said["vendor"], said["os"], said["class"],
            raw.get("fallback", False),
            self._refinements(raw.get("refine", []), [*path, "refine"]),
            {**shared, **self._identity(raw.get("identity", {}), [*path, "identity"])},
        )  # fmt: skip

    def _refinements(self, raws: Sequence[dict[str, Any]], path: list[Any]) -> tuple[Refinement, ...]:
        return tuple(
            Refinement(
                self._condition(raw["when"], [*path, at, "when"]), raw.get("class"), raw.get("vendor"), raw.get("os")
            )
            for at, raw in enumerate(raws)
        )

    def _alternative(self, raw: dict[str, Any], path: list[Any]) -> Condition:
        condition = self._condition(raw, path)
        if not condition.prefixes and not condition.weight:
            raise self._read.bad("nothing but an exception", path)
        return condition

    def _condition(self, raw: dict[str, Any], path: list[Any]) -> Condition:
        if "get" in raw and "walk" in raw:
            raise self._read.bad("get or walk, not both", path)
        if "value" in raw and not {"get", "walk"} & raw.keys():
            raise self._read.bad("value without get or walk", [*path, "value"])
        kind = next((each for each in ("get", "walk") if each in raw), None)
        patterns = {key: self._pattern(raw[key], [*path, key]) for key in PATTERNED if key in raw}
        wanted = self._pattern(raw["value"], [*path, "value"]) if "value" in raw else None
        return Condition(
            _oids(raw.get("sysobjectid", [])),
            patterns,
            _oids(raw.get("sysorid", [])),
            (kind, plain_oid(raw[kind]), wanted) if kind else None,
            self._condition(raw["except"], [*path, "except"]) if "except" in raw else None,
        )

    def _identity(self, raw: dict[str, Any], path: list[Any]) -> dict[str, tuple[Step, ...]]:
        return {
            key: tuple(self._step(each, [*path, key, at]) for at, each in enumerate(steps))
            for key, steps in raw.items()
        }

    def _step(self, raw: dict[str, Any], path: list[Any]) -> Step:
        sources = [each for each in SOURCES if each in raw]
        if len(sources) != 1:
            raise self._read.bad(f"exactly one of {', '.join(SOURCES)} is needed", path)
        source = sources[0]
        if source == "none" and len(raw) > 1:
            raise self._read.bad("none stands alone", path)
        sugared = source in ("sysdescr", "sysname", "sysobjectid")
        bare = sugared or source in ("join", "none")
        if sugared and "match" in raw:
            raise self._read.bad(f"{source} is a pattern already", [*path, "match"])
        if "format" in raw and "match" not in raw and not sugared:
            raise self._read.bad("format without a pattern", [*path, "format"])
        wanted = raw[source] if sugared else raw.get("match")
        return Step(
            source,
            plain_oid(raw[source]) if source in ("get", "walk") else "" if bare else raw[source],
            self._pattern(wanted, [*path, source if sugared else "match"]) if wanted else None,
            raw.get("format"),
            raw.get("as", "text"),
            self._pattern(raw["unless"], [*path, "unless"]) if "unless" in raw else None,
            raw.get("optional", False),
            raw.get("deref", False),
            self._where(raw.get("where"), [*path, "where"]),
            self._step(raw["row"], [*path, "row"]) if "row" in raw else None,
            self._step(raw["by"], [*path, "by"]) if "by" in raw else None,
            tuple(self._step(each, [*path, "join", at]) for at, each in enumerate(raw.get("join", []))),
            raw.get("with", " "),
            self._table(raw["lookup"], [*path, "lookup"]) if source == "lookup" else None,
        )

    def _where(self, raw: dict[str, Any] | None, path: list[Any]) -> tuple[str, Pattern] | None:
        return (plain_oid(raw["column"]), self._pattern(raw["value"], [*path, "value"])) if raw else None

    def _table(self, name: str, path: list[Any]) -> Table:
        if name in self._tables:
            return self._tables[name]
        if not name.startswith("models/"):
            raise self._read.bad(f"no table {name} in this file", path)
        try:
            return read_table(self._read.file.parent / f"{name}.tsv")
        except ValueError as error:
            raise self._read.bad(str(error), path) from error

    def _pattern(self, source: str, path: list[Any]) -> Pattern:
        try:
            return Pattern(source)
        except BadPattern as error:
            raise self._read.bad(str(error), path) from error


def plain_oid(raw: str) -> str:
    """Return an OID as `discovery.asking` spells it: without the dot in front."""
    return raw.removeprefix(".")


def _oids(raw: str | list[str]) -> tuple[str, ...]:
    return tuple(plain_oid(each).rstrip(".") for each in ([raw] if isinstance(raw, str) else raw))


__all__ = ["FIELDS", "SHIPPED", "BadDefinition", "Condition", "Definition", "File", "Refinement", "Step", "load"]
