"""Traps and informs are read whatever version they have, and nothing but `Malformed` comes of what is none."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.snmp.ber import Malformed
from discovery.snmp.message import V1, V2C
from discovery.snmp.notification import MOST_VARIABLES, Notification, acknowledgement, envelope_of, notification
from tests.discovery.snmp.notices import (
    IF_INDEX,
    IF_NAME,
    LINK_DOWN,
    TRAP_OID,
    UP_TIME,
    answered,
    number,
    octets,
    old_trap,
    trap,
)

PORT = {f"{IF_INDEX}.3": number(3), f"{IF_NAME}.3": octets("Gi1/0/3")}
SEEDS = (
    trap(told=PORT), trap(told=PORT, inform=True), old_trap("1.3.6.1.4.1.318", 6, 5),
    old_trap("1.3.6.1.4.1.9", 2, 0, PORT),
)  # fmt: skip


def read(data: bytes) -> Notification:
    _, _, at, stop = envelope_of(data)
    return notification(data, at, stop)


def test_a_trap_of_v2c_has_a_name_and_variables() -> None:
    assert envelope_of(trap())[:2] == (V2C, b"roster")
    told = read(trap(told=PORT))
    assert told == Notification(LINK_DOWN, {UP_TIME: 4711, f"{IF_INDEX}.3": 3, f"{IF_NAME}.3": b"Gi1/0/3"})


@pytest.mark.parametrize(("generic", "specific", "name"), [
    (0, 0, "1.3.6.1.6.3.1.1.5.1"), (2, 0, LINK_DOWN), (5, 9, "1.3.6.1.6.3.1.1.5.6"), (6, 5, "1.3.6.1.4.1.318.0.5"),
])  # fmt: skip
def test_a_trap_of_v1_gets_the_name_that_rfc_3584_makes_of_its_numbers(generic: int, specific: int, name: str) -> None:
    assert envelope_of(old_trap("1.3.6.1.4.1.318", generic, specific))[0] == V1
    assert read(old_trap("1.3.6.1.4.1.318", generic, specific)).oid == name


def test_an_inform_brings_the_response_that_acknowledges_it_with_its_number_and_variables() -> None:
    told = read(trap(told=PORT, inform=True))
    request_id, status, variables = answered(acknowledgement(V2C, b"roster", told.reply))
    assert (request_id, status) == (0x01020304, 0)
    assert list(variables) == [UP_TIME, TRAP_OID, *PORT]
    assert variables[TRAP_OID] == LINK_DOWN
    assert read(trap(told=PORT)).reply == b"", "a trap is not answered"


def test_of_a_notification_without_end_only_so_many_variables_are_kept() -> None:
    told = {f"1.3.6.1.4.1.99999.{each}": number(each) for each in range(2 * MOST_VARIABLES)}
    assert len(read(trap(told=told)).variables) == MOST_VARIABLES - 1  # its name is one of them


@pytest.mark.parametrize("data", [b"", b"\x30", trap()[:-1], trap() + b"\0", trap().replace(b"\xa7", b"\xa2", 1)])
def test_what_is_no_notification_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        read(data)


@given(st.binary(max_size=300))
def test_any_octets_are_read_or_malformed(data: bytes) -> None:
    survives(data)


@given(st.randoms(use_true_random=False))
def test_damaged_notifications_are_read_or_malformed(chance: random.Random) -> None:
    for _ in range(20):
        data = bytearray(chance.choice(SEEDS))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(4))
        survives(bytes(data))


def survives(data: bytes) -> None:
    try:
        read(data)
    except Malformed:
        return
