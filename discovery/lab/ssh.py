"""SSH for all devices on one port: the address that was called says whose login it is. Password only, shells only.

paramiko speaks SSH in threads; each connection has one, and there is a bound on how many.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import paramiko  # type: ignore[import-untyped]  # ships no types

from discovery.lab.device import Device
from discovery.lab.responder import loopback_socket
from discovery.lab.terminal import Terminal

AT_ONCE: Final = 64
LOGIN_S: Final = 30.0
IDLE_S: Final = 300.0
TICK_S: Final = 0.2


class _Gate(paramiko.ServerInterface):  # type: ignore[misc]
    """Lets in who knows the password, to a shell."""

    def __init__(self, login: tuple[str, str]) -> None:
        self._login = login
        self.shell = threading.Event()

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        told = hmac.compare_digest(f"{username}\0{password}".encode(), "\0".join(self._login).encode())
        return int(paramiko.AUTH_SUCCESSFUL if told else paramiko.AUTH_FAILED)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED if kind == "session" else paramiko.OPEN_FAILED_UNKNOWN_CHANNEL_TYPE)

    def check_channel_pty_request(self, *_: object) -> bool:
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        self.shell.set()
        return True


class Logins:
    """The SSH servers of devices by address."""

    def __init__(self, devices: Mapping[str, Device], login: tuple[str, str]) -> None:
        self._devices, self._login = devices, login
        self._keys: dict[str, paramiko.PKey] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._threads = ThreadPoolExecutor(AT_ONCE, "lab-ssh")
        self._socket: socket.socket | None = None

    def open(self, port: int) -> int:
        """Listen on a port from now on, in the running loop; return it. Raises OSError."""
        opened = loopback_socket(socket.SOCK_STREAM, port)
        opened.listen(AT_ONCE)
        asyncio.get_running_loop().add_reader(opened, self._accept)
        self._socket = opened
        return int(opened.getsockname()[1])

    async def close(self) -> None:
        if self._socket:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
        self._closing.set()
        await asyncio.to_thread(self._threads.shutdown)

    def key_of(self, address: str) -> paramiko.PKey:
        """Return the host key of a device, made when it is first asked for."""
        with self._lock:
            if address not in self._keys:
                self._keys[address] = paramiko.ECDSAKey.generate()
            return self._keys[address]

    def _accept(self) -> None:
        assert self._socket is not None
        with contextlib.suppress(OSError):
            called, _ = self._socket.accept()
            device = self._devices.get(called.getsockname()[0])
            if device is None or device.is_silent or not device.configuration:
                called.close()
            else:
                self._threads.submit(self._serve, called, device)

    def _serve(self, called: socket.socket, device: Device) -> None:
        """Serve one connection. It is the unit of work: whatever goes wrong in it ends it and nothing else."""
        transport = paramiko.Transport(called)
        try:
            gate = _Gate(self._login)
            transport.add_server_key(self.key_of(device.address))
            transport.start_server(server=gate)
            channel = transport.accept(LOGIN_S)
            if channel is not None and gate.shell.wait(LOGIN_S):
                self._shell(channel, device)
        except (paramiko.SSHException, OSError, EOFError):
            pass
        finally:
            transport.close()

    def _shell(self, channel: paramiko.Channel, device: Device) -> None:
        terminal = Terminal(device)
        channel.settimeout(TICK_S)
        channel.sendall(terminal.prompt().encode())
        until = time.monotonic() + IDLE_S
        while not (terminal.over or self._closing.is_set() or device.is_silent) and time.monotonic() < until:
            try:
                keys = channel.recv(4096)
            except TimeoutError:
                continue
            if not keys:
                return
            until = time.monotonic() + IDLE_S
            self._type(channel, terminal, device, keys.decode("utf-8", "replace"))

    def _type(self, channel: paramiko.Channel, terminal: Terminal, device: Device, keys: str) -> None:
        """Show what each key brings; the device takes its time before a prompt."""
        for key in keys.replace("\r\n", "\r"):
            shown = terminal.take(key)
            if key in "\r\n" and device.prompt_delay and self._closing.wait(device.prompt_delay):
                return
            channel.sendall(shown.encode())
            if terminal.over:
                return
