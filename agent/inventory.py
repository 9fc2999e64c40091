"""This machine's inventory for people and scripts: no collector, no network, no state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from agent import __version__
from agent.bell import Bell
from agent.known import section_of
from agent.worker import TABLE, Trait, Worker, describe, run
from wire.observation import Section


class NoSuchSection(ValueError):
    """This platform has no collector of that name."""


def collect(names: Sequence[str] = (), table: str = TABLE, root: str = "/") -> list[Section]:
    """Return the sections `names`, or all, in the table's order; raise `NoSuchSection` or `WorkerFailed`."""
    traits = describe(table)
    chosen = [trait for trait in traits if not names or trait.section in names]
    if unknown := set(names) - {trait.section for trait in chosen}:
        raise NoSuchSection(f"no section {', '.join(sorted(unknown))} here; there are {_listed(traits)}")
    bell = Bell()
    worker = Worker(bell.ring, table, root)
    revisions = {trait.section: trait.revision for trait in traits}
    try:
        return [section_of(reading, revisions[reading.section]) for reading in run(worker, chosen, bell)]
    finally:
        worker.stop()
        bell.close()


def _listed(traits: Iterable[Trait]) -> str:
    return ", ".join(trait.section for trait in traits)


def as_json(sections: Iterable[Section]) -> str:
    """Return the inventory as one JSON object; `hash` is SHA-256 of the canonical body, hex, null without one."""
    return json.dumps(
        {
            "agent_version": __version__,
            "observed_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "sections": {section.name: _plain(section) for section in sections},
        },
        indent=1,
        ensure_ascii=False,
    )


def _plain(section: Section) -> dict[str, Any]:
    return {
        "status": section.status.name.lower(),
        "complete": section.complete,
        "reason": section.reason or None,
        "took_ms": section.took_ms,
        "hash": section.hash.hex() or None,
        "body": _body(section),
    }


def _body(section: Section) -> Any:
    return None if section.body is None else json.loads(section.body)


def as_table(sections: Sequence[Section]) -> str:
    """Return a line for each section: name, status, rows (or fields of a record), milliseconds, reason."""
    rows = [("SECTION", "STATUS", "ROWS", "MS", "")]
    for section in sections:
        count = "" if section.body is None else str(len(_body(section)))
        rows.append((section.name, section.status.name.lower(), count, str(section.took_ms), section.reason))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"{name:{widths[0]}}  {status:{widths[1]}}  {count:>{widths[2]}}  {took:>{widths[3]}}  {reason}".rstrip()
        for name, status, count, took, reason in rows
    )
