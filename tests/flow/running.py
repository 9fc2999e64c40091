"""`muster up` as a person starts it: a real process on free ports, its REST API, and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Set
from pathlib import Path
from typing import Any, TypeVar

import psutil

from tests.conftest import free_port

ROOT = Path(__file__).parents[2]
LINES = 5
T = TypeVar("T")


def words(data: Path, ports: tuple[int, int, int], demo: int = 0) -> list[str]:
    """Return the command that runs `up` on `data` with the ports for http, grpc and enrolment."""
    http, grpc, enroll = map(str, ports)
    program = Path(sys.executable).with_name("muster")
    more = ["--demo", str(demo)] if demo else []
    return [str(program), "up", "--data", str(data), "--http", http, "--grpc", grpc, "--enroll", enroll, *more]


def free_ports() -> tuple[int, int, int]:
    return free_port(), free_port(), free_port()


def _named(hostname: str) -> list[str]:
    """Return what lets a command believe that the machine has this name; root may."""
    return ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', hostname] if hostname else []


class Up:
    """One running `up`. `ready_s` is how long it took until its five lines stood there.

    `listening_before`, `listening_when_ready`: what listened on this machine then, as far as somebody looked.
    """

    listening_before: Set[tuple[Any, ...]] = frozenset()
    listening_when_ready: Set[tuple[Any, ...]] = frozenset()

    def __init__(
        self, data: Path, ports: tuple[int, int, int] | None = None, demo: int = 0, hostname: str = "",
        **environment: str,
    ) -> None:  # fmt: skip
        self.data, self.ports = data, ports or free_ports()
        began = time.monotonic()
        self._errors = (data.parent / f"{data.name}.stderr").open("w+")
        self._popen = subprocess.Popen(
            [*_named(hostname), *words(data, self.ports, demo)], stdout=subprocess.PIPE, stderr=self._errors,
            text=True, cwd=ROOT, env=os.environ | environment, start_new_session=True,
        )  # fmt: skip
        assert self._popen.stdout is not None
        self.lines = [self._popen.stdout.readline().rstrip("\n") for _ in range(LINES)]
        self.ready_at = time.monotonic()
        self.ready_s = self.ready_at - began
        assert all(self.lines), self._said()
        self._local = json.loads((data / "local.json").read_text())

    def _said(self) -> str:
        return Path(self._errors.name).read_text()

    def get(self, path: str) -> Any:
        """Return the answer of `/api/v1/PATH`."""
        headers = {"Authorization": f"Bearer {self._local['token']}"}
        return json.loads(self.fetch(f"/api/v1/{path}", headers))

    def fetch_text(self, path: str) -> str:
        """Return the answer of `/api/v1/PATH` as text."""
        return self.fetch(f"/api/v1/{path}", {"Authorization": f"Bearer {self._local['token']}"}).decode()

    def items(self, path: str) -> list[Any]:
        """Return the items of one page as long as pages may be."""
        return list(self.get(path + ("&" if "?" in path else "?") + "limit=200")["items"])

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Return the answer to `body` sent to `/api/v1/PATH`, None when it is empty."""
        headers = {"Authorization": f"Bearer {self._local['token']}", "Content-Type": "application/json"}
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{self._local['url']}/api/v1/{path}", data, headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def fetch(self, path: str, headers: dict[str, str] | None = None) -> bytes:
        request = urllib.request.Request(self._local["url"] + path, headers=headers or {})
        with urllib.request.urlopen(request, timeout=20) as answer:
            body: bytes = answer.read()
            return body

    def until(self, found: Callable[[], T | None], seconds: float, what: str) -> T:
        """Return what `found` returns as soon as that is something; fail after `seconds`."""
        end = time.monotonic() + seconds
        while not (value := found()):
            assert self._popen.poll() is None, f"up ended: {self._said()}"
            assert time.monotonic() < end, f"no {what} within {seconds:g} s"
            time.sleep(0.2)
        return value

    def host(self) -> Any:
        """Return the CI this machine's agent sits on, None while there is none."""
        return next((agent["host"] for agent in self.items("agents") if agent["host"]), None)

    def processes(self) -> list[psutil.Process]:
        """Return `up` and everything it has started."""
        here = psutil.Process(self._popen.pid)
        return [here, *here.children(recursive=True)]

    def interrupt(self, seconds: float = 15.0) -> tuple[int, str]:
        """Press Ctrl-C; return the exit code and everything that was said on standard error."""
        os.killpg(self._popen.pid, signal.SIGINT)
        code = self._popen.wait(seconds)
        return code, self._said()

    def close(self) -> None:
        """End what a failed test left running."""
        if self._popen.poll() is None:
            for process in self.processes():
                process.kill()
            self._popen.wait(10)
        assert self._popen.stdout is not None
        self._popen.stdout.close()
        self._errors.close()
