"""Documents of a service, without a service: what is said, and what is left open."""

from __future__ import annotations

from typing import Any

import pytest

from discovery.redfish.documents import Documents, Resource
from discovery.redfish.inventory import inventory
from discovery.redfish.root import root

SYSTEM = {"@odata.id": "/redfish/v1/Systems/1", "Id": "1", "SerialNumber": "AB12345", "PowerState": "On"}


def documents(**found: list[dict[str, Any]]) -> Documents:
    """Return documents by kind, of a service with one system unless `system` says otherwise."""
    made = Documents(root({"RedfishVersion": "1.6.0"}))
    for kind, bodies in {"system": [SYSTEM], **found}.items():
        for body in bodies:
            made.add(kind, Resource(body))
    return made


def sections(made: Documents) -> dict[str, Any]:
    return {section.name: section for section in inventory(made)[1].sections}


def test_virtual_systems_are_virtual_machines_and_the_host_is_the_physical_one() -> None:
    uuid = "7F1C0E52-3A6B-4D0C-9E57-2B8F9C11D2A4"
    virtual = {"Id": "vm1", "SystemType": "Virtual", "UUID": uuid, "Name": "erp-db", "PowerState": "Off"}
    told = sections(documents(system=[SYSTEM, virtual, {**virtual, "UUID": "unknown"}]))
    assert told["device"].body["host_serial"] == "AB12345"
    assert told["virtual_machines"].body == [{"uuid": uuid.lower(), "name": "erp-db", "state": "shut_off"}]


@pytest.mark.parametrize(
    ("architecture", "kind"), [("x86", "pc_server"), ("ARM", "pc_server"), ("Power", "minicomputer")]
)
def test_the_type_goes_by_the_architecture(architecture: object, kind: str) -> None:
    identified, _ = inventory(documents(processor=[{"ProcessorArchitecture": architecture}]))
    assert (identified.class_, identified.type) == ("server", kind)


def test_a_service_without_a_system_is_no_server() -> None:
    identified, _ = inventory(documents(system=[]))
    assert (identified.class_, identified.type, identified.error) == ("unknown", "unknown", "unknown_model")


@pytest.mark.parametrize(("power", "status"), [("On", "EMPTY"), ("Off", "UNSUPPORTED")])
def test_an_empty_list_means_none_only_while_the_server_is_on(power: str, status: str) -> None:
    made = documents(system=[{**SYSTEM, "PowerState": power}])
    made.empty.add("memory")
    assert sections(made)["memory_modules"].status.name == status


def test_what_could_not_be_read_leaves_its_sections_incomplete_and_no_other() -> None:
    made = documents(memory=[{"DeviceLocator": "A1", "CapacityMiB": 1024}])
    made.failures["memory"] = "timeout"
    told = sections(made)
    assert (told["memory_modules"].complete, told["memory_modules"].reason) == (False, "timeout")
    assert [name for name, section in told.items() if not section.complete] == ["memory_modules"]


def test_half_a_sum_is_not_told() -> None:
    processors: list[dict[str, Any]] = [{"TotalCores": 8, "TotalThreads": 16}, {"TotalCores": 8, "TotalThreads": None}]
    assert sections(documents(processor=processors))["cpu"].body == {"sockets": 2, "cores": 16}


def test_accelerators_and_empty_sockets_are_no_processors() -> None:
    processors: list[dict[str, Any]] = [
        {"TotalCores": 8},
        {"TotalCores": 64, "ProcessorType": "GPU"},
        {"Status": {"State": "Absent"}},
    ]
    assert sections(documents(processor=processors))["cpu"].body == {"sockets": 1, "cores": 8}


def test_versions_of_an_update_change_the_value_and_not_the_component() -> None:
    before, after = (
        sections(documents(firmware=[{"Id": f"nic-{version}", "Version": version}]))["firmware"].body
        for version in ("1.0.3", "1.0.4")
    )
    assert [row["component"] for row in before] == [row["component"] for row in after] == ["nic"]
    assert [row["version"] for row in after] == ["1.0.4"]


@pytest.mark.parametrize("serial", ["", "N/A", "Default string", "0000000000", "To be filled by O.E.M.", None, 7])
def test_a_filler_is_no_serial(serial: object) -> None:
    identified, _ = inventory(documents(system=[{**SYSTEM, "SerialNumber": serial}]))
    assert identified.serial is None
