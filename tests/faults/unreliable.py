"""A receiver over real HTTP on loopback that fails in every way a receiver can, and remembers what it really took.

One server plays a webhook that knows keys again, a table of tickets (ServiceNow's Table API) and PagerDuty. What goes
wrong with which request is drawn by whoever makes it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

FAULTS = ("drop_before", "drop_after", "half", "500", "500_after", "503", "429", "slow_before", "slow_after")
"""`before`, and statuses without a word: nothing was taken; `after`, `half`: it was."""
TAKEN = frozenset({"", "drop_after", "half", "500_after", "slow_after"})

Draw = Callable[[str], str]
"""Return what goes wrong with a request to a path; "" for nothing."""


@dataclass
class Unreliable:
    """What arrived: webhook keys in the order of their first arrival, tickets by id, PagerDuty's alerts by key.

    `told`: the events each webhook message tells; `differing`: keys under which another message came than before.
    """

    draw: Draw
    slow_s: float = 1.0
    keys: list[str] = field(default_factory=list)
    told: dict[str, list[str]] = field(default_factory=dict)
    differing: set[str] = field(default_factory=set)
    doubles: int = 0
    tickets: dict[str, dict[str, str]] = field(default_factory=dict)
    alerts: dict[str, list[str]] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def stop(self) -> None:
        """Close all, once nobody is answered any more."""
        self._server.close()
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether the connection stands."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, target, _ = first.split(" ")
        self.requests += 1
        fault = self.draw(target)
        self.faults[fault] = self.faults.get(fault, 0) + 1
        status, answer = self._taken(method, target, headers, body) if fault in TAKEN else (200, {})
        if fault.startswith("slow"):
            await asyncio.sleep(self.slow_s)
        if fault.startswith(("drop", "slow")):
            return False
        if fault[:1].isdigit():
            status, answer = int(fault[:3]), {}
        said = json.dumps(answer).encode()
        length = len(said) + (100 if fault == "half" else 0)
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()
        )
        writer.write(said)
        await writer.drain()
        return fault != "half"

    def _taken(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        parts = urlsplit(target)
        value = json.loads(body) if body else {}
        if parts.path == "/hook":
            return self._hook(headers["idempotency-key"], value)
        if parts.path == "/v2/enqueue":
            self.alerts.setdefault(value["dedup_key"], []).append(value["event_action"])
            return 202, {"status": "success"}
        return self._table(method, parts.path, parse_qs(parts.query), value)

    def _hook(self, key: str, message: dict[str, Any]) -> tuple[int, Any]:
        told = message.get("events", [message["event"]])
        if key in self.keys:
            self.doubles += 1
            self.differing |= {key} if self.told[key] != told else set()
        else:
            self.keys.append(key)
            self.told[key] = told
        return 204, {}

    def _table(self, method: str, path: str, query: dict[str, list[str]], value: dict[str, str]) -> tuple[int, Any]:
        number = path.removeprefix("/api/now/table/incident").strip("/")
        if method == "POST":
            made = f"{len(self.tickets) + 1:032x}"
            self.tickets[made] = {"state": "1", "number": f"INC{len(self.tickets) + 1:07d}", "sys_id": made, **value}
            return 201, {"result": self.tickets[made]}
        if method == "PATCH":
            self.tickets[number] |= value
            return 200, {"result": self.tickets[number]}
        if number:
            return (200, {"result": self.tickets[number]}) if number in self.tickets else (404, {})
        key = query["sysparm_query"][0].partition("^")[0].removeprefix("correlation_id=")
        return 200, {"result": [each for each in self.tickets.values() if each["correlation_id"] == key]}
