"""Which addresses a sweep asks, in which order, and where it goes on after a break."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import replace
from ipaddress import ip_address, ip_network
from itertools import islice, pairwise
from tracemalloc import get_traced_memory, start, stop

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.plan import plan
from wire.ranges import BadRange, ranges

OCTET = st.integers(0, 255)
FIRST = st.builds(lambda third, fourth: (10 << 24) + (third << 8) + fourth, st.integers(0, 6), OCTET)
TEXTS = st.one_of(
    FIRST.map(lambda number: str(ip_address(number))),
    st.builds(lambda number, more: f"{ip_address(number)}-{ip_address(number + more)}", FIRST, st.integers(0, 700)),
    st.builds(lambda number, length: f"{ip_address(number)}/{length}", FIRST, st.integers(22, 32)),
    st.integers(1, 50).map(lambda number: f"2001:db8::{number:x}"),
)


def plainly(texts: list[str], to_sweep: bool) -> set[str]:
    """What `texts` name, the slow way."""
    found: set[str] = set()
    for text in texts:
        if "/" in text:
            network = ip_network(text, strict=False)
            some = [*network]
            found |= {str(each) for each in (some[1:-1] if to_sweep and network.prefixlen <= 30 else some)}
        else:
            first, _, last = text.partition("-")
            numbers = range(int(ip_address(first)), int(ip_address(last or first)) + 1)
            found |= {str(type(ip_address(first))(number)) for number in numbers}
    return found


@given(st.lists(TEXTS, min_size=1, max_size=5), st.lists(TEXTS, max_size=3), st.integers(0, 1 << 32))
def test_every_address_comes_once_and_none_that_is_excluded(texts: list[str], exclude: list[str], seed: int) -> None:
    planned = plan(texts, exclude, seed)
    drawn = Counter(planned.addresses())
    assert set(drawn.values()) <= {1}
    assert drawn.keys() == plainly(texts, True) - plainly(exclude, False)
    assert planned.size == len(drawn)


@given(st.lists(TEXTS, min_size=1, max_size=5), st.integers(0, 1 << 32), st.integers(0, 3000))
def test_a_cursor_gives_the_rest_in_the_same_order(texts: list[str], seed: int, cursor: int) -> None:
    planned = plan(texts, seed=seed)
    assert list(planned.addresses())[cursor:] == list(replace(planned, cursor=cursor).addresses())


def test_a_cursor_beyond_one_window_of_subnets_gives_the_rest() -> None:
    planned = plan([f"10.{each >> 8}.{each & 255}.{each % 200}-{each % 200 + 3}" for each in range(2500)], seed=4)
    everything = list(planned.addresses())
    assert len(everything) == 10_000
    for cursor in (0, 4095, 4096, 4097, 9_999, 10_000):
        assert everything[cursor:] == list(replace(planned, cursor=cursor).addresses())


def test_neighbours_in_the_order_are_in_different_subnets() -> None:
    drawn = list(plan(["10.0.0.0/20"], seed=7).addresses())
    assert all(one.rpartition(".")[0] != other.rpartition(".")[0] for one, other in pairwise(drawn[: 16 * 254]))


def test_a_subnet_is_shuffled_and_each_seed_shuffles_it_otherwise() -> None:
    one, other = (list(plan(["192.0.2.0/24"], seed=seed).addresses()) for seed in (1, 2))
    assert sorted(one) == sorted(other)
    assert one != other
    in_a_row = sum(int(ip_address(after)) - int(ip_address(before)) == 1 for before, after in pairwise(one))
    assert in_a_row < 20


def test_a_whole_class_a_costs_no_memory() -> None:
    start()
    planned = plan(["10.0.0.0/8"], seed=3)
    assert len(list(islice(planned.addresses(), 5_000))) == 5_000
    assert len(list(islice(replace(planned, cursor=planned.size - 10).addresses(), 20))) == 10
    _, most = get_traced_memory()
    stop()
    assert most < 4_000_000


def test_network_and_broadcast_address_are_left_out_unless_they_are_named() -> None:
    assert "192.0.2.0" not in set(plan(["192.0.2.0/24"]).addresses())
    assert set(plan(["192.0.2.0/31"]).addresses()) == {"192.0.2.0", "192.0.2.1"}
    assert "192.0.2.255" in set(plan(["192.0.2.0/24", "192.0.2.255"]).addresses())


def test_an_ipv4_address_in_ipv6_clothes_is_the_ipv4_address() -> None:
    assert "::ffff:10.0.0.9" in ranges(["10.0.0.0/24"])
    assert list(plan(["::ffff:10.0.0.9"]).addresses()) == ["10.0.0.9"]


@pytest.mark.parametrize(
    "text",
    ["", "10.0.0", "10.0.0.0/33", "10.0.0.9-10.0.0.1", "10.0.0.1-::1", "2001:db8::/64", "fe80::1%eth0", "a" * 1000,
     "10.0.0.1-300", "2001:db8::1-2001:db8::5", "1-2", "-", "/"],
)  # fmt: skip
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(BadRange):
        plan([text])


@given(st.text(max_size=40))
def test_any_text_is_ranges_or_a_bad_range(text: str) -> None:
    with contextlib.suppress(BadRange):
        assert ranges([text])
