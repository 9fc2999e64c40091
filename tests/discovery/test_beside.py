"""Two sweeps of one probe: what a watch sends counts against what is explored, and no device is asked twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.authenticate import Access
from discovery.beside import DEBT_S, LOOK_S, RECENT_S, Beside, Exploring, Watching
from discovery.board import BYTES, Board, places
from discovery.credentials import communities
from discovery.doors import DOORS
from discovery.limits import Limits, Profile, Until
from discovery.outcome import Outcome
from discovery.plan import plan
from discovery.stages import Setting
from discovery.sweep import Sweep
from tests.discovery.network import Network, addresses, both, engine, speaker, switch
from tests.peers.sweeping import shipped
from wire.ranges import ranges

NOW = 1_764_000_000.0
HERE, THERE = ranges(["192.0.2.0/24"]), ranges(["198.51.100.0/24", "2001:db8::1"])


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    made = Board(tmp_path / "board")
    yield made
    made.close()


def other(path: Path) -> Board:
    """Return the board as another process has it."""
    return Board(path / "board")


def test_a_board_is_as_large_as_it_is_and_what_stands_on_it_stays(board: Board, tmp_path: Path) -> None:
    board.sends("192.0.2.7")
    board.answers("192.0.2.7", NOW)
    again = other(tmp_path)
    assert (tmp_path / "board").stat().st_size == BYTES
    assert (again.sent(places(HERE.subnets)), again.sent(places(THERE.subnets))) == (1, 0)
    assert (again.answered("192.0.2.7"), again.answered("192.0.2.8")) == (NOW, 0.0)
    again.close()


@given(st.sets(st.ip_addresses().map(str), max_size=20), st.ip_addresses(v=4).map(str))
def test_no_address_is_taken_for_another(tmp_path_factory: pytest.TempPathFactory, some: set[str], one: str) -> None:
    path = tmp_path_factory.getbasetemp() / "drawn"
    path.unlink(missing_ok=True)
    made = Board(path)
    for each in some - {one}:
        made.answers(each, NOW)
    assert made.answered(one) == 0.0
    made.answers(one, NOW)
    assert made.answered(one) == NOW
    made.close()


# --- one pace


def test_an_exploration_gives_way_by_what_a_watch_sends_to_its_networks(board: Board, tmp_path: Path) -> None:
    watch = Watching(board).bucket(500, 0.0)
    exploring = Exploring(other(tmp_path), HERE).bucket(100, 0.0)
    taken = spent = 0
    for tick in range(1, 1001):  # ten seconds
        now = tick / 100
        if tick % 2:
            taken += watch.take(now)
            watch.spent("192.0.2.7")
            watch.spent("198.51.100.7")
            spent += 1
        taken += exploring.take(now, 10)
    assert taken == pytest.approx(100 * 10, abs=15), "both together keep the pace of what is explored"
    assert spent == 500


def test_what_a_watch_sends_elsewhere_is_not_its_affair(board: Board, tmp_path: Path) -> None:
    watch, exploring = Watching(board).bucket(500, 0.0), Exploring(other(tmp_path), HERE).bucket(100, 0.0)
    for _ in range(1000):
        watch.spent("198.51.100.7")
    assert sum(exploring.take(tick / 100, 10) for tick in range(1001)) == pytest.approx(1000, abs=10)


def test_what_was_sent_before_or_in_one_go_holds_an_exploration_up_for_a_moment_only(
    board: Board, tmp_path: Path
) -> None:
    watch = Watching(board).bucket(None, 0.0)
    for _ in range(10_000):
        watch.spent("192.0.2.7")
    exploring = Exploring(other(tmp_path), HERE).bucket(100, 0.0)
    assert exploring.take(LOOK_S, 1) == 1
    for _ in range(10_000):
        watch.spent("192.0.2.7")
    waited = next(tick / 100 for tick in range(5, 1000) if exploring.take(tick / 100))
    assert waited == pytest.approx(DEBT_S, abs=0.1)


def test_a_board_that_begins_anew_frightens_nobody(board: Board, tmp_path: Path) -> None:
    Watching(board).bucket(None, 0.0).spent("192.0.2.7")
    exploring = Exploring(other(tmp_path), HERE).bucket(100, 0.0)
    with (tmp_path / "board").open("r+b") as file:
        file.write(bytes(BYTES))
    assert exploring.take(1.0, 3) == 3


# --- one look


@pytest.mark.parametrize(("ago", "is_heard"), [(0, True), (RECENT_S, True), (RECENT_S + 1, False), (-60, False)])
def test_an_answer_is_a_sign_of_life_for_a_moment(board: Board, tmp_path: Path, ago: float, is_heard: bool) -> None:
    Exploring(board, HERE, lambda: NOW - ago).answered("192.0.2.7")
    watch = Watching(other(tmp_path), lambda: NOW)
    assert watch.is_answered("192.0.2.7") is is_heard
    assert not watch.is_answered("192.0.2.8")


async def swept(network: Network, until: Until, beside: Beside) -> list[Outcome]:
    hosts = addresses(3)
    profile, limits = Profile(until=until, port=network.port), Limits(rate=1000, timeout=0.5)
    access = Access(communities(["roster"], hosts), DOORS)
    begun = Sweep(Setting(plan(hosts), access, shipped(), limits, profile, beside))
    return [outcome async for outcome in begun]


async def test_a_device_that_has_just_been_explored_is_not_asked_again_by_a_watch(board: Board, tmp_path: Path) -> None:
    targets = ranges(addresses(3))
    with Network(
        {host: both(engine(), speaker(switch(number))) for number, host in enumerate(addresses(3))}
    ) as network:
        explored = await swept(network, "explore", Exploring(board, targets, lambda: NOW))
        assert [outcome.row.stage for outcome in explored] == ["explore"] * 3
        network.heard.clear()
        watched = await swept(network, "alive", Watching(other(tmp_path), lambda: NOW + 1))
        assert [(outcome.signs, outcome.row.alive) for outcome in watched] == [(("snmp",), True)] * 3
        assert not network.heard
        later = Watching(board, lambda: NOW + RECENT_S + 1)
        assert all(outcome.row.alive for outcome in await swept(network, "alive", later))
        assert len(network.heard) == 3
