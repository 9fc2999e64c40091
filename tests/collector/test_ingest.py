"""Ingest: what comes in is checked once, and what does not hold costs only itself."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import ingest
from collector.ingest import BadObservation, Logged
from wire import codec, sections
from wire.observation import Observation, Section, Status


def logged(payload: bytes) -> Logged:
    return Logged(id=1, agent_id=1, source="agent/a", epoch=bytes(16), seq=1, received_at=2_000, payload=payload)


def opened(*parts: Section) -> ingest.Observation:
    row = logged(codec.encode_observation(Observation(observed_at_ms=1_000, sections=parts)))
    return ingest.check(row, ingest.decode(row))


def section(name: str, body: object, **changed: object) -> Section:
    encoded = json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
    fields = {"status": Status.OK, "hash": sections.digest(encoded), "body": encoded} | changed
    return Section(name, **fields)  # type: ignore[arg-type]


def test_a_good_section_is_opened() -> None:
    reading = opened(section("os", {"name": "Debian", "version": "12"})).readings["os"]
    assert (reading.status, reading.body) == (Status.OK, {"name": "Debian", "version": "12"})


def test_a_section_this_program_does_not_know_is_left_out() -> None:
    assert opened(section("quantum_registers", {"qubits": 5})).readings == {}


def test_a_field_this_program_does_not_know_is_left_out() -> None:
    assert opened(section("os", {"name": "Debian", "mood": "calm"})).readings["os"].body == {"name": "Debian"}


def test_a_body_that_does_not_have_its_hash_costs_its_section() -> None:
    reading = opened(section("os", {"name": "x"}, hash=bytes(32)), section("cpu", {"model": "y"})).readings
    assert reading["os"].status is Status.FAILED
    assert "hash" in reading["os"].reason
    assert reading["cpu"].status is Status.OK


@pytest.mark.parametrize(
    ("name", "body", "place"),
    [
        ("os", ["rows"], "os: an object expected"),
        ("packages", {"a": "record"}, "packages: rows expected"),
        ("packages", [{"name": 5, "arch": "x"}], "packages[0].name"),
        ("listening_ports", [{"protocol": "tcp", "address": "::"}], "key field port is missing"),
        ("users", [{"name": "a"}, {"name": "a"}], "two rows with one key"),
        ("memory", {"total_bytes": 2**80}, "memory.total_bytes"),
        ("os", {"name": "x" * 5_000}, "os.name"),
    ],
)
def test_a_body_outside_the_catalogue_is_refused_by_name(name: str, body: object, place: str) -> None:
    reading = opened(section(name, body)).readings[name]
    assert reading.status is Status.FAILED
    assert place in reading.reason


def test_text_no_database_may_hold_is_replaced() -> None:
    reading = opened(section("os", {"name": "a\0b", "hostname": "\ud800"})).readings["os"]
    assert reading.body == {"name": "a\ufffdb", "hostname": "?"} or reading.body["name"] == "a\ufffdb"
    reading.body["hostname"].encode("utf-8")


def test_nan_and_deep_nesting_are_not_json_to_us() -> None:
    for raw in (b'{"total_bytes":NaN}', b"[" * 100_000):
        reading = opened(Section("memory", Status.OK, hash=sections.digest(raw), body=raw)).readings["memory"]
        assert reading.status is Status.FAILED


def test_empty_is_an_answer_and_failed_is_none() -> None:
    readings = opened(Section("raid", Status.EMPTY), Section("disks", Status.DENIED, reason="not root")).readings
    assert readings["raid"].body == []
    assert readings["disks"].body is None
    assert not readings["disks"].status.speaks


@given(st.binary(max_size=4_000))
def test_any_bytes_are_an_observation_or_one_declared_error(payload: bytes) -> None:
    with contextlib.suppress(BadObservation):
        ingest.check(logged(payload), ingest.decode(logged(payload)))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@given(st.sampled_from(sorted(sections.SECTIONS)), _json)
def test_any_json_in_any_section_is_checked_or_failed(name: str, body: object) -> None:
    encoded = json.dumps(body).encode()
    reading = opened(Section(name, Status.OK, hash=sections.digest(encoded), body=encoded)).readings[name]
    assert reading.status in (Status.OK, Status.FAILED)
    if reading.status is Status.OK:
        sections.check(sections.SECTIONS[name], reading.body)


@given(st.data())
def test_a_message_cut_or_bent_anywhere_is_still_only_a_declared_error(data: st.DataObject) -> None:
    whole = codec.encode_observation(
        Observation(observed_at_ms=5, sections=(section("os", {"name": "x"}), section("users", [{"name": "root"}])))
    )
    at = data.draw(st.integers(0, len(whole) - 1))
    bent = data.draw(st.sampled_from([whole[:at], whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]]))
    with contextlib.suppress(BadObservation):
        ingest.check(logged(bent), ingest.decode(logged(bent)))
