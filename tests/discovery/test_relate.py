"""What the devices of one sweep say of each other."""

from __future__ import annotations

from typing import Any

from discovery.explore import Section
from discovery.relate import addresses_beyond, related, speaking
from wire.observation import Status
from wire.sections import Body
from wire.topology import End


def said(name: str, body: Body, status: Status = Status.OK, complete: bool = True) -> Section:
    return Section(name, status, complete, body)


def heard(chassis: str, **more: Any) -> dict[str, Any]:
    return {"protocol": "lldp", "interface": "g1", "chassis_id": chassis, "port_id": "g1", **more}


def device(
    name: str, neighbours: list[dict[str, Any]], status: Status = Status.OK, complete: bool = True
) -> list[Section]:
    return [
        said("device", {"name": name, "address": f"192.0.2.{len(name)}"}),
        said("interfaces", [{"name": "g1"}]),
        said("neighbours", neighbours, status, complete),
    ]


def test_devices_of_a_sweep_are_linked() -> None:
    (link,) = related({"1": device("sw-1", [heard("sw-2")]), "2": device("sw-2", [heard("sw-1")])}).links
    assert (link.a, link.b, link.state) == (End("1", "g1"), End("2", "g1"), "confirmed")


def test_what_was_heard_before_a_walk_failed_counts_and_what_a_failed_section_holds_does_not() -> None:
    partly = related({"1": device("sw-1", [heard("sw-2")], complete=False), "2": device("sw-2", [])})
    failed = related({"1": device("sw-1", [heard("sw-2")], Status.FAILED), "2": device("sw-2", [])})
    assert ([link.state for link in partly.links], failed.links) == (["probable"], ())


def test_strangers_tell_where_a_sweep_could_go_on() -> None:
    told = [
        "198.51.100.9",
        "198.51.100.8",
        "2001:db8::1",
        "127.0.0.1",
        "fe80::1",
        "224.0.0.1",
        "0.0.0.0",
        "not one",
        "192.0.2.4",
    ]
    sections = {"1": device("sw-1", [heard(f"x{at}", management_address=each) for at, each in enumerate(told)])}
    devices = {name: speaking(some) for name, some in sections.items()}
    assert addresses_beyond(related(sections), devices) == ["198.51.100.8", "198.51.100.9", "2001:db8::1"]
