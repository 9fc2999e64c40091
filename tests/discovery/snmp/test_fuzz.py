"""A million damaged datagrams through everything that decodes: `--campaign 1000000`."""

from __future__ import annotations

import random
import time

import pytest

from discovery.failures import Failed
from discovery.snmp import User
from discovery.snmp.ber import encode_oid, oid_text
from discovery.snmp.message import GET, Envelope, envelope, pdu, pdu_rest
from discovery.snmp.peer import Peer
from discovery.snmp.probe import EngineQuestion
from discovery.snmp.user import ENGINE_PROBE, UserMessage
from discovery.snmp.walking import Column, Walking
from tests.discovery.snmp.combinations import AUTH_SECRET, PRIV_SECRET
from tests.discovery.snmp.hostile import response

SUITE = 20_000
NUMBER = 1 << 24
ROOT = encode_oid("1.3.6.1.2.1.2.2.1.2")
PLAIN = response(NUMBER, [(ROOT + bytes((row,)), b"\x04\x05eth" + bytes((row, 0x30))) for row in range(1, 20)])
NOBODY = UserMessage(User("ops"), Peer(bytes.fromhex("80001f8804a1b2c3d4"), 3, 900), pdu(GET, [ROOT]), 0)
USER = UserMessage(
    User("ops", "sha256", AUTH_SECRET, "aes128", PRIV_SECRET), Peer(bytes.fromhex("80001f8804a1b2c3d4"), 3, 900),
    pdu(GET, [ROOT]), 3,
)  # fmt: skip
SEEDS = (PLAIN, NOBODY.seal(NUMBER).replace(b"\xa0", b"\xa2"), USER.seal(NUMBER), ENGINE_PROBE.numbered(NUMBER))

INSERTED = (b"", b"\x80", b"\x84\xff\xff\xff\xff", b"\x30\x80", b"\xff" * 6)


def damaged(chance: random.Random) -> bytes:
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            data[at : at + 1] = chance.randbytes(1)
        elif kind == 1:
            del data[at : at + chance.randrange(9)]
        elif kind == 2:
            data[at:at] = chance.choice(
                (b"\x80", b"\x84\xff\xff\xff\xff", b"\x30\x80", b"\xff" * 6, chance.randbytes(3))
            )
        else:
            data[at : at + 1] = bytes((chance.choice((0x00, 0x7F, 0x80, 0x81, 0x82, 0xA2, 0xA8, 0x30, 0x02)),))
    return bytes(data)


def through_everything(data: bytes) -> None:
    opened = envelope(data)
    for read in (plain, NOBODY.open, USER.open, EngineQuestion().read):
        try:
            read(data, opened)
        except Failed:
            continue


def plain(data: bytes, opened: Envelope) -> None:
    told = pdu_rest(data, opened)
    walking = Walking([Column(ROOT)], rows=50, octets=1 << 20)
    walking.next()
    walking.take(told, 0.01)
    for name, _, _ in told.bindings:
        oid_text(name)


def slowest_of(count: int) -> float:
    """Run `count` datagrams through, and return the longest one took, seconds; anything but Failed is raised."""
    chance, slowest = random.Random(20), 0.0
    started = time.perf_counter()
    for _ in range(count):
        data, at = damaged(chance), time.perf_counter()
        try:
            through_everything(data)
        except Failed:
            pass
        except Exception as error:
            raise AssertionError(data.hex()) from error
        slowest = max(slowest, time.perf_counter() - at)
    print(
        f"\n{count} datagrams, {count / (time.perf_counter() - started):.0f} a second, slowest {slowest * 1000:.1f} ms"
    )
    return slowest


def test_damaged_datagrams_are_read_or_fail_as_declared():
    slowest_of(SUITE)


@pytest.mark.campaign
def test_a_campaign_of_damaged_datagrams(request):
    count = request.config.getoption("--campaign")
    if not count:
        pytest.skip("a campaign: --campaign 1000000")
    assert slowest_of(count) < 1.0
