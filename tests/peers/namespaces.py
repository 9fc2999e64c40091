"""Networks of a test's own: Linux namespaces are its hosts, veth pairs its cables, real programs run in them.

A host is a first process with a net, pid, mount, uts and ipc namespace of its own. It ends when its standard input
does, and the kernel then takes away all that was in it. Nothing of it has a name outside: two test runs cannot meet,
and none leaves a trace, however it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import IO, Any, Final, TypeVar

SETTLES_S: Final = 60.0
ENDS_S: Final = 20.0
LOGGED: Final = 2000
PROGRAMS: Final = ("unshare", "nsenter", "ip", "mount")
CLONE_NEWNET: Final = 0x40000000
MAC: Final = "00:00:5e:00:53:{:02x}"
"""MACs for documentation (RFC 7042): not made up by the kernel, so the same in every run."""

SPACES: Final = {"net": "net", "mount": "mnt", "uts": "uts", "ipc": "ipc", "pid": "pid_for_children"}
"""Option of nsenter → file below /proc/PID/ns of the process that made them."""

FIRST: Final = """
set -e
echo "$1" > /proc/sys/kernel/hostname
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/tmp
ip link set lo up
echo ready
exec cat
"""
"""What the first process of a host does: its own name, devices, /run and /var/tmp, and then
nothing until its input ends."""

Found = TypeVar("Found")


class Refused(Exception):
    """No namespaces can be made here; the message says why."""


class Host:
    """One host; `pid` is of a process outside whose namespaces are the host's."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._programs: list[subprocess.Popen[bytes]] = []
        self._first = subprocess.Popen(
            ["unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc",
             "sh", "-c", FIRST, "sh", name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.pid = self._first.pid
        said = _pipe(self._first.stdout).readline()
        if said != b"ready\n":
            self.close()
            raise Refused(said.decode(errors="replace").strip() or "unshare says nothing")

    def close(self) -> None:
        """End everything in it, and wait until it has ended."""
        _pipe(self._first.stdin).close()
        for each in (*self._programs, self._first):
            try:
                each.wait(ENDS_S)
            except subprocess.TimeoutExpired:
                self._first.kill()  # --kill-child: the first process goes with it, and all others with that one
                each.wait(ENDS_S)
        _pipe(self._first.stdout).close()

    @property
    def within(self) -> list[str]:
        """The words before a command that is to run in this host."""
        return ["nsenter", *(f"--{kind}=/proc/{self.pid}/ns/{file}" for kind, file in SPACES.items())]

    @property
    def run(self) -> Path:
        """Its /run, as it is reached from outside: configurations and logs stand there, and nowhere else."""
        return Path(f"/proc/{self.pid}/root/run")

    def does(self, *command: str | Path, text: str = "") -> str:
        """Return what a command prints, given `text`; fail with what it says where it fails."""
        done = subprocess.run(
            [*self.within, *command], input=text, capture_output=True, text=True, timeout=SETTLES_S, check=False
        )
        assert done.returncode == 0, f"{self.name}: {' '.join(map(str, command))}: {done.stderr}{done.stdout}"
        return done.stdout

    def ip(self, *lines: str, family: Sequence[str] = ()) -> None:
        """Carry out lines of `ip`; `family`: `["-6"]` for lines that do not show that they are about IPv6."""
        self.does("ip", *family, "-batch", "-", text="".join(f"{line}\n" for line in lines))

    def sets(self, name: str, value: str) -> None:
        """Set what stands below /proc/sys/net."""
        self.does("sh", "-c", 'cat > "/proc/sys/net/$0"', name, text=value)

    def starts(self, *command: str | Path, env: Mapping[str, str] | None = None) -> None:
        """Start a program that runs as long as the host; what it prints is in its log."""
        words, variables = [*self.within, *command], {**os.environ, **(env or {})}
        with (self.run / f"{Path(command[0]).name}.log").open("ab") as log:
            started = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=variables)
        self._programs.append(started)

    def logs(self) -> str:
        return "\n".join(f"{self.name}: {log.name}: {log.read_text()[-LOGGED:]}" for log in self.run.glob("*.log"))

    def listens(self, protocol: str, port: int) -> bool:
        """Return whether something listens on a port of `tcp` or `udp`; the kernel says so, nobody is disturbed."""
        state = {"tcp": "0A", "udp": "07"}[protocol]
        lines = [
            line.split()
            for family in (protocol, f"{protocol}6")
            for line in Path(f"/proc/{self.pid}/net/{family}").read_text().splitlines()[1:]
        ]
        return any(each[1].endswith(f":{port:04X}") and each[3] == state for each in lines)

    def asks(self, work: Callable[[], Coroutine[Any, Any, Found]]) -> Found:
        """Return what a coroutine returns that stands in this host's network: the sockets it makes are there."""

        def stand() -> Found:
            with Path(f"/proc/{self.pid}/ns/net").open("rb") as net:
                if ctypes.CDLL(None, use_errno=True).setns(net.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            return asyncio.run(work())

        with ThreadPoolExecutor(1) as thread:  # a namespace is a thread's, and the threads' it starts
            return thread.submit(stand).result()


class Network:
    """Hosts and the cables between them."""

    def __init__(self, ending: contextlib.ExitStack) -> None:
        self._ending = ending
        self._macs = 0

    def host(self, name: str) -> Host:
        made = Host(name)
        self._ending.callback(made.close)
        return made

    def cable(self, a: Host, a_port: str, b: Host, b_port: str) -> None:
        """Plug a cable into a new port of each of two hosts, and bring both up."""
        end = ("address", self._mac(), "netns")
        peer = ("type", "veth", "peer", "name", b_port, "address", self._mac(), "netns", str(b.pid))
        done = subprocess.run(
            ["ip", "link", "add", "name", a_port, *end, str(a.pid), *peer], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Refused(done.stderr.strip())
        for host, port in ((a, a_port), (b, b_port)):
            host.ip(f"link set {port} up")

    def _mac(self) -> str:
        self._macs += 1
        return MAC.format(self._macs)


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """A network that is gone when this ends. Raises Refused."""
    with contextlib.ExitStack() as ending:
        yield Network(ending)


@cache
def refused() -> str:
    """Return why this process can make no network, empty when it can; it is tried."""
    missing = [each for each in PROGRAMS if shutil.which(each) is None]
    if missing:
        return f"{', '.join(missing)}: not installed"
    try:
        with network() as tried:
            tried.cable(tried.host("a"), "one", tried.host("b"), "other")
    except (OSError, Refused) as error:
        return str(error)
    return ""


def until(holds: Callable[[], object], what: str, *hosts: Host) -> None:
    """Wait until something holds; what does not in time fails with the logs of the hosts."""
    ends_at = time.monotonic() + SETTLES_S
    while not holds():
        if time.monotonic() > ends_at:
            raise AssertionError("\n".join((f"not in {SETTLES_S:g} s: {what}", *(each.logs() for each in hosts))))
        time.sleep(0.1)


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    assert end is not None, "it was asked for"
    return end
