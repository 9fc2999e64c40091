"""The whole agent against a small real collector: what is seen arrives, once, in order, whatever is in between."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from agent import enrol, uplink
from agent.config import Settings
from agent.run import Agent
from agent.spool import Spool
from agent.transport import Backoff
from tests.agent.server import Collector
from wire import codec
from wire.observation import Drop, Instructions, Observation, Status


class Bench:
    """An agent in this process, on those sample collectors that behave, stepped until something is so."""

    def __init__(self, state: Path, root: Path) -> None:
        self.state, self.root = state, root
        self.bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.agent: Agent | None = None

    def start(self, **settings: int) -> Agent:
        table = "tests.agent.sample_estate"
        self.agent = Agent(self.state, Settings(**settings), lambda: self.bell.put(None), table, str(self.root))
        return self.agent

    def until(self, condition: Callable[[], Any], timeout_s: float = 20.0) -> None:
        assert self.agent
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end, "it did not come to that"
            rest = self.agent.step(time.monotonic()) - time.monotonic()
            try:
                self.bell.get(timeout=min(max(0.001, rest), 0.5))
            except queue.Empty:
                continue

    def stop(self) -> None:
        if self.agent:
            self.agent.stop()
        self.agent = None


@pytest.fixture
def bench(collector: Collector, state: Path, tmp_path: Path) -> Iterator[Bench]:
    enrol.enrol(state, f"127.0.0.1:{collector.enrol_port}", collector.new_token())
    collector.calls.clear()
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    bench = Bench(state, root)
    yield bench
    bench.stop()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry at once: the delays have their own test."""
    monkeypatch.setattr(Backoff, "failed", lambda self: 0.05)


def bodies(observation: Observation) -> dict[str, bytes | None]:
    return {each.name: each.body for each in observation.sections}


def take_inventories(bench: Bench, agent: Agent, count: int) -> None:
    """Step until that many inventories wait in the spool."""
    while agent._spool.depth < count:
        depth = agent._spool.depth
        bench.until(lambda: agent._spool.depth > depth)  # noqa: B023  ends before the next round
        agent.instructed(Instructions(0, 5, 900, inventory_now=agent._spool.depth < count))


def faults(*statuses: Any, method: str = "") -> Callable[[str, Any], None]:
    """Return a fault that fails the first calls (of `method`) with `statuses` and then none."""
    left = list(statuses)

    def fail(called: str, context: Any) -> None:
        if left and called == (method or called):
            context.abort(left.pop(0), "as the test wishes")

    return fail


def test_the_first_check_in_and_the_first_inventory_come_at_once(bench: Bench, collector: Collector) -> None:
    agent = bench.start()
    started = time.monotonic()
    bench.until(lambda: collector.received and not agent._spool.depth)
    assert time.monotonic() - started < 5
    assert collector.calls[0] == "CheckIn"
    (observation,) = collector.observations
    assert {name for name, body in bodies(observation).items() if body} == {"cpu", "groups", "containers", "health"}
    sections = {each.name: each for each in observation.sections}
    assert (sections["users"].status, sections["users"].reason) == (Status.DENIED, "only root reads /etc/shadow")
    assert sections["groups"].revision == 3
    assert observation.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_a_heartbeat_tells_how_the_agent_is(bench: Bench, collector: Collector) -> None:
    bench.start()
    bench.until(lambda: collector.check_ins)
    said = collector.check_ins[0]
    assert said.rss_bytes > 10_000_000
    assert said.cpu_ms > 0
    assert abs(said.sent_at_ms / 1000 - time.time()) < 30
    assert said.hostname == os.uname().nodename


def test_failing_sections_are_named_in_the_heartbeat(bench: Bench, collector: Collector) -> None:
    agent = bench.start()
    bench.until(lambda: collector.received and not agent._spool.depth)
    assert agent.check_in().failing_sections == ("users",)


def test_a_second_inventory_travels_as_hashes_and_only_news_in_full(bench: Bench, collector: Collector) -> None:
    agent = bench.start()
    bench.until(lambda: collector.received and not agent._spool.depth)
    agent.instructed(Instructions(0, 5, 900, inventory_now=True))
    bench.until(lambda: len(collector.received) == 2 and not agent._spool.depth)
    found = bodies(collector.observations[1])
    assert (found["cpu"], found["groups"]) == (None, None)
    assert found["containers"] == b'[{"id":"c","name":"run 1"}]'


def test_a_section_the_collector_wants_is_sent_in_full_at_once(bench: Bench, collector: Collector) -> None:
    agent = bench.start()
    bench.until(lambda: collector.received and not agent._spool.depth)
    agent.instructed(Instructions(0, 5, 900, want_sections=("cpu", "no_such_section")))
    bench.until(lambda: len(collector.received) == 2 and not agent._spool.depth)
    assert set(bodies(collector.observations[1])) == {"cpu"}
    assert bodies(collector.observations[1])["cpu"]


def test_what_the_acknowledgement_wants_is_sent_as_well(bench: Bench, collector: Collector) -> None:
    collector.want_sections = ("groups",)
    agent = bench.start()
    bench.until(lambda: len(collector.received) == 2 and not agent._spool.depth)
    assert set(bodies(collector.observations[1])) == {"groups"}


def test_a_changed_file_has_its_section_read_at_once_and_says_nothing_when_it_reads_the_same(
    bench: Bench, collector: Collector
) -> None:
    agent = bench.start()
    bench.until(lambda: collector.received and not agent._spool.depth)
    (bench.root / "etc" / "marker").write_text("moved")
    bench.until(lambda: agent._run and agent._run.sections == ("groups",))
    bench.until(lambda: agent._run is None)
    assert len(collector.received) == 1


def test_an_inventory_that_was_dropped_is_made_good_by_the_next(
    bench: Bench, collector: Collector, quick: None
) -> None:
    """Whatever was not acknowledged is in the latest full inventory, so the superseded ones held nothing more."""
    collector.stop()
    agent = bench.start()
    take_inventories(bench, agent, 3)
    agent._spool._drop([1, 2], "superseded")
    collector.start(collector.enrol_port, collector.data_port)
    bench.until(lambda: not agent._spool.depth)
    assert bodies(collector.observations[0])["cpu"]
    assert bodies(collector.observations[0])["groups"]


def test_while_the_collector_is_away_it_spools_and_afterwards_all_arrives_in_order(
    bench: Bench, collector: Collector, quick: None
) -> None:
    collector.stop()
    agent = bench.start()
    take_inventories(bench, agent, 5)
    bench.stop()  # and a restart in between changes nothing
    agent = bench.start()
    bench.until(lambda: agent._spool.depth == 6)
    collector.start(collector.enrol_port, collector.data_port)
    bench.until(lambda: not agent._spool.depth)
    assert sorted(seq for _, seq in collector.received) == [1, 2, 3, 4, 5, 6]
    names = [bodies(each)["containers"] for each in collector.observations]
    assert names == [b'[{"id":"c","name":"run %d"}]' % number for number in range(6)]


@pytest.mark.parametrize(
    "status",
    [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.INTERNAL, grpc.StatusCode.ABORTED],
)
def test_a_report_that_fails_is_sent_again_with_the_same_number(
    bench: Bench, collector: Collector, quick: None, status: Any
) -> None:
    collector.fault = faults(status, status, method="Report")
    agent = bench.start()
    bench.until(lambda: collector.received and not agent._spool.depth)
    assert [seq for _, seq in collector.received] == [1]


def test_an_acknowledgement_that_contradicts_itself_lets_go_of_nothing(
    bench: Bench, collector: Collector, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[bytes] = []

    def lie(encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
        def encoded(value: Any) -> bytes:
            answers.append(b"")
            return encode(value) if len(answers) > 1 else encode(value.__class__(0, (), ()))

        return encoded

    monkeypatch.setattr(codec, "encode_acknowledgement", lie(codec.encode_acknowledgement))
    agent = bench.start()
    bench.until(lambda: len(answers) == 1)
    bench.until(lambda: agent._uplink._pending is None)
    assert agent._spool.depth == 1
    bench.until(lambda: not agent._spool.depth)
    assert len(answers) == 2


def test_a_refused_observation_is_told_as_a_drop_with_the_next(bench: Bench, collector: Collector) -> None:
    collector.refuse = lambda envelope: "beyond limits" if envelope.seq == 1 else None
    agent = bench.start()
    bench.until(lambda: agent._spool.pending_drops())
    agent.instructed(Instructions(0, 5, 900, inventory_now=True))
    bench.until(lambda: collector.received and not agent._spool.depth)
    assert collector.observations[0].drops == (Drop(1, 1, 1, "refused"),)
    assert agent._spool.pending_drops() == ()
    assert bodies(collector.observations[0])["cpu"]  # nothing of the refused one counts as known


def test_one_observation_the_collector_cannot_take_does_not_hold_up_the_others(
    bench: Bench, collector: Collector, quick: None
) -> None:
    report = collector._report

    def picky(data: bytes, context: Any) -> bytes:
        if any(envelope.seq == 2 for envelope in codec.decode_report(data).envelopes):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "cannot read it")
        return report(data, context)

    collector.stop()
    collector._report = picky  # type: ignore[method-assign]
    agent = bench.start()
    take_inventories(bench, agent, 5)
    collector.start(collector.enrol_port, collector.data_port)
    bench.until(lambda: not agent._spool.depth)
    assert sorted(seq for _, seq in collector.received) == [1, 3, 4, 5]
    assert agent._spool.pending_drops() == (Drop(2, 2, 1, "refused"),)


def test_a_busy_collector_is_left_alone_for_as_long_as_it_asked(bench: Bench, collector: Collector) -> None:
    def busy(method: str, context: Any) -> None:
        context.set_trailing_metadata((("retry-after-ms", "30000"),))
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "later")

    collector.fault = busy
    agent = bench.start()
    bench.until(lambda: collector.calls and agent._uplink._pending is None)
    assert 15 < agent._uplink.next_at - time.monotonic() <= 30


def test_a_banned_agent_goes_on_collecting_and_asks_every_quarter_of_an_hour(
    bench: Bench, collector: Collector
) -> None:
    collector.fault = lambda method, context: context.abort(grpc.StatusCode.PERMISSION_DENIED, "banned")
    agent = bench.start()
    bench.until(lambda: agent._spool.depth and agent._uplink._is_banned)
    assert uplink.BANNED_S - 60 < agent._uplink.next_at - time.monotonic() <= uplink.BANNED_S
    assert collector.calls == ["CheckIn"]
    collector.fault = lambda method, context: None
    agent._uplink._not_before = 0.0
    bench.until(lambda: not agent._spool.depth)


def test_a_certificate_that_is_not_known_any_more_is_recovered_and_all_arrives(
    bench: Bench, collector: Collector, quick: None
) -> None:
    collector.serials.clear()
    agent = bench.start()
    bench.until(lambda: collector.received and not agent._spool.depth)
    assert collector.calls.count("Recover") == 1


def test_a_renewal_in_the_middle_loses_nothing(bench: Bench, collector: Collector) -> None:
    agent = bench.start()
    agent._uplink._credentials._errand_at = 0.0
    bench.until(lambda: "Renew" in collector.calls)
    bench.until(lambda: agent._uplink._credentials.member.pair == 2 and not agent._spool.depth)
    assert len(collector.received) == 1


def test_a_damaged_pair_is_replaced_by_recovery(bench: Bench, collector: Collector, quick: None) -> None:
    (bench.state / "pairs" / "1" / "key.pem").write_bytes(b"")
    agent = bench.start()
    bench.until(lambda: collector.received and not agent._spool.depth)


def test_when_nothing_is_due_the_agent_sleeps(bench: Bench, collector: Collector) -> None:
    agent = bench.start()
    bench.until(lambda: collector.received and not agent._spool.depth)
    bench.until(lambda: agent._uplink._pending is None)
    steps, until = 0, time.monotonic() + 3
    while (now := time.monotonic()) < until:
        steps += 1
        rest = agent.step(now) - time.monotonic()
        try:
            bench.bell.get(timeout=min(max(0.0, rest), until - now) + 0.001)
        except queue.Empty:
            continue
    assert steps <= 6


# --- the program itself


def run_program(state: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "agent", "run", "--state", state], stderr=subprocess.PIPE)


def await_start(agent: subprocess.Popen[bytes]) -> None:
    assert agent.stderr
    while b"the agent runs" not in agent.stderr.readline():
        assert agent.poll() is None


def wait_for(condition: Callable[[], Any], timeout_s: float = 30.0) -> None:
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_three_seconds_and_cleanly(
    collector: Collector, state: Path, number: signal.Signals
) -> None:
    enrol.enrol(state, f"127.0.0.1:{collector.enrol_port}", collector.new_token())
    agent = run_program(state)
    try:
        wait_for(lambda: collector.received)
        started = time.monotonic()
        agent.send_signal(number)
        assert agent.wait(10) == 0
        assert time.monotonic() - started < 3
    finally:
        agent.kill()
        lines = [json.loads(line) for line in agent.communicate()[1].splitlines()]
    assert lines[-1]["because"] == number.name
    names = {each.name for observation in collector.observations for each in observation.sections}
    assert {"os", "cpu", "filesystems"} <= names


def test_killed_at_any_moment_it_loses_nothing_and_repeats_no_number(collector: Collector, state: Path) -> None:
    """Whatever the moment, numbers that arrived have no gap below the first that waits."""
    enrol.enrol(state, f"127.0.0.1:{collector.enrol_port}", collector.new_token())
    (state / "settings.json").write_text('{"inventory_interval_s": 5}')
    for round_ in range(6):
        agent = run_program(state)
        await_start(agent)
        time.sleep(0.15 + 0.12 * round_)
        agent.kill()
        agent.communicate()
    agent = run_program(state)
    before = len(collector.received)
    wait_for(lambda: len(collector.received) > before)
    agent.terminate()
    agent.communicate()
    spool = Spool.open(state / "spool")
    seqs = sorted(seq for _, seq in collector.received)
    assert {epoch for epoch, _ in collector.received} == {spool.epoch}
    waiting = [envelope.seq for envelope in spool.peek()]
    assert sorted({*seqs, *waiting}) == list(range(1, max(seqs + waiting) + 1))
    assert spool.dropped_total == 0
    spool.close()


def test_two_agents_on_one_state_are_one_too_many(collector: Collector, state: Path) -> None:
    enrol.enrol(state, f"127.0.0.1:{collector.enrol_port}", collector.new_token())
    first = run_program(state)
    try:
        wait_for(lambda: collector.received)
        second = run_program(state)
        _, said = second.communicate(timeout=20)
        assert second.returncode == 1
        assert b"used by another agent" in said
    finally:
        first.terminate()
        first.communicate()


def test_it_listens_nowhere(collector: Collector, state: Path) -> None:
    enrol.enrol(state, f"127.0.0.1:{collector.enrol_port}", collector.new_token())
    agent = run_program(state)
    try:
        wait_for(lambda: collector.received)
        sockets = [os.readlink(each) for each in Path(f"/proc/{agent.pid}/fd").iterdir()]
        inodes = {each[8:-1] for each in sockets if each.startswith("socket:")}
        assert inodes
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{agent.pid}/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                assert not (fields[9] in inodes and fields[3] == "0A"), "a listening socket"
    finally:
        agent.terminate()
        agent.communicate()
