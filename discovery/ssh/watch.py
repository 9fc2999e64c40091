"""What a session may cost, kept from outside: the device is not asked whether it agrees."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass

from discovery.failures import Failed


@dataclass(frozen=True, slots=True)
class Budget:
    """`seconds`: wall clock of a session; `connect_seconds` of these for the connection, `login_seconds` for all until
    commands are taken. `octets`: received in all; `login_octets` of these until commands are taken."""

    seconds: float = 120.0
    connect_seconds: float = 5.0
    login_seconds: float = 40.0
    octets: int = 12 * 1024 * 1024
    login_octets: int = 512 * 1024


class Watch:
    """The budget of one session as it is used up. `stop` may be called from any thread, and ends it."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._began = time.monotonic()
        self._seconds, self._octets = min(budget.login_seconds, budget.seconds), budget.login_octets
        self._received = 0
        self._socket: socket.socket | None = None
        self.failed: Failed | None = None

    @property
    def left(self) -> float:
        """Seconds left of this part of the session; never less than a moment, so that it serves as a time-out."""
        return max(0.05, self._began + self._seconds - time.monotonic())

    def admitted(self) -> None:
        """The device takes commands: what is left of the whole budget is theirs."""
        self._seconds, self._octets = self._budget.seconds, self._budget.octets

    def check(self) -> None:
        """Raise Failed when the budget is used up, or the session was stopped."""
        if self.failed is None and time.monotonic() > self._began + self._seconds:
            self.stop(Failed("budget", f"more than {self._seconds:g} s"))
        if self.failed is not None:
            raise Failed(self.failed.cause, self.failed.detail)

    def took(self, octets: int) -> bool:
        """Count what was received; return whether it is still within the budget."""
        self._received += octets
        if self._received > self._octets:
            self.stop(Failed("budget", f"more than {self._octets} octets"))
        return self.failed is None

    def stop(self, why: Failed) -> None:
        """End the session; the first reason stays."""
        self.failed = self.failed or why
        if self._socket is not None:
            _cut(self._socket)

    def hang_up(self) -> None:
        """Close the connection, whoever else should have."""
        if self._socket is not None:
            _cut(self._socket)
            self._socket.close()

    def dial(self, address: str, port: int) -> Metered:
        """Return a connection that this watch can cut. Raises Failed."""
        self.check()
        try:
            opened = socket.create_connection((address, port), min(self._budget.connect_seconds, self.left))
        except ConnectionRefusedError:
            raise Failed("refused", f"port {port}") from None
        except OSError as error:
            raise Failed("no_answer", error.strerror or "no connection") from None
        self._socket = opened
        if self.failed is not None:  # stopped while it was opened
            opened.close()
        return Metered(opened, self)


class Metered:
    """A socket as paramiko uses one, that counts what comes in and ends when it is too much."""

    def __init__(self, opened: socket.socket, watch: Watch) -> None:
        self._socket, self._watch = opened, watch
        self._closed = False  # looked at by paramiko when it stops its thread

    def recv(self, most: int) -> bytes:
        received = self._socket.recv(most)
        return received if self._watch.took(len(received)) else b""

    def send(self, data: bytes) -> int:
        return self._socket.send(data)

    def settimeout(self, seconds: float | None) -> None:
        self._socket.settimeout(seconds)

    def getpeername(self) -> object:
        return self._socket.getpeername()

    def close(self) -> None:
        self._closed = True
        self._socket.close()


def _cut(opened: socket.socket) -> None:
    try:
        opened.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is gone already
