"""Recordings served: values and types as they were recorded, whether as `.snmprec` or as a walk."""

from __future__ import annotations

import pytest

from discovery.failures import Failed
from discovery.lab import Lab
from discovery.lab.encoding import ADDRESS, COUNTER, COUNTER64, GAUGE, TICKS
from discovery.lab.recorded import recordings_in, tree_of
from discovery.lab.running import addresses, recorded
from discovery.recording import BadRecording
from discovery.snmp import Community, Session
from discovery.snmp.ber import oid_text
from tests.discovery.lab.asking import CORE, SYSTEM

SNMPREC = b"""1.3.6.1.2.1.1.1.0|4x|61207377697463680d0a
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.9.1.1208
1.3.6.1.2.1.1.3.0|67|123456
1.3.6.1.2.1.2.2.1.5.1|66|1000000000
1.3.6.1.2.1.2.2.1.10.1|65|4294967295
1.3.6.1.2.1.4.20.1.1.10.1.2.3|64|10.1.2.3
1.3.6.1.2.1.31.1.1.1.6.1|70|18446744073709551615
1.3.6.1.2.1.47.1.1.1.1.11.1|4|FOC2231X0AB
"""
WALK = b""".1.3.6.1.2.1.1.1.0 = STRING: "a switch"
.1.3.6.1.2.1.1.2.0 = OID: .1.3.6.1.4.1.9.1.1208
.1.3.6.1.2.1.1.3.0 = Timeticks: (123456) 0:20:34.56
.1.3.6.1.2.1.2.2.1.5.1 = Gauge32: 1000000000
.1.3.6.1.2.1.31.1.1.1.6.1 = Counter64: 18446744073709551615
"""


def tags(file):
    return {oid_text(name): value[0] for name, value in tree_of(file)}


def test_types_are_as_recorded(tmp_path):
    (tmp_path / "a.snmprec").write_bytes(SNMPREC)
    assert list(tags(tmp_path / "a.snmprec").values()) == [4, 6, TICKS, GAUGE, COUNTER, ADDRESS, COUNTER64, 4]


def test_a_walk_tells_what_its_lines_say(tmp_path):
    (tmp_path / "a.snmpwalk").write_bytes(WALK)
    assert list(tags(tmp_path / "a.snmpwalk").values()) == [4, 6, TICKS, GAUGE, COUNTER64]


@pytest.mark.parametrize(("line", "told"), [
    (b"1.3.6.1.2.1.1.7.0|66|-1", (GAUGE, 2**32 - 1)),              # a counter that was recorded as signed
    (b"1.3.6.1.2.1.1.7.0|2|4294967296", (COUNTER64, 2**32)),       # more than an INTEGER holds
])  # fmt: skip
def test_a_number_no_type_can_hold_is_told_as_one_that_can(tmp_path, line, told):
    (tmp_path / "a.snmprec").write_bytes(line + b"\n")
    ((_, value),) = tree_of(tmp_path / "a.snmprec")
    assert (value[0], int.from_bytes(value[2:])) == told


def test_what_no_message_can_carry_is_left_out(tmp_path):
    (tmp_path / "a.snmprec").write_bytes(b"9.9.1|2|1\n1.3.6.1.2.1.1.7.0|2|72\n")
    assert tags(tmp_path / "a.snmprec") == {"1.3.6.1.2.1.1.7.0": 2}


@pytest.mark.parametrize("content", [b"", b"nothing of the kind\n", b"1.3.6.1|4\n1|2"])
def test_what_is_no_recording_is_refused(tmp_path, content):
    (tmp_path / "a.snmprec").write_bytes(content)
    with pytest.raises(BadRecording):
        tree_of(tmp_path / "a.snmprec")


async def test_a_device_whose_recording_cannot_be_read_is_silent_and_the_others_answer(tmp_path, engine, caplog):
    (tmp_path / "a.snmprec").write_bytes(b"1.3.6.1|4\n1|2")
    (tmp_path / "b.snmprec").write_bytes(SNMPREC)
    async with Lab(recorded(recordings_in(tmp_path), 2)) as lab:
        broken, sound = (Session(engine, (at, lab.port), Community("x")) for at in lab.devices)
        with pytest.raises(Failed, match="no_answer"):
            await broken.get(f"{SYSTEM}1.0")
        assert await sound.get(f"{SYSTEM}1.0") == {f"{SYSTEM}1.0": b"a switch\r\n"}
    assert [each.message.split(":")[0] for each in caplog.records] == [f"{CORE} stays silent"]


def test_a_folder_without_recordings_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(BadRecording):
            recordings_in(folder)


async def test_more_devices_than_recordings_answer_alike_and_are_not_the_same(tmp_path, engine):
    (tmp_path / "a.snmprec").write_bytes(SNMPREC + b"1.3.6.1.6.3.10.2.1.1.0|4x|8000000903001122334455\n")
    (tmp_path / "b.snmpwalk").write_bytes(WALK)
    async with Lab(recorded(recordings_in(tmp_path), 4)) as lab:
        told = [await Session(engine, (at, lab.port), Community("x")).get(f"{SYSTEM}1.0") for at in lab.devices]
        assert [each[f"{SYSTEM}1.0"] for each in told] == [b"a switch\r\n", b"a switch"] * 2
        first, _, third, _ = lab.devices.values()
        assert first.engine_id.hex() == "8000000903001122334455"
        assert third.engine_id not in (first.engine_id, b"")
        assert first.tree is third.tree


def test_addresses_are_of_hosts_and_end_with_the_network():
    from itertools import islice

    assert list(islice(addresses("127.64.0.254"), 2)) == ["127.64.0.254", "127.64.1.1"]
    assert next(addresses()) == CORE
    with pytest.raises(ValueError, match="not enough"):
        list(islice(addresses("127.255.255.250"), 9))
