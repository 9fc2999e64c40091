"""SSH: the configuration of network devices, and hosts that carry no agent.

`visit` is what a sweep calls. It logs in only where the host key is the pinned one; who has no pin and may go there
without one (`Scope.unpinned`) reads the key first, without a credential, by `discovery.fingerprint.ssh`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from discovery.credentials import Credential
from discovery.explore.findings import Section
from discovery.failures import Failed
from discovery.ssh.configuration import configuration
from discovery.ssh.connect import Target, close, connect
from discovery.ssh.host import sh, survey
from discovery.ssh.platform import Platform, recognise
from discovery.ssh.pool import Pool
from discovery.ssh.session import Terminal, opened
from discovery.ssh.watch import Budget, Watch
from wire.observation import Status
from wire.sections import SECTIONS, arrange, check

LINUX = "linux"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to do there. `key`: of the secrets' hashes, at least 16 octets; without one no configuration is read."""

    platform: Platform
    key: bytes = b""
    budget: Budget = field(default_factory=Budget)


async def visit(target: Target, credential: Credential, wanted: Wanted, pool: Pool) -> list[Section]:
    """Return what a device told: section `configuration`, and of a Linux host what it is. Raises Failed."""
    return await pool.run(partial(_visit, target, credential, wanted), wanted.budget)


async def admitted(target: Target, credential: Credential, budget: Budget, pool: Pool) -> None:
    """Log in and leave, where nothing says how to talk to a device. Raises Failed."""

    def greeted(watch: Watch) -> None:
        close(connect(target, credential, watch), watch)

    await pool.run(greeted, budget)


def _visit(target: Target, credential: Credential, wanted: Wanted, watch: Watch) -> list[Section]:
    with opened(target, credential, wanted.platform, watch) as terminal:
        host = survey(terminal) if wanted.platform.name == LINUX else []
        return [*host, *([captured(terminal, wanted.platform, wanted.key)] if wanted.key else [])]


def captured(terminal: Terminal, platform: Platform, key: bytes) -> Section:
    """Return section `configuration`. Raises Failed where nothing of it could be read."""
    rows: list[dict[str, Any]] = []
    failures: list[Failed] = []
    for kind, command in platform.commands.items():
        try:
            output = terminal.run(sh(command) if platform.name == LINUX else command)
            found = configuration(output, kind, platform, key)
            rows += [found.row()] if found else []
        except Failed as failed:
            failures.append(failed)
    shape = SECTIONS["configuration"]
    if failures and not rows:
        status = Status.DENIED if failures[0].cause == "authorization" else Status.FAILED
        return Section(shape.name, status, False, [], failures[0].cause)
    reason = failures[0].cause if failures else ""
    return Section(
        shape.name, Status.OK if rows else Status.EMPTY, not failures, check(shape, arrange(shape, rows)), reason
    )


__all__ = ["Budget", "Pool", "Target", "Wanted", "admitted", "captured", "recognise", "visit"]
