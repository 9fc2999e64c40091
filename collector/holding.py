"""The data folder, held for one collector alone, and all that can keep one from starting as the one line people see."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from collector.config import Settings
from collector.delivery import BadDestination
from collector.identifiers import BadPolicy
from collector.listeners.server import CannotListen
from collector.security.ca import BadAuthority
from collector.security.secrets import UnsafeSecret
from collector.security.vault import BadKey
from collector.services.refused import Refused
from collector.starting import CannotStart
from collector.store.migrate import NewerSchema
from collector.yamlfile import BadFile


def make_folder(folder: Path) -> None:
    """Make the data folder where there is none; raise `OSError` where it cannot be written to."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    probe = folder / ".probe"
    probe.write_bytes(bytes(4096))
    probe.unlink()


@contextlib.contextmanager
def sole_user(folder: Path) -> Iterator[None]:
    """Hold the data folder for this process alone; a second collector on it would be a second writer."""
    descriptor = os.open(folder / "collector.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise CannotStart(f"another collector is running on the data folder {folder}") from error
    try:
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def starting(settings: Settings) -> Iterator[None]:
    """Turn everything that can keep a collector from starting into one clear line."""
    try:
        yield
    except Refused as error:
        raise CannotStart(f"{settings.data}: {error}") from error
    except NewerSchema as error:
        raise CannotStart(f"{settings.data}: {error}; start that version, or restore a backup of this one") from error
    except CannotListen as error:
        raise CannotStart(f"{error}; choose others with --grpc and --enroll") from error
    except (BadFile, BadPolicy, BadDestination, BadAuthority, BadKey, UnsafeSecret) as error:
        raise CannotStart(str(error)) from error
    except DBAPIError as error:
        raise CannotStart(f"the database cannot be used: {_one_line(error.orig or error)}") from error
    except OSError as error:
        raise CannotStart(f"{error.filename or settings.data}: {error.strerror or error}") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
