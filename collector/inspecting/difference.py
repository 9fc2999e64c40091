"""A run against the one before it: which problems are new, which persist, which are fixed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from collector.inspecting.line import FIXED, NEW, PERSISTING, Line, LineKey, State

PROBLEMS = (State.PROBLEM, State.WAIVED)
_DOUBTS = (State.UNKNOWN, State.ERROR)


def against(lines: Sequence[Line], before: Iterable[Line]) -> list[Line]:
    """Return `lines` with their standing, and a row for each problem of before that is fixed.

    What cannot be told now is not fixed: neither the instance itself nor one of a check that says nothing whole.
    """
    problems = {line.key: line for line in before if line.state in PROBLEMS}
    checks: dict[tuple[int, str], list[Line]] = {}
    for line in lines:
        checks.setdefault(line.key[:2], []).append(line)
    fixed = {
        key: replace(line, state=State.PASS, reason="", severity="", since=0, incident="", standing=FIXED)
        for key, line in problems.items()
        if is_well(key, checks.get(key[:2], []))
    }
    return [_told(line, problems) for line in lines if line.key not in fixed] + list(fixed.values())


def _told(line: Line, problems: dict[LineKey, Line]) -> Line:
    if line.state not in PROBLEMS:
        return line
    return replace(line, standing=PERSISTING if line.key in problems else NEW)


def is_well(key: LineKey, said: Sequence[Line]) -> bool:
    """Return whether the check was made (`said`: its rows) and says nothing bad, and nothing doubtful, of it."""
    doubtful = any(line.state in _DOUBTS and line.instance in ("", key[2]) for line in said)
    return bool(said) and not doubtful and not any(line.key == key and line.state in PROBLEMS for line in said)
