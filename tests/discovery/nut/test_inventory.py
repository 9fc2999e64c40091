"""What UPS servers say of their devices, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.nut.client import Ups
from discovery.nut.inventory import Found, inventory
from wire.sections import SECTIONS, canonical, check

EATON = {
    "device.mfr": "EATON", "device.model": "9PX 3000i RT2U", "device.serial": "G117K12345", "device.type": "ups",
    "ups.firmware": "01.14.2187", "ups.status": "OB DISCHRG LB RB", "ups.load": "37", "ups.power.nominal": "3000",
    "ups.realpower.nominal": "2700", "ups.realpower": "910", "battery.charge": "88", "battery.runtime": "1260",
    "battery.voltage": "71.9", "input.voltage": "229.8", "input.frequency": "49.9", "output.voltage": "230.1",
    "output.current": "4.10", "output.frequency": "50.0", "ups.test.result": "Done and passed",
    "outlet.1.desc": "PowerShare Outlet 1", "outlet.1.status": "on", "outlet.2.desc": "db-rack-04",
    "outlet.2.status": "off", "outlet.id": "0", "ups.temperature": "31", "ups.alarm": "Replace battery!",
}  # fmt: skip
APC_3PH = {
    "ups.mfr": "American Power Conversion ", "ups.model": "Symmetra PX", "ups.serial": "QD1234567890",
    "ups.status": "OL BYPASS",
    "input.L1-N.voltage": "231", "input.L2-N.voltage": "230", "input.L3-N.voltage": "229", "input.frequency": "50.0",
    "output.L1.current": "12.5", "output.L1.power.percent": "23", "output.L3.current": "11",
}  # fmt: skip


def bodies(found: Found) -> dict[str, Any]:
    return {section.name: section.body for section in found.explored.sections}


def test_a_ups_on_battery_is_understood() -> None:
    found = inventory(Ups("rack-a", "UPS of row A", EATON, ("10.2.0.7", "::1")), "192.0.2.9")
    told = bodies(found)
    it = found.identified
    assert (it.class_, it.type, it.model, it.serial) == ("environment", "ups", "9PX 3000i RT2U", "G117K12345")
    assert told["device"]["description"] == "UPS of row A"
    assert told["ups"] == {
        "rated_va": 3000, "rated_watts": 2700, "source": "battery", "battery_state": "replace", "charge_ratio": 0.88,
        "runtime_seconds": 1260, "battery_volts": 71.9, "load_ratio": 0.37, "last_test": "passed",
        "alarms": ["Replace battery!", "battery_bad", "low_battery", "on_battery"],
    }  # fmt: skip
    assert told["power"] == [
        {"name": "input 1", "kind": "input", "volts": 229.8, "hertz": 49.9},
        {"name": "output 1", "kind": "output", "volts": 230.1, "amperes": 4.1, "watts": 910.0, "hertz": 50.0},
    ]
    assert told["outlets"] == [
        {"outlet": "1", "name": "PowerShare Outlet 1", "state": "on"},
        {"outlet": "2", "name": "db-rack-04", "attached": "db-rack-04", "state": "off"},
    ]
    assert told["sensors"] == [
        {"name": "ups.temperature", "kind": "temperature", "unit": "celsius", "value": 31.0, "state": "ok"}
    ]


def test_who_is_logged_in_is_who_is_fed_and_the_server_itself_is_named_by_its_address() -> None:
    found = inventory(
        Ups("rack-a", "", EATON, ("10.2.0.7", "::1", "127.0.0.1", "::ffff:127.0.0.1", "localhost")), "192.0.2.9"
    )
    assert bodies(found)["attached"] == [{"outlet": "", "name": "10.2.0.7"}, {"outlet": "", "name": "192.0.2.9"}]


@pytest.mark.parametrize(("clients", "status"), [(None, "UNSUPPORTED"), ((), "EMPTY")])
def test_a_server_that_does_not_say_who_is_attached_does_not_say_that_nobody_is(
    clients: tuple[str, ...] | None, status: str
) -> None:
    sections = inventory(Ups("a", "", EATON, clients), "192.0.2.9").explored.sections
    assert [section.status.name for section in sections if section.name == "attached"] == [status]


def test_three_phases_are_told_apart() -> None:
    told = bodies(inventory(Ups("px", "", APC_3PH), "192.0.2.9"))
    assert [row["name"] for row in told["power"]] == ["input 1", "input 2", "input 3", "output 1", "output 3"]
    assert told["power"][3] == {"name": "output 1", "kind": "output", "amperes": 12.5, "load_ratio": 0.23}
    assert told["ups"]["source"] == "bypass"
    assert told["device"]["vendor"] == "American Power Conversion"


def test_a_pdu_has_outlets_and_no_record_of_a_ups() -> None:
    found = inventory(Ups("pdu", "", {"device.type": "pdu", "outlet.1.status": "on"}), "192.0.2.9")
    assert (found.identified.class_, found.identified.type) == ("environment", "pdu")
    assert "ups" not in bodies(found)


def test_a_device_that_is_not_there_is_not_said_to_be_without_anything() -> None:
    found = inventory(Ups("gone", failure="timeout", clients_failure="timeout"), "192.0.2.9")
    assert found.identified.class_ == "unknown"
    assert found.identified.error == "timeout"
    assert not any(section.complete for section in found.explored.sections)


@pytest.mark.parametrize("value", ["", "N/A", "unknown", "0", "0000000", "123456789"])
def test_a_filler_is_no_serial(value: str) -> None:
    assert inventory(Ups("a", "", {"ups.status": "OL", "ups.serial": value}), "192.0.2.9").identified.serial is None


NAMES = st.sampled_from([*EATON, *APC_3PH, "device.macaddr", "battery.packs", "ambient.humidity", "outlet.1.current"])
TEXTS = (
    st.text(max_size=30) | st.integers().map(str) | st.floats().map(str) | st.sampled_from(["x" * 9000, "\ud800", "OL"])
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(NAMES | st.text(max_size=20), TEXTS, max_size=20), st.lists(TEXTS, max_size=4))
def test_any_variables_become_sections_of_the_catalogue(variables: dict[str, str], clients: list[str]) -> None:
    for section in inventory(Ups("any", "", variables, tuple(clients)), "192.0.2.9").explored.sections:
        assert section.reason != "internal"
        if section.body:
            assert check(SECTIONS[section.name], section.body) == section.body
        canonical(section.body)
