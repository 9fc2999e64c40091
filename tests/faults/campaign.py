"""A collector and its agents as real processes: killed, taken away and started again, and counted in between."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from tests.collector.delivery.receiver import Receiver
from tests.conftest import free_port
from tests.faults import counters, effects, mutants
from tests.faults.counters import Counters
from tests.faults.crash import AGENT_PLACES, COLLECTOR_PLACES
from tests.faults.nursery import ROOT, Nursery

LONGEST_LIFE_S = 0.45
READY_S = 30.0
COLLECTOR, SHIPPER = "collector", "shipper"


@dataclass(frozen=True)
class Plan:
    """What an estate is made of. `data` is the collector's folder when it is not to be beside the agents'."""

    mutant: str = mutants.NONE
    seed: int = 1
    agents: int = 3
    observe_every_ms: int = 150
    data: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


class Campaign:
    """One estate. `cycle` kills and `restart` starts the dead; `check` counts; `settle` lets everything arrive."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder, self._plan, self._dice = folder, plan, random.Random(plan.seed)
        self.data = plan.data or folder / "collector"
        self._states = [folder / f"agent-{number}" for number in range(1, plan.agents + 1)]
        self._ports = [free_port() for _ in range(3)]
        self.receiver = Receiver()
        settings = {"MUSTER_WEBHOOK_URL": self.receiver.url, "MUSTER_INSPECT_EVERY_S": "3600"}
        self._nursery = Nursery(plan.mutant, {**settings, **plan.settings})
        self._alive: dict[str, int] = {}
        self._starts = 0
        self._log = counters.Log()
        self._uids: dict[Path, str] = {}
        self.ready_s: list[float] = []
        self.deaths: dict[str, int] = {}

    def __enter__(self) -> Campaign:
        try:
            self._start(COLLECTOR)
            assert self._await_ready(), self._last_words()
            self._enrol()
            self._start(SHIPPER)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def _close(self) -> None:
        self._nursery.close()
        self.receiver.close()

    # --- starting

    def _start(self, role: str, die: str | None = None) -> None:
        self._starts += 1
        log = self._folder / f"{self._starts:05d}-{role}.log"
        words = self._collector_words() if role == COLLECTOR else self._shipper_words()
        self._alive[role] = self._nursery.start(words, log, die)
        if role == COLLECTOR:
            self._collector_log, self._began = log, time.monotonic()

    def _collector_words(self) -> list[str]:
        http, grpc, enroll = map(str, self._ports)
        return ["collector", "run", "--data", str(self.data), "--http", http, "--grpc", grpc, "--enroll", enroll]

    def _shipper_words(self) -> list[str]:
        return ["ship", str(self._plan.observe_every_ms), *map(str, self._states)]

    def _await_ready(self) -> bool:
        """Wait until the collector says that it is, or has died."""
        while not self._collector_log.exists() or b"ready http=" not in self._collector_log.read_bytes():
            if self._is_over(COLLECTOR):
                return False
            if time.monotonic() - self._began > READY_S:
                raise AssertionError(f"not ready in {READY_S:g} s: {self._collector_log.read_text()[-2000:]}")
            time.sleep(0.005)
        self.ready_s.append(time.monotonic() - self._began)
        return True

    def _is_over(self, role: str) -> bool:
        """Return whether a program is dead; by itself it may only die at the place it was told to."""
        if role in self._alive and (code := self._nursery.end(self._alive[role], 0, 0.0)) is not None:
            del self._alive[role]
            assert code == -signal.SIGKILL, f"{role} ended with {code}: {self._last_words()}"
        return role not in self._alive

    def rest(self, path: str, body: object = None) -> Any:
        """Return the answer of `/api/v1/PATH`."""
        local = json.loads((self.data / "local.json").read_text())
        request = urllib.request.Request(
            f"{local['url']}/api/v1/{path}", None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {local['token']}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def _enrol(self) -> None:
        token = self.rest("enrolment-tokens", {"uses": len(self._states)})["token"]
        for state in self._states:
            words = [sys.executable, "-m", "agent", "enroll", f"https://127.0.0.1:{self._ports[2]}",
                     "--token-file", "-", "--state", str(state)]  # fmt: skip
            subprocess.run(words, input=token, text=True, check=True, capture_output=True, cwd=ROOT, timeout=60)
            self._uids[state] = json.loads((state / "enrolment.json").read_text())["agent_id"]

    # --- killing

    def cycle(self) -> None:
        """Let both live for a while, kill one or both, and leave the dead for `check` to look at."""
        if COLLECTOR in self._alive and self._dice.random() < 0.85:
            self._await_ready()
        victims = self._dice.choice([(COLLECTOR,), (SHIPPER,), (COLLECTOR, SHIPPER), (SHIPPER, COLLECTOR)])
        until = time.monotonic() + self._dice.uniform(0.02, LONGEST_LIFE_S)
        while time.monotonic() < until and not any(self._is_over(victim) for victim in victims):
            time.sleep(0.01)
        for victim in victims:
            self._kill(victim)

    def _kill(self, role: str) -> None:
        if not self._is_over(role):
            code = self._nursery.end(self._alive.pop(role), signal.SIGKILL)
            assert code == -signal.SIGKILL, f"{role} ended with {code}: {self._last_words()}"
        self.deaths[role] = self.deaths.get(role, 0) + 1

    def restart(self) -> None:
        """Start what is dead; every other life has a moment of death of its own."""
        for role, places in ((COLLECTOR, COLLECTOR_PLACES), (SHIPPER, AGENT_PLACES)):
            if self._is_over(role):
                place = self._dice.choice(sorted(places))
                self._start(role, f"{place}:{self._dice.randint(1, 6)}" if self._dice.random() < 0.5 else None)

    def shipper_log(self) -> list[dict[str, Any]]:
        """Return what the agents have logged so far."""
        files = sorted(self._folder.glob("*-shipper.log"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines() if line.startswith("{")]

    def _last_words(self) -> str:
        return "".join(path.read_text()[-1500:] for path in sorted(self._folder.glob("*.log"))[-2:])

    # --- counting

    @contextmanager
    def _agents_at_rest(self) -> Iterator[None]:
        pid = self._alive.get(SHIPPER)
        if pid is None:
            yield
            return
        os.kill(pid, signal.SIGSTOP)
        while psutil.Process(pid).status() not in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE):
            time.sleep(0.001)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def check(self, deep: bool = False) -> Counters:
        """Count with the agents at rest; `deep` also ends the collector and runs its log through the pipeline anew."""
        total = Counters()
        with self._agents_at_rest(), self._database() as database:
            for state in self._states:
                counters.add(total, counters.count(self._log, database, self._uids[state], state))
        if deep:
            if COLLECTOR in self._alive:
                self._kill(COLLECTOR)
            total.effects_diff = asyncio.run(effects.difference(self.data / "muster.db", self._folder / "replay"))
        return total

    def _database(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(f"file:{self.data / 'muster.db'}?mode=ro", uri=True, timeout=10))

    def take_away(self) -> None:
        """End the collector as a person would, with the agents left to themselves."""
        code = self._nursery.end(self._alive.pop(COLLECTOR), signal.SIGINT)
        assert code == 0, f"collector ended with {code}: {self._last_words()}"

    def bring_back(self) -> None:
        self._start(COLLECTOR)
        assert self._await_ready(), self._last_words()

    def settle(self, seconds: float = 90.0, delivered: bool = True) -> None:
        """Start both anew, and `drain`."""
        for role in (COLLECTOR, SHIPPER):
            self._kill(role)
            self._start(role)
        assert self._await_ready(), self._last_words()
        self.drain(seconds, delivered)

    def drain(self, seconds: float = 90.0, delivered: bool = True) -> None:
        """Let nothing new be observed, and wait until all has arrived, been applied and, if wanted, `delivered`."""
        os.kill(self._alive[SHIPPER], signal.SIGUSR1)
        until = time.monotonic() + seconds
        while (waiting := self.waiting()) and (delivered or waiting.keys() != {"not delivered"}):
            assert time.monotonic() < until, f"still waiting: {waiting}; {self._last_words()}"
            time.sleep(0.1)

    def waiting(self) -> dict[str, int]:
        """Return how much is still on its way, and where."""
        with self._agents_at_rest():
            depth = sum(len(counters.kept(state / "spool").waiting) for state in self._states)
        with self._database() as database:
            behind = "SELECT count(*) FROM observation o JOIN source s USING (agent_id) WHERE o.id > s.applied_id"
            unsent = "SELECT count(*) FROM outbox WHERE state NOT IN ('sent', 'folded')"
            pending, undelivered = (database.execute(query).fetchone()[0] for query in (behind, unsent))
        found = {"in spools": depth, "not applied": pending, "not delivered": undelivered}
        return {name: number for name, number in found.items() if number}

    def undelivered(self) -> set[str]:
        """Return the messages of the outbox that never came to the receiver, and what came that is not in it.

        What is folded is told by a later one; it may have come all the same.
        """
        with self._database() as database:
            rows = [(key.rpartition("@")[0], state) for key, state in database.execute("SELECT key, state FROM outbox")]
        written, came = {key for key, _ in rows}, set(self.receiver.keys)
        return ({key for key, state in rows if state != "folded"} - came) | (came - written)

    def stop(self) -> dict[str, int | None]:
        """End everything as a person would and return the exit codes."""
        roles = {COLLECTOR: signal.SIGINT, SHIPPER: signal.SIGTERM}
        return {role: self._nursery.end(self._alive.pop(role), number) for role, number in roles.items()}
