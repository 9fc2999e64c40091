"""Messages against pysnmp, both ways; and what no device may send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder
from pysnmp.proto import api

from discovery.failures import Failed
from discovery.snmp.ber import Malformed, encode_oid, oid_text, tlv
from discovery.snmp.message import (
    GET,
    GETBULK,
    GETNEXT,
    V1,
    V2C,
    Pdu,
    Template,
    community_head,
    community_message,
    envelope,
    pdu,
    pdu_rest,
)
from tests.discovery.snmp.messages import V1 as THEIR_V1
from tests.discovery.snmp.messages import V2, Variable, decoded, names, numbers, response, variables


def ours(data: bytes) -> tuple[int, Pdu, list[Variable]]:
    opened = envelope(data)
    told = pdu_rest(data, opened)
    return opened.number, told, [(oid_text(name), tag, value) for name, tag, value in told.bindings]


def question(version: int, community: bytes, kind: int, asked: list[str], repetitions: int = 0) -> Template:
    return community_message(community_head(version, community), pdu(kind, map(encode_oid, asked), repetitions))


@given(numbers, variables, st.integers(0, 18), st.integers(0, 12))
def test_a_response_is_read_as_pysnmp_made_it(number, told, status, position):
    found, answer, read = ours(response(number, told, status, position))
    assert (found, answer.status, answer.position, read) == (number, status, position, told)


@given(
    numbers,
    st.lists(names, max_size=10),
    st.sampled_from([GET, GETNEXT]),
    st.sampled_from([V1, V2C]),
    st.binary(max_size=40),
)
def test_a_question_is_read_by_pysnmp_as_it_was_meant(number, asked, kind, version, community):
    data = question(version, community, kind, asked).numbered(number)
    module = THEIR_V1 if version == V1 else V2
    message, rest = decoder.decode(data, asn1Spec=module.Message())
    read = module.apiMessage.get_pdu(message)
    assert not rest
    assert int(module.apiMessage.get_version(message)) == version
    assert bytes(module.apiMessage.get_community(message)) == community
    assert type(read) is type(module.GetRequestPDU() if kind == GET else module.GetNextRequestPDU())
    assert int(module.apiPDU.get_request_id(read)) == number
    assert [str(name) for name, _ in module.apiPDU.get_varbinds(read)] == asked


@given(numbers, st.lists(names, min_size=1, max_size=8), st.integers(1, 50))
def test_a_bulk_question_is_read_by_pysnmp_as_it_was_meant(number, asked, repetitions):
    data = question(V2C, b"roster", GETBULK, asked, repetitions).numbered(number)
    message, _ = decoder.decode(data, asn1Spec=V2.Message())
    read = api.v2c.apiMessage.get_pdu(message)
    assert int(api.v2c.apiBulkPDU.get_non_repeaters(read)) == 0
    assert int(api.v2c.apiBulkPDU.get_max_repetitions(read)) == repetitions
    assert [str(name) for name, _ in api.v2c.apiBulkPDU.get_varbinds(read)] == asked


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A response with some octets changed, cut out, doubled or put in."""
    data = bytearray(response(draw(numbers), draw(variables)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        size = draw(st.integers(0, 8))
        data[at : at + size] = draw(st.one_of(st.binary(max_size=8), st.just(bytes(data[at : at + size]) * 2)))
    return bytes(data)


@given(st.one_of(st.binary(max_size=200), damaged()))
def test_whatever_arrives_is_read_or_malformed(data):
    try:
        ours(data)
    except Malformed:
        return


@given(damaged())
def test_what_is_read_of_damage_is_what_pysnmp_reads_of_it(data):
    """Where both accept. pysnmp is laxer on the form (indefinite lengths) and stricter on ranges."""
    try:
        number, told, read = ours(data)
    except Malformed:
        return
    try:
        expected = decoded(data)
    except Exception:  # noqa: BLE001  it raises what it likes
        return
    assert (number, told.status, told.position, read) == expected


NAME = encode_oid("1.3.6.1.2.1.1.1.0").hex()


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param("", id="nothing"),
        pytest.param("3000", id="an empty message"),
        pytest.param("3003020102", id="an unknown version"),
        pytest.param("3003020103", id="v3 without a header"),
        pytest.param("30820100 020101", id="cut off"),
        pytest.param("301b 020101 0400 a214 020401000000 020100 020100 3006 3004 0602 2b06 ff", id="a short variable"),
        pytest.param("3011 020101 0400 a20c 020401000000 020100 0201", id="a PDU beyond the message"),
        pytest.param("3013 020101 0400 a20c 020401000000 020100 020100", id="no variables"),
        pytest.param("3080 020101 0400 a280 020401000000 020100 020100 3080 0000 0000 0000", id="indefinite"),
        pytest.param("3016 020101 0400 a20e 020401000000 020100 020100 3000 00", id="octets after the message"),
    ],
)
def test_what_is_no_message_is_malformed(octets):
    with pytest.raises(Malformed):
        ours(bytes.fromhex(octets))


def test_a_question_is_not_an_answer():
    data = question(V2C, b"roster", GET, ["1.3.6.1"]).numbered(1 << 24)
    with pytest.raises(Malformed, match="not an answer"):
        ours(data)


def test_deep_nesting_costs_nothing():
    data = b""
    for _ in range(10_000):
        data = tlv(0x30, data)
    with pytest.raises(Failed):
        ours(data)


def test_a_value_of_an_unknown_tag_is_malformed():
    good = response(1 << 24, [("1.3.6.1.2.1.1.1.0", 0x04, b"x")])
    with pytest.raises(Malformed, match="0x4a"):
        ours(good.replace(b"\x04\x01x", b"\x4a\x01x"))
