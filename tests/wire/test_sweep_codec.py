"""The codec of sweeps: what goes in comes out, secrets show nowhere, and bad bytes raise one declared error."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import sweep_codec
from wire.codec import Undecodable
from wire.sweep import (
    MAX_KNOWN,
    MAX_RANGES,
    MAX_REFUSALS,
    MAX_ROWS,
    MAX_STAMPS_BYTES,
    MAX_TASK_BYTES,
    SERVICES,
    STAGES,
    UNTIL,
    Cancel,
    Idle,
    Known,
    Lease,
    Progress,
    Refusal,
    SweepTask,
    TargetRow,
)
from wire.v1 import agent_pb2

_words = st.text(max_size=20)
_many = st.lists(_words, max_size=4).map(tuple)
_leases = st.builds(
    Lease, _words, _words, st.dictionaries(_words, _words, max_size=3), _many, _many, st.booleans(), st.booleans()
)
_known = st.builds(
    Known, st.ip_addresses().map(str), _words, _words, _words, _words, _words, st.sampled_from(["", '{"stamps":{}}']),
    _words, st.dictionaries(_words, _words, max_size=3),
)  # fmt: skip
_refusals = st.builds(Refusal, _words, st.ip_addresses().map(str), st.integers(0, 2**31))
_tasks = st.builds(
    SweepTask, st.text(min_size=1, max_size=20), st.sampled_from(["", "plant-2"]), _many, _many,
    st.sampled_from(sorted(UNTIL)), st.integers(0, 2**31), st.integers(0, 2**31), st.integers(1, 65_535),
    st.integers(0, 2**63), _words, st.lists(_leases, max_size=3).map(tuple),
    st.lists(_known, max_size=2).map(tuple), st.lists(_refusals, max_size=2).map(tuple), st.integers(0, 2**31),
    st.sampled_from([b"", bytes(32)]), st.dictionaries(st.sampled_from(SERVICES), st.integers(1, 65_535)),
    st.booleans(),
)  # fmt: skip
_rows = st.builds(
    TargetRow, st.ip_addresses().map(str), st.sampled_from(sorted(STAGES)), _words, _words, _words,
    st.sampled_from(["{}", '{"model":"X"}']), st.integers(-(2**62), 2**62), st.integers(0, 2**31 - 1), st.booleans(),
    st.none() | _known, _many,
)  # fmt: skip
_progress = st.builds(
    Progress, st.text(min_size=1, max_size=20), st.dictionaries(_words, st.integers(0, 2**53), max_size=5),
    st.lists(_rows, max_size=4).map(tuple), _words, st.booleans(), _words,
)  # fmt: skip


@given(_tasks)
def test_a_task_survives_the_wire(value: SweepTask) -> None:
    assert sweep_codec.decode_task(sweep_codec.encode_task(value)) == value


@given(_progress)
def test_progress_survives_the_wire(value: Progress) -> None:
    assert sweep_codec.decode_progress(sweep_codec.encode_progress(value)) == value


@given(st.sampled_from(["", "plant-2"]), _words)
def test_the_small_messages_survive_the_wire(zone: str, uid: str) -> None:
    for idle in (Idle(zone, uid), Idle(zone, watch_uid=uid, watches=True)):
        assert sweep_codec.decode_idle(sweep_codec.encode_idle(idle)) == idle
    assert sweep_codec.decode_task(sweep_codec.encode_task(Cancel(uid))) == Cancel(uid)
    for cancel in (True, False):
        assert sweep_codec.decode_answer(sweep_codec.encode_answer(cancel)) is cancel


@given(st.binary(max_size=300))
@pytest.mark.parametrize("decode", ["decode_task", "decode_progress", "decode_idle", "decode_answer"])
def test_any_bytes_decode_or_are_undecodable(decode: str, data: bytes) -> None:
    with contextlib.suppress(Undecodable):
        getattr(sweep_codec, decode)(data)


@given(_tasks, st.data())
def test_a_damaged_task_decodes_or_is_undecodable(value: SweepTask, data: st.DataObject) -> None:
    encoded = bytearray(sweep_codec.encode_task(value))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(Undecodable):
        sweep_codec.decode_task(bytes(encoded))


def test_a_word_of_a_later_version_is_none() -> None:
    assert sweep_codec.decode_task(b"\x7a\x03abc") is None


def test_a_secret_shows_in_no_representation() -> None:
    task = SweepTask("s", "", ("192.0.2.0/24",), leases=(Lease("c", "snmp_community", {"community": "larch"}, ()),))
    assert "larch" not in repr(task)
    assert "larch" not in f"{task.leases}"
    assert "kkkk" not in repr(SweepTask("s", "", (), secrets_key=b"k" * 32))


def row(**other: str) -> bytes:
    message = agent_pb2.ProgressRequest(sweep_uid="s")
    message.rows.add(**{"address": "192.0.2.1", "stage": "identify", **other})
    return message.SerializeToString()


@pytest.mark.parametrize("bad", [
    {"address": "192.0.2.256"}, {"address": ""}, {"stage": "elsewhere"}, {"found_json": "[]"}, {"found_json": "{"},
    {"found_json": '{"model": "' + "x" * 5_000 + '"}'}, {"found_json": "[" * 4_000},
])  # fmt: skip
def test_a_row_that_is_none_is_undecodable(bad: dict[str, str]) -> None:
    assert sweep_codec.decode_progress(row()).rows[0].found_json == "{}"
    with pytest.raises(Undecodable):
        sweep_codec.decode_progress(row(**bad))


@pytest.mark.parametrize("bad", [
    {"known": [{"address": "nowhere"}]}, {"known": [{"address": "::1", "stamps_json": "x" * (MAX_STAMPS_BYTES + 1)}]},
    {"known": [{"address": "::1"}] * (MAX_KNOWN + 1)}, {"refusals": [{"address": "nowhere"}]},
    {"refusals": [{"address": "::1"}] * (MAX_REFUSALS + 1)},
    {"secrets_key": b"short"}, {"ports": {"telnet": 23}}, {"ports": {"ssh": 0}}, {"ports": {"ssh": 65_536}},
])  # fmt: skip
def test_a_task_with_what_no_probe_can_use_is_undecodable(bad: dict[str, Any]) -> None:
    message = agent_pb2.TasksResponse(sweep=agent_pb2.SweepTask(uid="s", until="alive", **bad))
    with pytest.raises(Undecodable):
        sweep_codec.decode_task(message.SerializeToString())


def test_what_is_too_much_is_undecodable() -> None:
    many = agent_pb2.ProgressRequest(sweep_uid="s")
    for _ in range(MAX_ROWS + 1):
        many.rows.add(address="192.0.2.1", stage="sweep")
    ranges = agent_pb2.TasksResponse(
        sweep=agent_pb2.SweepTask(uid="s", until="alive", ranges=["::1"] * (MAX_RANGES + 1))
    )
    for decode, message in (("decode_progress", many), ("decode_task", ranges)):
        with pytest.raises(Undecodable):
            getattr(sweep_codec, decode)(message.SerializeToString())
    with pytest.raises(Undecodable):
        sweep_codec.decode_progress(agent_pb2.ProgressRequest().SerializeToString())
    with pytest.raises(ValueError, match="at most"):
        sweep_codec.encode_task(SweepTask("s", "", ("x" * MAX_TASK_BYTES,)))
