"""A sweep as a probe is given it, one JSON object (`wire.sweep.SweepTask`), as the values a sweep is made of."""

from __future__ import annotations

import json
import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from discovery.authenticate import Access
from discovery.beside import Beside, Exploring, Watching
from discovery.board import Board
from discovery.breaker import Breaker, Failure
from discovery.doors import DOORS
from discovery.knowledge import knowledge_of
from discovery.leases import BadTask, credential, texts
from discovery.library import Definitions
from discovery.limits import Limits, Profile, Until, profile_of
from discovery.plan import Plan, plan
from discovery.shelf import Shelf
from discovery.stages import Setting
from wire.sweep import SECRETS_KEY_BYTES, SERVICES

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a `discovery.sweep.Sweep` is given, but for the definitions. `board`: where it sees what goes on beside it,
    None: nowhere."""

    plan: Plan
    access: Access
    limits: Limits
    profile: Profile
    is_watch: bool = False
    board: Path | None = None

    def setting(self, definitions: Definitions) -> Setting:
        return Setting(self.plan, self.access, definitions, self.limits, self.profile, self._beside())

    def _beside(self) -> Beside:
        """Return what this sweep knows of another; a board that cannot be read costs the common pace only."""
        try:
            board = Board(self.board) if self.board else None
        except (OSError, ValueError) as error:
            log.warning("this sweep knows of no other: %s", error)
            board = None
        if board is None:
            return Beside()
        return Watching(board) if self.is_watch else Exploring(board, self.plan.targets)


def read(line: bytes) -> Assignment:
    """Return what one line of JSON says; raise `BadTask`."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise BadTask("a line of JSON is expected") from None
    try:
        return _assignment(said)
    except BadTask:
        raise
    except ValueError as error:  # of ranges: what an administrator wrote, no secret
        raise BadTask(str(error)) from None
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise BadTask("fields of a task are missing, or are of another kind") from None


def _assignment(said: Any) -> Assignment:
    until, port, ports = said["until"], said["snmp_port"], dict(said.get("ports", {}))
    if until not in get_args(Until) or not all(map(_is_port, (port, *ports.values()))):
        raise BadTask("no such stage, or no such port")
    if not ports.keys() <= set(SERVICES):
        raise BadTask("no such service")
    rate, timeout_ms = _number(said["rate_pps"]), _number(said["timeout_ms"])
    limits = Limits(rate=float(rate) or None, timeout=timeout_ms / 1000 or Limits().timeout)
    board = Path(said["board"]) if said.get("board") else None
    profile = profile_of(until, port, ports)
    return Assignment(_plan(said), _access(said), limits, profile, bool(said.get("watch")), board)


def _access(said: Any) -> Access:
    credentials = [credential(each) for each in said["leases"]]
    shelf = Shelf(Path(said["shelf"])) if said.get("shelf") else None
    now, ends = time.time(), _number(said.get("lease_s", 0))
    past = [
        Failure(str(each["credential"]), str(each["address"]), now - _number(each["ago_s"]))
        for each in said.get("refusals", ())
    ]
    return Access(
        credentials, DOORS, knowledge_of(said.get("known", ()), shelf), Breaker(past=past),
        time.monotonic() + ends if ends else math.inf, _secrets_key(said.get("secrets_key", "")),
    )  # fmt: skip


def _plan(said: Any) -> Plan:
    whole = plan(texts(said["ranges"]), texts(said["exclusions"]), _number(said["seed"]), str(said["zone"]))
    cursor = str(said["cursor"] or "0")
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 40):
        raise BadTask("the cursor is none of a sweep")
    return Plan(whole.targets, whole.seed, whole.zone, whole.calendar, min(int(cursor), whole.size))


def _is_port(value: Any) -> bool:
    return type(value) is int and 0 < value < 65_536


def _secrets_key(said: str) -> bytes:
    key = bytes.fromhex(said)
    if len(key) not in (0, SECRETS_KEY_BYTES):
        raise BadTask("the key of secrets is none")
    return key


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**64:
        raise BadTask("a whole number is expected")
    return value
