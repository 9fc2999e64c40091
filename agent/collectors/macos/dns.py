"""Resolver settings, from `scutil --dns`."""

from __future__ import annotations

import re
from pathlib import Path

from agent import command
from agent.collectors.base import Collector
from agent.collectors.resolving import ORDERED, in_order
from wire.sections import Body

_SCOPED = "DNS configuration (for scoped queries)"  # says the same again, interface by interface
_LINE = re.compile(r"\s+(nameserver|search domain|domain|options)\s*(?:\[\d+\])?\s*: (\S+)")


def collect(_root: Path) -> Body:
    """Return the record of `dns`; raise `CommandFailed`."""
    return parse(command.run(["scutil", "--dns"]))


def parse(answer: str) -> Body:
    """Return the record of `scutil --dns`: what its resolvers name, those for multicast DNS left out."""
    servers: list[str] = []
    search: list[str] = []
    for resolver in answer.partition(_SCOPED)[0].split("resolver #")[1:]:
        told = [match.groups() for match in map(_LINE.match, resolver.splitlines()) if match]
        if ("options", "mdns") in told:
            continue
        servers += [value for word, value in told if word == "nameserver"]
        search += [value for word, value in told if word == "search domain"]
    return {"servers": in_order(servers), "search": in_order(search)}


COLLECTOR = Collector("dns", collect, timeout_s=15.0, revision=ORDERED)
