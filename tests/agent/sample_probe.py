"""A sweep's process that behaves as the zone of its task says: well, or in every way a probe must survive."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MANY = 8_000
"""More rows than a probe holds back, the pipe and the process included."""
BODY = b'{"class":"network","name":"access-01","type":"switch"}'
PORTS = b'[{"kind":"ethernet","name":"port-1"}]'


def say(head: Mapping[str, Any], body: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps({**head, "bytes": len(body)}).encode() + b"\n" + body)
    sys.stdout.buffer.flush()


def row(address: str, number: int, **other: Any) -> dict[str, Any]:
    told = {"address": address, "stage": "identify", "cause": "", "detail": "", "credential": "c",
            "found_json": '{"class": "network"}', "at_ms": 1_700_000_000_000, "took_ms": 5, "alive": True}  # fmt: skip
    return {"address": address, "protocol": "snmp", "part": "", "at_ms": 1_700_000_000_000, "sections": [],
            "row": told | other, "cursor": str(number), "counts": {"swept": number}}  # fmt: skip


def device(address: str, number: int) -> None:
    sections = [
        {"name": name, "status": 1, "complete": True, "reason": "", "bytes": len(body)}
        for name, body in (("device", BODY), ("interfaces", PORTS))
    ]
    say({**row(address, number), "sections": sections}, BODY + PORTS)


def silent(address: str, number: int) -> None:
    say(row(address, number, stage="sweep", cause="no_answer", credential="", alive=False))


def ended(number: int, why: str = "") -> None:
    say({"ended": why, "cursor": str(number), "counts": {"swept": number}})


def well(task: Mapping[str, Any]) -> None:
    device("192.0.2.1", 1)
    silent("192.0.2.2", 2)
    device("192.0.2.3", 3)
    ended(3)


def dies(task: Mapping[str, Any]) -> None:
    device("192.0.2.1", 1)
    os.kill(os.getpid(), signal.SIGKILL)


def leaves(task: Mapping[str, Any]) -> None:
    sys.exit(3)


def hangs(task: Mapping[str, Any]) -> None:
    device("192.0.2.1", 1)
    subprocess.Popen(["sleep", "300"])
    time.sleep(300)


def floods(task: Mapping[str, Any]) -> None:
    """Never ends a line."""
    while True:
        sys.stdout.buffer.write(b"x" * 65_536)


def prints_junk(task: Mapping[str, Any]) -> None:
    print("Traceback (most recent call last): and so on", flush=True)
    time.sleep(300)


def lies(task: Mapping[str, Any]) -> None:
    say({**row("192.0.2.1", 1), "sections": [{"name": "device", "status": 1, "bytes": 10_000}]}, b"short")
    time.sleep(300)


def lists(task: Mapping[str, Any]) -> None:
    print("[1, 2, 3]", flush=True)
    time.sleep(300)


def fails(task: Mapping[str, Any]) -> None:
    say({"failed": "nobody knows this range"})


def many(task: Mapping[str, Any]) -> None:
    for number in range(1, MANY + 1):
        silent(f"10.0.{number >> 8}.{number & 255}", number)
    ended(MANY)


def obeys(task: Mapping[str, Any]) -> None:
    """Go on until told otherwise, and say then what was told."""
    device("192.0.2.1", 1)
    line = sys.stdin.buffer.readline()
    say(row("192.0.2.2", 2, stage="sweep", cause="cancelled", detail=line.decode().strip()))
    ended(2, "cancelled")


def shows_itself(task: Mapping[str, Any]) -> None:
    """Say what anybody on this machine may see of it."""
    seen = Path("/proc/self/cmdline").read_text() + Path("/proc/self/environ").read_text()
    secret = task["leases"][0]["secret"]["community"]
    say(row("192.0.2.1", 1, detail=f"{len(secret)} characters, {'seen' if secret in seen else 'not seen'}"))
    ended(1)


def remembers(task: Mapping[str, Any]) -> None:
    """Tell a section by its hash alone, what was learned, and who refused what."""
    known = task["known"][0]
    head = row("192.0.2.1", 1, learned={**known, "hashes": {}} | {"vendor": "Huawei"}, refused=["c2"])
    del head["row"]["learned"]["hashes"]
    section = {"name": "device", "status": 1, "complete": True, "reason": "", "bytes": 0}
    say({**head, "sections": [{**section, "hash": known["hashes"]["snmp/device"]}]})
    ended(1)


def complains(task: Mapping[str, Any]) -> None:
    secret = task["leases"][0]["secret"]["community"]
    print(f"Traceback: no such device {secret}", *range(100), sep="\n", file=sys.stderr, flush=True)
    sys.exit(3)


ALL = (
    well,
    dies,
    leaves,
    hangs,
    floods,
    prints_junk,
    lies,
    lists,
    fails,
    many,
    obeys,
    shows_itself,
    remembers,
    complains,
)
BEHAVIOURS = {each.__name__: each for each in ALL}

if __name__ == "__main__":
    task = json.loads(sys.stdin.buffer.readline())
    if task["zone"] != "leaves":
        say({"ready": True})
    BEHAVIOURS[task["zone"]](task)
