"""The one place that starts other programs: fixed program names, no shell, a time-out, a size limit."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

SEARCH = (
    "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin",
    "/opt/MegaRAID/storcli", "/opt/MegaRAID/perccli", "/opt/smartstorageadmin/ssacli/bin",
)  # fmt: skip
MAX_OUTPUT = 16 * 1024 * 1024


class CommandFailed(Exception):
    """A program could not be run, ran too long, said too much, or ended in error."""


def find(name: str) -> Path | None:
    """Return the path of a program in the system's own folders, or None; the PATH variable is not asked."""
    if os.name == "nt":
        candidates = [Path(os.environ.get("SystemRoot", r"C:\Windows")) / "System32" / f"{name}.exe"]
        candidates.append(candidates[0].parent / "WindowsPowerShell" / "v1.0" / f"{name}.exe")
    else:
        candidates = [Path(folder) / name for folder in SEARCH]
    return next((path for path in candidates if os.access(path, os.X_OK)), None)


def _environment() -> dict[str, str]:
    if os.name != "nt":
        return {"PATH": ":".join(SEARCH), "LC_ALL": "C.UTF-8"}
    kept = {name: os.environ.get(name, "") for name in ("SystemRoot", "SystemDrive", "ProgramData", "TEMP")}
    return {**kept, "PATH": str(Path(kept["SystemRoot"]) / "System32")}


def run(argv: Sequence[str], timeout_s: float = 10.0) -> str:
    """Run `argv[0]` (looked up by `find`) and return its standard output; raise `CommandFailed`."""
    program = find(argv[0])
    if program is None:
        raise CommandFailed(f"{argv[0]} is not installed")
    try:
        done = subprocess.run(  # noqa: S603  fixed program names, no shell
            [str(program), *argv[1:]],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False,
            env=_environment(),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandFailed(f"{argv[0]}: {type(error).__name__}") from error
    if len(done.stdout) > MAX_OUTPUT:
        raise CommandFailed(f"{argv[0]}: more than {MAX_OUTPUT} bytes of output")
    if done.returncode != 0:
        raise CommandFailed(f"{argv[0]}: exit {done.returncode}")
    return done.stdout.decode("utf-8", "replace")
