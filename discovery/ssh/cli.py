"""The terminal of a network device: netmiko's drivers know its habits, the output of a command is read here.

It has to be told from a pager, a question and a broken connection, and it ends at the very prompt it began at.
"""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from netmiko.channel import SSHChannel
from netmiko.ssh_dispatcher import CLASS_MAPPER

from discovery.failures import Failed
from discovery.ssh.platform import Platform
from discovery.ssh.screen import ANY_KEY, PAGER, line, rendered
from discovery.ssh.watch import Watch

CHUNK: Final = 65_536
TAIL: Final = 512
QUIET: Final = 3.0
"""Seconds after which a prompt counts, though the device did not repeat the command."""
PROMPT: Final = r"[>#$\]]"

logging.getLogger("netmiko").disabled = True  # at level DEBUG it would write down all that it reads, secrets and all


class Guard:
    """Laid over a driver of netmiko: it speaks through our connection, has no secret, and asks for no more rights."""

    watch: Watch
    transport: Any
    paging: str | None = None
    base_prompt: str

    def establish_connection(self, width: int = 511, height: int = 1000) -> None:
        driver: Any = self
        driver.remote_conn_pre = self.transport
        channel = self.transport.open_session(timeout=self.watch.left)
        channel.get_pty("vt100", width, height)
        channel.invoke_shell()
        channel.settimeout(self.watch.left)
        driver.remote_conn = channel
        driver.channel = SSHChannel(conn=channel, encoding=driver.encoding)
        driver.special_login_handler()

    def read_channel(self) -> str:
        self.watch.check()
        self.hear()
        told: str = super().read_channel()  # type: ignore[misc]  # the driver's
        return told

    def write_channel(self, out_data: str) -> None:
        self.watch.check()
        super().write_channel(out_data)  # type: ignore[misc]  # the driver's

    def enable(self, *_: object, **__: object) -> str:
        return ""

    def cleanup(self, *_: object, **__: object) -> None:
        """Leave without a word: what drivers say in parting may change settings back that were never changed."""

    def hear(self) -> None:
        """Raise Failed where the device has hung up; netmiko would wait on."""
        channel = self.__dict__.get("remote_conn")
        if channel is not None and not channel.recv_ready() and (channel.closed or channel.eof_received):
            self.watch.check()
            raise Failed("timeout", "closed by the device")


class Plain(Guard):
    """For drivers whose preparation changes settings of the device: it waits for the prompt, and may stop the pager."""

    def session_preparation(self) -> None:
        driver: Any = self
        said = driver.read_until_pattern(pattern=f"to accept|{PROMPT}", read_timeout=self.watch.left)
        if "to accept" in said:
            driver.write_channel("a\r")
            driver.read_until_pattern(pattern=PROMPT, read_timeout=self.watch.left)
        driver.set_base_prompt()
        if self.paging:
            driver.disable_paging(command=self.paging)


class Cli:
    """A shell of a network device."""

    def __init__(self, transport: Any, platform: Platform, watch: Watch) -> None:
        self._watch = watch
        guard = Plain if platform.plain else Guard
        driver = CLASS_MAPPER[platform.device_type]
        kind: Any = type(
            "Guarded", (guard, driver), {"watch": watch, "transport": transport, "paging": platform.paging}
        )
        self._driver: Any = kind(host="device", device_type=platform.device_type, allow_auto_change=False)
        self._prompt = rendered(self._driver.find_prompt()).strip()
        watch.admitted()

    def run(self, command: str) -> str:
        self._driver.clear_buffer()
        self._driver.write_channel(command + self._driver.RETURN)
        return self._output(command)

    def _output(self, command: str) -> str:
        parts: list[str] = []
        head = tail = ""
        heard = time.monotonic()
        while True:
            some = self._more()
            if some:
                parts.append(some)
                head += some[: CHUNK - len(head)]
                tail, heard = (tail + some)[-TAIL:], time.monotonic()
                self._answer(tail)
            elif self._at_prompt(tail) and (command in rendered(head) or time.monotonic() - heard > QUIET):
                return printed(rendered("".join(parts)), command, self._prompt)
            else:
                time.sleep(0.02)

    def _more(self) -> str:
        self._watch.check()
        self._driver.hear()
        said: str = self._driver.channel.read_channel()
        return said

    def _at_prompt(self, tail: str) -> bool:
        return line(tail.rpartition("\n")[2]).strip() == self._prompt

    def _answer(self, tail: str) -> None:
        """Turn the page, or press the key it asks for."""
        last = line(tail.rpartition("\n")[2])
        if PAGER.search(last):
            self._driver.write_channel(" ")
        elif ANY_KEY.search(last):
            self._driver.write_channel(self._driver.RETURN)


def printed(text: str, command: str, prompt: str) -> str:
    """Return what stands between the command as the device repeats it and the prompt."""
    lines = text.split("\n")
    repeated = next((at for at, each in enumerate(lines[:8]) if command in each), -1)
    lines = lines[repeated + 1 :]
    while lines and lines[-1].strip() in ("", prompt):
        lines.pop()
    return "\n".join(lines)
