"""The benchmark runner: finds benchmarks by name, keeps them apart, and says which promise was missed."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import main, names
from tests.bench.apart import PREFIX

SAMPLES = ["--package", "tests.bench.samples"]


def bench(*words: str) -> int:
    return main([*SAMPLES, *words])


def test_figures_are_printed_as_a_table_with_what_was_promised(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("kept") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("python 3.")
    assert lines[3].split() == ["kept", "rate", "12,346", "1/s", "≥", "10,000", "held"]
    assert lines[4].split() == ["kept", "memory", "41.25", "MB", "after", "3", "passes"]


def test_options_belong_to_one_benchmark_and_one_that_has_none_is_broken_by_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        bench("--days", "6")
    assert "options of a benchmark stand beside its name: --days 6" in capsys.readouterr().err
    assert bench("kept", "--days", "6", "--json") == 1
    assert set(json.loads(capsys.readouterr().out)["broken"]) == {"kept"}


def test_a_missed_promise_is_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("missed") == 1
    assert "≥ 0.4 ≤ 1 MISSED" in capsys.readouterr().out


def test_a_benchmark_that_dies_costs_its_own_figures_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("broken", "kept", "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert set(document["broken"]) == {"broken"}
    assert [figure["name"] for figure in document["figures"]["kept"]] == ["rate", "memory"]
    assert document["figures"]["kept"][0]["holds"] is True
    assert document["machine"]["cores"] >= 1


def test_the_command_a_person_types_measures() -> None:
    """Run as `__main__`, which is what a spawned process must not have to import from."""
    words = [sys.executable, "-m", "tests.bench", *SAMPLES, "--json", "kept"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    assert [figure["name"] for figure in json.loads(done.stdout)["figures"]["kept"]] == ["rate", "memory"]


def test_an_unknown_name_is_refused_with_the_names_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench("nothing")
    assert "there are: broken, kept, missed" in capsys.readouterr().err


def test_every_benchmark_of_the_project_can_be_found_and_run() -> None:
    for name in names(Path(__file__).parent):
        assert callable(importlib.import_module(f"tests.bench.{PREFIX}{name}").run), name
