"""Gives memory that is free inside this process back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import importlib.util
import sys
from types import ModuleType

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # malloc.h


def release() -> None:
    """Return free heap pages to the system where the C library can (glibc's `malloc_trim`); elsewhere do nothing.

    It is a tenth of what an idle agent holds after its imports, and most of what a large inventory leaves behind.
    """
    gc.collect()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def spare() -> None:
    """Load what the agent needs of gRPC and the wire, and not what it never uses; to be called first of all.

    gRPC brings its asynchronous half, with it asyncio's TLS, and `hashlib` brings OpenSSL, though Python has a
    SHA-256 of its own: 8 MB of 46. With one heap for all threads, and larger blocks outside of it, what is
    freed goes back to the system.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            libc = ctypes.CDLL(None)
            libc.mallopt(M_ARENA_MAX, 1)
            libc.mallopt(M_MMAP_THRESHOLD, 64 * 1024)
    left_out = {"ssl": None, **({"_hashlib": None} if _has_own_sha256() else {})}
    if not any(name in sys.modules for name in ("grpc", "hashlib", *left_out)):
        sys.modules["grpc.aio"] = ModuleType("grpc.aio")
        sys.modules.update(left_out)  # type: ignore[arg-type]  # None: not to be imported
        importlib.import_module("agent.transport")
        for name in left_out:
            del sys.modules[name]


def _has_own_sha256() -> bool:
    """True where Python was built with its own SHA-256 (`_sha256`, `_sha2` from 3.12 on); FIPS builds leave it out."""
    return any(importlib.util.find_spec(name) for name in ("_sha256", "_sha2"))


def settle() -> None:
    """Release memory after start-up, and spare the collector of cycles what will live as long as the process."""
    release()
    gc.freeze()
