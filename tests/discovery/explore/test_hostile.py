"""Whatever a device sends: no family fails, what is found keeps to the catalogue, and no value is beyond its bounds."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.asking import Address, Answer, Ask, Index, Oid, Script, Value, Walk
from discovery.device import Device
from discovery.explore import Explored, Profile, explore, values
from discovery.explore.components import MAX_PATH, paths
from tests.discovery.explore.driven import ENTITY, Answers, explored, identified, rows, table
from wire.sections import SECTIONS, check

KINDS = {
    "network.switch": ("1.3.6.1.4.1.9.1.1", "1.3.6.1.4.1.2011.2.23", "1.3.6.1.4.1.25506.1", "1.3.6.1.4.1.2636.1",
                       "1.3.6.1.4.1.1916.1", "1.3.6.1.4.1.1991.1"),
    "security.firewall": ("1.3.6.1.4.1.12356.1", "1.3.6.1.4.1.9.1.745"),
    "server.pc_server": ("1.3.6.1.4.1.674.10892.5", "1.3.6.1.4.1.232.9.4.10", "1.3.6.1.4.1.2011.2.235.1",
                         "1.3.6.1.4.1.8072.1"),
    "storage.disk_array": ("1.3.6.1.4.1.34774.4.1", "1.3.6.1.4.1.789.2", "1.3.6.1.4.1.24681.1"),
    "storage.fc_switch": ("1.3.6.1.4.1.1588.2",),
    "network.wireless_controller": ("1.3.6.1.4.1.14179.1", "1.3.6.1.4.1.14823.1", "1.3.6.1.4.1.25053.3"),
    "environment.pdu": ("1.3.6.1.4.1.318.1.3", "1.3.6.1.4.1.13742.6", "1.3.6.1.4.1.534.6", "1.3.6.1.4.1.1718.3"),
    "auxiliary.printer": ("1.3.6.1.4.1.11.2",), "unknown": ("",),
}  # fmt: skip
VALUES: list[Value] = [
    0, 1, 2, 3, 4, 5, 6, 9, 14, 100, -1, -2, -3, 1002, 4095, 2**31 - 1, 2**63, 2**64 - 1, -(2**63), b"", b"\0" * 6,
    b"\xff" * 8, b"1.5 GB", b"0x10", b"-- ", b"a" * 9000, "\u202e0\u2028x".encode(), b"\x02\xaa\0\0\0\1",
    b"02:aa:00:00:00:01", bytes(range(16)), b"\x01\xc0\0\2\1", b"\x80" * 512, b"1,2,3", b"192.0.2.1", b"2400 MHz",
    b"g1", b"name (SERIAL12)", b"a > b", b"a|b\\", Address(b"\xc0\0\2\1"), Address(b"\xff\0\xff\0"), Address(b"\1"),
    Oid("1.3.6.1.2.1.2.2.1.1.3"), Oid("1.3.6.1.2.1.2.2.1.1.x"), Oid("1.3.6.1.2.1.33.1.6.3.2"),
    Oid("1.3.6.1.2.1.25.2.1.4"), Oid("1.3.6.1.2.1.4.32.1.5.1.4.0.0.0.0.999"), Oid(""),
]  # fmt: skip
FAILURES = (None, None, None, None, "malformed", "oid_not_increasing")


def index(random: Random) -> Index:
    """Return an index of any length: small numbers, so that rows of several columns meet, octets, and anything."""
    most = random.choice((3, 3, 255, 2**32 - 1))
    return tuple(random.randint(0, most) for _ in range(random.choice((1, 1, 2, 3, 4, 6, 7, 10, 18, 20, 22))))


def hostile(script: Script[Explored], random: Random) -> Explored:
    """Drive a script against a device that answers everything with anything."""
    some = [index(random) for _ in range(12)]

    def answer(ask: Ask) -> Answer:
        if isinstance(ask, Walk):
            columns = {
                column: {random.choice(some): random.choice(VALUES) for _ in range(random.randint(0, 6))}
                for column in ask.columns
            }
            return Answer(columns=columns, failure=random.choice(FAILURES))
        return Answer(values={oid: random.choice(VALUES) for oid in ask.oids if random.random() < 0.7})

    try:
        ask = next(script)
        while True:
            ask = script.send(answer(ask))
    except StopIteration as end:
        found: Explored = end.value
        return found


@pytest.mark.parametrize(("class_", "object_id"), [(class_, each) for class_, some in KINDS.items() for each in some])
@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_no_answer_makes_a_family_fail_or_a_section_break_its_bounds(class_: str, object_id: str, seed: int) -> None:
    device = Device({"1.3.6.1.2.1.1.2.0": Oid(object_id)})
    found = hostile(explore(identified(class_), device, Profile(now=1_700_000_000)), Random(seed))
    for section in found.sections:
        assert section.reason != "internal", section.name
        if section.body:
            assert check(SECTIONS[section.name], section.body) == section.body


DECODERS: list[Any] = [
    values.words, values.serial, values.prose, values.whole, values.positive, values.truth, values.mac, values.wwn,
    values.uuid, values.ip, values.oid, values.day, values.bits, values.times(0.1), values.counted(1024),
    values.word({1: "one"}), values.one_of({"on": "on"}),
]  # fmt: skip


@given(st.one_of(st.sampled_from(VALUES), st.integers(), st.binary(max_size=40), st.text(max_size=20).map(str.encode)))
def test_no_value_makes_a_decoder_fail(value: Value) -> None:
    for decode in DECODERS:
        decode(value)


@pytest.mark.parametrize(
    ("decode", "value", "expected"),
    [
        (values.mac, b"\x00\x1b\x21\xaa\xbb\xcc", "00:1b:21:aa:bb:cc"),
        (values.mac, b"0:1b:21:AA:bb:c", "00:1b:21:aa:bb:0c"),
        (values.mac, b"001b.21aa.bbcc", "00:1b:21:aa:bb:cc"),
        (values.mac, b"488e-ef71-6490", "48:8e:ef:71:64:90"),
        (values.mac, b"\0" * 6, None),
        (values.mac, b"no MAC here", None),
        (values.wwn, bytes.fromhex("500c0fff24e51000") + bytes(8), "50:0c:0f:ff:24:e5:10:00"),
        (values.wwn, b"0x50062825AABBCCDD", "50:06:28:25:aa:bb:cc:dd"),
        (values.wwn, bytes(8), None),
        (values.uuid, b"4C4C4544-0042-4210-8031-C7C04F564232", "4c4c4544-0042-4210-8031-c7c04f564232"),
        (values.uuid, bytes(16), None),
        (values.ip, Address(bytes((192, 0, 2, 1))), "192.0.2.1"),
        (values.ip, Address(bytes(4)), None),
        (values.day, bytes((0x07, 0xE6, 10, 26, 0, 0, 0, 0)), "2022-10-26"),
        (values.day, b"04/30/25", "04/30/25"),
        (values.whole, b"2400 MHz", 2400),
        (values.whole, 2**64 - 1, None),
        (values.serial, b"0000000", None),
        (values.words, b" two  words \0", "two words"),
        (values.times(0.1, -1000), b"22.5", 2.25),
        (values.counted(1024), -1, None),
        (values.bits, b"\x80\x01", [0, 15]),
    ],
)
def test_a_value_is_read_in_the_forms_devices_send(decode: Any, value: Value, expected: Any) -> None:
    assert decode(value) == expected


# --- paths


def part(container: int, name: str = "part", position: int = 0) -> dict[str, Any]:
    return {"container": container, "name": name, "position": position}


def test_siblings_of_one_name_are_told_apart_by_place_then_by_number() -> None:
    found = paths({1: part(0, "C"), 2: part(1, "F", 1), 3: part(1, "F", 2), 4: part(1, "P", 3), 5: part(1, "P", 3)})
    assert found == {1: "C", 2: "C > F[1]", 3: "C > F[2]", 4: "C > P[3][#4]", 5: "C > P[3][#5]"}


def test_containers_that_lead_back_to_themselves_end_the_path() -> None:
    found = paths({1: part(2, "a"), 2: part(1, "b"), 3: part(3, "c"), 4: part(99, "d")})
    assert found == {1: "b > a", 2: "b > a > b", 3: "c", 4: "d"}


@given(
    st.dictionaries(
        st.integers(1, 60), st.builds(part, st.integers(0, 60), st.text(max_size=100), st.integers(-2, 3)), max_size=60
    )
)
def test_every_path_is_bounded_and_no_two_are_equal(told: dict[int, dict[str, Any]]) -> None:
    found = paths(told)
    assert found.keys() == told.keys()
    assert len(set(found.values())) == len(found)
    assert all(len(path) <= MAX_PATH + 20 for path in found.values())


def test_a_name_of_a_part_may_contain_the_mark_between_names() -> None:
    facts = table(ENTITY, c4={1: 0, 2: 1}, c5={1: 3, 2: 9}, c7={1: "a > b", 2: "c"})
    assert [each["path"] for each in rows(explored("network.switch", facts), "components")] == ["a b", "a b > c"]


def test_a_device_is_asked_a_bounded_number_of_things() -> None:
    for class_, object_ids in KINDS.items():
        for object_id in object_ids:
            answers = Answers({})
            explored(class_, answers, object_id)
            assert len(answers.asked) <= 80, (class_, object_id)
