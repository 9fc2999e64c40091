"""The running agent: one loop that collects, spools, ships and watches itself."""

from __future__ import annotations

import logging
import math
import random
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from agent import __version__, known, memory, schedule, watchdog
from agent.bell import Bell
from agent.config import Settings, bounded_interval
from agent.credentials import Credentials
from agent.known import Known, section_of
from agent.spool import Spool, SpoolFailed, SpoolFull
from agent.stamps import Stamps
from agent.uplink import Uplink
from agent.worker import TABLE, Worker, describe
from wire import codec
from wire.observation import CheckIn, Instructions, Observation, Section

if TYPE_CHECKING:
    from agent.probing import Probe

log = logging.getLogger(__name__)

LONGEST_SLEEP_S = 60.0
VOLATILE_STREAM = 255
EXIT_OVER_LIMIT = 75


class Agent:
    """Everything the loop drives. `step` does what is due and says when it wants to be called again."""

    def __init__(
        self, state: Path, settings: Settings, wake: Callable[[], None], table: str = TABLE, root: str = "/"
    ) -> None:
        now = time.monotonic()
        self._settings = settings
        credentials = Credentials(state, now, wake)
        self._spool = Spool.open(state / "spool", settings.spool_max_bytes, settings.spool_max_age_s)
        self._traits = {trait.section: trait for trait in describe(table)}
        self._worker = Worker(wake, table, root)
        self._run: schedule.Run | None = None
        self._read: list[Section] = []
        self._known = Known(state / "acknowledged.json", credentials.member.agent_id, boot_id())
        self._due = schedule.begin(self._traits.values(), now, self._interval_s(0))
        self._stamps = Stamps({each.section: each.stamps for each in self._traits.values()}, Path(root), now)
        self._probe = _probe(settings, self._spool, state / "shelf", wake) if settings.probe else None
        if self._probe:
            self._probe.listen_at(settings.places)
        self._uplink = Uplink(credentials, self._spool, self, wake, teller=self._probe)
        self._watchdog = watchdog.Watchdog(settings.rss_limit_bytes, settings.cpu_limit_percent)
        self._has_litter = False
        self.excess: str | None = None

    def step(self, now: float) -> float:
        """Do what is due at `now` (monotonic, seconds) and return when to be called again at the latest."""
        self._collect(now)
        if self._probe:
            self._probe.advance(now, self._uplink.line)
        self._uplink.advance(now)
        if self._has_litter:
            self._has_litter = False
            memory.release()
        if now >= self._watchdog.next_at:
            cpu_ms = watchdog.cpu_ms() - (self._probe.spent_ms if self._probe else 0)
            self.excess = self._watchdog.check(now, watchdog.rss_bytes(), cpu_ms)
        collect_at = self._worker.deadline if self._worker.is_busy else schedule.wake_at(self._due)
        probe_at = self._probe.next_at if self._probe else math.inf
        return min(collect_at or now, self._uplink.next_at, self._stamps.next_at, self._watchdog.next_at, probe_at)

    # --- collecting

    def _collect(self, now: float) -> None:
        self._due = schedule.urged(self._due, self._stamps.check(now), self._traits.values())
        for reading in self._worker.advance(now):
            self._read.append(section_of(reading, self._traits[reading.section].revision))
        if self._worker.is_busy:
            return
        if self._run is not None:
            self._conclude(self._run)
        self._run = schedule.next_run(self._due, self._traits.values(), now, self._known.owed)
        if self._run is not None:
            self._due = schedule.after(self._due, self._run, self._traits.values(), now, random.random())  # noqa: S311  spreads agents
            self._worker.start([self._traits[name] for name in self._run.sections], now)

    def _conclude(self, run: schedule.Run) -> None:
        """Spool what a run found."""
        sections, self._read = self._read, []
        drops = self._spool.pending_drops()
        observations = self._known.observations(sections, run.is_full, round(time.time() * 1000), drops)
        for number, observation in enumerate(observations):
            try:
                self._append(observation, number if run.is_full else None)
            except (SpoolFull, SpoolFailed) as error:
                log.error("an observation could not be kept", extra={"because": str(error)})  # noqa: TRY400
        if run.is_full:
            failing = {section.name: section.reason for section in sections if not section.status.speaks}
            log.info("inventory taken", extra={"sections": len(sections), "silent": failing})
            self._has_litter = True

    def _append(self, observation: Observation, stream: int | None) -> None:
        """Spool one observation; the parts of a full inventory supersede the same parts of the one before."""
        if all(section.name in known.VOLATILE for section in observation.sections):
            stream = VOLATILE_STREAM - 1
        encoded = codec.encode_observation(observation)
        self._spool.append(encoded, stream is not None, stream or 0, tells=len(observation.drops))

    # --- what the uplink asks and tells

    def check_in(self) -> CheckIn:
        return CheckIn(
            agent_version=__version__,
            sent_at_ms=round(time.time() * 1000),
            spool_depth=self._spool.depth,
            spool_bytes=self._spool.bytes,
            dropped_total=self._spool.dropped_total,
            rss_bytes=watchdog.rss_bytes(),
            cpu_ms=watchdog.cpu_ms(),
            hostname=socket.gethostname(),
            failing_sections=self._known.failing,
            heard=self._probe.heard if self._probe else {},
        )

    def instructed(self, instructions: Instructions) -> None:
        interval_s = self._interval_s(instructions.inventory_interval_s)
        self._due = schedule.instructed(self._due, time.monotonic(), interval_s, instructions.inventory_now)
        self._want(instructions.want_sections)

    def delivered(self, observations: list[Observation], want_sections: tuple[str, ...]) -> None:
        try:
            self._known.acknowledged(each for each in observations if each.target is None)
        except OSError as error:  # the next inventory is sent in full, that is all
            log.warning("what was acknowledged is not written down", extra={"because": str(error)})
        self._want(want_sections)
        self._has_litter = self._spool.depth == 0

    def _want(self, names: tuple[str, ...]) -> None:
        self._known.want(names)
        self._due = schedule.urged(self._due, names, self._traits.values())

    def _interval_s(self, told_s: int) -> float:
        """Return seconds between full inventories: the administrator's word, the collector's, the default."""
        return bounded_interval(self._settings.inventory_interval_s or told_s or schedule.INVENTORY_INTERVAL_S)

    def stop(self) -> None:
        """End everything under way; what was spooled stays."""
        self._worker.stop()
        if self._probe:
            self._probe.stop()
        self._uplink.stop()
        self._spool.close()


def _probe(settings: Settings, spool: Spool, shelf: Path, wake: Callable[[], None]) -> Probe:
    """Return what makes this agent a probe; nothing of it is loaded in one that is none."""
    from agent.probing import Probe

    return Probe(settings.zone, spool, settings.spool_max_bytes // 2, wake, shelf)


def boot_id() -> str:
    """Return the random id of this boot, empty where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def run(state: Path, settings: Settings, table: str = TABLE) -> int:
    """Run until SIGTERM or SIGINT (return 0) or until the watchdog's limit (75: the service manager starts anew).

    Raise `NotEnrolled`, `SpoolBusy`, `WorkerFailed` or OSError when it cannot begin.
    """
    bell = Bell()
    try:
        agent = Agent(state, settings, bell.ring, table)
    except BaseException:
        bell.close()
        raise
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: bell.ring(signal.Signals(number).name))
    log.info("the agent runs", extra={"version": __version__, "state": str(state)})
    memory.settle()
    try:
        while (reason := agent.excess or _rest(bell, agent.step(time.monotonic()))) is None:
            pass
    finally:
        agent.stop()
        bell.close()
    log.info("the agent ends", extra={"because": reason})
    return EXIT_OVER_LIMIT if agent.excess else 0


def _rest(bell: Bell, until: float) -> str | None:
    """Sleep until `until`, a ring of the bell or a signal; return the signal's name."""
    return bell.wait(min(until - time.monotonic(), LONGEST_SLEEP_S))
