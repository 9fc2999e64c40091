"""Gives memory that is free inside this process back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys


def release() -> None:
    """Return free heap pages to the system where the C library can (glibc's `malloc_trim`); elsewhere do nothing.

    It is a tenth of what an idle agent holds after its imports, and most of what a large inventory leaves behind.
    """
    gc.collect()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def settle() -> None:
    """Release memory after start-up, and spare the collector of cycles what will live as long as the process."""
    release()
    gc.freeze()
