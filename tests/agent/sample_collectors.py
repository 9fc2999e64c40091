"""A table of collectors that misbehave in every way the worker must survive."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from agent.collectors.base import Collector, Denied, Unsupported
from wire.sections import MAX_TEXT, Body


def cpu(root: Path) -> Body:
    print("a library that prints must not disturb the answers")
    return {"model": f"read below {root}", "cores": 2}


def memory(root: Path) -> Body:
    time.sleep(60)
    return {}


def disks(root: Path) -> Body:
    """Hang together with a program it started, which ignores every polite signal."""
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); signal.signal(1, signal.SIG_IGN); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code])
    (root / "grandchild").write_text(f"{child.pid}\n")
    time.sleep(60)
    return []


def routes(root: Path) -> Body:
    os.kill(os.getpid(), signal.SIGSEGV)
    return []


def users(root: Path) -> Body:
    raise Denied("only root reads /etc/shadow")


def groups(root: Path) -> Body:
    return [{"name": "b", "members": ["z", "a"]}, {"name": "a", "members": [], "unheard_of": 1}]


def lldp(root: Path) -> Body:
    raise Unsupported("lldpcli is not installed")


def packages(root: Path) -> Body:
    return []


def services(root: Path) -> Body:
    raise RuntimeError("two\nlines " + "x" * 1_000)


def certificates(root: Path) -> Body:
    text = "x" * MAX_TEXT
    return [{"path": f"{number}", "fingerprint": "f", "subject": text} for number in range(1_500)]


def dns(root: Path) -> Body:
    return {"servers": "not a list"}


def ntp(root: Path) -> Body:
    sys.exit(3)


def raid(root: Path) -> Body:
    raise PermissionError(13, "Permission denied")


def health(root: Path) -> Body:
    return [{"metric": "load1", "value": time.time()}]


def containers(root: Path) -> Body:
    counter = root / "count"
    count = int(counter.read_text()) if counter.exists() else 0
    counter.write_text(str(count + 1))
    return [{"id": "c", "name": f"run {count}"}]


_TIMEOUTS = {"memory": 0.4, "disks": 0.6}
_FUNCTIONS = (
    cpu, memory, disks, routes, users, groups, lldp, packages, services, certificates, dns, ntp, raid, health,
    containers,
)  # fmt: skip


def table() -> Mapping[str, Collector]:
    return {
        each.__name__: Collector(
            each.__name__,
            each,
            timeout_s=_TIMEOUTS.get(each.__name__, 10.0),
            every_s=60 if each is health else 0,
            stamps=("etc/marker",) if each is groups else (),
            revision=3 if each is groups else 1,
        )
        for each in _FUNCTIONS
    }
