"""Visits to small services on loopback, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from discovery.failures import Failed
from discovery.redfish.exchange import Budget
from discovery.redfish.trust import Trust
from discovery.redfish.visit import Visited, visit
from tests.discovery.redfish.service import LOGIN, Answers, Reply, Service, honest, serving

ROOT: dict[str, Any] = {
    "RedfishVersion": "1.6.0",
    "Systems": {"@odata.id": "/redfish/v1/Systems"},
    "Chassis": {"@odata.id": "/redfish/v1/Chassis"},
    "Links": {"Sessions": {"@odata.id": "/redfish/v1/SessionService/Sessions"}},
}
SYSTEM = {"@odata.id": "/redfish/v1/Systems/1", "Id": "1", "Model": "R1", "SerialNumber": "AB12345"}
SMALL: dict[str, Any] = {
    "/redfish/v1": ROOT,
    "/redfish/v1/Systems": {"Members": [{"@odata.id": "/redfish/v1/Systems/1"}]},
    "/redfish/v1/Systems/1": SYSTEM,
    "/redfish/v1/Chassis": {"Members": []},
}
ANYBODY = Trust()
SHORT = Budget(seconds=3.0, wait=0.5, requests=50, answer_bytes=200_000, all_bytes=1_000_000, members=30)


async def met(answers: Answers, folder: Path, budget: Budget = SHORT) -> tuple[Visited, Service]:
    async with serving(answers, folder) as service:
        return await visit("127.0.0.1", service.port, LOGIN, Trust(), budget), service


async def refusal(
    answers: Answers, folder: Path, budget: Budget = SHORT, trust: Trust = ANYBODY
) -> tuple[str, Service]:
    async with serving(answers, folder) as service:
        with pytest.raises(Failed) as failed:
            await visit("127.0.0.1", service.port, LOGIN, trust, budget)
        return failed.value.cause, service


def instead(path: str, reply: Reply, documents: dict[str, Any] = SMALL) -> Answers:
    """Return an honest service that answers otherwise at one path."""
    plain = honest(documents)
    return lambda heard: reply if heard.path == path else plain(heard)


def reasons(found: Visited) -> dict[str, str]:
    return {section.name: section.reason for section in found.explored.sections if not section.complete}
