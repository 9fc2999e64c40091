"""The checkout that the architecture tests look at."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def project() -> dict[str, Any]:
    """Return pyproject.toml, parsed."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def files(*under: str) -> list[Path]:
    """Return the files git tracks or would track, below `under`; skip the test where there is no git."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *under],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    if listing.returncode:
        pytest.skip("not a git checkout")
    found = (ROOT / name for name in sorted(set(listing.stdout.decode().split("\0"))) if name)
    return [path for path in found if path.is_file() and not path.is_symlink()]


def sources(*packages: str) -> list[Path]:
    """Return the Python files of `packages` that a person wrote."""
    return [path for path in files(*packages) if path.suffix == ".py" and not path.stem.endswith("_pb2")]
