"""Runs explorations against facts: OID → value, as a device would answer, with what fails said beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from discovery.asking import Answer, Ask, Get, Index, Oid, Script, Value
from discovery.device import Device
from discovery.explore import Explored, Profile, Section, explore
from discovery.failures import Failed
from discovery.identify import Identified

SYSTEM = "1.3.6.1.2.1.1."
IF, IFX = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
Facts = dict[str, Any]


def table(entry: str, **columns: Mapping[Any, Any]) -> Facts:
    """Return the facts of a table: `c2={1: "eth0"}` is the instance entry.2.1; an index may be a text of numbers."""
    return {f"{entry}.{name[1:]}.{at}": value for name, some in columns.items() for at, value in some.items()}


def index_of(address: str) -> str:
    """Return an address or a MAC as it stands in an index."""
    return address if "." in address else ".".join(str(int(part, 16)) for part in address.split(":"))


def octets(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


@dataclass
class Answers:
    """A device: its facts, those of its contexts, and what it does not answer to: a beginning of an OID → why.

    `cut`: a walk of a column below it ends after the first row. `silent_after`: questions it answers at most.
    """

    facts: Facts
    contexts: Mapping[str, Facts] = field(default_factory=dict)
    failing: Mapping[str, str] = field(default_factory=dict)
    cut: Mapping[str, str] = field(default_factory=dict)
    silent_after: int = 1_000_000
    asked: list[Ask] = field(default_factory=list)

    def run(self, script: Script[Any]) -> Any:
        """Drive a script as a live session does: what cannot be answered at all is thrown into it."""
        try:
            ask = next(script)
            while True:
                told = self._answer(ask)
                ask = script.throw(told) if isinstance(told, Failed) else script.send(told)
        except StopIteration as end:
            return end.value

    def walked(self) -> set[str]:
        return {column for ask in self.asked if not isinstance(ask, Get) for column in ask.columns}

    def _answer(self, ask: Ask) -> Answer | Failed:
        self.asked.append(ask)
        if len(self.asked) > self.silent_after:
            return Failed("timeout") if isinstance(ask, Get) else Answer(failure="timeout")
        facts = self.contexts.get(ask.context) if ask.context else self.facts
        if facts is None:
            return Answer(failure="no_answer")
        if isinstance(ask, Get):
            return Answer(values={oid: value_of(facts[oid]) for oid in ask.oids if oid in facts})
        return self._walk(ask.columns, facts)

    def _walk(self, columns: tuple[str, ...], facts: Facts) -> Answer:
        found: dict[str, dict[Index, Value]] = {}
        failure = None
        for column in columns:
            rows = {
                tuple(map(int, oid[len(column) + 1 :].split("."))): value_of(value)
                for oid, value in facts.items()
                if oid.startswith(f"{column}.")
            }
            for beginning, cause in (*self.failing.items(), *self.cut.items()):
                if column.startswith(beginning):
                    failure, rows = cause, dict(sorted(rows.items())[: beginning in self.cut])
            found[column] = rows
        return Answer(columns=found, failure=failure)


def value_of(value: Any) -> Value:
    if isinstance(value, str) and value.startswith("1.") and value.count(".") > 5:
        return Oid(value)
    return value.encode() if isinstance(value, str) else value


def identified(class_: str, **more: Any) -> Identified:
    """Return what identification would have found: `class_` is class.type."""
    family, _, kind = class_.partition(".")
    said = dict.fromkeys(("vendor", "model", "serial", "os", "version", "name", "matched_by"))
    return Identified("identified", family, kind or "unknown", **{**said, **more})


def explored(
    class_: str,
    answers: Answers | Facts,
    object_id: str = "1.3.6.1.4.1.99999.1",
    profile: Profile | None = None,
    **more: Any,
) -> Explored:
    """Explore a device of a class; `more`: fields of what was identified."""
    device = Device({f"{SYSTEM}2.0": Oid(object_id)})
    answers = answers if isinstance(answers, Answers) else Answers(answers)
    found: Explored = answers.run(explore(identified(class_, **more), device, profile))
    return found


def sections(found: Explored) -> dict[str, Section]:
    return {section.name: section for section in found.sections}


def rows(found: Explored, name: str) -> list[dict[str, Any]]:
    """Return the rows of a section, by key order; a record is one."""
    body = sections(found)[name].body
    return body if isinstance(body, list) else [body]


def row(found: Explored, name: str, /, **key: Any) -> dict[str, Any]:
    (one,) = [each for each in rows(found, name) if key.items() <= each.items()]
    return one


def ports(*names: str, first: int = 1) -> Facts:
    """Return interfaces that are up, numbered from `first`."""
    numbered = dict(enumerate(names, first))
    return {
        **table(IF, c3=dict.fromkeys(numbered, 6), c7=dict.fromkeys(numbered, 1), c8=dict.fromkeys(numbered, 1)),
        **table(IFX, c1=numbered),
    }


def bridged(*names: str, first: int = 1) -> Facts:
    """Return interfaces with bridge ports 1, 2 … on them."""
    numbers = {at: first + at - 1 for at in range(1, len(names) + 1)}
    return {**ports(*names, first=first), **table("1.3.6.1.2.1.17.1.4.1", c2=numbers)}
