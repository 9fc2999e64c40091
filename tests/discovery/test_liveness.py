"""Who is alive, and who is never asked with a credential."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.credentials import Credential, communities
from discovery.echo import _Echoing, checksum, echo, opened
from discovery.knock import Pace, knock
from discovery.limits import Limits, Profile
from discovery.liveness import Life, Means, look
from discovery.snmp import Engine, Taps
from discovery.snmp.limits import Bucket
from tests.discovery.network import Network, addressed, addresses, both, engine, speaker, switch

QUICK = Limits(timeout=0.3)


async def looked(hosts: list[str], port: int, offered: list[Credential], profile: Profile | None = None) -> list[Life]:
    traffic = Engine(QUICK.traffic, QUICK.patience)
    profile = profile or Profile(port=port)
    try:
        return await look(hosts, Means(traffic, QUICK, profile, lambda _: offered), lambda _: None)
    finally:
        traffic.close()


# --- ICMP


def may_echo() -> bool:
    plain = opened(4)
    if plain:
        plain.close()
    return plain is not None


async def test_every_loopback_address_echoes_and_each_is_told_once() -> None:
    if not may_echo():
        pytest.skip("this process may not send ICMP")
    hosts = [*addresses(500, "127.3.0.1"), "::1"]
    found: list[str] = []
    now = asyncio.get_running_loop().time()
    assert await echo(hosts, found.append, Bucket(None, now), Taps(first=1))
    assert sorted(found) == sorted(hosts)


async def test_an_echo_with_another_token_or_from_another_host_does_not_count() -> None:
    found: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        echoing = _Echoing(plain, 4, found.append, Bucket(None, 0))
        echoing._silent = {"192.0.2.1": 0.0}
        right = bytes((0, 0, 0, 0, 0, 0, 0, 0)) + echoing._token("192.0.2.1")
        for data, host in (
            (right[:-1] + bytes((right[-1] ^ 1,)), "192.0.2.1"), (right, "192.0.2.2"),
            (b"\x08" + right[1:], "192.0.2.1"), (b"", "192.0.2.1"), (right[:10], "192.0.2.1"),
        ):  # fmt: skip
            echoing._receive(data, host)
        assert found == []
        echoing._receive(right, "192.0.2.1")
        echoing._receive(right, "192.0.2.1")
    assert found == ["192.0.2.1"]


@given(st.binary(max_size=64))
def test_any_datagram_is_an_echo_or_nothing(data: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain, asyncio.Runner() as runner:

        async def receive() -> None:
            echoing = _Echoing(plain, 4, lambda _: pytest.fail("no echo"), Bucket(None, 0))
            echoing._silent = {"192.0.2.1": 0.0}
            echoing._receive(data, "192.0.2.1")

        runner.run(receive())


def test_the_checksum_is_that_of_rfc_1071() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D


async def test_silent_addresses_cost_two_taps() -> None:
    if not may_echo():
        pytest.skip("this process may not send ICMP")
    began = time.monotonic()
    now = asyncio.get_running_loop().time()
    await echo(["0.0.0.1", "255.255.255.255"], lambda _: pytest.fail("nobody"), Bucket(None, now), Taps(first=0.2))
    assert 0.4 <= time.monotonic() - began < 1.5


# --- TCP


async def test_open_and_refused_ports_are_signs_of_life() -> None:
    with socket.create_server(("127.3.0.1", 0)) as server, socket.socket() as closed:
        closed.bind(("127.3.0.2", 0))
        ports = server.getsockname()[1], closed.getsockname()[1]
        told: set[tuple[str, bool]] = set()
        pace = Pace(10, Bucket(None, 0))
        await knock(["127.3.0.1"], ports[:1], lambda host, _, is_open: told.add((host, is_open)), pace, 1)
        await knock(["127.3.0.2"], ports[1:], lambda host, _, is_open: told.add((host, is_open)), pace, 1)
    assert told == {("127.3.0.1", True), ("127.3.0.2", False)}


async def test_knocking_keeps_its_pace() -> None:
    loop = asyncio.get_running_loop()
    began = time.monotonic()
    told: list[str] = []
    pace = Pace(50, Bucket(200, loop.time()))
    await knock(addresses(100, "127.3.0.1"), (9,), lambda host, *_: told.append(host), pace, 1)
    assert time.monotonic() - began >= 0.45
    assert len(told) == 100


# --- together


async def test_on_loopback_only_snmp_is_a_sign_of_life_unless_the_profile_says_otherwise() -> None:
    with Network({"127.3.0.1": engine()}) as network:
        alone = await looked(["127.3.0.1", "127.3.0.2"], network.port, [])
        assert [each.signs for each in alone] == [("snmp",), ()]
        profile = Profile(port=network.port, loopback=True, knock=(9,))
        both_ways = await looked(["127.3.0.1", "127.3.0.2"], network.port, [], profile)
    expected = ("icmp",) if may_echo() else ("tcp/9",)
    assert [each.signs for each in both_ways] in ([("snmp", *expected), expected], [(*expected, "snmp"), expected])


async def test_communities_take_turns_and_stop_at_the_one_that_is_accepted() -> None:
    offered = communities(["first", "second", "third"], ["127.3.0.0/24"])
    with Network({"127.3.0.1": speaker(switch(1), "second"), "127.3.0.2": engine()}) as network:
        one, other = await looked(["127.3.0.1", "127.3.0.2"], network.port, offered)
        heard = [addressed(data)[1] for data in network.heard["127.3.0.1"]]
    assert (one.accepted, one.refused) == (offered[1], ("community-1",))
    assert (other.accepted, other.refused) == (None, ("community-1", "community-2", "community-3"))
    assert b"third" not in heard


async def test_what_an_engine_tells_is_kept_beside_a_community_that_was_accepted() -> None:
    with Network({"127.3.0.1": both(engine(), speaker(switch(1)))}) as network:
        (life,) = await looked(["127.3.0.1"], network.port, communities(["roster"], ["127.3.0.1"]))
    assert life.accepted
    assert life.peer
    assert life.peer.enterprise == 8072
