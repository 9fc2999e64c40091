"""A session: logged in, and what takes commands there.

Two ways to ask. `Exec`: one channel a command (RFC 4254 §6.5), where the host takes that: no terminal, and an end that
is told. `Cli` (`discovery.ssh.cli`): the terminal of a network device.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final, Protocol

import paramiko  # type: ignore[import-untyped]  # the package ships no types
from netmiko.exceptions import NetmikoBaseException

from discovery.credentials import Credential
from discovery.failures import Failed
from discovery.ssh.cli import Cli
from discovery.ssh.connect import Target, close, connect
from discovery.ssh.platform import Platform
from discovery.ssh.watch import Watch
from discovery.text import shown

CHUNK: Final = 65_536


class Terminal(Protocol):
    """What takes commands."""

    def run(self, command: str) -> str:
        """Return what a command printed, whole. Raises Failed."""
        ...


class Exec:
    """A channel for each command."""

    def __init__(self, transport: Any, watch: Watch) -> None:
        self._transport, self._watch = transport, watch

    def run(self, command: str) -> str:
        self._watch.check()
        try:
            output, whole = self._ask(command)
        except (paramiko.SSHException, EOFError, OSError) as error:
            self._watch.check()
            raise Failed("timeout", shown(str(error))) from None
        self._watch.check()
        if not whole:
            raise Failed("timeout", "closed before the end of the output")
        return output.decode("utf-8", "replace")

    def _ask(self, command: str) -> tuple[bytes, bool]:
        """Return the output of a command, and whether the host said that this is all."""
        channel = self._transport.open_session(timeout=self._watch.left)
        try:
            channel.settimeout(self._watch.left)
            channel.exec_command(command)
            return self._rest(channel), channel.eof_received
        finally:
            channel.close()

    def _rest(self, channel: Any) -> bytes:
        parts = []
        while some := channel.recv(CHUNK):
            parts.append(some)
            if channel.recv_stderr_ready():
                channel.recv_stderr(CHUNK)  # a window that is full would stop the command
        return b"".join(parts)


@contextlib.contextmanager
def opened(target: Target, credential: Credential, platform: Platform, watch: Watch) -> Iterator[Terminal]:
    """Log in, and yield what takes commands. Raises Failed, also for what goes wrong with the commands."""
    transport = connect(target, credential, watch)
    try:
        if platform.shell:
            yield Cli(transport, platform, watch)
        else:
            watch.admitted()
            yield Exec(transport, watch)
    except (paramiko.SSHException, NetmikoBaseException, EOFError, OSError, ValueError) as error:
        watch.check()
        # A driver that does not understand what it reads says so; all others are of a connection that ended.
        cause = "unparsed" if isinstance(error, NetmikoBaseException | ValueError) else "timeout"
        raise Failed(cause, shown(str(error))) from None
    finally:
        close(transport, watch)
