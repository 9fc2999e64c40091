"""What a device shows somebody who has logged in: a prompt, an echo, pages, and a few commands. No socket in it.

Screen widths and marks are the makers': VRP and Comware wait at `---- More ----`, IOS and RGOS at `--More--`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from discovery.lab.device import Device

PAGE: Final = 24
MAX_LINE: Final = 1024
_ERASE: Final = {"  ---- More ----": "\x1b[42D" + " " * 42 + "\x1b[42D", " --More-- ": "\b" * 9 + " " * 8 + "\b" * 9}


@dataclass(frozen=True, slots=True)
class Style:
    """`prompt`: of a user who may read all. `whole`: commands that switch pages off. `quiet`: commands without a word.

    `show`: command → the entry of the device's configuration that answers it. `unknown`: what any other is told.
    """

    prompt: str
    more: str
    whole: tuple[str, ...]
    show: Mapping[str, str]
    unknown: str
    quiet: tuple[str, ...] = ()
    leave: tuple[str, ...] = ("quit", "exit", "logout")


_DISPLAY: Final = {
    "display current-configuration": "text", "display saved-configuration": "saved", "display version": "version",
}  # fmt: skip
_SHOW: Final = {"show running-config": "text", "show startup-config": "saved", "show version": "version"}
_MARK: Final = "% Invalid input detected at '^' marker."
STYLES: Final[Mapping[str, Style]] = {
    "huawei": Style("<{}>", "  ---- More ----", ("screen-length 0 temporary",), _DISPLAY,
                    "Error: Unrecognized command found at '^' position."),
    "h3c": Style("<{}>", "  ---- More ----", ("screen-length disable",), _DISPLAY,
                 "% Unrecognized command found at '^' position."),
    "cisco": Style("{}#", " --More-- ", ("terminal length 0",), _SHOW, _MARK, ("terminal width", "enable")),
    "ruijie": Style("{}#", " --More-- ", ("terminal length 0",), _SHOW, _MARK, ("terminal width", "enable")),
}  # fmt: skip


class Terminal:
    """One login. `take` returns what is shown after each key; `over` once the user has left."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self.style = STYLES[device.configuration["style"]]
        self.over, self._paged, self._line = False, True, ""
        self._rest: list[str] = []

    def prompt(self) -> str:
        return "\r\n" + self.style.prompt.format(self._device.configuration["name"])

    def take(self, key: str) -> str:
        """Return what is shown once `key`, one character, was pressed."""
        if self._rest:
            return self._turn(key)
        if key in "\r\n":
            line, self._line = self._line, ""
            return "\r\n" + self._run(" ".join(line.split()))
        if key in "\b\x7f":
            self._line = self._line[:-1]
            return "\b \b"
        if not key.isprintable() or len(self._line) >= MAX_LINE:
            return ""
        self._line += key
        return key

    def _run(self, line: str) -> str:
        style = self.style
        if line in style.leave:
            self.over = True
            return ""
        if line in style.whole:
            self._paged = False
            return self.prompt()
        if not line or line.startswith(style.quiet or ("\0",)):
            return self.prompt()
        entry = next((each for command, each in style.show.items() if command.startswith(line) and len(line) > 7), None)
        if entry is None:
            return f"{' ' * 10}^\r\n{style.unknown}{self.prompt()}"
        self._rest = self._device.configuration[entry].splitlines()
        return self._page(PAGE if self._paged else len(self._rest))

    def _page(self, lines: int) -> str:
        shown, self._rest = self._rest[:lines], self._rest[lines:]
        end = self.style.more if self._rest else self.prompt()
        return "".join(f"{line}\r\n" for line in shown) + end

    def _turn(self, key: str) -> str:
        """Return the next page for a space, the next line for Enter, nothing more for q."""
        turns: Mapping[str, Callable[[], str]] = {
            " ": lambda: self._page(PAGE), "\r": lambda: self._page(1), "\n": lambda: self._page(1),
            "q": self._stop, "\x03": self._stop,
        }  # fmt: skip
        turn = turns.get(key)
        return _ERASE[self.style.more] + turn() if turn else ""

    def _stop(self) -> str:
        self._rest = []
        return self.prompt()
