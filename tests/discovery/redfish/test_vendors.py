"""What controllers of each maker say in their own way, over TLS, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from discovery.redfish.trust import Trust
from discovery.redfish.visit import Visited, visit
from tests.discovery.redfish.service import LOGIN, SESSION, Service, honest, serving

SAMPLES = sorted(Path(__file__).parent.joinpath("samples").glob("*.yaml"))


async def visited(sample: dict[str, Any], folder: Path) -> tuple[Visited, Service]:
    answers = honest(sample["documents"], sample.get("sessions", True))
    async with serving(answers, folder) as service:
        return await visit("127.0.0.1", service.port, LOGIN, Trust()), service


def bodies(found: Visited) -> dict[str, Any]:
    return {section.name: section.body for section in found.explored.sections}


def fits(told: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert {name: told.get(name) for name in wanted} == wanted


@pytest.fixture(params=SAMPLES, ids=lambda file: file.stem)
def sample(request: pytest.FixtureRequest) -> Any:
    return yaml.safe_load(request.param.read_text(encoding="utf-8"))


async def test_a_controller_of_each_maker_is_understood(sample: dict[str, Any], tmp_path: Path) -> None:
    found, _ = await visited(sample, tmp_path)
    told = bodies(found)
    for name, wanted in sample["expect"].items():
        if isinstance(wanted, dict):
            fits(told[name], wanted)
        else:
            assert len(told[name]) == len(wanted), told[name]
            for row, expected in zip(told[name], wanted, strict=True):
                fits(row, expected)
    for name, wanted in sample.get("has", {}).items():
        key = next(iter(wanted[0]))
        rows = {row[key]: row for row in told[name]}
        for expected in wanted:
            fits(rows[expected[key]], expected)


async def test_nothing_of_a_complete_visit_is_called_incomplete(sample: dict[str, Any], tmp_path: Path) -> None:
    found, _ = await visited(sample, tmp_path)
    assert all(section.complete for section in found.explored.sections)
    words = {section.name: section.status.name.lower() for section in found.explored.sections}
    for name, wanted in sample.get("status", {}).items():
        assert words[name] == wanted


async def test_nothing_is_asked_twice_and_the_session_is_closed(sample: dict[str, Any], tmp_path: Path) -> None:
    _, service = await visited(sample, tmp_path)
    asked = [(each.method, each.path.rstrip("/")) for each in service.heard]
    assert len(asked) == len(set(asked))
    if sample.get("sessions", True):
        assert asked[-1] == ("DELETE", SESSION)
        assert not any("authorization" in each.headers for each in service.heard)
        assert [each.method for each in service.heard].count("POST") == 1
    if "requests" in sample:
        assert sum(method == "GET" for method, _ in asked) == sample["requests"]
