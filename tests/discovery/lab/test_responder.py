"""The lab over UDP, asked by the engine and by datagrams of our own."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.failures import Failed
from discovery.lab import Doors, Lab
from discovery.lab.encoding import COUNTER64, identifier, number, text
from discovery.lab.responder import Responder
from discovery.lab.tree import Tree
from discovery.snmp import Community, Malformed, Session
from discovery.snmp.ber import encode_oid, oid_text
from discovery.snmp.message import GET, GETBULK, GETNEXT, V1, V2C, community_head, community_message, pdu
from tests.discovery.lab.asking import ACCESS, CORE, SYSTEM, USER, device, session, told

NAME = f"{SYSTEM}5.0"
PLAIN = Tree.of({
    f"{SYSTEM}1.0": text("a switch"), f"{SYSTEM}2.0": identifier("1.3.6.1.4.1.99999.1"), NAME: text("sw-1"),
    "1.3.6.1.2.1.31.1.1.1.6.1": number(2**40, COUNTER64), "1.3.6.1.2.1.31.1.1.1.15.1": number(1000),
})  # fmt: skip


def question(kind, *oids, version=V2C, repetitions=0, community=b"any"):
    asked = pdu(kind, [encode_oid(oid) for oid in oids], repetitions)
    return community_message(community_head(version, community), asked).numbered(77_777_777)


async def test_each_address_is_its_own_device(lab, engine):
    names = [await session(engine, lab, each).get(NAME) for each in (CORE, ACCESS)]
    assert [each[NAME] for each in names] == [b"bj-core-01", b"bj-acc-01"]


async def test_an_address_without_a_device_is_silent(lab, engine):
    with pytest.raises(Failed, match="no_answer"):
        await session(engine, lab, "127.0.0.1").get(NAME)


@pytest.mark.parametrize("bulk", [True, False])
async def test_a_walk_tells_all_there_is_and_in_order(lab, engine, bulk):
    known = {oid: value for oid, value in told(lab.devices[ACCESS]).items() if oid.startswith("1.3.6.1.2.1.17.")}
    asking = Session(engine, (ACCESS, lab.port), Community("anything"), bulk=bulk)
    found = [oid async for page in asking.pages("1.3.6.1.2.1.17") for oid in (oid_text(each[0]) for each in page)]
    assert found == sorted(known, key=lambda oid: tuple(map(int, oid.split("."))))


async def test_only_the_communities_that_are_let_in_read(engine):
    async with Lab([device(PLAIN)], Doors(communities=frozenset({"roster", "ward"}))) as lab:
        for right in ("roster", "ward"):
            assert await Session(engine, (CORE, lab.port), Community(right)).get(NAME) == {NAME: b"sw-1"}
        with pytest.raises(Failed, match=r"credential_refused|no_answer"):
            await Session(engine, (CORE, lab.port), Community("guess")).get(NAME)


async def test_a_delay_holds_every_answer_back(lab, engine):
    lab.devices[CORE].delay = 0.3
    begun = time.monotonic()
    await session(engine, lab).get(NAME)
    assert 0.3 <= time.monotonic() - begun < 3
    begun = time.monotonic()
    await session(engine, lab, ACCESS).get(NAME)
    assert time.monotonic() - begun < 0.3


async def test_loss_is_the_share_of_questions_without_an_answer(lab):
    lab.devices[CORE].loss = 0.25
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.setblocking(False)
        plain.connect((CORE, lab.port))
        for _ in range(400):
            plain.send(question(GET, NAME))
            await asyncio.sleep(0)
        await asyncio.sleep(0.3)
        answers = 0
        while True:
            try:
                plain.recv(4096)
            except BlockingIOError:
                break
            answers += 1
    assert lab.devices[CORE].asked == 400
    assert 250 <= answers <= 345


async def test_a_closed_lab_is_silent(engine):
    async with Lab([device(PLAIN)]) as lab:
        port = lab.port
    with pytest.raises(Failed):
        await Session(engine, (CORE, port), Community("any")).get(NAME)


def responder():
    return Responder({CORE: device(PLAIN)}, users=(USER,))


def values(datagram):
    """Return the variables of an answer as the engine reads them, and its error status and index."""
    from discovery.snmp.message import envelope, pdu_rest

    read = pdu_rest(datagram, envelope(datagram))
    return [(oid_text(name), tag, value) for name, tag, value in read.bindings], (read.status, read.position)


def test_version_1_passes_over_counters_of_64_bits():
    asked = question(GETNEXT, "1.3.6.1.2.1.31.1.1.1.6", version=V1)
    assert values(responder().told(device(PLAIN), asked)) == ([("1.3.6.1.2.1.31.1.1.1.15.1", 2, 1000)], (0, 0))
    assert values(responder().told(device(PLAIN), question(GETNEXT, "1.3.6.1.2.1.31.1.1.1.6")))[0][0][1] == COUNTER64


def test_version_1_names_the_first_that_is_absent():
    asked = question(GET, NAME, f"{SYSTEM}77.0", version=V1)
    assert values(responder().told(device(PLAIN), asked))[1] == (2, 2)


def test_version_2_tells_what_is_absent_beside_what_is_there():
    found, status = values(responder().told(device(PLAIN), question(GET, NAME, f"{SYSTEM}77.0")))
    assert [tag for _, tag, _ in found] == [4, 0x81]
    assert status == (0, 0)


def test_after_the_last_variable_comes_the_end():
    found, _ = values(responder().told(device(PLAIN), question(GETBULK, "1.3.6.1.2.1.31", repetitions=5)))
    assert [tag for _, tag, _ in found] == [COUNTER64, 2, 0x82, 0x82, 0x82]
    assert len({oid for oid, _, _ in found[1:]}) == 1


def test_an_answer_to_a_greedy_question_fits_one_datagram_on_a_network():
    tree = Tree.of({f"1.3.6.1.2.1.2.2.1.2.{at}": text("x" * 60) for at in range(1, 500)})
    told_ = responder().told(device(tree), question(GETBULK, "1.3.6.1.2.1.2", repetitions=2**31 - 1))
    assert 1000 < len(told_) < 1472


def test_nothing_can_be_written():
    assert values(responder().told(device(PLAIN), question(0xA3, NAME)))[1] == (17, 0)


def test_the_context_of_a_vlan_is_one_no_device_has():
    assert responder().told(device(PLAIN), question(GET, NAME, community=b"any@10")) is None


QUESTIONS = [question(GETBULK, NAME, "1.3.6.1.2.1.31", repetitions=9), question(GET, NAME, version=V1)]


@given(st.binary(max_size=200) | st.builds(
    lambda whole, at, octet: whole[: at % len(whole)] + bytes((octet,)) + whole[at % len(whole) + 1 :],
    st.sampled_from(QUESTIONS), st.integers(0, 999), st.integers(0, 255),
))  # fmt: skip
def test_no_datagram_does_more_than_be_malformed(data):
    try:
        found = responder().told(device(PLAIN), data)
    except Malformed:
        return
    assert found is None or len(found) < 65_000
