"""Lists between their dry run and their taking: kept for a while in the data folder, named by what they hold."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import IO, Final

FOLDER: Final = "imports"
KEPT_MS: Final = 3_600_000
MOST: Final = 20
_NAME: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def keep(data: Path, file: IO[bytes], now: int) -> str:
    """Keep a list and return its name, its SHA-256; older ones go."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    name = fingerprint(file)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as made:  # 0600
        shutil.copyfileobj(file, made)
    Path(made.name).replace(folder / name)
    os.utime(folder / name, (now / 1000, now / 1000))
    _forget(folder, now)
    return name


def fingerprint(file: IO[bytes]) -> str:
    """Return the SHA-256 of a whole file, which stands at its beginning then."""
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(1 << 16):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


def opened(data: Path, name: str, now: int) -> IO[bytes] | None:
    """Return the list of that name, or None when it is not kept (any more)."""
    path = data / FOLDER / name
    if not _NAME.fullmatch(name) or not path.is_file() or _age_ms(path, now) > KEPT_MS:
        return None
    return path.open("rb")


def _forget(folder: Path, now: int) -> None:
    newest = sorted(folder.iterdir(), key=lambda path: _age_ms(path, now))
    for place, path in enumerate(newest):
        if place >= MOST or _age_ms(path, now) > KEPT_MS:
            path.unlink(missing_ok=True)


def _age_ms(path: Path, now: int) -> float:
    try:
        return now - path.stat().st_mtime * 1000
    except OSError:
        return KEPT_MS + 1
