"""What a probe's sweep tells the agent that started it: outcomes as frames, and the place up to which all is told.

A frame is one line of JSON, followed by as many bytes as its field `bytes` says: bodies of sections, canonical, one
after the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from discovery.explore import Section
from discovery.knowledge import told_of
from discovery.outcome import Outcome
from discovery.plan import Plan
from discovery.sweep import Progress
from discovery.visits import Source
from discovery.voice import frame
from wire.observation import MAX_REASON, Status
from wire.sections import MAX_BODY_BYTES, SECTIONS, arrange, canonical, check, digest
from wire.sweep import MAX_REFUSED

MOST_TEXT: Final = 255
NAMING: Final = ("class", "type", "vendor", "model", "serial", "name", "object_id", "base_mac")
"""Fields of `device` by which a device is known."""
DESCRIBED: Final = frozenset({None, "unknown_model"})
"""Errors of an identification after which it still says what the device is."""

Portion = tuple[list[dict[str, Any]], bytes]


class Place:
    """The cursor up to which every target is told. Targets end out of order; what is ahead of it waits in memory."""

    def __init__(self, plan: Plan) -> None:
        self.cursor = plan.cursor
        self._coming = plan.addresses()
        self._next = next(self._coming, None)
        self._ahead: set[str] = set()

    def passed(self, address: str) -> None:
        """Take note that a target is told."""
        self._ahead.add(address)
        while self._next in self._ahead:
            self._ahead.discard(self._next)
            self.cursor += 1
            self._next = next(self._coming, None)


@dataclass(frozen=True, slots=True)
class State:
    """How far a sweep is, as every frame says it."""

    cursor: int
    progress: Progress

    def shown(self) -> dict[str, Any]:
        return {"cursor": str(self.cursor), "counts": asdict(self.progress)}


def frames(outcome: Outcome, at_ms: int, state: State) -> Iterator[bytes]:
    """Yield an outcome as frames, those of one source after another, its row of the ledger with the last."""
    head = {"address": outcome.row.address, "protocol": "snmp", "part": "", "at_ms": at_ms}
    told = [
        ({**head, "protocol": source.protocol, "part": source.part, "sections": sections}, body)
        for source in sources(outcome)
        for sections, body in _portions(source.sections, _held(outcome, source))
    ]
    for each, body in told[:-1]:
        yield frame(each, body)
    last, body = told[-1] if told else ({**head, "sections": []}, b"")
    yield frame({**last, "row": _row(outcome, at_ms), **state.shown()}, body)


def _held(outcome: Outcome, source: Source) -> dict[str, str]:
    """Return by section the hash of what the collector holds of a source."""
    told = ((*name.partition("/"), each) for name, each in outcome.known.hashes.items() if not source.part)
    return {section: each for protocol, _, section, each in told if protocol == source.protocol}


def _row(outcome: Outcome, at_ms: int) -> dict[str, Any]:
    row = outcome.row
    return {
        "address": row.address, "stage": row.stage, "cause": row.cause or "", "detail": _line(row.detail, MAX_REASON),
        "credential": row.credential or "", "found_json": json.dumps(_found(outcome)), "at_ms": at_ms,
        "took_ms": round(row.seconds * 1000), "alive": row.alive, "refused": list(outcome.refused[:MAX_REFUSED]),
        "learned": told_of(row.address, outcome.known, outcome.shown) if row.alive else None,
    }  # fmt: skip


def _found(outcome: Outcome) -> dict[str, str]:
    said = outcome.target() if outcome.row.alive else {}
    names = ("class", "type", "vendor", "model", "serial", "os", "version", "name")
    found = {name: _line(str(said[name]), MOST_TEXT) for name in names if said.get(name)}
    return found | ({"signs": ",".join(outcome.signs)} if outcome.signs else {})


def _line(text: str, most: int) -> str:
    return " ".join(text.split())[:most]


# --- sections


def sources(outcome: Outcome) -> list[Source]:
    """Return what each protocol told, each with a section `device`.

    Where a visit reads none, it takes the names SNMP has told a moment before, rather than its own: by these the
    sources of one device know each other.
    """
    it, address = outcome.identified, outcome.row.address
    if it is None or it.error not in DESCRIBED:
        return [_described(each, {"address": address}) for each in outcome.sources]
    explored = outcome.explored.sections if outcome.explored else ()
    own = {"address": address, "engine_id": outcome.shown.engine_id, **_of_stack(explored)}
    by_snmp = _described(Source("snmp", it, explored), own)
    body = next(each.body for each in by_snmp.sections if each.name == "device")
    assert isinstance(body, dict)
    names = own | {name: body[name] for name in NAMING if name in body}
    return [by_snmp, *(_described(each, names) for each in outcome.sources)]


def _of_stack(explored: Sequence[Section]) -> dict[str, Any]:
    """Return what names a stack whoever is its master now: the serial of its first member, and no engine of one."""
    members = next((each.body for each in explored if each.name == "members" and isinstance(each.body, list)), [])
    named = sorted((_place(row), row["serial"]) for row in members if row.get("serial"))
    return {"serial": named[0][1], "engine_id": None} if len(named) > 1 else {}


def _place(member: Mapping[str, Any]) -> tuple[int, str]:
    number = str(member.get("number", ""))
    return int(number) if number.isdecimal() and len(number) < 10 else 0, number


def _described(source: Source, names: Mapping[str, Any]) -> Source:
    """Return a source with a section `device`: where none was read, of what was identified, and of other names.

    Such a section is not all there is to say.
    """
    it, shape = source.identified, SECTIONS["device"]
    if any(each.name == "device" for each in source.sections):
        return source
    said = {} if it is None else {
        "class": it.class_, "type": it.type, "vendor": it.vendor, "model": it.model, "serial": it.serial, "os": it.os,
        "version": it.version, "name": it.name, "definition": it.matched_by, "state": it.state,
    }  # fmt: skip
    told = {name: value for name, value in (*said.items(), *names.items()) if value not in (None, "unknown")}
    body = check(shape, arrange(shape, {"class": "unknown", "type": "unknown"} | told))
    return replace(source, sections=(Section("device", Status.OK, False, body), *source.sections))


def _portions(sections: Sequence[Section], held: Mapping[str, str]) -> Iterator[Portion]:
    """Yield sections in groups whose bodies stay within what a frame may carry.

    `held`: section → hash of the body the collector holds; of one that is the same, the hash is all that is told.
    """
    heads: list[dict[str, Any]] = []
    whole = b""
    for each in sections:
        body = canonical(each.body) if each.status is Status.OK else b""
        hashed = digest(body).hex() if body else ""
        body = b"" if hashed and held.get(each.name) == hashed else body
        if heads and len(whole) + len(body) > MAX_BODY_BYTES:
            yield heads, whole
            heads, whole = [], b""
        heads.append({
            "name": each.name, "status": int(each.status), "complete": each.complete, "reason": each.reason,
            "bytes": len(body), "hash": hashed,
        })  # fmt: skip
        whole += body
    if heads:
        yield heads, whole
