"""A receiver's process that behaves as the zone of its task says: well, or in every way a probe must survive."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

ROW = {"at": "2026-01-01T00:00:00.000Z", "number": 1, "until": "2026-01-01T00:00:00.000Z", "count": 3,
       "kind": "link_down", "object": "Gi0/1", "source": "trap"}  # fmt: skip


def say(head: Mapping[str, Any], body: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps({**head, "bytes": len(body)}).encode() + b"\n" + body)
    sys.stdout.buffer.flush()


def event(address: str, number: int = 1) -> None:
    body = json.dumps([{**ROW, "number": number}], sort_keys=True, separators=(",", ":")).encode()
    section = {"name": "events", "status": 1, "complete": False, "reason": "", "bytes": len(body)}
    say({"address": address, "protocol": "event", "part": "", "at_ms": 1_750_000_000_000, "sections": [section]}, body)


def main() -> None:
    task = json.loads(sys.stdin.readline())
    zone = task["zone"]
    if zone == "fails":
        say({"failed": "127.0.0.1 port 162 cannot be had: Permission denied"})
        return
    say({"ready": True})
    event("192.0.2.1")
    say({"counts": {"traps": 3, "too_fast": len(task["leases"])}})
    if zone == "dies":
        os._exit(3)
    if zone == "lies":
        say({"counts": {"traps": "many"}})
    if zone == "hangs":
        time.sleep(600)
    if zone == "many":
        for number in range(2, 200):
            event("192.0.2.1", number)
    sys.stdin.readline()
    event("192.0.2.2", 99)
    say({"ended": "", "counts": {"traps": 4}})


if __name__ == "__main__":
    main()
