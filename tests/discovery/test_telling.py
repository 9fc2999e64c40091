"""What a probe tells of a device as the collector gets it."""

from __future__ import annotations

from typing import Any

from discovery.explore import Explored, Section
from discovery.identify import Identified
from discovery.ledger import Row
from discovery.outcome import Outcome
from discovery.telling import sources
from wire.observation import Status


def device(serial: str, members: list[dict[str, Any]]) -> Any:
    """Return the section `device` of a swept switch whose SNMP agent says that serial and those members."""
    told = Identified("identified", "network", "switch", "H3C", "S6520", serial, "Comware", "7.1", "core", "h3c")
    explored = Explored((Section("members", Status.OK, True, members),), {})
    (source,) = sources(Outcome(Row("192.0.2.1", "explore", True), identified=told, explored=explored))
    return next(each.body for each in source.sections if each.name == "device")


def test_a_stack_goes_by_the_serial_of_its_first_member_whoever_is_master() -> None:
    members = [{"number": "10", "serial": "B"}, {"number": "2", "serial": "A"}]
    assert [device(master, members)["serial"] for master in ("A", "B")] == ["A", "A"]


def test_one_member_alone_is_no_stack() -> None:
    assert device("B", [{"number": "1", "serial": "A"}])["serial"] == "B"
    assert device("B", [{"number": "1", "serial": "A"}, {"number": "2"}])["serial"] == "B"
