"""The worker's side: runs collectors one after the other and tells each result. Dies without harm at any point.

One JSON line on standard input says what to read; each answer is a JSON line on standard output, followed
by `bytes` bytes of canonical body where the line has that field.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from agent.collectors.base import Collector, Denied, Unsupported
from wire.observation import MAX_REASON, Status
from wire.sections import MAX_BODY_BYTES, SECTIONS, arrange, canonical, check

NICE = 10


def main() -> int:
    """Serve one request and return the exit code."""
    answers = _private_stdout()
    if hasattr(os, "nice"):
        os.nice(NICE)
    request: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    table: Mapping[str, Collector] = importlib.import_module(request["table"]).table()
    if "sections" not in request:
        _tell(answers, {"collectors": [_described(each) for each in table.values()]})
        return 0
    _tell(answers, {"ready": True})
    for name in request["sections"]:
        _tell(answers, *_answer(table[name], Path(request["root"])))
    return 0


def _private_stdout() -> BinaryIO:
    """Return standard output, and send what collectors may print to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _tell(answers: BinaryIO, line: dict[str, Any], body: bytes = b"") -> None:
    answers.write(json.dumps(line).encode() + b"\n" + body)
    answers.flush()


def _described(collector: Collector) -> dict[str, Any]:
    """Return what the scheduler must know of a collector, all but its code."""
    return {
        "section": collector.section, "timeout_s": collector.timeout_s, "every_s": collector.every_s,
        "stamps": list(collector.stamps), "revision": collector.revision,
    }  # fmt: skip


def _answer(collector: Collector, root: Path) -> tuple[dict[str, Any], bytes]:
    started = time.monotonic()
    status, reason, body = read(collector, root)
    line = {
        "section": collector.section, "status": int(status), "reason": reason, "bytes": len(body),
        "took_ms": round((time.monotonic() - started) * 1000), "collected_at_ms": round(time.time() * 1000),
    }  # fmt: skip
    return line, body


def read(collector: Collector, root: Path) -> tuple[Status, str, bytes]:
    """Return status, reason and canonical body of one section; whatever goes wrong in it becomes its reason."""
    try:
        shape = SECTIONS[collector.section]
        found = check(shape, arrange(shape, collector.collect(root)))
        body = canonical(found)
    except (Denied, PermissionError) as error:
        return Status.DENIED, _one_line(str(error) or "permission denied"), b""
    except Unsupported as error:
        return Status.UNSUPPORTED, _one_line(str(error)), b""
    except Exception as error:  # noqa: BLE001  a collector can fail in any way; the others must not notice
        return Status.FAILED, _one_line(f"{type(error).__name__}: {error}"), b""
    if not found:
        return Status.EMPTY, "", b""
    if len(body) > MAX_BODY_BYTES:
        return Status.FAILED, f"{len(body)} bytes, at most {MAX_BODY_BYTES}", b""
    return Status.OK, "", body


def _one_line(text: str) -> str:
    return " ".join(text.split())[:MAX_REASON]
