"""What a probe may hear crosses the wire unharmed, and nothing but `Undecodable` comes of what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import codec, sweep_codec
from wire.codec import Undecodable
from wire.listening import ListenTask, digest_of
from wire.observation import MAX_HEARD, CheckIn
from wire.sweep import MAX_RANGES, Idle, Lease

LEASE = Lease("c-1", "snmp_community", {"community": "larch-and-cedar"}, ("192.0.2.0/24",), ("Huawei",), True, False)
TASK = ListenTask("plant-1", ("192.0.2.1-192.0.2.9", "2001:db8::1"), (LEASE,), bytes(16))


def test_a_task_comes_out_as_it_went_in() -> None:
    assert sweep_codec.decode_task(sweep_codec.encode_task(TASK)) == TASK
    assert sweep_codec.decode_task(sweep_codec.encode_task(ListenTask(""))) == ListenTask("")


def test_a_probe_that_listens_says_so() -> None:
    idle = Idle("plant-1", "sweep", True, bytes(16))
    assert sweep_codec.decode_idle(sweep_codec.encode_idle(idle)) == idle


def test_counts_of_what_was_heard_come_with_the_heartbeat_in_bounds() -> None:
    told = CheckIn(heard={"traps": 3, "too_fast": 2**63})
    assert codec.decode_check_in(codec.encode_check_in(told)) == told
    many = codec.decode_check_in(codec.encode_check_in(CheckIn(heard={f"c{each:03}": 1 for each in range(200)})))
    assert len(many.heard) == MAX_HEARD


def test_a_task_beyond_its_bounds_or_of_no_zone_is_refused() -> None:
    for task in (ListenTask("", ("192.0.2.1",) * (MAX_RANGES + 1)), ListenTask("no zone")):
        with pytest.raises(Undecodable):
            sweep_codec.decode_task(sweep_codec.encode_task(task))


def test_a_secret_shows_in_no_representation() -> None:
    assert "larch-and-cedar" not in repr(TASK)


@given(st.binary(max_size=200))
def test_any_octets_are_a_word_or_undecodable(data: bytes) -> None:
    try:
        sweep_codec.decode_task(data)
    except Undecodable:
        return


@given(st.lists(st.text(max_size=8), max_size=5), st.lists(st.text(max_size=8), max_size=5))
def test_the_digest_tells_parts_apart_however_they_are_cut(one: list[str], other: list[str]) -> None:
    assert (digest_of(*one) == digest_of(*other)) is (one == other)
