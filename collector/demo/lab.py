"""The lab as a program beside the collector: devices that answer on loopback, and what happens to them on command."""

from __future__ import annotations

import asyncio
import json
import os
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from collector import companion
from collector.starting import CannotStart

MAX_ANSWER: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Lab:
    """Devices that answer: addresses by name, and the port of SNMP. `control` takes commands."""

    addresses: Mapping[str, str]
    port: int
    control: Path

    @property
    def range(self) -> str:
        """All of its addresses, as a plan says it."""
        found = list(self.addresses.values())
        return f"{found[0]}-{found[-1]}"

    async def happen(self, what: str) -> int:
        """Let something happen; return to how many devices. Raises OSError."""
        told = await self._ask({"do": "happen", "address": "*", "what": what})
        return sum(told["result"].values())

    async def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(self.control, limit=MAX_ANSWER)
        try:
            writer.write(json.dumps(request).encode() + b"\n")
            return dict(json.loads(await reader.readline()))
        finally:
            writer.close()


@asynccontextmanager
async def running(log: Path, devices: int, community: str) -> AsyncIterator[Lab]:
    """Let devices answer whoever knows the community as long as the block lasts; raise `CannotStart`."""
    with TemporaryDirectory(prefix="muster-demo-") as name:
        folder = Path(name)
        process = await companion.start("discovery.cli", *_words(folder, devices, community), log=log, tells=True)
        try:
            yield await _started(process, folder, log)
        finally:
            await companion.stop(process)


def _words(folder: Path, devices: int, community: str) -> list[str]:
    held = {"id": "demo", "kind": "snmp_community", "community": community, "scope": {"ranges": ["127.0.0.0/8"]}}
    file = os.open(folder / "credentials.json", os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as out:
        json.dump({"credentials": [held]}, out)
    return ["lab", "--devices", str(devices), "--port", "0", "--control", str(folder / "control"),
            "--credentials", str(folder / "credentials.json"), "--json"]  # fmt: skip


async def _started(process: Process, folder: Path, log: Path) -> Lab:
    assert process.stdout is not None
    addresses: dict[str, str] = {}
    while line := await process.stdout.readline():
        said = json.loads(line)
        if "port" in said:
            return Lab(addresses, int(said["port"]), folder / "control")
        addresses[str(said["source"]).removeprefix("estate/")] = str(said["address"])
    await process.wait()
    raise CannotStart(f"the simulated devices cannot be served: {_last_line(log)}")


def _last_line(log: Path) -> str:
    return (log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["no reason was given"])[-1]
