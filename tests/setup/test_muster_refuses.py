"""When `./muster` cannot go on it says why in one line and ends with an exit code that is not 0."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.setup.trees import ROOT, Tree, plant, wheel

REAL = Path(sys.base_prefix) / "bin" / "python3"
NOBODY = 65534


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return plant(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MB."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command: list[str | Path] = ["mount", "-t", "tmpfs", "-o", "size=32m", "none", mount]
    if os.geteuid() or subprocess.run(command, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    yield mount
    subprocess.run(["umount", "-l", mount], check=True)


def only_line(answer: subprocess.CompletedProcess[str]) -> str:
    """The one line of `answer` that is no step; fail if it went well or says more."""
    assert answer.returncode != 0
    assert answer.stdout == ""
    *steps, last = answer.stderr.splitlines()
    assert all(line.startswith(("Setting up in", "  ")) for line in steps), answer.stderr
    return last


def test_no_python_at_all(tmp_path: Path) -> None:
    tree = plant(tmp_path, uv=False)
    (tree.programs / "python3").unlink()
    assert only_line(tree.run("up")) == (
        "muster: Python 3.11 or newer is needed. Debian 12 and later: apt-get install python3 python3-venv"
    )


def test_a_python_that_is_too_old_is_named_with_its_version(tmp_path: Path) -> None:
    tree = plant(tmp_path, uv=False)
    pretend = 'import sys; sys.version_info = (3, 9, 2, "final", 0); exec(sys.argv[2])'
    tree.add("python3", f"exec {REAL} -c '{pretend}' \"$@\"")
    line = only_line(tree.run("up"))
    assert "Python 3.11 or newer is needed. Found 3.9.2, too old: " in line


def test_a_newer_python_beside_an_old_one_is_taken(tree: Tree) -> None:
    tree.add("python3.13", "echo 3.10.1; exit 1")
    answer = tree.run("up")
    assert answer.returncode == 0, answer.stderr


def test_a_python_without_its_venv_module_names_the_one_package_to_install(tmp_path: Path) -> None:
    tree = plant(tmp_path, uv=False)
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "ensurepip.py").write_text("raise ImportError('Debian keeps it in a package of its own')\n")
    tree.add("python3", f'PYTHONPATH={bare} exec {REAL} "$@"')
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert only_line(tree.run("up")).endswith(f"has no venv module: apt-get install python{minor}-venv")
    assert not (tree.root / ".venv/bin").exists()


@pytest.mark.parametrize("uv", [True, False], ids=["uv", "pip"])
def test_a_full_disk_is_said_with_what_is_free(tmp_path: Path, small_disk: Path, uv: bool) -> None:
    tree = plant(tmp_path, uv=uv, root=small_disk / "checkout")
    wheel(tree, "ballast", os.urandom(48 * 1024 * 1024))
    tree.lock("requirements.lock", "leaf", "ballast")
    line = only_line(tree.run("up"))
    assert line.startswith("muster: the disk is full: ")
    assert f"Free in {tree.root}: " in line


def test_after_a_full_disk_the_next_call_starts_afresh(tmp_path: Path, small_disk: Path) -> None:
    tree = plant(tmp_path, root=small_disk / "checkout")
    wheel(tree, "ballast", os.urandom(48 * 1024 * 1024))
    tree.lock("requirements.lock", "leaf", "ballast")
    only_line(tree.run("up"))
    subprocess.run(["mount", "-o", "remount,size=256m", small_disk], check=True)
    answer = tree.run("up")
    assert answer.returncode == 0, answer.stderr


def test_a_folder_that_may_not_be_written_is_said() -> None:
    if os.geteuid():
        pytest.skip("becoming another user needs root")
    folder = Path(tempfile.mkdtemp(prefix="muster-setup-"))
    try:
        folder.chmod(0o755)
        tree = plant(folder)
        line = only_line(tree.run("up", user=NOBODY))
        assert line == f"muster: not writable: {tree.root}/.venv could not be written ({tree.root})."
    finally:
        shutil.rmtree(folder)


def test_the_script_is_plain_posix_shell() -> None:
    for checker in (["dash", "-n"], ["shellcheck", "-s", "sh"]):
        if shutil.which(checker[0]) is None:
            pytest.skip(f"{checker[0]} is not installed")
        answer = subprocess.run([*checker, ROOT / "muster"], capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stdout + answer.stderr
