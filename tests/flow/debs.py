"""A package of a few bytes, made here, installed and removed by the real dpkg."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

VERSION = "0~mustertest"


def build(folder: Path, name: str) -> Path:
    """Return a package that holds one text file."""
    tree = folder / name
    note = tree / "usr" / "share" / "doc" / name / "README.muster-test"
    note.parent.mkdir(parents=True)
    note.write_text("Installed by Muster's own tests, which also remove it.\n")
    control = tree / "DEBIAN" / "control"
    control.parent.mkdir()
    control.write_text(
        f"Package: {name}\nVersion: {VERSION}\nArchitecture: all\nMaintainer: Muster's tests <tests@example.org>\n"
        "Description: installed and removed by a test\n"
    )
    deb = folder / f"{name}.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, deb], check=True, capture_output=True)
    return deb


def is_installed(name: str) -> bool:
    shown = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", name], capture_output=True, text=True)
    return shown.stdout not in ("", "not-installed")


def dpkg(*words: str | Path) -> None:
    """Run dpkg; when another one holds its lock, wait for it."""
    for _ in range(30):
        done = subprocess.run(["dpkg", *words], capture_output=True, text=True, env=_quiet())
        if done.returncode == 0:
            return
        assert "lock" in done.stderr, done.stderr
        time.sleep(1.0)
    raise AssertionError("another program has held dpkg's lock for 30 seconds")


def _quiet() -> dict[str, str]:
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
