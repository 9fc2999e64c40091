"""A client of one UPS server (RFC 9271), which reads and never logs in.

Reading needs no login. LOGIN would make us one of the systems that the server waits for before it cuts the power.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from discovery.failures import Failed
from discovery.fingerprint.wire import BROKEN, Wire, connected
from discovery.nut.line import MAX_LINE, BadLine, is_name, words

CAUSES: Final = {
    "ACCESS-DENIED": "authorization", "USERNAME-REQUIRED": "authorization", "PASSWORD-REQUIRED": "authorization",
    "INVALID-USERNAME": "authorization", "INVALID-PASSWORD": "authorization",
}  # fmt: skip
"""Words behind ERR (RFC 9271 §4.3) → cause; what is not here is `error_status`."""

SILENT_DEVICE: Final = frozenset({"DRIVER-NOT-CONNECTED", "DATA-STALE"})
"""The server is there and the device behind it is not: its word is `timeout`."""

UNKNOWN: Final = frozenset({"UNKNOWN-COMMAND", "INVALID-ARGUMENT", "FEATURE-NOT-SUPPORTED"})
"""A server that does not know a question has nothing to say of it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` for all of a server; how many devices it may have, and lines one list."""

    seconds: float = 30.0
    devices: int = 64
    lines: int = 2000


DEFAULT: Final = Limits()


@dataclass(frozen=True, slots=True)
class Ups:
    """One device of a server. `description` is what stands in its configuration. `clients`: addresses of those who are
    logged in to it, whom it feeds; None when the server does not say. `failure`, `clients_failure`: why `variables` and
    `clients` are not told, words of `discovery.failures`."""

    name: str
    description: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    clients: tuple[str, ...] | None = None
    failure: str | None = None
    clients_failure: str | None = None


async def read(address: str, port: int = 3493, limits: Limits = DEFAULT) -> list[Ups]:
    """Return what a server says of its devices. Raises Failed when it says nothing of any."""
    try:
        async with connected(address, port, limits.seconds) as wire:
            return await _all(wire, limits)
    except ConnectionRefusedError:
        raise Failed("refused", "the port of the UPS server is closed") from None
    except TimeoutError:
        raise Failed("timeout", f"not told within {limits.seconds:g} s") from None
    except BROKEN as error:
        raise Failed("malformed", f"no UPS server: {type(error).__name__}") from None


async def _all(wire: Wire, limits: Limits) -> list[Ups]:
    listed = [row for row in await listing(wire, ("UPS",), limits) or () if row and is_name(row[0])]
    return [await _one(wire, row[0], row[1] if len(row) > 1 else "", limits) for row in listed[: limits.devices]]


async def _one(wire: Wire, name: str, description: str, limits: Limits) -> Ups:
    variables, failure = await _asked(wire, ("VAR", name), limits)
    clients, clients_failure = await _asked(wire, ("CLIENT", name), limits)
    return Ups(
        name, description, {row[0]: row[1] for row in variables or () if len(row) == 2},
        None if clients is None else tuple(row[0] for row in clients if row), failure, clients_failure,
    )  # fmt: skip


async def _asked(wire: Wire, what: Sequence[str], limits: Limits) -> tuple[list[list[str]] | None, str | None]:
    """Return a list, or why there is none: one device that is not there leaves the others their say."""
    try:
        return await listing(wire, what, limits), None
    except Failed as failed:
        return None, failed.cause


async def listing(wire: Wire, what: Sequence[str], limits: Limits) -> list[list[str]] | None:
    """Ask LIST and return the rows without the words that repeat the question, None when the server does not know it.

    Raises Failed for ERR, else one of `BROKEN`.
    """
    asked = ["LIST", *what]
    await wire.send(f"{' '.join(asked)}\n".encode("ascii"))
    head = await _line(wire)
    if head[:1] == ["ERR"]:
        _refused(head[1] if len(head) > 1 else "")
        return None
    if head != ["BEGIN", *asked]:
        raise BadLine("another answer than to the question")
    found: list[list[str]] = []
    while (row := await _line(wire)) != ["END", *asked]:
        if row[: len(what)] != list(what) or len(found) >= limits.lines:
            raise BadLine("a list of something else, or without end")
        found.append(row[len(what) :])
    return found


def _refused(word: str) -> None:
    if word in UNKNOWN:
        return
    cause = "timeout" if word in SILENT_DEVICE else CAUSES.get(word, "error_status")
    raise Failed(cause, f"ERR {word[:40]}")


async def _line(wire: Wire) -> list[str]:
    try:
        return words(await wire.line(MAX_LINE))
    except asyncio.IncompleteReadError:
        raise BadLine("it hung up") from None
