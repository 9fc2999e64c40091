"""The spool against a simple model, in any order of calls, restarts and damage: nothing is lost without a drop."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent.spool import Spool

MAX_BYTES = 24_000


class SpoolModel(RuleBasedStateMachine):
    """`returned` is every number `append` gave out; each must be waiting, delivered or dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp()) / "spool"
        self.now = 1_700_000_000.0
        self.returned: dict[int, bytes] = {}
        self.delivered: set[int] = set()
        self.dropped: set[int] = set()
        self.spool = self._open()

    def _open(self) -> Spool:
        return Spool.open(self.folder, max_bytes=MAX_BYTES, max_age_s=7_200, clock=lambda: self.now)

    def teardown(self) -> None:
        self.spool.close()
        shutil.rmtree(self.folder.parent)

    @rule(size=st.integers(0, 3_000), superseding=st.booleans(), stream=st.integers(0, 1), tells=st.booleans())
    def append(self, size: int, superseding: bool, stream: int, tells: bool) -> None:
        drops = self.spool.pending_drops()
        payload = b"%08d" % len(self.returned) + b"x" * size
        seq = self.spool.append(payload, superseding, stream, len(drops) if tells else 0)
        assert seq > max(self.returned, default=0)
        self.returned[seq] = payload

    @rule(count=st.integers(1, 8))
    def deliver(self, count: int) -> None:
        seqs = [envelope.seq for envelope in self.spool.peek(max_count=count)]
        self._remember_drops()  # what is told with these goes once they are acknowledged
        self.delivered.update(seqs)
        self.spool.ack(seqs)

    @rule()
    def refuse_the_oldest(self) -> None:
        for envelope in self.spool.peek(max_count=1):
            self.spool.refuse(envelope.seq, "beyond limits")

    @rule(seconds=st.sampled_from([1, 900, 3_600, 8_000, 10**9, -(10**9)]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def restart(self) -> None:
        epoch = self.spool.epoch
        self.spool.close()
        self.spool = self._open()
        assert self.spool.epoch == epoch

    @rule(data=st.data())
    def rot_and_restart(self, data: st.DataObject) -> None:
        self.spool.close()
        if paths := sorted(self.folder.glob("*.seg")):
            path = data.draw(st.sampled_from(paths))
            content = bytearray(path.read_bytes())
            content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
            path.write_bytes(content)
        self.spool = self._open()

    @rule(garbage=st.binary(max_size=60))
    def tear_and_restart(self, garbage: bytes) -> None:
        """An append that never returned leaves a part of itself behind the last whole record."""
        self.spool.close()
        if paths := sorted(self.folder.glob("*.seg")):
            with paths[-1].open("ab") as file:
                file.write(garbage)
        self.spool = self._open()

    @precondition(lambda self: self.spool.depth)
    @rule(data=st.data())
    def lose_a_segment_and_restart(self, data: st.DataObject) -> None:
        self.spool.close()
        paths = sorted(self.folder.glob("*.seg"))
        if len(paths) > 1:  # of a lost last segment nobody can know how far it went
            os.unlink(data.draw(st.sampled_from(paths[:-1])))
        self.spool = self._open()

    def _remember_drops(self) -> None:
        for drop in self.spool.pending_drops():
            self.dropped.update(range(drop.first_seq, drop.last_seq + 1))

    @invariant()
    def nothing_is_lost_and_order_is_kept(self) -> None:
        self._remember_drops()
        waiting = self.spool.peek(max_count=10_000, max_bytes=10**9)
        self._remember_drops()
        seqs = [envelope.seq for envelope in waiting]
        assert seqs == sorted(set(seqs))
        assert all(self.returned[envelope.seq] == envelope.observation for envelope in waiting)
        assert set(self.returned) <= set(seqs) | self.delivered | self.dropped
        assert not set(seqs) & self.dropped

    @invariant()
    def bounds_hold(self) -> None:
        assert self.spool.bytes <= MAX_BYTES
        assert self.spool.bytes == sum(path.stat().st_size for path in self.folder.glob("*.seg"))
        assert self.spool.depth == len(self.spool.peek(max_count=10_000, max_bytes=10**9))


SpoolModel.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
test_any_order_of_calls_restarts_and_damage = SpoolModel.TestCase
