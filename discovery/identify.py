"""Which device answers: class, type, vendor, model, serial, os, version and name, and what that rests on.

One get of the scalars leads to the candidates of `discovery.library`: the longest prefix of sysObjectID, what sysDescr
says beside it, then sysORID, then a probe as the last resort. What no definition knows is described by its enterprise
number and the MIBs it serves, and stays `unknown` where these do not say.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from discovery.asking import Script
from discovery.definitions import FIELDS, Definition
from discovery.device import SCALARS, SYS_DESCR, SYS_NAME, SYS_OBJECT_ID, Device
from discovery.evidence import UNKNOWN, class_of, maker_of
from discovery.evidence import first_that_holds as _refined
from discovery.library import Candidate, Definitions
from discovery.placeholders import says_something
from discovery.steps import first, holds, instances, plainly
from discovery.text import shown


@dataclass(frozen=True, slots=True)
class Identified:
    """What a device is. `class_` and `type` are domain words; what is absent is None.

    `state`: `identified` by a definition, `generic` by enterprise number and MIBs, `unknown` where these did not say.
    `matched_by`: the definition, and what led to it. `error`: a word of `discovery.failures`, or None.
    """

    state: str
    class_: str
    type: str
    vendor: str | None
    model: str | None
    serial: str | None
    os: str | None
    version: str | None
    name: str | None
    matched_by: str | None
    error: str | None = None

    def target(self, address: str | None = None) -> dict[str, Any]:
        """Return the target object that commands print: `address` and these, by their words."""
        said = asdict(self)
        return {"address": address, "state": said.pop("state"), "class": said.pop("class_"), **said}


def identify(definitions: Definitions, device: Device | None = None) -> Script[Identified]:
    """Return what the device is; `device` keeps what was told, for the stages that come after."""
    device = device or Device()
    yield from device.ask(SCALARS)
    chosen = yield from _choose(definitions, device)
    found = yield from _read(definitions, chosen[0] if chosen else None, device)
    if chosen:
        return (yield from _by_definition(definitions, chosen, found, device))
    return (yield from _by_evidence(definitions, found, device))


def _choose(definitions: Definitions, device: Device) -> Script[Candidate | None]:
    """Return the first candidate whose condition holds.

    What probes of candidates get is asked for together, up to the first candidate that the scalars decide.
    """
    likely = []
    for candidate in definitions.candidates(device.sysobjectid):
        if plainly(candidate[1], device, {}):
            likely.append(candidate)
            if not candidate[1].cost and candidate[1].but is None:
                break
    probes = [each[1].probe for each in likely if each[1].probe]
    yield from device.ask(probe[1] for probe in probes if probe and probe[0] == "get")
    for candidate in likely:
        if (yield from holds(candidate[1], device)):
            return candidate
    return None


def _read(definitions: Definitions, chosen: Definition | None, device: Device) -> Script[dict[str, str | None]]:
    own = chosen.identity if chosen else {}
    known = {"vendor": chosen.vendor, "os": chosen.os} if chosen else {}
    steps = {
        field: (*own.get(field, ()), *(() if known.get(field) else definitions.identity.get(field, ())))
        for field in FIELDS
    }
    yield from device.ask(instances(step for some in own.values() for step in some))
    found: dict[str, str | None] = {}
    for field in FIELDS:
        found[field] = yield from first(steps[field], device, partial(says_something, field))
    return found


def _by_definition(
    definitions: Definitions, chosen: Candidate, found: dict[str, str | None], device: Device
) -> Script[Identified]:
    definition = chosen[0]
    class_, vendor, os = definition.class_, definition.vendor, definition.os
    refined = yield from _refined(definition.refine, device, found)
    if refined:
        class_, vendor, os = refined.class_ or class_, refined.vendor or vendor, refined.os or os
    maker = None
    if definition.fallback or not (class_ and vendor):
        maker = yield from maker_of(definitions.vendors, device)
    if maker and definition.fallback:  # an appliance on a system everybody uses is what its maker makes
        class_, vendor = maker.vendor.class_ or class_, maker.vendor.name
    if class_ is None:
        class_, _ = yield from class_of(definitions, maker, device)
    vendor = found["vendor"] or vendor or (maker.vendor.name if maker else None)
    return _result("identified", class_, {**found, "vendor": vendor, "os": found["os"] or os}, _how(chosen))


def _by_evidence(definitions: Definitions, found: dict[str, str | None], device: Device) -> Script[Identified]:
    maker = yield from maker_of(definitions.vendors, device)
    class_, why = yield from class_of(definitions, maker, device)
    vendor = maker.vendor.name if maker else found["vendor"]
    how = ", ".join(each for each in (maker.why if maker else "", why) if each)
    state = UNKNOWN if class_ == UNKNOWN and vendor is None else "generic"
    matched = f"generic: {how}" if how else None
    return _result(state, class_, {**found, "vendor": vendor}, matched, error="unknown_model")


def _how(chosen: Candidate) -> str:
    definition, condition, prefix = chosen
    signs = [f"sysObjectID {prefix}"] if prefix else []
    signs += [f"{name} /{pattern.source}/" for name, pattern in condition.patterns.items()]
    signs += [f"sysORID {each}" for each in condition.resources[:1]]
    signs += [f"{condition.probe[0]} {condition.probe[1]}"] if condition.probe else []
    return shown(f"{definition.id}: {', '.join(signs)}")


def _result(
    state: str, class_: str, found: dict[str, str | None], matched: str | None, error: str | None = None
) -> Identified:
    family, _, kind = class_.partition(".")
    plain = {field: found[field] for field in FIELDS}
    return Identified(state, family, kind or UNKNOWN, matched_by=matched, error=error, **plain)


__all__ = ["SYS_DESCR", "SYS_NAME", "SYS_OBJECT_ID", "Identified", "identify"]
