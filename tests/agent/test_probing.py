"""A probe against a small real collector: sweeps come over a stream, run in a process, and cost nobody anything."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import enrol, findings, hearing, sweeping
from agent.config import BadSettings, Settings, as_probe, load
from agent.lastwords import MOST_LINES
from agent.transport import Backoff
from tests.agent.sample_probe import MANY
from tests.agent.server import Collector
from tests.agent.test_run import Bench
from wire.observation import Target
from wire.sweep import CANCELLED, Cancel, Known, Lease, SweepTask

SECRET = "larch-and-cedar"


def task(behaviour: str, uid: str = "", cursor: str = "", watch: bool = False) -> SweepTask:
    lease = Lease("c", "snmp_community", {"community": SECRET}, ("192.0.2.0/24",))
    return SweepTask(uid or behaviour, behaviour, ("192.0.2.0/24",), cursor=cursor, leases=(lease,), watch=watch)


@pytest.fixture
def bench(collector: Collector, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """An agent that is a probe, whose sweeps are the sample's."""
    monkeypatch.setattr(Backoff, "failed", lambda self: 0.05)
    monkeypatch.setattr(sweeping, "MODULE", "tests.agent.sample_probe")
    enrol.enrol(state, f"127.0.0.1:{collector.enrol_port}", collector.new_token())
    collector.calls.clear()
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    bench = Bench(state, root)
    bench.start(probe=True, zone="")
    yield bench
    bench.stop()


def last(collector: Collector, uid: str) -> Any:
    """Return the word with which a sweep ended, None before that."""
    return next((each for each in collector.progress if each.sweep_uid == uid and each.ended), None)


def rows(collector: Collector, uid: str) -> list[str]:
    return [row.address for each in collector.progress if each.sweep_uid == uid for row in each.rows]


def run(bench: Bench, collector: Collector, wanted: SweepTask, timeout_s: float = 30.0) -> Any:
    collector.tasks.put(wanted)
    bench.until(lambda: last(collector, wanted.uid), timeout_s)
    return last(collector, wanted.uid)


def test_what_a_sweep_finds_is_spooled_as_observations_of_its_targets_and_told_row_by_row(
    bench: Bench, collector: Collector
) -> None:
    end = run(bench, collector, task("well"))
    assert (end.cursor, end.failure, dict(end.counts)) == ("3", "", {"swept": 3})
    assert rows(collector, "well") == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    bench.until(lambda: not bench.agent._spool.depth)
    found = [each for each in collector.observations if each.target]
    assert [each.target for each in found] == [Target("snmp", "well", f"192.0.2.{n}") for n in (1, 3)]
    assert {section.name: section.body for section in found[0].sections}["interfaces"].startswith(b"[{")
    assert len({each.state_hash for each in found}) == 1


def test_what_a_target_has_is_not_taken_for_what_this_machine_has(bench: Bench, collector: Collector) -> None:
    run(bench, collector, task("well"))
    bench.until(lambda: not bench.agent._spool.depth)
    assert "device" not in bench.agent._known._acknowledged
    assert [each for each in collector.observations if not each.target]


@pytest.mark.parametrize(("behaviour", "named"), [
    ("dies", "the sweep's process ended: signal 9"), ("leaves", "the sweep's process ended: exit 3"),
    ("hangs", "the sweep's process said nothing for 1 s"), ("floods", "the sweep's process ended: signal 9"),
    ("prints_junk", "the sweep's process ended: signal 9"), ("lists", "the sweep's process ended: signal 9"),
    ("lies", "the sweep's process said an outcome that is none"), ("fails", "nobody knows this range"),
])  # fmt: skip
def test_a_process_that_fails_costs_its_sweep_only_and_is_named(
    bench: Bench, collector: Collector, behaviour: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "SILENCE_S", 1.0 if behaviour == "hangs" else 60.0)
    end = run(bench, collector, task(behaviour))
    assert end.failure.startswith(named), end.failure
    assert not [each for each in psutil.Process().children(recursive=True) if "sample_probe" in " ".join(_words(each))]
    assert run(bench, collector, task("well")).failure == ""
    assert [each for each in collector.observations if not each.target], "its own inventory is missing"


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_a_process_that_cannot_be_started_is_named(
    bench: Bench, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*words: object, **named: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(sweeping, "Child", nothing)
    end = run(bench, collector, task("well"))
    assert end.failure == "the sweep's process did not start: Resource temporarily unavailable"


def test_while_the_collector_is_away_the_process_is_held_back_and_afterwards_all_is_told_once(
    bench: Bench, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "RETRY_S", 0.1)
    collector.tasks.put(task("many"))
    bench.until(lambda: rows(collector, "many"))
    collector.fault = lambda method, context: context.abort(grpc.StatusCode.UNAVAILABLE, "away")
    sweep = bench.agent._probe._explore.sweep
    bench.until(lambda: len(sweep._rows) >= sweeping.MOST_ROWS)
    settled = time.monotonic() + 1.0
    bench.until(lambda: time.monotonic() > settled)
    assert len(sweep._rows) <= sweeping.MOST_ROWS
    assert sweep._child.inbox.qsize() <= hearing.MOST_WAITING + 1
    collector.fault = lambda method, context: None
    bench.until(lambda: last(collector, "many"), 60.0)
    told = rows(collector, "many")
    assert len(set(told)) == MANY
    assert last(collector, "many").cursor == str(MANY)


def test_a_spool_without_room_holds_the_process_back_and_drops_nothing(
    bench: Bench, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "RETRY_S", 0.1)
    bench.until(lambda: bench.agent._probe._stream is not None)
    bench.agent._probe._room_bytes = -1
    collector.tasks.put(task("well"))
    bench.until(lambda: bench.agent._probe._explore.sweep and bench.agent._probe._explore.sweep._hearing.is_held)
    settled = time.monotonic() + 1.5
    bench.until(lambda: time.monotonic() > settled)
    assert rows(collector, "well") == []
    bench.agent._probe._explore.sweep._hearing.room_bytes = 1 << 30
    bench.until(lambda: last(collector, "well"))
    assert len(rows(collector, "well")) == 3
    assert bench.agent._spool.dropped_total == 0


@pytest.mark.parametrize("by", ["stream", "progress"])
def test_a_sweep_is_cancelled_by_a_word_of_the_stream_or_by_an_answer(
    bench: Bench, collector: Collector, by: str
) -> None:
    collector.tasks.put(task("obeys"))
    bench.until(lambda: rows(collector, "obeys"))
    if by == "stream":
        collector.tasks.put(Cancel("obeys"))
    else:
        collector.unwanted.add("obeys")
    bench.until(lambda: last(collector, "obeys"))
    details = [row.detail for each in collector.progress for row in each.rows]
    assert details[-1] == "cancel"


def test_a_sweep_that_comes_while_the_one_before_still_ends_begins_when_that_has_ended(
    bench: Bench, collector: Collector
) -> None:
    collector.tasks.put(task("obeys"))
    bench.until(lambda: rows(collector, "obeys"))
    collector.tasks.put(Cancel("obeys"))
    collector.tasks.put(task("well"))
    bench.until(lambda: last(collector, "well"))
    assert last(collector, "obeys").ended
    assert rows(collector, "well") == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]


def test_a_sweep_that_waits_for_another_is_cancelled_before_it_begins(bench: Bench, collector: Collector) -> None:
    collector.tasks.put(task("obeys"))
    bench.until(lambda: rows(collector, "obeys"))
    for each in (task("well"), Cancel("well"), Cancel("obeys")):
        collector.tasks.put(each)
    bench.until(lambda: last(collector, "obeys"))
    assert run(bench, collector, task("well", uid="later")).failure == ""
    assert not rows(collector, "well")


def test_a_watch_waits_for_no_other_sweep_and_ends_none(bench: Bench, collector: Collector) -> None:
    collector.tasks.put(task("obeys"))
    bench.until(lambda: rows(collector, "obeys"))
    for uid in ("watch-1", "watch-2"):
        assert run(bench, collector, task("well", uid, watch=True)).failure == ""
        assert len(rows(collector, uid)) == 3
    assert last(collector, "obeys") is None
    assert run(bench, collector, task("dies", "watch-3", watch=True)).failure == "the sweep's process ended: signal 9"
    collector.tasks.put(Cancel("obeys"))
    bench.until(lambda: last(collector, "obeys"))
    assert last(collector, "obeys").failure == CANCELLED


def test_a_watch_that_is_cancelled_leaves_the_other_sweep_alone(bench: Bench, collector: Collector) -> None:
    collector.tasks.put(task("obeys"))
    collector.tasks.put(task("obeys", "watch", watch=True))
    bench.until(lambda: rows(collector, "obeys") and rows(collector, "watch"))
    collector.tasks.put(Cancel("watch"))
    bench.until(lambda: last(collector, "watch"))
    assert last(collector, "obeys") is None
    assert bench.agent._probe._explore.uid == "obeys"


def test_what_waits_to_be_told_of_one_sweep_holds_up_no_other(
    bench: Bench, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is explored may not be kept for want of room; a watch needs none."""
    monkeypatch.setattr(hearing, "RETRY_S", 0.1)
    collector.tasks.put(task("obeys"))
    bench.until(lambda: rows(collector, "obeys"))
    bench.agent._probe._explore.sweep._hearing.room_bytes = -1
    bench.until(lambda: bench.agent._probe._explore.sweep._hearing.is_held)
    assert run(bench, collector, task("well", "watch", watch=True)).failure == ""


def test_a_word_about_another_sweep_cancels_nothing(bench: Bench, collector: Collector) -> None:
    collector.tasks.put(task("obeys"))
    bench.until(lambda: rows(collector, "obeys"))
    collector.tasks.put(Cancel("another"))
    settled = time.monotonic() + 1.0
    bench.until(lambda: time.monotonic() > settled)
    assert last(collector, "obeys") is None


def test_secrets_go_by_standard_input_alone(bench: Bench, collector: Collector) -> None:
    run(bench, collector, task("shows_itself"))
    assert collector.progress[-1].rows[0].detail == f"{len(SECRET)} characters, not seen"


def test_progress_that_the_collector_does_not_take_holds_up_no_report(bench: Bench, collector: Collector) -> None:
    def fault(method: str, context: Any) -> None:
        if method == "Progress":
            context.abort(grpc.StatusCode.INTERNAL, "broken")

    collector.fault = fault
    collector.tasks.put(task("well"))
    bench.until(lambda: [each for each in collector.observations if each.target])
    bench.until(lambda: collector.calls.count("Progress") > 2)
    assert bench.agent._uplink._backoff.failures == 0
    collector.fault = lambda method, context: None
    bench.until(lambda: last(collector, "well"))


def test_progress_that_is_never_taken_ends_the_sweep(bench: Bench, collector: Collector) -> None:
    def fault(method: str, context: Any) -> None:
        if method == "Progress":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "never")

    collector.fault = fault
    collector.tasks.put(task("obeys"))
    bench.until(lambda: "Progress" in collector.calls)
    bench.until(lambda: bench.agent._probe._explore.sweep is None)
    collector.fault = lambda method, context: None
    assert run(bench, collector, task("well")).failure == ""


def test_a_stream_that_ends_is_opened_again_and_says_which_sweep_goes_on(bench: Bench, collector: Collector) -> None:
    bench.until(lambda: len(collector.idle) == 1)
    collector.tasks.put(task("obeys"))
    bench.until(lambda: rows(collector, "obeys"))
    collector.tasks.put(None)
    bench.until(lambda: len(collector.idle) == 2)
    assert [each.sweep_uid for each in collector.idle] == ["", "obeys"]
    collector.tasks.put(task("obeys", "watch", watch=True))
    bench.until(lambda: rows(collector, "watch"))
    collector.tasks.put(None)
    bench.until(lambda: len(collector.idle) == 3)
    assert (collector.idle[2].sweep_uid, collector.idle[2].watch_uid) == ("obeys", "watch")
    assert all(each.watches for each in collector.idle)


def test_a_busy_collector_is_asked_again_when_it_said(bench: Bench, collector: Collector) -> None:
    def fault(method: str, context: Any) -> None:
        if method == "Tasks":
            context.set_trailing_metadata((("retry-after-ms", "60000"),))
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy")

    collector.fault = fault
    bench.until(lambda: "Tasks" in collector.calls)
    settled = time.monotonic() + 1.0
    bench.until(lambda: time.monotonic() > settled)
    assert collector.calls.count("Tasks") == 1
    assert 30 < bench.agent._probe._open_at - time.monotonic() <= 60


def test_a_banned_probe_ends_its_sweep(bench: Bench, collector: Collector) -> None:
    collector.tasks.put(task("obeys"))
    bench.until(lambda: rows(collector, "obeys"))
    collector.fault = lambda method, context: context.abort(grpc.StatusCode.PERMISSION_DENIED, "banned")
    bench.until(lambda: bench.agent._probe._explore.sweep._is_done)
    assert bench.agent._uplink.line is None


def test_what_a_sweep_costs_is_not_held_against_the_agent(bench: Bench, collector: Collector) -> None:
    run(bench, collector, task("well"))
    assert bench.agent._probe.spent_ms > 0


def test_an_agent_that_is_no_probe_opens_no_stream_and_loads_nothing_of_it(collector: Collector, state: Path) -> None:
    enrol.enrol(state, f"127.0.0.1:{collector.enrol_port}", collector.new_token())
    code = "import sys, agent.run; sys.exit(any(each in sys.modules for each in %r))"
    parts = (
        "agent.probing", "agent.lane", "agent.sweeping", "agent.findings", "wire.sweep", "wire.sweep_codec",
        "discovery",
    )  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code % (parts,)], check=False).returncode == 0
    bench = Bench(state, state)
    agent = bench.start()
    try:
        bench.until(lambda: collector.check_ins)
        assert agent._probe is None
        assert "Tasks" not in collector.calls
    finally:
        bench.stop()


def test_what_the_collector_holds_is_told_by_its_hash_and_what_was_learned_with_the_row(
    bench: Bench, collector: Collector
) -> None:
    known = Known("192.0.2.1", "c", stamps_json='{"stamps":{}}', hashes={"snmp/device": "ab" * 32})
    run(bench, collector, replace(task("remembers"), known=(known,)))
    (told,) = [row for each in collector.progress for row in each.rows]
    assert told.refused == ("c2",)
    assert told.learned == replace(known, vendor="Huawei", hashes={})
    bench.until(lambda: not bench.agent._spool.depth)
    (found,) = [each for each in collector.observations if each.target]
    assert [(each.hash, each.body) for each in found.sections] == [(bytes.fromhex("ab" * 32), None)]


def test_the_last_words_of_a_process_are_in_the_log_and_no_secret_of_it(
    bench: Bench, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    assert run(bench, collector, task("complains")).failure == "the sweep's process ended: exit 3"
    (said,) = [each.said for each in caplog.records if "complained" in each.message]
    assert said[-1] == "99"
    assert len(said) == MOST_LINES
    assert SECRET not in str(said)


# --- settings


def test_a_probe_is_one_by_its_file_its_environment_or_its_command_line(tmp_path: Path) -> None:
    assert load(tmp_path, {}) == Settings()
    assert load(tmp_path, {"MUSTER_PROBE": "0"}) == Settings()
    assert load(tmp_path, {"MUSTER_PROBE": "1", "MUSTER_ZONE": "plant-1"}) == Settings(probe=True, zone="plant-1")
    assert as_probe(Settings(zone="a"), None) == Settings(probe=True, zone="a")
    assert as_probe(Settings(zone="a"), "b") == Settings(probe=True, zone="b")
    (tmp_path / "settings.json").write_text('{"probe": true, "zone": "plant-2"}')
    assert load(tmp_path, {"MUSTER_ZONE": "plant-1"}) == Settings(probe=True, zone="plant-2")


@pytest.mark.parametrize("said", ['{"probe": 1}', '{"zone": 7}', '{"zone": "no blanks"}', '{"probe": "yes"}'])
def test_a_probe_that_cannot_be_is_one_clear_error(tmp_path: Path, said: str) -> None:
    (tmp_path / "settings.json").write_text(said)
    with pytest.raises(BadSettings, match=r"settings\.json"):
        load(tmp_path, {})
    with pytest.raises(BadSettings, match="zone"):
        as_probe(Settings(), "no blanks")


# --- what the process says

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_heads = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("sections", "row", "address", "protocol", "at_ms", "cursor", "counts"), _json)
)


@given(_heads, st.binary(max_size=20))
def test_any_frame_is_a_finding_or_bad(head: dict[str, Any], body: bytes) -> None:
    with contextlib.suppress(findings.BadFinding):
        findings.place(head)
    with contextlib.suppress(findings.BadFinding):
        findings.finding(head, body, "")
