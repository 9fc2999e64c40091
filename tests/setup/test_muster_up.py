"""`./muster` sets up from nothing, is quick when nothing changed, and never patches a half-made environment."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.setup.trees import Tree, plant, wheel


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return plant(tmp_path)


@pytest.mark.parametrize("uv", [True, False], ids=["uv", "pip"])
def test_a_bare_checkout_becomes_a_running_command(tmp_path: Path, uv: bool) -> None:
    tree = plant(tmp_path, uv=uv)
    answer = tree.run("up", "--data", "a b", "")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["words"] == ["up", "--data", "a b", ""]
    steps = [line.split()[0] for line in answer.stderr.splitlines() if line.startswith("  ")]
    assert steps == ["environment", "packages", "muster", "setup"]
    assert all(line.endswith(" s") for line in answer.stderr.splitlines()[1:])


def test_a_second_up_is_ready_within_a_second_and_installs_nothing(tree: Tree) -> None:
    tree.run("up")
    began = time.monotonic()
    again = tree.run("up")
    assert time.monotonic() - began < 5.0
    assert [line.split()[0] for line in again.stderr.splitlines()] == ["setup"]


def test_other_words_reach_the_command_with_nothing_else_on_standard_output(tree: Tree) -> None:
    first, second = tree.run("ci", "list", "--json"), tree.run("ci", "list", "--json")
    assert json.loads(first.stdout)["words"] == json.loads(second.stdout)["words"] == ["ci", "list", "--json"]
    assert second.stderr == ""


def test_the_command_runs_in_the_callers_folder_also_through_a_link(tree: Tree, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "muster"
    link.parent.mkdir()
    link.symlink_to(tree.root / "muster")
    answer = Tree(link.parent, tree.programs, tree.wheels).run("doctor", cwd=link.parent)
    assert json.loads(answer.stdout)["in"] == str(link.parent), answer.stderr
    assert (tree.root / ".venv").is_dir()


def test_a_changed_lock_is_installed_on_the_next_call(tree: Tree) -> None:
    tree.run("up")
    wheel(tree, "branch", b"")
    tree.lock("requirements.lock", "leaf", "branch")
    answer = tree.run("up")
    assert "2 packages of requirements.lock" in answer.stderr
    assert next((tree.root / ".venv").glob("lib/python*/site-packages/branch"), None)


@pytest.mark.parametrize("uv", [True, False], ids=["uv", "pip"])
def test_a_package_whose_hash_is_another_is_refused(tmp_path: Path, uv: bool) -> None:
    tree = plant(tmp_path, uv=uv)
    good = (tree.root / "requirements.lock").read_text()
    (tree.root / "requirements.lock").write_text(good.split("sha256:")[0] + "sha256:" + "0" * 64 + "\n")
    refused = tree.run("up")
    assert refused.returncode != 0
    assert "hash" in refused.stderr.lower()
    last = refused.stderr.splitlines()[-1]
    assert last == "muster: the packages of requirements.lock could not be installed; the lines above say why."
    assert "installing" in (tree.root / ".venv/muster-setup").read_text()


def test_an_installation_that_was_cut_short_is_made_anew(tree: Tree) -> None:
    tree.run("up")
    (tree.root / ".venv/muster-setup").write_text("installing\n")
    leftover = tree.root / ".venv/leftover"
    leftover.touch()
    assert tree.run("up").returncode == 0
    assert not leftover.exists()


def test_two_setups_at_once_do_not_meet(tree: Tree) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(tree.run, ["up", "doctor"])
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert (first.stderr + second.stderr).count("installed as commands") == 1
    assert not (tree.root / ".venv-lock").is_symlink()


def test_the_lock_of_a_setup_that_was_killed_is_taken_over(tree: Tree) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    (tree.root / ".venv-lock").symlink_to(str(gone.pid))
    assert tree.run("up").returncode == 0


def test_a_setup_that_is_interrupted_leaves_no_lock_and_the_next_one_succeeds(tree: Tree) -> None:
    real = (tree.programs / "uv").readlink()
    tree.add("uv", "sleep 30")
    process = subprocess.Popen([tree.root / "muster", "up"], env=tree.environment(), start_new_session=True)
    deadline = time.monotonic() + 10
    while not (tree.root / ".venv-lock").is_symlink():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(10) != 0
    assert not (tree.root / ".venv-lock").is_symlink()
    (tree.programs / "uv").unlink()
    (tree.programs / "uv").symlink_to(real)
    assert tree.run("up").returncode == 0


def test_a_checkout_that_was_moved_gets_a_new_environment(tree: Tree) -> None:
    tree.run("up")
    moved = shutil.move(tree.root, tree.root.with_name("moved"))
    answer = Tree(Path(moved), tree.programs, tree.wheels).run("up")
    assert answer.returncode == 0, answer.stderr
    assert "environment" in answer.stderr


def test_an_environment_that_someone_else_made_is_kept(tree: Tree) -> None:
    tree.run("up")
    (tree.root / ".venv/muster-setup").unlink()
    theirs = tree.root / ".venv/theirs"
    theirs.touch()
    assert tree.run("up").returncode == 0
    assert theirs.exists()
