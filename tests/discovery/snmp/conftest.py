"""A real net-snmp agent of the test run's own, and an engine."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from discovery.snmp import Engine, Patience
from discovery.snmp.user import ENGINE_PROBE
from tests.discovery.snmp.combinations import user_lines


@pytest.fixture(scope="session")
def snmpd() -> Iterator[int]:
    """Run net-snmp's agent on a port of 127.0.0.1, 127.0.0.2 and 127.0.0.3, with every user of `combinations`."""
    program = shutil.which("snmpd") or shutil.which("snmpd", path="/usr/sbin")
    if program is None:
        pytest.skip("snmpd is not installed (Debian: apt-get install snmpd)")
    folder = Path(tempfile.mkdtemp(prefix="muster-snmpd-", dir="/tmp"))
    port = _free_port()
    (folder / "snmpd.conf").write_text(_configuration(port))
    command = [program, "-f", "-Lf", folder / "log", "-C", "-c", folder / "snmpd.conf", "-p", folder / "pid",
               "-I", "-smux"]  # fmt: skip
    process = subprocess.Popen(command, env={"SNMP_PERSISTENT_DIR": str(folder)})
    try:
        _until_it_answers(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


def _configuration(port: int) -> str:
    lines = [
        "agentaddress " + ",".join(f"udp:127.0.0.{host}:{port}" for host in (1, 2, 3)),
        "rocommunity roster 127.0.0.1",
        "sysName sw-lab-07",
        *user_lines(),
    ]
    return "\n".join(lines) + "\n"


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.bind(("127.0.0.1", 0))
        return int(plain.getsockname()[1])


def _until_it_answers(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.connect(("127.0.0.1", port))
        plain.settimeout(0.2)
        ends_at = time.monotonic() + 30
        while time.monotonic() < ends_at:
            with contextlib.suppress(OSError):
                plain.send(ENGINE_PROBE.numbered(1 << 24))
                plain.recv(2048)
                return
            time.sleep(0.1)
    raise AssertionError("snmpd did not come up")


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    """An engine that does not wait long."""
    opened = Engine(patience=Patience(first=0.4, least=0.2, most=1.0, tries=2))
    yield opened
    opened.close()
