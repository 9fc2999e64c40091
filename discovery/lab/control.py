"""Commands for a running lab over a Unix socket: one JSON object a line, answered by one a line.

{"do": "reboot", "address": "127.64.0.3", "seconds": 5}   →   {"ok": true, "result": 4}
{"do": "reboot", "address": "127.0.0.1"}                  →   {"ok": false, "error": "no device at that address"}

Only who runs the lab can open the socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from discovery.lab.commands import do
from discovery.lab.device import Device, Refused

MAX_LINE: Final = 64 * 1024
WAIT_S: Final = 60.0


class Control:
    """Takes commands for devices by address."""

    def __init__(self, devices: Mapping[str, Device]) -> None:
        self._devices = devices
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self._talks: set[asyncio.StreamWriter] = set()

    async def open(self, path: Path) -> None:
        """Listen at `path`. Raises OSError. A socket that nobody listens at is taken away, nothing else."""
        _clear(path)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._talk, path, limit=MAX_LINE)
        finally:
            os.umask(before)
        self._path = path

    async def close(self) -> None:
        if self._server and self._path:
            self._server.close()
            for writer in self._talks:
                writer.close()
            await self._server.wait_closed()
            self._path.unlink(missing_ok=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.add(writer)
        try:
            while line := await reader.readline():
                writer.write(json.dumps(answer(self._devices, line)).encode() + b"\n")
                await writer.drain()
        except (ValueError, ConnectionError):  # a line longer than the limit, or who asked has left
            pass
        finally:
            self._talks.discard(writer)
            writer.close()


def _clear(path: Path) -> None:
    if path.is_socket():
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(ConnectionRefusedError):
            probe.connect(str(path))
            raise OSError(f"{path}: a lab listens there")
        path.unlink()


def answer(devices: Mapping[str, Device], line: bytes) -> dict[str, Any]:
    """Return the answer to one line. A line is the unit of work."""
    try:
        return {"ok": True, "result": do(devices, json.loads(line))}
    except Refused as refused:
        return {"ok": False, "error": str(refused)}
    except (ValueError, RecursionError):
        return {"ok": False, "error": "a line of JSON is expected"}


def tell(path: Path, request: str) -> dict[str, Any]:
    """Send one command to a running lab and return its answer. Raises OSError."""
    with socket.socket(socket.AF_UNIX) as talk:
        talk.settimeout(WAIT_S)
        talk.connect(str(path))
        talk.sendall(request.replace("\n", " ").encode() + b"\n")
        with talk.makefile("rb") as told:
            return dict(json.loads(told.readline() or b'{"ok": false, "error": "no answer"}'))
