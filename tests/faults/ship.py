"""Run by the kill campaigns: agents that observe simulated hosts, with the agent's real spool, memory and uplink.

Usage: python -m tests.faults.ship EVERY_MS STATE…, each an enrolled state folder whose name ends in the host's number.

Only the machine they look at is simulated. Marks, in STATE/marks: `E epoch` the spool is open, `T crc` about to
append, `A seq crc` the append returned, `P first last` sent, `K seq…` the collector acknowledged. SIGUSR1 ends
the observing, not the shipping.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from agent import log
from agent.bell import Bell
from agent.credentials import Credentials
from agent.known import Known
from agent.spool import Spool, SpoolBusy
from agent.uplink import Uplink
from tests.simulated import SimulatedHost
from wire import codec
from wire.observation import CheckIn, Envelope, Instructions, Observation

PACKAGES = 20
LONGEST_SLEEP_S = 1.0
LOCK_S = 5.0


class MarkedSpool(Spool):
    """The spool, which also writes down what it promised and what it was told."""

    marks: Marks

    @classmethod
    def opened(cls, folder: Path, marks: Marks) -> MarkedSpool:
        """Open it, with the patience of whoever starts an agent again: the lock of one just killed may outlive it."""
        until = time.monotonic() + LOCK_S
        while True:
            try:
                spool = cls.open(folder)
            except SpoolBusy:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                assert isinstance(spool, MarkedSpool)
                spool.marks = marks
                return spool

    def peek(self, max_count: int = 500, max_bytes: int = 4 * 1024 * 1024) -> list[Envelope]:
        envelopes = super().peek(max_count, max_bytes)
        if envelopes:
            self.marks.say("P", envelopes[0].seq, envelopes[-1].seq)
        return envelopes

    def ack(self, seqs: Iterable[int]) -> None:
        told = list(seqs)
        self.marks.say("K", *told)
        super().ack(told)


class Marks:
    """A file that survives its writer: what is written is in the kernel's hands when `say` returns."""

    def __init__(self, path: Path) -> None:
        self.tried = path.read_bytes().count(b"T ") if path.exists() else 0
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def say(self, *words: object) -> None:
        os.write(self._fd, (" ".join(map(str, words)) + "\n").encode())


class Shipper:
    """One agent. `step` does what is due and says when it wants to be called again; times are monotonic, seconds."""

    def __init__(self, state: Path, every_s: float, wake: Callable[[], None]) -> None:
        now = time.monotonic()
        self._every_s, self._observe_at = every_s, now
        self._host = SimulatedHost(int(state.name.rpartition("-")[2]), PACKAGES)
        self._marks = Marks(state / "marks")
        credentials = Credentials(state, now, wake)
        self._spool = MarkedSpool.opened(state / "spool", self._marks)
        self._marks.say("E", self._spool.epoch.hex())
        self._known = Known(state / "acknowledged.json", credentials.member.agent_id, "boot")
        # Loaded dice: the back-off is the agent's, its delays are a twentieth of the usual ones.
        self._uplink = Uplink(credentials, self._spool, self, wake, lambda: random.random() / 20)
        self.is_observing = True

    def step(self, now: float) -> float:
        if self.is_observing and now >= self._observe_at:
            self._observe()
            self._observe_at = now + random.expovariate(1 / self._every_s)
        self._uplink.advance(now)
        return min(self._observe_at, self._uplink.next_at) if self.is_observing else self._uplink.next_at

    def _observe(self) -> None:
        age(self._host, self._marks.tried)
        at_ms = round(time.time() * 1000)
        sections = [replace(section, collected_at_ms=at_ms) for section in self._host.sections()]
        drops = self._spool.pending_drops()
        for observation in self._known.observations(sections, True, at_ms, drops):
            payload = codec.encode_observation(observation)
            crc = zlib.crc32(payload)
            self._marks.say("T", crc)
            self._marks.tried += 1
            seq = self._spool.append(payload, tells=len(observation.drops))
            self._marks.say("A", seq, crc)

    # --- what the uplink asks and tells

    def check_in(self) -> CheckIn:
        return CheckIn("0.1.0", round(time.time() * 1000), self._spool.depth, hostname=self._host.hostname)

    def instructed(self, instructions: Instructions) -> None:
        self._known.want(instructions.want_sections)

    def delivered(self, observations: list[Observation], want_sections: tuple[str, ...]) -> None:
        self._known.acknowledged(observations)
        self._known.want(want_sections)

    def stop(self) -> None:
        self._uplink.stop()
        self._spool.close()


def age(host: SimulatedHost, step: int) -> None:
    """Make `host` what it is at `step`: versions move for good, an account and a forbidden package come and go."""
    for number, package in enumerate(host.bodies["packages"][:PACKAGES]):
        package["version"] = f"1.{(step + 7 * number) // 60}-1"
    host.bodies["packages"] = host.bodies["packages"][:PACKAGES]
    if step // 25 % 2:
        host.bodies["packages"].append({"name": "telnetd", "arch": "all", "version": "0.17", "manager": "dpkg"})
    host.bodies["users"] = host.bodies["users"][:1]
    if step // 9 % 2:
        host.bodies["users"].append({"name": "guest", "uid": 1001, "gid": 1001, "shell": "/bin/sh", "can_log_in": True})


def main(words: Sequence[str]) -> int:
    """Run until SIGTERM."""
    log.set_up()
    bell = Bell()
    shippers = [Shipper(Path(state), int(words[0]) / 1000, bell.ring) for state in words[1:]]
    ended: list[int] = []

    def quieten(number: int, frame: object) -> None:
        for shipper in shippers:
            shipper.is_observing = False

    signal.signal(signal.SIGUSR1, quieten)
    signal.signal(signal.SIGTERM, lambda number, frame: ended.append(number))
    while not ended:
        until = min(shipper.step(time.monotonic()) for shipper in shippers)
        bell.wait(min(max(0.001, until - time.monotonic()), LONGEST_SLEEP_S))
    for shipper in shippers:
        shipper.stop()
    bell.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
