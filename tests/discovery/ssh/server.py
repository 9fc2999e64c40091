"""An SSH server on loopback that behaves as it is told: a device with a prompt, or one that means harm."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import paramiko  # type: ignore[import-untyped]

from discovery.credentials import Credential, Login
from discovery.scope import scope_of
from discovery.secret import Secret
from discovery.ssh.connect import Target, fingerprint

USER, PASSWORD = "inspector", "correct-horse-9"
Manner = Callable[[paramiko.Channel, threading.Event], None]
KEY = paramiko.ECDSAKey.generate()
OTHER_KEY = paramiko.ECDSAKey.generate()
PINNED = fingerprint(KEY)


def login(password: str = PASSWORD) -> Credential:
    return Credential("inspector", "ssh_password", Login(USER, Secret(password)), scope_of(["127.0.0.1"]))


@dataclass
class Server(paramiko.ServerInterface):  # type: ignore[misc]
    """Notes each password it is sent; `manner` has the channel once a shell or a command was asked for.

    `eager`: it has come to its end before the shell is agreed to.
    """

    manner: Manner
    passwords: list[str] = field(default_factory=list)
    keys: list[paramiko.PKey] = field(default_factory=list)
    connections: int = 0
    asked: int = 0
    dialogue: bool = False
    eager: bool = False
    questions: tuple[tuple[str, bool], ...] = (("Password: ", False),)
    more: list[tuple[str, bool]] = field(default_factory=list)
    ends: threading.Event = field(default_factory=threading.Event)

    def check_auth_password(self, username: str, password: str) -> int:
        self.passwords.append(password)
        right = (username, password) == (USER, PASSWORD)
        return int(paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED)

    def check_auth_none(self, username: str) -> int:
        self.asked += 1
        return int(paramiko.AUTH_FAILED)

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.asked += 1
        return int(paramiko.AUTH_SUCCESSFUL if key in self.keys else paramiko.AUTH_FAILED)

    def get_allowed_auths(self, username: str) -> str:
        return "keyboard-interactive" if self.dialogue else "password,publickey"

    def check_auth_interactive(self, username: str, submethods: str) -> paramiko.InteractiveQuery:
        return paramiko.InteractiveQuery("", "", *self.questions)

    def check_auth_interactive_response(self, responses: list[str]) -> paramiko.InteractiveQuery | int:
        self.passwords += responses
        if responses[:1] != [PASSWORD]:
            return int(paramiko.AUTH_FAILED)
        if self.more:
            return paramiko.InteractiveQuery("", "", self.more.pop())
        return int(paramiko.AUTH_SUCCESSFUL)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)

    def check_channel_pty_request(self, *_: object) -> bool:
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        if self.eager:
            self._run(channel)
        else:
            threading.Thread(target=self._run, args=(channel,), daemon=True).start()
        return True

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        threading.Timer(0.05, self._run, [channel]).start()  # no host answers a command before it has accepted it
        return True

    def _run(self, channel: paramiko.Channel) -> None:
        with contextlib.suppress(OSError, EOFError):
            self.manner(channel, self.ends)


@contextlib.contextmanager
def serving(manner: Manner, key: paramiko.PKey = KEY) -> Iterator[tuple[Server, Target]]:
    """Serve on a free port; yield the server and the target with the pin of `KEY`, whichever key it has."""
    server = Server(manner)
    listener = socket.create_server(("127.0.0.1", 0))
    transports: list[paramiko.Transport] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            server.connections += 1
            transport = paramiko.Transport(connection)
            transport.set_log_channel("discovery.ssh.transport")
            transport.add_server_key(key)
            transports.append(transport)
            with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
                transport.start_server(event=threading.Event(), server=server)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server, Target("127.0.0.1", PINNED, listener.getsockname()[1])
    finally:
        server.ends.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        for transport in transports:
            transport.close()


def device(
    prompt: str, answers: Mapping[str, str | Manner], page: int = 0, delay: float = 0, typed: list[str] | None = None
) -> Manner:
    """Return a device's terminal: it repeats what is typed, answers, and pages its output after `page` lines.

    An answer may be a manner of its own. `typed` takes what was typed.
    """

    def manner(channel: paramiko.Channel, ends: threading.Event) -> None:
        channel.sendall(f"\r\nAuthorised users only\r\n{prompt}".encode())
        for command in _typed(channel):
            if typed is not None:
                typed.append(command)
            channel.sendall(f"{command}\r\n".encode())
            answer = answers.get(command.strip(), "% Invalid input detected" if command.strip() else "")
            if isinstance(answer, str):
                _print(channel, answer.split("\n") if answer else [], page)
            else:
                answer(channel, ends)
            time.sleep(delay)
            channel.sendall(prompt.encode())

    return manner


def _print(channel: paramiko.Channel, lines: list[str], page: int) -> None:
    for at, each in enumerate(lines):
        if page and at and at % page == 0:
            channel.sendall(b" --More-- ")
            channel.recv(1)
            channel.sendall(b"\b" * 10 + b" " * 10 + b"\b" * 10)
        channel.sendall(f"{each}\r\n".encode())


def _typed(channel: paramiko.Channel) -> Iterator[str]:
    line = ""
    while some := channel.recv(1):
        if some in (b"\r", b"\n"):
            yield line
            line = ""
        else:
            line += some.decode("latin-1")
