"""Listening tasks for tests: a community, users of every level, and who may speak."""

from __future__ import annotations

import json
from typing import Any

from discovery.receiver.folding import Folds
from discovery.receiver.hearing import Hearing
from discovery.receiver.listening import Listening, read
from discovery.receiver.translating import shipped
from tests.discovery.snmp.combinations import AUTH_SECRET, PRIV_SECRET

COMMUNITY = "larch-and-cedar"
ELSEWHERE = "of-another-subnet"
HERE = "127.0.0.1"


def lease(kind: str, ranges: list[str], **secret: str) -> dict[str, Any]:
    return {"uid": "c", "kind": kind, "secret": secret, "ranges": ranges, "vendors": [], "silent": False,
            "unpinned": False}  # fmt: skip


def user(name: str, auth: str = "", priv: str = "", ranges: list[str] | None = None) -> dict[str, Any]:
    secrets = {"auth": auth, "auth_key": AUTH_SECRET} if auth else {}
    secrets |= {"priv": priv, "priv_key": PRIV_SECRET} if priv else {}
    return lease("snmp_user", ranges or ["127.0.0.0/8"], user=name, **secrets)


def said(**other: Any) -> dict[str, Any]:
    """Return a task as an agent hands it to its receiver."""
    leases = [
        lease("snmp_community", ["127.0.0.0/8", "192.0.2.0/24"], community=COMMUNITY),
        lease("snmp_community", ["198.51.100.0/24"], community=ELSEWHERE),
    ]
    return {"zone": "", "ranges": ["127.0.0.0/8", "192.0.2.0/24"], "leases": leases, "traps": None, "syslog": None,
            "name": "test"} | other  # fmt: skip


def task(**other: Any) -> Listening:
    return read(json.dumps(said(**other)).encode())


class Clock:
    """Epoch ms that stand still until they are moved."""

    def __init__(self) -> None:
        self.now = 1_750_000_000_000

    def __call__(self) -> int:
        return self.now


def hearing(clock: Clock | None = None, **other: Any) -> Hearing:
    return Hearing(task(**other), shipped(), Folds(), clock or Clock())
