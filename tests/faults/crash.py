"""Starts the real programs with a defect, or with a moment at which they die, put into them.

    python -m tests.faults.crash MUTANT [--die PLACE:PASSES] -- collector run --data DIR …
    python -m tests.faults.crash MUTANT --nursery

The first form runs one program. The second has imported everything once and forks a program for every order it
reads, so that a campaign of hundreds of starts is not spent on imports: what runs is the same entry point, in a
process of its own. The product knows nothing of either.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import importlib
import inspect
import itertools
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults import mutants

BEFORE, AFTER = "before", "after"
_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Place:
    """A seam at which a program may die: before a function begins or after it has ended."""

    module: str
    function: str
    when: str


COLLECTOR_PLACES = {
    "rows-written-uncommitted": Place("collector.store.ingest_log", "append", AFTER),
    "committed-unacknowledged": Place("collector.intake", "Intake._settle", BEFORE),
    "batch-applied-uncommitted": Place("collector.pipeline.runner", "apply_batch", AFTER),
    "batch-committed-unnoted": Place("collector.pipeline.runner", "Runner._note", BEFORE),
    "delivered-unmarked": Place("collector.store.outbox", "mark", BEFORE),
}
AGENT_PLACES = {
    "appended-unsynced": Place("agent.durable", "sync", BEFORE),
    "appended-untold": Place("agent.tail", "Tail.append", AFTER),
    "acknowledged-unwritten": Place("agent.spool", "Spool._write_cursor", BEFORE),
    "cursor-written-nothing-deleted": Place("agent.spool", "Spool._write_cursor", AFTER),
    "forgotten-unremembered": Place("agent.known", "Known.acknowledged", BEFORE),
}
PLACES = COLLECTOR_PLACES | AGENT_PLACES

WARM = (
    "collector.cli", "collector.app", "collector.up", "collector.store.migrations.versions", "agent.run",
    "agent.__main__", "tests.faults.ship", "aiosqlite", "sqlalchemy.dialects.sqlite.aiosqlite", "uvicorn.loops.auto",
    "uvicorn.lifespan.on", "uvicorn.protocols.http.auto", "grpc.aio", "alembic.runtime.environment",
)  # fmt: skip


def main(words: Sequence[str]) -> int:
    """Do what the words say and return the exit code."""
    mutants.apply(words[0])
    if "--nursery" in words:
        return nurse()
    at = list(words).index("--")
    if "--die" in words[:at]:
        die(words[words.index("--die") + 1])
    return run(words[at + 1 :])


def run(words: Sequence[str]) -> int:
    """Run the entry point `words` name, as the installed command does."""
    program, rest = words[0], list(words[1:])
    if program == "agent":
        from agent.__main__ import main as agent

        return agent(rest)
    if program == "ship":
        from tests.faults import ship

        return ship.main(rest)
    from collector.cli import main as muster

    sys.argv = ["muster", *words]
    try:
        muster()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


# --- the moment of death


def die(said: str) -> None:
    """Have this process killed at `PLACE:PASSES`, on the given pass through that place."""
    name, _, passes = said.partition(":")
    place = PLACES[name]
    *path, last = place.function.split(".")
    holder = functools.reduce(getattr, path, importlib.import_module(place.module))
    setattr(holder, last, _deadly(getattr(holder, last), place.when, int(passes or 1)))


def _deadly(function: Callable[..., Any], when: str, passes: int) -> Callable[..., Any]:
    left = itertools.count(passes - 1, -1)

    def reached(moment: str) -> None:
        if moment == when and next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if inspect.iscoroutinefunction(function):

        async def deadly_async(*args: Any, **named: Any) -> Any:
            reached(BEFORE)
            result = await function(*args, **named)
            reached(AFTER)
            return result

        return deadly_async

    def deadly(*args: Any, **named: Any) -> Any:
        reached(BEFORE)
        result = function(*args, **named)
        reached(AFTER)
        return result

    return deadly


# --- many of them


def nurse() -> int:
    """Obey orders from standard input, one JSON object a line each way, until it closes; then all are killed.

    `{"start": WORDS, "die": PLACE, "log": PATH}` → `{"pid": N}`;
    `{"end": PID, "signal": N, "seconds": S}` → `{"code": N}`, -9 for one that was killed, null for one that lives on.
    """
    for name in WARM:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    print(json.dumps({"ready": True}), flush=True)
    alive: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "start" in order:
            alive.add(pid := _start(order))
            answer: dict[str, int | None] = {"pid": pid}
        else:
            answer = {"code": _end(order)}
            if answer["code"] is not None:
                alive.discard(order["end"])
        print(json.dumps(answer), flush=True)
    for pid in alive:
        _end({"end": pid, "signal": signal.SIGKILL})
    return 0


def _start(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        _settle_in(order["log"])
        if order.get("die"):
            die(order["die"])
        code = run(order["start"])
    except BaseException:  # noqa: BLE001  nobody is left to raise it to
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _settle_in(log: str) -> None:
    """Die with the nursery, say what there is to say in `log`, and leave the orders to the nursery."""
    ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGKILL)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(source, target)


def _end(order: dict[str, Any]) -> int | None:
    """Send the signal, if any, and return how the program ended within the seconds it has for that."""
    pid, until = order["end"], time.monotonic() + order.get("seconds", 30.0)
    if order.get("signal"):
        os.kill(pid, order["signal"])  # one that has died already is still ours to reap: the number is not another's
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            return None
        time.sleep(0.002)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
