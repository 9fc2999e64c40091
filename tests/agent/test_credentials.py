"""Renewal and recovery: the old pair stays until the new one worked, and nothing is ever lost by trying."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from agent import enrol, membership
from agent.credentials import SILENCES, Credentials
from agent.transport import CallFailed
from tests.agent.server import Collector
from wire import codec
from wire.observation import CheckIn


class Bench:
    """The credentials of an enrolled agent, with clocks a test can move."""

    def __init__(self, state: Path) -> None:
        self.state, self.wall_offset, self.now = state, 0.0, 1_000.0
        self.bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.open()

    def open(self, chance: float = 0.5) -> None:
        self.credentials = Credentials(
            self.state, self.now, lambda: self.bell.put(None), lambda: time.time() + self.wall_offset, lambda: chance
        )

    def run_errand(self) -> bool:
        """Let the errand that is due begin and end; return whether the next connection should be a new one."""
        self.now = max(self.now, self.credentials.next_at)
        assert not self.credentials.advance(self.now)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            self.bell.get(timeout=30)
            is_new = self.credentials.advance(self.now)
            if self.credentials._child is None:
                return is_new
        raise AssertionError("the errand did not end")

    def call(self) -> None:
        channel = self.credentials.channel()
        try:
            channel.call(codec.AGENT_SERVICE, "CheckIn", codec.encode_check_in(CheckIn()), 5.0)
        finally:
            channel.close()

    @property
    def pairs(self) -> list[str]:
        return sorted(each.name for each in (self.state / "pairs").iterdir())


@pytest.fixture
def bench(collector: Collector, state: Path) -> Iterator[Bench]:
    enrol.enrol(state, f"127.0.0.1:{collector.enrol_port}", collector.new_token())
    bench = Bench(state)
    yield bench
    bench.credentials.stop()


# --- when


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 1_620), (0.5, 1_800), (1.0, 1_980)])
def test_renewal_is_due_at_half_the_life_time_spread_by_ten_percent(bench: Bench, chance: float, seconds: int) -> None:
    bench.open(chance)
    assert bench.credentials.next_at - bench.now == pytest.approx(seconds, abs=20)


def test_a_certificate_past_its_half_life_is_renewed_at_once(bench: Bench) -> None:
    bench.wall_offset = 3_000
    bench.open()
    assert bench.credentials.next_at == bench.now


@pytest.mark.parametrize("jump", [-50 * 365 * 86_400, 86_400 * 365 * 10])
def test_a_jump_of_the_wall_clock_while_running_moves_nothing(bench: Bench, jump: float) -> None:
    due = bench.credentials.next_at
    bench.wall_offset = jump
    assert not bench.credentials.advance(bench.now)
    assert bench.credentials.next_at == due


def test_an_agent_that_boots_in_1970_renews_within_half_a_life(bench: Bench) -> None:
    bench.wall_offset = -time.time()
    bench.open()
    assert bench.credentials.next_at - bench.now == pytest.approx(1_800, abs=20)


# --- renewal


def test_the_old_pair_stays_until_the_new_one_worked(bench: Bench, collector: Collector) -> None:
    old = membership.read_pair(bench.state, 1)
    assert bench.run_errand()
    assert bench.pairs == ["1", "2"]
    assert bench.credentials.member.pair == 1
    new = membership.read_pair(bench.state, 2)
    assert new[0] != old[0]
    bench.call()
    assert bench.credentials.worked()
    assert bench.pairs == ["2"]
    assert membership.load(bench.state).pair == 2
    bench.call()
    assert len(collector.serials[bench.credentials.member.agent_id]) == 1
    assert bench.credentials.next_at - bench.now == pytest.approx(1_800, abs=20)


def test_a_new_certificate_that_is_turned_away_leaves_the_old_one_in_use(bench: Bench, collector: Collector) -> None:
    bench.run_errand()
    agent_id = bench.credentials.member.agent_id
    collector.serials[agent_id] = collector.serials[agent_id][:1]
    with pytest.raises(CallFailed, match="UNAUTHENTICATED"):
        bench.call()
    bench.credentials.turned_away(bench.now)
    bench.call()
    assert not bench.credentials.worked()
    assert bench.pairs == ["1"]
    assert bench.run_errand()  # and it is tried again
    bench.call()
    assert bench.credentials.worked()


def test_a_full_disk_does_not_keep_a_new_certificate_from_being_used(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.run_errand()

    def full(state: Path, member: membership.Membership) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(membership, "save", full)
    bench.call()
    assert bench.credentials.worked()
    bench.call()
    monkeypatch.undo()
    bench.open()
    assert (bench.credentials.member.pair, bench.credentials.member.candidate) == (1, 2)
    bench.call()
    assert bench.credentials.worked()


def test_an_agent_that_ends_between_renewal_and_first_use_goes_on_with_the_new_pair(bench: Bench) -> None:
    bench.run_errand()
    bench.open()
    assert bench.credentials.member.candidate == 2
    bench.call()
    assert bench.credentials.worked()


def test_a_renewal_that_fails_is_tried_again_later_and_changes_nothing(bench: Bench, collector: Collector) -> None:
    def too_busy(method: str, context: Any) -> None:
        context.set_trailing_metadata((("retry-after-ms", "120000"),))
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy")

    collector.fault = too_busy
    before = (bench.state / "enrolment.json").read_bytes()
    assert not bench.run_errand()
    assert bench.credentials.next_at == bench.now + 120
    assert (bench.state / "enrolment.json").read_bytes() == before
    collector.stop()
    collector.fault = lambda method, context: None
    assert not bench.run_errand()
    assert 0 < bench.credentials.next_at - bench.now <= 900
    collector.start(collector.enrol_port, collector.data_port)
    assert bench.run_errand()


def test_a_half_written_pair_is_never_used(bench: Bench) -> None:
    (bench.state / "pairs" / "7").mkdir()
    (bench.state / "pairs" / "7" / "key.pem").write_bytes(b"half")
    bench.run_errand()
    assert bench.credentials.member.candidate == 8
    assert bench.pairs == ["1", "8"]


# --- recovery


def expire(bench: Bench, collector: Collector) -> None:
    """Make the agent hold a certificate that ran out a moment ago, by both clocks."""
    collector.leaf_life_s = 1.0
    enrol.enrol(bench.state, f"127.0.0.1:{collector.enrol_port}", collector.new_token())
    collector.leaf_life_s = 3_600.0
    time.sleep(1.2)
    bench.open()


def test_after_the_certificate_ran_out_the_instance_key_brings_another(bench: Bench, collector: Collector) -> None:
    agent_id = bench.credentials.member.agent_id
    expire(bench, collector)
    with pytest.raises(CallFailed):
        bench.call()
    assert bench.credentials.next_at == bench.now
    assert bench.run_errand()
    bench.call()
    assert (bench.credentials.member.agent_id, collector.calls.count("Recover")) == (agent_id, 1)


def test_while_it_recovers_no_call_is_made(bench: Bench, collector: Collector) -> None:
    expire(bench, collector)
    bench.credentials.advance(bench.now)
    assert bench.credentials.is_recovering


def test_a_certificate_the_collector_no_longer_knows_is_replaced_by_recovery(
    bench: Bench, collector: Collector
) -> None:
    collector.serials.clear()
    with pytest.raises(CallFailed, match="UNAUTHENTICATED"):
        bench.call()
    bench.credentials.turned_away(bench.now)
    assert bench.run_errand()
    bench.call()


def test_a_clock_far_ahead_does_not_make_the_agent_recover_again_and_again(bench: Bench, collector: Collector) -> None:
    bench.wall_offset = 10 * 365 * 86_400
    bench.open()
    for _ in range(3):
        assert not bench.run_errand()
        assert bench.credentials.next_at > bench.now + 10
    assert "Recover" not in collector.calls
    assert bench.pairs == ["1"]


def test_long_silence_makes_it_ask_the_collector_for_the_time(bench: Bench, collector: Collector) -> None:
    """The agent's clock stopped; only the collector knows that the certificate ran out."""
    expire(bench, collector)
    bench.wall_offset = -3_600.0
    bench.open()
    for _ in range(SILENCES):
        bench.credentials.unheard(bench.now)
    assert bench.run_errand()
    bench.call()


def test_a_recovery_that_fails_deletes_nothing(bench: Bench, collector: Collector) -> None:
    def banned(method: str, context: Any) -> None:
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "banned")

    collector.fault = banned
    files: Callable[[], dict[Path, bytes]] = lambda: {  # noqa: E731
        path: path.read_bytes() for path in bench.state.rglob("*") if path.is_file()
    }
    before = files()
    bench.credentials.turned_away(bench.now)
    assert not bench.run_errand()
    assert files() == before
    assert bench.credentials.next_at > bench.now


def test_a_recovery_speaks_to_no_other_collector(bench: Bench, collector: Collector) -> None:
    impostor = Collector()
    collector.stop()
    impostor.start(collector.enrol_port)
    try:
        bench.credentials.turned_away(bench.now)
        assert not bench.run_errand()
        assert impostor.calls == []
    finally:
        impostor.stop()
        collector.start()
