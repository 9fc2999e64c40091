"""Each command changes exactly what it says, and nothing of any other device."""

from __future__ import annotations

import time

import pytest

from discovery.lab.commands import do
from discovery.lab.device import Refused
from discovery.lab.encoding import COUNTER64, address, identifier, number, text
from discovery.lab.estate import estate
from discovery.lab.moved import CONFIGURATION, ENTITIES
from discovery.lab.running import simulated
from tests.discovery.explore.driven import rows as section_rows
from tests.discovery.lab.asking import ACCESS, CORE, FIREWALL, SYSTEM, moved, session, told

IF = "1.3.6.1.2.1.2.2.1."
SERIALS = "1.3.6.1.2.1.47.1.1.1.1.11."


@pytest.fixture
def devices():
    return {each.address: each for each in simulated(estate(8))}


def others(devices):
    return {at: told(each) for at, each in devices.items() if at != CORE}


@pytest.mark.parametrize(("command", "instances"), [
    ({"do": "edit", "oid": f"{SYSTEM}4.0", "value": "somebody else"}, {f"{SYSTEM}4.0"}),
    ({"do": "edit", "oid": f"{IF}8.5", "value": 2}, {f"{IF}8.5"}),
    ({"do": "edit", "oid": f"{SYSTEM}6.0", "value": None}, {f"{SYSTEM}6.0"}),
    ({"do": "edit", "oid": "1.3.6.1.4.1.99999.1.0", "value": "00ff", "type": "hex"}, {"1.3.6.1.4.1.99999.1.0"}),
    ({"do": "serial", "new": "2102350XYZ10H1001234"}, {f"{SERIALS}1", ENTITIES}),
    ({"do": "edit", "oid": "1.3.6.1.2.1.31.1.1.1.18.5", "value": "to the roof"},
     {"1.3.6.1.2.1.31.1.1.1.18.5", CONFIGURATION["1.3.6.1.4.1.2011."]}),
    ({"do": "delay", "seconds": 1}, set()), ({"do": "loss", "ratio": 0.5}, set()),
    ({"do": "prompt", "seconds": 1}, set()),
    ({"do": "reboot"}, set()), ({"do": "status"}, set()),
    ({"do": "configure", "old": "sysname bj-core-01", "new": "sysname bj-core-09"},
     {CONFIGURATION["1.3.6.1.4.1.2011."]}),
])  # fmt: skip
def test_a_command_moves_what_it_says_with_the_stamp_over_it_and_nothing_else(devices, command, instances):
    before, beside = told(devices[CORE]), others(devices)
    do(devices, {"address": CORE, **command})
    assert moved(before, told(devices[CORE])) == instances
    assert others(devices) == beside


@pytest.mark.parametrize(("kind", "value", "encoded"), [
    (None, 7, number(7)), (None, "seven", text("seven")), ("counter64", 2**40, number(2**40, COUNTER64)),
    ("oid", "1.3.6.1.4.1.9.1.1208", identifier("1.3.6.1.4.1.9.1.1208")), ("address", "10.1.2.3", address("10.1.2.3")),
])  # fmt: skip
def test_an_edited_value_has_the_type_that_is_asked_for(devices, kind, value, encoded):
    do(devices, {"do": "edit", "address": CORE, "oid": f"{SYSTEM}4.0", "value": value, "type": kind})
    assert told(devices[CORE])[f"{SYSTEM}4.0"] == encoded


def test_a_restart_counts_a_boot_and_is_silent_for_a_while(devices):
    device = devices[CORE]
    _, boots = device.tree, device.boots
    assert do(devices, {"do": "reboot", "address": CORE, "seconds": 0.2}) == boots + 1
    assert device.is_silent
    time.sleep(0.25)
    assert not device.is_silent
    assert device.up_time < 500


async def test_interfaces_numbered_anew_are_the_same_interfaces(lab, engine):
    """The exploration names interfaces by what stays, so all it finds of them but their numbers is what it was."""
    from discovery.device import Device
    from discovery.explore import explore
    from discovery.identify import identify
    from discovery.library import SHIPPED, definitions_in

    definitions = definitions_in([SHIPPED])

    async def found(at):
        asking, device = session(engine, lab, at), Device()
        it = await asking.run(identify(definitions, device))
        explored = await asking.run(explore(it, device))
        return {name: sorted(({k: v for k, v in row.items() if k not in ("index", "booted_at")}
                              for row in section_rows(explored, name)), key=repr)
                for name in ("device", "interfaces", "vlans", "lags", "neighbours", "fdb", "arp")}  # fmt: skip

    for at in (CORE, ACCESS, FIREWALL):
        before, numbers = await found(at), {each for each in told(lab.devices[at]) if each.startswith(f"{IF}1.")}
        new = do(lab.devices, {"do": "renumber", "address": at, "seed": 7})
        assert len(set(new.values())) == len(new) == len(numbers)
        assert not numbers & told(lab.devices[at]).keys()
        assert await found(at) == before


def test_a_serial_number_can_be_exchanged_wherever_it_is_told(devices):
    lab = {each.address: each for each in simulated(estate(16))}
    pdu = next(each for each in lab.values() if "-pdu-" in each.source)
    old = told(pdu)["1.3.6.1.4.1.318.1.1.26.2.1.9.1"][2:].decode()
    assert do(lab, {"do": "serial", "address": pdu.address, "new": "5A1600E99999", "old": old}) == 1
    assert told(pdu)["1.3.6.1.4.1.318.1.1.26.2.1.9.1"] == text("5A1600E99999")


def test_a_command_for_all_reaches_all(devices):
    done = do(devices, {"do": "delay", "address": "*", "seconds": 0.5})
    assert done.keys() == devices.keys()
    assert {each.delay for each in devices.values()} == {0.5}


@pytest.mark.parametrize("command", [
    None, [], "reboot", {}, {"do": "explode", "address": CORE}, {"do": "reboot"},
    {"do": "reboot", "address": "10.0.0.1"},
    {"do": "reboot", "address": CORE, "seconds": -1}, {"do": "reboot", "address": CORE, "seconds": "now"},
    {"do": "delay", "address": CORE}, {"do": "delay", "address": CORE, "seconds": True},
    {"do": "loss", "address": CORE, "ratio": 1.5}, {"do": "loss", "address": CORE, "ratio": 0.1, "seconds": 3},
    {"do": "serial", "address": CORE}, {"do": "serial", "address": CORE, "new": "X1", "old": "not told"},
    {"do": "edit", "address": CORE, "oid": "nonsense", "value": 1}, {"do": "edit", "address": CORE, "oid": "1.3.6.1.9"},
    {"do": "edit", "address": CORE, "oid": f"{SYSTEM}4.0", "value": "zz", "type": "hex"},
    {"do": "edit", "address": CORE, "oid": f"{SYSTEM}4.0", "value": [1]},
    {"do": "edit", "address": CORE, "oid": f"{SYSTEM}4.0", "value": 1, "type": "float"},
    {"do": "configure", "address": CORE, "old": "never said", "new": "x"},
])  # fmt: skip
def test_what_cannot_be_done_is_refused_and_changes_nothing(devices, command):
    before = told(devices[CORE])
    with pytest.raises(Refused):
        do(devices, command)
    assert told(devices[CORE]) == before
