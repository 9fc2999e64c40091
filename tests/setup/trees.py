"""A small project with the real `muster` script in it, its wheels on disk: setup is tested whole, without a network."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROGRAMS = (
    "sh", "awk", "basename", "cat", "chmod", "cksum", "cp", "date", "df", "dirname", "env", "find", "getconf", "grep",
    "id", "ln", "ls", "mkdir", "mv", "readlink", "rm", "sed", "sleep", "sort", "tail", "touch", "tr", "uname", "xargs",
)  # fmt: skip
"""What a bare system has: `muster` must not need more."""


@dataclass(frozen=True)
class Tree:
    """A checkout in miniature; `programs` is all of its PATH."""

    root: Path
    programs: Path
    wheels: Path

    def run(self, *words: str, cwd: Path | None = None, user: int | None = None) -> subprocess.CompletedProcess[str]:
        """Run `./muster WORDS` and return how it ended and what it said."""
        return subprocess.run(
            [self.root / "muster", *words], env=self.environment(), cwd=cwd, user=user,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def environment(self) -> dict[str, str]:
        found = {"PATH": str(self.programs), "HOME": str(self.programs.parent), "TMPDIR": str(self.programs.parent)}
        offline = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1",
                   "UV_OFFLINE": "1", "UV_NO_CONFIG": "1", "UV_NO_CACHE": "1", "UV_LINK_MODE": "copy"}  # fmt: skip
        links = {"PIP_FIND_LINKS": str(self.wheels), "UV_FIND_LINKS": str(self.wheels), "UV_NO_INDEX": "1"}
        return found | offline | links

    def add(self, program: str, text: str) -> None:
        """Put a shell script called `program` on the PATH."""
        path = self.programs / program
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def lock(self, name: str, *wheels: str) -> None:
        """Write lock file `name` that asks for `wheels`, each by its hash."""
        lines = []
        for wheel in wheels:
            digest = hashlib.sha256((self.wheels / f"{wheel}-1-py3-none-any.whl").read_bytes()).hexdigest()
            lines.append(f"{wheel}==1 \\\n    --hash=sha256:{digest}\n")
        (self.root / name).write_text("".join(lines))


def plant(folder: Path, *, uv: bool = True, root: Path | None = None) -> Tree:
    """Make a tree under `folder`, with its checkout at `root` if given; with uv and this Python on its PATH."""
    tree = Tree(root or folder / "check out", folder / "programs", folder / "wheels")
    passed_over = shutil.ignore_patterns("assets", "__pycache__")
    shutil.copytree(HERE / "small", tree.root, ignore=passed_over, dirs_exist_ok=True)
    shutil.copy(ROOT / "muster", tree.root)
    tree.programs.mkdir()
    tree.wheels.mkdir()
    for program in PROGRAMS:
        (tree.programs / program).symlink_to(_located(program))
    (tree.programs / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    if uv:
        (tree.programs / "uv").symlink_to(Path(sys.prefix) / "bin" / "uv")
    wheel(tree, "leaf", b"")
    tree.lock("requirements.lock", "leaf")
    tree.lock("requirements-dev.lock", "leaf")
    return tree


def wheel(tree: Tree, name: str, content: bytes, main: str = "") -> None:
    """Build wheel `name` with one data file of `content` in it; `python -m name` runs `main`."""
    with zipfile.ZipFile(tree.wheels / f"{name}-1-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}/__init__.py", "")
        archive.writestr(f"{name}/__main__.py", main)
        archive.writestr(f"{name}/content", content)
        archive.writestr(f"{name}-1.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        archive.writestr(f"{name}-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{name}-1.dist-info/RECORD", "")


def _located(program: str) -> str:
    found = shutil.which(program)
    assert found, f"{program} is part of every system"
    return found
