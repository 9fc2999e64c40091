"""Acts as services are given them, with no row in the audit log: what is told of one stays in it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from collector.security.audit import Act, Actor

TESTER = Actor("tester", "test")


def act(tx: AsyncConnection, by: str = "ada", at: int = 10) -> Act:
    """Return an act of `by` at `at` (epoch ms) inside `tx`."""
    return Act(tx, Actor(by, "test"), at)
