"""`./muster test` sets up what the tests need, installs missing peers where it may, and hands its words to pytest."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.setup.trees import Tree, plant, wheel

SAYS = "import json, os, sys\nprint(json.dumps({'words': sys.argv[1:], 'in': os.getcwd()}))\n"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A tree whose pytest is a stand-in that says what it was called with."""
    tree = plant(tmp_path)
    wheel(tree, "pytest", b"", main=SAYS)
    tree.lock("requirements-dev.lock", "leaf", "pytest")
    return tree


def test_words_go_to_pytest_which_runs_in_parallel_in_the_checkout(tree: Tree) -> None:
    answer = tree.run("test", "tests/store", "-k", "a and b", cwd=tree.root.parent)
    said = json.loads(answer.stdout)
    assert said["in"] == str(tree.root)
    assert said["words"][0] == "-n"
    assert said["words"][2:] == ["--dist", "loadgroup", "tests/store", "-k", "a and b"]


def test_after_test_up_has_nothing_to_install(tree: Tree) -> None:
    tree.run("test")
    assert [line.split()[0] for line in tree.run("up").stderr.splitlines()] == ["setup"]


def test_after_up_test_installs_what_the_tests_need_and_keeps_the_rest(tree: Tree) -> None:
    tree.run("up")
    answer = tree.run("test")
    assert "2 packages of requirements-dev.lock" in answer.stderr
    assert "environment" not in answer.stderr


def test_missing_peers_are_named_where_they_cannot_be_installed(tree: Tree) -> None:
    answer = tree.run("test")
    assert "not installed, so their tests skip by name: apt-get install" in answer.stderr
    assert answer.returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="installing packages needs root")
def test_root_on_debian_installs_the_missing_peers_and_goes_on_when_that_fails(tree: Tree) -> None:
    asked = tree.root / "asked"
    tree.add("apt-get", f'echo "$@" >>"{asked}"; exit 100')
    tree.add("promtool", "exit 0")
    answer = tree.run("test")
    assert "apt-get failed, their tests skip by name: " in answer.stderr
    assert answer.returncode == 0
    calls = asked.read_text().splitlines()
    assert any(call.endswith("update") for call in calls)
    assert all(call.startswith("-o DPkg::Lock::Timeout") for call in calls if "install" in call)
    assert "--no-install-recommends" in calls[0]
    assert "shellcheck" in calls[0]
    assert "prometheus" not in calls[0].split()


def test_bench_runs_the_benchmarks_with_its_words(tree: Tree) -> None:
    bench = tree.root / "tests/bench/__main__.py"
    bench.parent.mkdir(parents=True)
    bench.write_text(SAYS)
    assert json.loads(tree.run("bench", "ingest", "--json").stdout)["words"] == ["ingest", "--json"]
