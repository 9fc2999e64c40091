"""The kernel's clock: whether it is kept in step with a reference, and how far it is off; adjtimex(2), read only."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path

from agent import command
from agent.command import CommandFailed

CHRONYD_SOCKETS = "run/chrony"

# <linux/timex.h>
_STA_UNSYNC = 0x0040
_STA_NANO = 0x2000
_TIME_ERROR = 5

_OWN_CLOCK = "7F7F0101"  # 127.127.1.1, the reference id of "local"


@dataclass(frozen=True, slots=True)
class Clock:
    """What the kernel tells of its clock."""

    synchronised: bool
    offset_seconds: float | None
    """Seconds to add to reach the reference; None where the clock has none."""


class _Timex(ctypes.Structure):
    """struct timex, with room behind for what later versions append."""

    _fields_ = (
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long), ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long), ("status", ctypes.c_int), ("constant", ctypes.c_long),
        ("precision", ctypes.c_long), ("tolerance", ctypes.c_long), ("rest", ctypes.c_long * 48),
    )  # fmt: skip


def kernel_clock() -> Clock | None:
    """Return the kernel's clock, or None where it may not be asked (a sandbox)."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return None
    timex = _Timex()
    state = adjtimex(ctypes.byref(timex))
    if state < 0:
        return None
    synchronised = state != _TIME_ERROR and not timex.status & _STA_UNSYNC
    unit = 1e-9 if timex.status & _STA_NANO else 1e-6
    return Clock(synchronised, timex.offset * unit if synchronised else None)


def clock_offset(root: Path, clock: Clock | None) -> float | None:
    """Return seconds to the reference: chronyd's own word, for it steers by frequency alone, else the kernel's."""
    if root != Path("/") or clock is None:
        return None
    if (root / CHRONYD_SOCKETS).is_dir() and command.find("chronyc"):
        try:
            return parse_tracking(command.run(["chronyc", "-c", "-n", "tracking"], timeout_s=3.0))
        except CommandFailed:  # its folder outlives it
            return clock.offset_seconds
    return clock.offset_seconds


def parse_tracking(line: str) -> float | None:
    """Return the offset, seconds to add, of `chronyc -c tracking`; None when it has no reference but itself."""
    words = line.strip().split(",")
    if len(words) < 14 or words[0] in ("", "00000000", _OWN_CLOCK):
        return None
    try:
        return float(words[4])
    except ValueError:
        return None
