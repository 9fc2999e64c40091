"""A receiver beside the sweeps of a probe: what it hears is spooled, whatever it does costs nobody else anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import enrol, hearing, listening
from agent.places import Places
from agent.transport import Backoff
from tests.agent.server import Collector
from tests.agent.test_run import Bench
from wire.listening import ListenTask
from wire.observation import Target
from wire.sweep import Lease

SECRET = "larch-and-cedar"


def task(behaviour: str, digest: bytes = b"1") -> ListenTask:
    lease = Lease("c", "snmp_community", {"community": SECRET}, ("192.0.2.0/24",))
    return ListenTask(behaviour, ("192.0.2.0/24",), (lease,), digest)


@pytest.fixture
def bench(collector: Collector, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """An agent that is a probe and listens, whose receivers are the sample's."""
    monkeypatch.setattr(Backoff, "failed", lambda self: 0.05)
    monkeypatch.setattr(listening, "MODULE", "tests.agent.sample_receiver")
    enrol.enrol(state, f"127.0.0.1:{collector.enrol_port}", collector.new_token())
    collector.calls.clear()
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    bench = Bench(state, root)
    bench.start(probe=True, zone="", listen_traps="127.0.0.1:10162")
    yield bench
    bench.stop()


def heard(collector: Collector) -> list[tuple[str, int]]:
    """Return address and number of every event the collector has."""
    found = []
    for each in collector.observations:
        if each.target and each.target.protocol == "event":
            rows: list[dict[str, Any]] = json.loads(each.sections[0].body or b"[]")
            found += [(each.target.address, row["number"]) for row in rows]
    return found


def test_what_a_receiver_hears_is_spooled_as_events_of_the_address_that_spoke(
    bench: Bench, collector: Collector
) -> None:
    collector.tasks.put(task("well"))
    bench.until(lambda: heard(collector))
    (seen,) = [each for each in collector.observations if each.target]
    assert seen.target == Target("event", "well", "192.0.2.1")
    (section,) = seen.sections
    assert (section.name, section.complete) == ("events", False)
    bench.until(lambda: bench.agent._probe.heard == {"too_fast": 1, "traps": 3})
    assert bench.agent.check_in().heard == {"too_fast": 1, "traps": 3}


def test_the_probe_says_that_it_listens_and_by_which_task(bench: Bench, collector: Collector) -> None:
    bench.until(lambda: collector.idle)
    assert collector.idle[-1].listens
    assert collector.idle[-1].listening == b""
    collector.tasks.put(task("well", b"7"))
    bench.until(lambda: bench.agent._probe._ears.digest == b"7")


def test_with_another_task_another_process_takes_over_and_nothing_heard_is_lost(
    bench: Bench, collector: Collector
) -> None:
    collector.tasks.put(task("well"))
    bench.until(lambda: heard(collector))
    collector.tasks.put(task("other", b"2"))
    bench.until(lambda: len(heard(collector)) == 3)
    assert sorted(heard(collector)) == [("192.0.2.1", 1), ("192.0.2.1", 1), ("192.0.2.2", 99)]
    bench.until(lambda: bench.agent._probe.heard["traps"] == 7)  # four and three: the counts of both processes


def test_a_task_without_ranges_ends_it(bench: Bench, collector: Collector) -> None:
    collector.tasks.put(task("well"))
    bench.until(lambda: heard(collector))
    collector.tasks.put(ListenTask("well"))
    bench.until(lambda: bench.agent._probe._ears._child is None)
    bench.until(lambda: ("192.0.2.2", 99) in heard(collector))


@pytest.mark.parametrize("behaviour", ["dies", "lies", "fails", "hangs"])
def test_a_receiver_that_fails_costs_itself_only_and_is_started_again(
    bench: Bench, collector: Collector, behaviour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "SILENCE_S", 1.0 if behaviour == "hangs" else 60.0)
    starts = []
    begin = listening.Child
    monkeypatch.setattr(listening, "Child", lambda *words, **named: starts.append(1) or begin(*words, **named))
    collector.tasks.put(task(behaviour))
    bench.until(lambda: len(starts) >= 2)
    collector.tasks.put(task("well", b"2"))
    bench.until(lambda: ("192.0.2.1", 1) in heard(collector))
    bench.until(lambda: [each for each in collector.observations if not each.target])


def test_a_spool_without_room_holds_it_back_and_drops_nothing(
    bench: Bench, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "RETRY_S", 0.1)
    ears = bench.agent._probe._ears
    ears._hearing.room_bytes = -1
    collector.tasks.put(task("many"))
    bench.until(lambda: ears._hearing.is_held and ears._child)
    assert heard(collector) == []
    ears._hearing.room_bytes = 1 << 30
    bench.until(lambda: len(heard(collector)) == 199, 60.0)


def test_no_secret_of_its_task_is_kept_on_disk(bench: Bench, collector: Collector, state: Path) -> None:
    collector.tasks.put(task("well"))
    bench.until(lambda: heard(collector))
    for path in state.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def test_an_agent_that_was_not_asked_to_listen_never_does(bench: Bench, collector: Collector) -> None:
    ears = bench.agent._probe._ears
    ears.places = Places()
    collector.tasks.put(task("well"))
    bench.until(lambda: not collector.tasks.qsize())
    bench.until(lambda: [each for each in collector.observations if not each.target])
    assert ears._child is None
