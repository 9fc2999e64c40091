"""Every shipped definition identifies its cases: `tests/discovery/devices/<id>/*.yaml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from discovery.identify import identify
from discovery.library import SHIPPED, Definitions, definitions_in
from discovery.recording import Recording, answer

FOLDER = Path(__file__).parent / "devices"
CASES = sorted(FOLDER.glob("*/*.yaml"))
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"


@cache
def shipped() -> Definitions:
    return definitions_in([SHIPPED])


def line_of(oid: str, value: Any) -> bytes:
    if isinstance(value, int):
        return f"{oid}|2|{value}".encode()
    said = str(value)
    if oid == SYS_OBJECT_ID or said.startswith(".1.3."):
        return f"{oid}|6|{said.removeprefix('.')}".encode()
    raw = bytes.fromhex(said[2:]) if said.startswith("0x") else said.encode()
    return f"{oid}|4x|{raw.hex()}".encode()


def recording_of(facts: dict[str, Any]) -> Recording:
    return Recording(b"\n".join(line_of(str(oid).removeprefix("."), value) for oid, value in facts.items()) + b"\n")


@pytest.mark.parametrize("case", CASES, ids=[f"{case.parent.name}-{case.stem}" for case in CASES])
def test_a_definition_identifies_its_case(case: Path) -> None:
    said = yaml.safe_load(case.read_text(encoding="utf-8"))
    assert said.keys() == {"facts", "expect"}
    found = answer(identify(shipped()), recording_of(said["facts"])).target()
    found["matched_by"] = (found["matched_by"] or "").partition(":")[0]
    assert {key: found[key] for key in said["expect"]} == {
        key: value if value is None else str(value) for key, value in said["expect"].items()
    }
    assert found["matched_by"] == case.parent.name


def test_every_definition_has_a_case_and_every_case_a_definition() -> None:
    assert {case.parent.name for case in CASES} == set(shipped().ids)
