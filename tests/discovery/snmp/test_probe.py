"""Who answers, without a credential and with one community."""

from __future__ import annotations

import time

import pytest

from discovery.snmp import (
    Alive,
    Community,
    CommunityQuestion,
    Engine,
    EngineQuestion,
    Limits,
    Session,
    Taps,
    User,
    sweep,
)
from discovery.snmp.ber import encode_oid, tlv
from discovery.snmp.peer import Peer
from discovery.snmp.probe import SYS_DESCR, SYS_OBJECT_ID
from discovery.snmp.user import ENGINE_PROBE
from tests.discovery.snmp.combinations import AUTH_SECRET
from tests.discovery.snmp.hostile import Asked, Responder, response
from tests.discovery.snmp.test_netsnmp import SYS_NAME

LIVE = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
HOSTS = [f"127.0.0.{host}" for host in range(1, 51)]
QUICK = Taps(count=2, least=0.1, first=0.3)


async def test_the_engine_probe_finds_who_speaks_snmpv3_without_a_credential(snmpd, engine):
    found: list[Alive] = []
    await sweep(engine, HOSTS, EngineQuestion(), found.append, snmpd, QUICK)
    assert sorted(each.target.address[0] for each in found) == LIVE
    peer = found[0].target.peer
    assert peer is not None
    assert (peer.enterprise, peer.boots) == (8072, 1)


async def test_a_session_need_not_ask_again_who_the_engine_is(snmpd, engine):
    found: list[Alive] = []
    await sweep(engine, LIVE[:1], EngineQuestion(), found.append, snmpd, QUICK)
    sent = engine.exchange.sent
    await Session(engine, found[0].target.address, User("sha1-plain", "sha1", AUTH_SECRET)).get(SYS_NAME)
    assert engine.exchange.sent == sent + 1


async def test_one_community_tells_what_it_is(snmpd, engine):
    found: list[Alive] = []
    await sweep(engine, HOSTS, CommunityQuestion(Community("roster")), found.append, snmpd, QUICK)
    assert sorted(each.target.address[0] for each in found) == LIVE
    assert found[0].values[SYS_OBJECT_ID] == "1.3.6.1.4.1.8072.3.2.10"
    assert b"Linux" in bytes(found[0].values[SYS_DESCR])  # type: ignore[arg-type]


async def test_who_did_not_hear_the_first_datagram_is_asked_again_and_found_once(engine):
    answered: list[int] = []

    def forgetful(asked: Asked) -> list[bytes]:
        answered.append(asked.number)
        told = response(asked.number, [(encode_oid(SYS_DESCR), tlv(4, b"switch"))])
        return [told, told] if len(answered) == 2 else []

    responder, found = Responder(forgetful), list[Alive]()
    try:
        question = CommunityQuestion(Community("roster"))
        await sweep(engine, [responder.where[0]], question, found.append, responder.where[1], QUICK)
    finally:
        responder.close()
    assert [dict(each.values) for each in found] == [{SYS_DESCR: b"switch"}]
    assert engine.exchange.pending == {}


async def test_silence_costs_no_more_than_its_taps(engine):
    started = time.monotonic()
    found: list[Alive] = []
    await sweep(engine, HOSTS, EngineQuestion(), found.append, 9, QUICK)
    assert found == []
    assert 0.5 < time.monotonic() - started < 2
    assert engine.exchange.sent == 2 * len(HOSTS)
    assert engine.exchange.pending == {}


async def test_a_sweep_keeps_to_its_rate():
    engine = Engine(Limits(rate=500))
    started = time.monotonic()
    await sweep(
        engine, [f"127.1.0.{host}" for host in range(250)], EngineQuestion(), list[Alive]().append, 9, Taps(1, 0, 0)
    )
    assert 0.4 < time.monotonic() - started < 2
    engine.close()


async def test_both_families_are_asked_through_one_engine(engine):
    def named(asked: Asked) -> list[bytes]:
        return [response(asked.number, [(name, tlv(4, b"core-2")) for name in asked.names])]

    try:
        responders = [Responder(named, "::1"), Responder(named, "127.0.0.1")]
    except OSError:
        pytest.skip("no IPv6 on this machine")
    try:
        for each in responders:
            assert await Session(engine, each.where, Community("roster")).get(SYS_NAME) == {SYS_NAME: b"core-2"}
    finally:
        for each in responders:
            each.close()


def test_the_probe_shows_no_user_and_no_community():
    datagram = ENGINE_PROBE.numbered(1 << 24)
    assert len(datagram) == 64
    assert b"\x04\x00\x02\x01\x00\x02\x01\x00\x04\x00\x04\x00\x04\x00" in datagram  # no engine, user, digest, salt


@pytest.mark.parametrize(
    ("engine_id", "enterprise", "mac", "address"),
    [
        ("800007db0300259e0a1b2c", 2011, "00:25:9e:0a:1b:2c", None),
        ("8000000901c0000207", 9, None, "192.0.2.7"),
        ("8000094002fe8000000000000000000000000000aa", 2368, None, "fe80::aa"),
        ("80001f8804a1b2c3", 8072, None, None),
        ("000000090a0b0c0d0e0f1011", 9, None, None),
    ],
)
def test_an_engine_id_tells_who_made_it_and_where(engine_id, enterprise, mac, address):
    peer = Peer(bytes.fromhex(engine_id), 1, 1)
    assert (peer.enterprise, peer.mac, peer.address) == (enterprise, mac, address)
