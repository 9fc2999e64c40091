"""What happens in the estate on command shows where it would, and nowhere else."""

from __future__ import annotations

import pytest

from discovery.lab.commands import do
from discovery.lab.device import Device
from discovery.lab.encoding import number, text
from discovery.lab.estate import estate
from discovery.lab.running import simulated
from discovery.lab.story import Story
from discovery.lab.tree import Tree
from tests.discovery.lab.asking import moved, told

UPS_SOURCE, UPS_ON_BATTERY = "1.3.6.1.2.1.33.1.4.1.0", 5
APC_SOURCE, APC_ON_BATTERY = "1.3.6.1.4.1.318.1.1.1.4.1.1.0", 3
DESCRIPTION = "1.3.6.1.2.1.1.1.0"


@pytest.fixture
def devices():
    return {each.source.removeprefix("estate/"): each for each in simulated(estate(40))}


def happen(devices: dict[str, Device], what: str) -> set[str]:
    """Let something happen; return the names of the devices that it happened to."""
    names = {each.address: name for name, each in devices.items()}
    happened = do({each.address: each for each in devices.values()}, {"do": "happen", "address": "*", "what": what})
    return {names[address] for address, is_so in happened.items() if is_so}


def test_an_upgrade_is_told_by_one_firewall_everywhere_and_restarts_it(devices):
    before = {name: told(each) for name, each in devices.items()}
    firewall = devices["bj-fw-01"]
    boots = firewall.boots
    assert happen(devices, "upgrade") == {"bj-fw-01"}
    assert DESCRIPTION in moved(before["bj-fw-01"], told(firewall))
    assert b"9536P0809" in told(firewall)[DESCRIPTION]
    assert not any(b"9536P0701" in value for value in told(firewall).values())
    assert "9536P0809" in firewall.configuration["text"]
    assert (firewall.boots, firewall.up_time < 100) == (boots + 1, True)
    assert all(told(each) == before[name] for name, each in devices.items() if name != "bj-fw-01")


def test_half_of_the_ups_lose_their_feed(devices):
    ups = [name for name in devices if "-ups-" in name]
    assert happen(devices, "mains") == set(ups[::2])
    for name in ups:
        on_battery = name in ups[::2]
        assert (told(devices[name])[UPS_SOURCE] == number(UPS_ON_BATTERY)) is on_battery
        if APC_SOURCE in told(devices[name]):
            assert (told(devices[name])[APC_SOURCE] == number(APC_ON_BATTERY)) is on_battery


def test_what_nobody_knows_happens_to_nobody(devices):
    assert happen(devices, "earthquake") == set()


def test_octets_that_are_no_text_stay_as_they_are():
    tree = Tree.of({"1.3.6.1.1.1": text(b"\xff\xfe old"), "1.3.6.1.1.2": text("old"), "1.3.6.1.1.3": number(7)})
    after = dict(iter(Story(retold={"old": "new"}).tree(tree)))
    assert set(after.values()) == {text(b"\xff\xfe old"), text("new"), number(7)}
