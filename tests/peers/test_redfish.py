"""OpenStack's Redfish emulator with its fake driver, over TLS, with a file of users: one that is not of our making."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from discovery.credentials import Login
from discovery.failures import Failed
from discovery.redfish.trust import Trust
from discovery.redfish.visit import visit
from discovery.secret import Secret
from tests.conftest import free_port
from tests.peers.emulator import MAC, PASSWORD, USER, UUID, configured, needed


@pytest.fixture(scope="module")
def emulator() -> Iterator[int]:
    """Run the emulator on a loopback port, which is returned."""
    needed()
    folder, port = Path(tempfile.mkdtemp(prefix="muster-sushy-", dir="/tmp")), free_port()
    command = configured(folder, "127.0.0.1", port)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        _until_it_listens(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


def _until_it_listens(port: int) -> None:
    ends_at = time.monotonic() + 60
    while time.monotonic() < ends_at:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    pytest.fail("the emulator does not listen")


async def test_an_emulated_controller_is_read(emulator: int) -> None:
    found = await visit("127.0.0.1", emulator, Login(USER, Secret(PASSWORD)), Trust())
    told: dict[str, Any] = {section.name: section for section in found.explored.sections}
    assert told["device"].body["host_uuid"] == UUID
    assert found.identified.class_ == "server"
    assert [row["mac"] for row in told["interfaces"].body] == [MAC]
    assert {"temperature", "fan"} <= {row["kind"] for row in told["sensors"].body}
    assert "fan" in {row["class"] for row in told["components"].body}


async def test_what_the_emulator_cannot_tell_is_not_taken_for_nothing(emulator: int) -> None:
    """Its fake driver answers 500 to Storage and 404 to Memory, though it promises both."""
    found = await visit("127.0.0.1", emulator, Login(USER, Secret(PASSWORD)), Trust())
    told = {section.name: section for section in found.explored.sections}
    assert (told["disks"].status.name, told["disks"].complete) == ("FAILED", False)
    assert told["memory_modules"].status.name == "UNSUPPORTED"


async def test_a_wrong_password_is_named(emulator: int) -> None:
    with pytest.raises(Failed, match="login_refused"):
        await visit("127.0.0.1", emulator, Login(USER, Secret("wrong")), Trust())
