"""The codec: what goes in comes out, and bad bytes raise one declared error."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import codec, enrolment
from wire.observation import (
    PROTOCOLS,
    Acknowledgement,
    CheckIn,
    Drop,
    Envelope,
    Instructions,
    Observation,
    Refusal,
    Report,
    Section,
    Status,
    Target,
    state_hash,
)

_names = st.text(max_size=20)
_sections = st.builds(
    Section,
    name=_names,
    status=st.sampled_from(Status),
    complete=st.booleans(),
    hash=st.binary(max_size=32),
    body=st.none() | st.binary(max_size=200),
    reason=_names,
    collected_at_ms=st.integers(0, 2**62),
    revision=st.integers(0, 2**31),
    took_ms=st.integers(0, 2**31),
)
_observations = st.builds(
    Observation,
    observed_at_ms=st.integers(-(2**62), 2**62),
    agent_version=_names,
    boot_id=_names,
    state_hash=st.binary(max_size=32),
    sections=st.lists(_sections, max_size=5).map(tuple),
    drops=st.lists(st.builds(Drop, *[st.integers(0, 2**63)] * 3, _names), max_size=3).map(tuple),
    hashes_only=st.booleans(),
    target=st.none()
    | st.builds(
        Target,
        st.sampled_from(sorted(PROTOCOLS)),
        st.just("") | st.just("plant-2"),
        st.ip_addresses().map(str),
        st.sampled_from(["", "rack-a"]),
    ),
)


@given(_observations)
def test_an_observation_survives_the_wire(value: Observation) -> None:
    assert codec.decode_observation(codec.encode_observation(value)) == value


@given(_observations)
def test_a_glance_sees_what_the_whole_says(value: Observation) -> None:
    seen = codec.glance(codec.encode_observation(value))
    assert (seen.observed_at_ms, seen.state_hash, seen.hashes_only, seen.target) == (
        value.observed_at_ms, value.state_hash, value.hashes_only, value.target,
    )  # fmt: skip


@pytest.mark.parametrize(
    "target", [Target("snmp", "", "web-01"), Target("smoke", "", "192.0.2.1"), Target("snmp", "a/b", "192.0.2.1"),
               Target("nut", "", "192.0.2.1", "a/b")],
)  # fmt: skip
def test_a_target_without_an_address_a_protocol_or_a_zone_of_this_world_is_undecodable(target: Target) -> None:
    data = codec.encode_observation(Observation(1, target=target))
    for read in (codec.glance, codec.decode_observation):
        with pytest.raises(codec.Undecodable):
            read(data)


@given(_observations)
def test_equal_observations_have_equal_bytes(value: Observation) -> None:
    assert codec.encode_observation(value) == codec.encode_observation(value)


def test_reports_acknowledgements_and_heartbeats_survive_the_wire() -> None:
    report = Report(bytes(16), (Envelope(1, b"x", 5), Envelope(9, b"y", 6)))
    assert codec.decode_report(codec.encode_report(report)) == report
    ack = Acknowledgement(9, (Refusal(1, "too large"),), ("packages",))
    assert codec.decode_acknowledgement(codec.encode_acknowledgement(ack)) == ack
    heartbeat = CheckIn("0.1.0", 1, 2, 3, 4, 5, 6, "web1", ("raid",))
    assert codec.decode_check_in(codec.encode_check_in(heartbeat)) == heartbeat
    orders = Instructions(1, 60, 900, ("os",), True)
    assert codec.decode_instructions(codec.encode_instructions(orders)) == orders


def test_a_message_beyond_its_limits_is_refused() -> None:
    with pytest.raises(codec.Undecodable, match="at most 500"):
        codec.decode_report(codec.encode_report(Report(bytes(16), tuple(Envelope(n, b"", 0) for n in range(501)))))
    with pytest.raises(codec.Undecodable, match="16 bytes"):
        codec.decode_report(codec.encode_report(Report(b"short", ())))


def test_fields_of_a_newer_program_are_ignored() -> None:
    newer = codec.encode_observation(Observation(observed_at_ms=7)) + b"\xfa\x3e\x03new"
    assert codec.decode_observation(newer).observed_at_ms == 7


def test_a_status_of_a_newer_program_is_no_answer() -> None:
    encoded = codec.encode_observation(Observation(observed_at_ms=7, sections=(Section("os", Status.OK),)))
    assert codec.decode_observation(encoded.replace(b"\x10\x01", b"\x10\x63")).sections[0].status is Status.UNSPECIFIED


@given(st.binary(max_size=3_000))
def test_any_bytes_decode_or_raise_the_declared_error(data: bytes) -> None:
    for decode in (codec.decode_report, codec.decode_check_in, codec.decode_finish, codec.decode_recover):
        with contextlib.suppress(codec.Undecodable):
            decode(data)  # type: ignore[operator]


def test_the_state_hash_knows_content_and_not_order() -> None:
    a, b = Section("a", Status.OK, hash=b"1"), Section("b", Status.OK, hash=b"2")
    assert state_hash([a, b]) == state_hash([b, a])
    assert state_hash([a, b]) != state_hash([a])
    assert state_hash([a]) != state_hash([Section("a", Status.OK, hash=b"1", complete=False)])


def test_a_token_reads_back_and_never_shows_its_secret() -> None:
    token = enrolment.Token(b"12345678", b"s" * 32, b"p" * 32)
    assert enrolment.parse_token(f" {token.text()}\n") == token
    assert "ssss" not in repr(token)


@given(st.text(max_size=200) | st.just("muster1.AAAA.BBBB.CCCC"))
def test_any_other_text_is_no_token(text: str) -> None:
    with pytest.raises(enrolment.BadToken):
        enrolment.parse_token(text)


def test_the_enrolment_proof_depends_on_every_part_of_the_transcript() -> None:
    parts = [b"secret", b"nonce", b"csr", b"key", b"certificate"]
    proofs = {enrolment.enrolment_proof(*parts)}
    for at in range(len(parts)):
        proofs.add(enrolment.enrolment_proof(*[part + (b"!" if at == n else b"") for n, part in enumerate(parts)]))
    assert len(proofs) == len(parts) + 1
