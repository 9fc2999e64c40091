"""A printed report read back by programs of Poppler."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def text(content: bytes, folder: Path) -> str:
    """Return what stands on the pages."""
    return _poppler("pdftotext", content, folder, "-layout", "-").decode()


def pictures(content: bytes, folder: Path) -> list[bytes]:
    """Return the pictures as they lie in the file, in the order they are drawn; photos are JPEGs."""
    _poppler("pdfimages", content, folder, "-all", str(folder / "picture"))
    return [each.read_bytes() for each in sorted(folder.glob("picture-*"))]


def _poppler(program: str, content: bytes, folder: Path, how: str, to: str) -> bytes:
    installed = shutil.which(program)
    if installed is None:
        pytest.skip(f"{program} is not installed (Debian: apt-get install poppler-utils)")
    file = folder / "report.pdf"
    file.write_bytes(content)
    return subprocess.run([installed, how, str(file), to], capture_output=True, check=True).stdout
