"""Debian's UPS server with its simulated device: what it says is what was put in."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from discovery.nut.client import read
from discovery.nut.inventory import inventory
from tests.conftest import free_port
from tests.peers.upsd import VARIABLES, commands, configured, environment, needed


@pytest.fixture
def server() -> Iterator[int]:
    """Run a UPS server with one device and one client of it, `monitor`; its port is returned."""
    needed()
    folder, port = Path(tempfile.mkdtemp(prefix="muster-nut-", dir="/tmp")), free_port()
    configured(folder, "127.0.0.1", port)
    where = {**os.environ, **environment(folder)}
    with (folder / "log").open("wb") as log:
        started = [subprocess.Popen(each, env=where, stdout=log, stderr=log) for each in commands()]
    try:
        with _client(port):
            yield port
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(10)
        shutil.rmtree(folder)


@contextlib.contextmanager
def _client(port: int) -> Iterator[None]:
    """Log in as the monitor of a server that is fed does, once the device has shown itself."""
    ends_at = time.monotonic() + 30
    while time.monotonic() < ends_at:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as wire:
            if _said(wire, "GET VAR rack-a ups.status").startswith('VAR rack-a ups.status "OL'):
                for line in ("USERNAME monitor", "PASSWORD roster", "LOGIN rack-a"):
                    assert _said(wire, line).startswith("OK")
                yield
                return
        time.sleep(0.1)
    pytest.fail("the UPS server does not answer")


def _said(wire: socket.socket, line: str) -> str:
    wire.sendall(f"{line}\n".encode())
    return wire.recv(1000).decode()


async def test_a_real_ups_server_says_what_its_device_is_and_whom_it_feeds(server: int) -> None:
    [ups] = await read("127.0.0.1", server)
    assert VARIABLES.items() <= ups.variables.items()
    found = inventory(ups, "192.0.2.9")
    told: dict[str, Any] = {section.name: section.body for section in found.explored.sections}
    it = found.identified
    assert (it.class_, it.type, it.vendor, it.model, it.serial) == (
        "environment", "ups", "EATON", "9PX 3000i", "G117K12345",
    )  # fmt: skip
    assert told["device"]["description"] == 'UPS of "row A"'
    assert told["ups"] == {
        "source": "normal", "battery_state": "ok", "charge_ratio": 0.88, "load_ratio": 0.37, "runtime_seconds": 1260,
    }  # fmt: skip
    assert told["outlets"] == [{"outlet": "1", "name": "db-rack-04", "attached": "db-rack-04", "state": "on"}]
    assert told["attached"] == [{"outlet": "", "name": "192.0.2.9"}]
