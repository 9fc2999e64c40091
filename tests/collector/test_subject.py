"""What an observation speaks of: the host and its class, its operating system, its software, its guests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import identifiers, subject
from collector.identifiers import load
from collector.identity import identify
from collector.model import PARENT_TO_SUBJECT, CiState, Holder, Identifier, Observation, Reading, Subject
from wire.observation import Status
from wire.sections import SECTIONS, arrange, canonical, check, digest

POLICY = load(Path(__file__).parents[2] / "rules" / "identity.yaml")

UUID = "564d4cbc-c6a9-1969-8d2f-112233445566"
SWAPPED = "bc4c4d56-a9c6-6919-8d2f-112233445566"
MACHINE = "8f14e45fceea467fa0e63d5b0b1c2d3e"

IRON = {"vendor": "Dell Inc.", "model": "PowerEdge R650", "serial": "7XK2M53", "uuid": UUID,
        "chassis_type": "rack_mount_chassis"}  # fmt: skip
DEBIAN = {
    "family": "linux", "id": "debian", "name": "Debian GNU/Linux 12 (bookworm)", "version": "12",
    "kernel": "6.1.0-21-amd64", "architecture": "x86_64", "hostname": "web1", "domain": "example.org",
    "machine_id": MACHINE, "booted_at": "2026-01-01T00:00:00Z",
}  # fmt: skip
BARE = {"hypervisor": "none", "role": "none"}
KVM_GUEST = {"hypervisor": "kvm", "role": "guest", "guest_uuid": UUID}
POSTGRES = {"product": "postgresql", "instance": "/var/lib/postgresql/15/main", "kind": "database", "version": "15.6",
            "ports": ["tcp/5432"], "executable": "/usr/lib/postgresql/15/bin/postgres", "running": True,
            "evidence": ["process", "port"]}  # fmt: skip
GUEST = {"uuid": SWAPPED, "name": "mail1", "state": "running", "vcpus": 4, "memory_bytes": 8 << 30}


def told(**bodies: Any) -> dict[str, Reading]:
    """Readings of these bodies, held to the catalogue as ingest does."""
    readings = {}
    for name, body in bodies.items():
        kept = arrange(SECTIONS[name], check(SECTIONS[name], body))
        readings[name] = Reading(name, Status.OK, hash=digest(canonical(kept)), body=kept, collected_at=5)
    return readings


def without_body(name: str, status: Status = Status.OK) -> Reading:
    return Reading(name, status, hash=b"h", reason="" if status is Status.OK else "timed out", collected_at=9)


def observed(readings: dict[str, Reading], source: str = "agent/a1") -> Observation:
    return Observation(1, source, 1, 10, 11, b"", readings)


def subjects(previous: dict[str, Reading] | None = None, /, **bodies: Any) -> dict[str, Subject]:
    found = subject.subjects(observed(told(**bodies)), POLICY, previous or {})
    return {each.role: each for each in found}


def names(of: Subject) -> set[tuple[str, str]]:
    return {(each.kind, each.value) for each in of.identifiers}


def class_of(**bodies: Any) -> tuple[str, str]:
    host = subjects(**bodies)["host"]
    return host.ci_class, host.ci_type


# --- the class of the host


@pytest.mark.parametrize(
    ("chassis", "expected"),
    [
        ("rack_mount_chassis", ("server", "pc_server")),
        ("main_server_chassis", ("server", "pc_server")),
        ("Blade", ("server", "pc_server")),
        ("laptop", ("pc", "laptop")),
        ("notebook", ("pc", "laptop")),
        ("convertible", ("pc", "laptop")),
        ("tablet", ("pc", "laptop")),
        ("portable", ("pc", "laptop")),
        ("desktop", ("pc", "desktop")),
        ("mini_tower", ("pc", "desktop")),
        ("Space-Saving", ("pc", "desktop")),
        ("mini_pc", ("pc", "desktop")),
        ("all_in_one", ("pc", "desktop")),
        ("other", ("unknown", "unknown")),
        ("docking_station", ("unknown", "unknown")),
        ("", ("unknown", "unknown")),
    ],
)
def test_the_chassis_tells_the_class_and_one_that_tells_nothing_leaves_it_unknown(
    chassis: str, expected: tuple[str, str]
) -> None:
    assert class_of(hardware=IRON | {"chassis_type": chassis}, virtualization=BARE, os=DEBIAN) == expected


def test_nothing_known_is_unknown_and_still_a_host() -> None:
    host = subjects()["host"]
    assert (host.ci_class, host.ci_type, host.name) == ("unknown", "unknown", "agent/a1")
    assert names(host) == {("agent", "agent/a1")}


@pytest.mark.parametrize("name", ["Microsoft Windows Server 2022 Standard", "SUSE Linux Enterprise Server 15 SP5"])
def test_a_server_edition_in_a_tower_is_a_server(name: str) -> None:
    system = DEBIAN | {"name": name, "family": "windows" if "Windows" in name else "linux"}
    assert class_of(hardware=IRON | {"chassis_type": "tower"}, os=system) == ("server", "pc_server")


def test_linux_in_a_tower_is_a_pc_only_with_a_graphical_login() -> None:
    tower = IRON | {"chassis_type": "tower"}
    ssh = {"name": "ssh.service", "enabled": "enabled", "state": "running"}
    display = {"name": "gdm3.service", "enabled": "static", "state": "running"}
    stopped = display | {"state": "stopped", "enabled": "disabled"}
    assert class_of(hardware=tower, os=DEBIAN, services=[ssh]) == ("server", "pc_server")
    assert class_of(hardware=tower, os=DEBIAN, services=[ssh, stopped]) == ("server", "pc_server")
    assert class_of(hardware=tower, os=DEBIAN, services=[ssh, display]) == ("pc", "desktop")


@pytest.mark.parametrize(
    "virtualization",
    [
        KVM_GUEST,
        {"hypervisor": "docker", "role": "guest", "container": "docker"},
        {"hypervisor": "kvm", "role": "host", "guest_uuid": UUID},
    ],
)
def test_a_guest_a_container_and_a_nested_hypervisor_are_virtual_machines(virtualization: dict[str, Any]) -> None:
    assert class_of(hardware=IRON, os=DEBIAN, virtualization=virtualization) == ("server", "virtual_machine")


def test_a_server_with_guests_is_a_hypervisor_and_a_laptop_with_guests_stays_one() -> None:
    host = {"hypervisor": "none", "role": "host"}
    assert class_of(hardware=IRON, virtualization=host, virtual_machines=[GUEST]) == ("server", "hypervisor")
    laptop = IRON | {"chassis_type": "laptop"}
    assert class_of(hardware=laptop, virtualization=host, virtual_machines=[GUEST]) == ("pc", "laptop")


@pytest.mark.parametrize("service", ["pvedaemon.service", "vmms"])
def test_the_service_of_a_hypervisor_makes_a_server_one_before_its_first_guest(service: str) -> None:
    running = [{"name": service, "enabled": "enabled", "state": "running"}]
    assert class_of(hardware=IRON, os=DEBIAN, virtualization=BARE, services=running) == ("server", "hypervisor")


def test_an_esxi_is_a_hypervisor_in_any_chassis() -> None:
    system = DEBIAN | {"name": "VMware ESXi 8.0.2", "family": "esxi"}
    assert class_of(hardware=IRON | {"chassis_type": "mini_pc"}, os=system) == ("server", "hypervisor")


@pytest.mark.parametrize(("family", "architecture"), [("aix", "powerpc"), ("linux", "ppc64le"), ("linux", "s390x")])
def test_power_and_mainframe_systems_are_minicomputers(family: str, architecture: str) -> None:
    system = DEBIAN | {"family": family, "architecture": architecture}
    assert class_of(os=system, virtualization=BARE) == ("server", "minicomputer")


# --- what names the host


def test_a_box_is_named_by_its_firmware_its_cards_its_system_and_its_agent() -> None:
    interfaces = [
        {"name": "eno1", "kind": "ethernet", "mac": "ac:1f:6b:00:00:ff", "permanent_mac": "ac:1f:6b:00:00:01"},
        {"name": "wlan0", "kind": "wireless", "mac": "ac:1f:6b:00:00:02"},
        {"name": "bond0", "kind": "bond", "mac": "ac:1f:6b:00:00:03"},
        {"name": "docker0", "kind": "bridge", "mac": "02:42:ac:11:00:01"},
        {"name": "vrrp0", "kind": "ethernet", "mac": "00:00:5e:00:01:07"},
        {"name": "usb0", "kind": "ethernet", "mac": "be:3a:f2:b6:05:9f"},
        {"name": "ib0", "kind": "infiniband", "mac": "80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00:00:01"},
    ]
    host = subjects(hardware=IRON, os=DEBIAN, interfaces=interfaces, virtualization=BARE)["host"]
    assert names(host) == {
        ("agent", "agent/a1"),
        ("serial", "dell|7XK2M53"),
        ("uuid", UUID),
        ("mac", "ac:1f:6b:00:00:01"),
        ("mac", "ac:1f:6b:00:00:02"),
        ("machine_id", MACHINE),
        ("hostname", "web1.example.org"),
    }


def test_a_virtual_machine_lends_no_serial_and_only_a_virtual_mac() -> None:
    card = [{"name": "eth0", "kind": "ethernet", "mac": "52:54:00:12:34:56"}]
    host = subjects(hardware=IRON, os=DEBIAN, virtualization=KVM_GUEST, interfaces=card)["host"]
    kinds = {each.kind for each in host.identifiers}
    assert kinds == {"agent", "uuid", "virtual_mac", "machine_id", "hostname"}


def test_a_container_never_carries_its_hosts_serial_or_uuid() -> None:
    inside = {"hypervisor": "lxc", "role": "guest", "container": "lxc", "guest_uuid": UUID}
    host = subjects(hardware=IRON, os=DEBIAN, virtualization=inside)["host"]
    assert {each.kind for each in host.identifiers} == {"agent", "machine_id", "hostname"}


def test_only_an_agent_is_identified_by_its_source() -> None:
    found = subject.subjects(observed(told(os=DEBIAN), "import/excel"), POLICY, {})
    assert "agent" not in {each.kind for each in found[0].identifiers}


@pytest.mark.parametrize(
    ("hostname", "domain", "name"),
    [
        ("web1", "example.org", "web1.example.org"),
        ("web1.example.org", "example.org", "web1.example.org"),
        ("web1.", "", "web1"),
        ("WEB1", ".Example.ORG.", "web1.example.org"),
    ],
)
def test_a_hostname_is_qualified_once(hostname: str, domain: str, name: str) -> None:
    host = subjects(os=DEBIAN | {"hostname": hostname, "domain": domain})["host"]
    assert ("hostname", name) in names(host)


# --- what the host carries


def test_the_host_comes_first_takes_every_reading_and_the_others_point_at_it() -> None:
    readings = told(hardware=IRON, os=DEBIAN, databases_and_middleware=[POSTGRES], virtual_machines=[GUEST])
    found = subject.subjects(observed(readings), POLICY, {})
    roles = ["host", "os", "software:postgresql|/var/lib/postgresql/15/main", f"vm:{UUID}"]
    assert [each.role for each in found] == roles
    assert found[0].readings == readings
    assert [each.parent for each in found] == [None, "host", "host", "host"]
    assert [each.relation for each in found] == [None, "installed_on", "runs_on", "contains"]
    assert frozenset({"contains"}) == PARENT_TO_SUBJECT


def test_an_operating_system_is_a_ci_with_one_derived_record() -> None:
    system = subjects(os=DEBIAN)["os"]
    assert (system.ci_class, system.ci_type, system.name) == ("system_software", "os", "Debian GNU/Linux 12 · web1")
    assert names(system) == {("instance", "os|linux")}
    reading = system.readings["software"]
    assert reading.body == {
        "product": "Debian GNU/Linux", "version": "12", "kernel": "6.1.0-21-amd64", "architecture": "x86_64",
    }  # fmt: skip
    assert (reading.name, reading.status, reading.complete, reading.collected_at) == ("software", Status.OK, True, 5)
    assert reading.hash == digest(canonical(reading.body))


@pytest.mark.parametrize(
    ("family", "name", "version", "product", "edition"),
    [
        ("windows", "Windows Server 2022 Standard", "10.0.20348.1", "Windows Server 2022", "Standard"),
        ("windows", "Microsoft Windows 11 Pro", "10.0.22631.1", "Microsoft Windows 11", "Pro"),
        ("linux", "Ubuntu 22.04.4 LTS", "22.04", "Ubuntu", ""),
        ("linux", "Red Hat Enterprise Linux 9.4 (Plow)", "9.4", "Red Hat Enterprise Linux", ""),
        ("linux", "openEuler 22.03 (LTS-SP3)", "22.03", "openEuler", ""),
        ("linux", "Arch Linux", "", "Arch Linux", ""),
        ("macos", "macOS 14.4", "14.4 (23E214)", "macOS", ""),
    ],
)  # fmt: skip
def test_product_and_edition_are_told_from_what_the_vendor_prints(
    family: str, name: str, version: str, product: str, edition: str
) -> None:
    body = subjects(os=DEBIAN | {"family": family, "name": name, "version": version})["os"].readings["software"].body
    assert (body["product"], body.get("edition", "")) == (product, edition)


def test_a_new_version_and_a_reboot_leave_the_operating_system_the_same_ci() -> None:
    upgraded = DEBIAN | {"name": "Debian GNU/Linux 13 (trixie)", "version": "13", "machine_id": "c" * 31 + "d"}
    before, after = subjects(os=DEBIAN)["os"], subjects(os=upgraded)["os"]
    assert before.identifiers == after.identifiers
    rebooted = subjects(os=DEBIAN | {"booted_at": "2026-02-02T00:00:00Z"})["os"]
    assert rebooted.readings["software"].hash == before.readings["software"].hash


def test_a_database_is_a_ci_named_by_product_and_place() -> None:
    database = subjects(os=DEBIAN, databases_and_middleware=[POSTGRES])[
        "software:postgresql|/var/lib/postgresql/15/main"
    ]
    assert (database.ci_class, database.ci_type, database.name) == (
        "system_software",
        "database",
        "postgresql 15 · web1",
    )
    assert ("instance", "postgresql|/var/lib/postgresql/15/main") in names(database)
    assert database.readings["software"].body == {k: v for k, v in POSTGRES.items() if k != "evidence"}


def test_two_instances_of_one_product_have_two_names() -> None:
    second = POSTGRES | {"instance": "/srv/pg", "version": "16.2"}
    found = subjects(os=DEBIAN, databases_and_middleware=[POSTGRES, second])
    assert {each.name for each in found.values() if each.ci_type == "database"} == {
        "postgresql 15 (/var/lib/postgresql/15/main) · web1",
        "postgresql 16 (/srv/pg) · web1",
    }


def test_software_that_cannot_be_named_stays_a_row_of_its_host() -> None:
    nameless = POSTGRES | {"instance": "/srv/" + "x" * 600}
    assert set(subjects(databases_and_middleware=[nameless])) == {"host"}


def test_a_guest_is_a_virtual_machine_its_hypervisor_contains() -> None:
    guest = subjects(virtual_machines=[GUEST])[f"vm:{UUID}"]
    assert (guest.ci_class, guest.ci_type, guest.name) == ("server", "virtual_machine", "mail1")
    assert names(guest) == {("uuid", UUID)}
    assert guest.readings["vm"].body == {k: v for k, v in GUEST.items() if k != "uuid"}


def test_hypervisor_and_guest_agent_speak_of_one_ci() -> None:
    from_hypervisor = subjects(virtual_machines=[GUEST])[f"vm:{UUID}"]
    known = Holder(7, from_hypervisor.ci_class, from_hypervisor.ci_type, CiState.ACTIVE, from_hypervisor.identifiers)
    from_inside = subjects(os=DEBIAN, virtualization=KVM_GUEST)["host"]
    assert identify(from_inside, [known], POLICY).ci_id == 7


def test_a_guest_with_a_placeholder_uuid_stays_a_row_of_its_host() -> None:
    assert set(subjects(virtual_machines=[GUEST | {"uuid": "00000000-0000-0000-0000-000000000000"}])) == {"host"}


# --- sections that were not sent


KNOWN = told(hardware=IRON, os=DEBIAN, virtualization=BARE, databases_and_middleware=[POSTGRES],
             virtual_machines=[GUEST], services=[{"name": "gdm", "state": "running"}],
             interfaces=[{"name": "eno1", "kind": "ethernet", "mac": "ac:1f:6b:00:00:01"}],
             lldp=[{"interface": "eno1", "chassis_id": "00:e0:fc:00:00:01", "port_id": "GE1/0/12"}])  # fmt: skip


@pytest.mark.parametrize("name", sorted(KNOWN))
@pytest.mark.parametrize("way", ["not sent", "hash only", "failed", "denied"])
def test_identity_is_the_same_when_a_section_did_not_come(name: str, way: str) -> None:
    whole = subject.subjects(observed(KNOWN), POLICY, {})
    sent = {each: reading for each, reading in KNOWN.items() if each != name}
    status = {"failed": Status.FAILED, "denied": Status.DENIED}.get(way, Status.OK)
    if way != "not sent":
        sent[name] = without_body(name, status)
    again = subject.subjects(observed(sent), POLICY, KNOWN)
    assert [_naming(each) for each in again] == [_naming(each) for each in whole]


def test_every_section_that_names_is_told_to_the_caller() -> None:
    assert frozenset(KNOWN) == subject.SECTIONS


def test_a_section_that_was_not_due_says_nothing_of_what_the_host_carries() -> None:
    found = {each.role: each for each in subject.subjects(observed(told(hardware=IRON)), POLICY, KNOWN)}
    assert found["os"].readings == {}


def test_a_section_known_by_hash_confirms_the_derived_reading() -> None:
    full = subjects(os=DEBIAN)["os"].readings["software"]
    again = subject.subjects(observed({"os": without_body("os")}), POLICY, KNOWN)[1].readings["software"]
    assert (again.hash, again.body, again.collected_at) == (full.hash, full.body, 9)


def test_a_failed_section_fails_the_derived_reading_and_keeps_its_ci() -> None:
    sent = {"databases_and_middleware": without_body("databases_and_middleware", Status.FAILED)}
    found = {each.role: each for each in subject.subjects(observed(sent), POLICY, KNOWN)}
    reading = found["software:postgresql|/var/lib/postgresql/15/main"].readings["software"]
    assert (reading.status, reading.body, reading.reason) == (Status.FAILED, None, "timed out")


def test_positively_none_is_believed_over_what_was_known() -> None:
    sent = {"databases_and_middleware": Reading("databases_and_middleware", Status.EMPTY)}
    roles = {each.role for each in subject.subjects(observed(sent), POLICY, KNOWN)}
    assert roles == {"host", "os", f"vm:{UUID}"}


# --- whatever comes

_text = st.text(max_size=60) | st.just("x" * 4000) | st.just("a\x00b\x1b[31m\u202e")


@given(_text, _text, _text, _text)
def test_hostile_texts_end_in_subjects_with_bounded_printable_names(one: str, two: str, three: str, four: str) -> None:
    found = subjects(
        hardware={"vendor": one, "serial": two, "uuid": three, "chassis_type": four},
        os={"family": four, "name": one, "version": two, "hostname": three, "domain": four, "machine_id": one},
        virtualization={"hypervisor": one, "role": two, "guest_uuid": three},
        interfaces=[{"name": one, "mac": two, "kind": "ethernet"}],
        databases_and_middleware=[{"product": one, "instance": two, "kind": three, "version": four}],
        virtual_machines=[{"uuid": one, "name": two}],
        services=[{"name": one, "state": two}],
    )
    for each in found.values():
        assert each.name
        assert each.name.isprintable()
        assert len(each.name) <= identifiers.MAX_NAME
        assert len(each.role) <= POLICY.longest + len("software:")
        assert all(0 < len(i.value) <= POLICY.longest and i.value.isprintable() for i in each.identifiers)
        assert each.role == "host" or Identifier("agent", "agent/a1") not in each.identifiers


def _naming(each: Subject) -> tuple[object, ...]:
    return each.role, each.ci_class, each.ci_type, each.name, each.identifiers, each.parent, each.relation
