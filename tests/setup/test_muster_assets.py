"""The scripts of the pages are built where npm is there, once for each change of their sources, and never needed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.setup.trees import HERE, Tree, plant


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A tree with sources of scripts, and this machine's own npm."""
    tree = plant(tmp_path)
    shutil.copytree(HERE / "small/assets", tree.root / "collector/web/assets")
    for program in ("node", "npm"):
        found = shutil.which(program)
        if found is None:
            pytest.skip(f"{program} is not installed (Debian: apt-get install npm)")
        tree.add(program, f'PATH={os.path.dirname(found)}:$PATH exec {found} "$@"')
    return tree


def builds(tree: Tree) -> int:
    log = tree.root / "collector/web/built.log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_scripts_are_built_once_and_again_when_their_sources_change(tree: Tree) -> None:
    assert "scripts of the pages built" in tree.run("up").stderr
    assert (tree.root / "collector/web/static/vendor/page.js").is_file()
    tree.run("up")
    assert builds(tree) == 1
    (tree.root / "collector/web/assets/page.js").write_text("// another\n")
    tree.run("up")
    assert builds(tree) == 2


def test_scripts_that_were_deleted_are_built_again(tree: Tree) -> None:
    tree.run("up")
    shutil.rmtree(tree.root / "collector/web/static/vendor")
    tree.run("up")
    assert builds(tree) == 2


def test_without_npm_up_says_so_and_goes_on(tree: Tree) -> None:
    (tree.programs / "npm").unlink()
    answer = tree.run("up")
    assert answer.returncode == 0
    assert "npm is not installed: the pages go on without script" in answer.stderr


def test_when_npm_fails_up_says_so_goes_on_and_tries_again_next_time(tree: Tree) -> None:
    package = tree.root / "collector/web/assets/package.json"
    good = package.read_text()
    package.write_text(good.replace("mkdir -p", "exit 3; mkdir -p"))
    answer = tree.run("up")
    assert answer.returncode == 0
    assert "npm failed: the pages go on without script" in answer.stderr
    package.write_text(good)
    tree.run("up")
    assert builds(tree) == 1


def test_commands_that_show_no_page_do_not_build_scripts(tree: Tree) -> None:
    assert tree.run("ci", "list").returncode == 0
    assert builds(tree) == 0
