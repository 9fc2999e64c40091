"""The wheel holds the whole product, its packages' names are nobody else's, and it works where it is installed."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.checkout import ROOT, files

PACKAGES = {"agent", "collector", "discovery", "wire"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    code = f"from hatchling.build import build_wheel; print(build_wheel({str(folder)!r}))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return folder / answer.stdout.split()[-1]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder the wheel is unpacked in, as an installer lays it out."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_names_of_our_packages_are_nobody_elses() -> None:
    providers = importlib.metadata.packages_distributions()
    for package in PACKAGES:
        assert set(providers.get(package, ())) <= {"muster-cmdb"}, package


def test_rules_and_proto_are_no_packages() -> None:
    assert not list((ROOT / "rules").rglob("*.py"))
    assert [path.name for path in (ROOT / "proto").glob("*.py")] == []


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_beside_them(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    wanted = {path.relative_to(ROOT).as_posix() for path in files("agent", "collector", "discovery")}
    wanted |= {path.relative_to(ROOT / "proto").as_posix() for path in files("proto/wire")}
    wanted |= {f"collector/data/{path.relative_to(ROOT).as_posix()}" for path in files("rules")}
    assert not wanted - held
    assert {name.partition("/")[0] for name in held} == PACKAGES | {"muster_cmdb-0.1.0.dist-info"}


@pytest.mark.parametrize(
    "pattern",
    [
        "collector/data/rules/packs/*.yaml",
        "collector/store/migrations/script.py.mako",
        "collector/store/migrations/versions/*.py",
        "collector/web/templates/**/*.html",
        "collector/web/static/*.css",
        "wire/v1/*_pb2.py",
        "*/py.typed",
    ],
)
def test_the_wheel_brings_its_data_along(installed: Path, pattern: str) -> None:
    assert list(installed.glob(pattern))


def test_scripts_of_the_pages_are_in_the_wheel_when_they_were_built(installed: Path) -> None:
    built = ROOT / "collector/web/static/vendor"
    if not built.is_dir():
        pytest.skip("scripts of the pages are not built (npm)")
    names = {path.relative_to(built) for path in built.rglob("*") if path.is_file()}
    held = installed / "collector/web/static/vendor"
    assert names == {path.relative_to(held) for path in held.rglob("*") if path.is_file()}


def test_installed_the_program_finds_its_rules_inside_the_wheel(installed: Path) -> None:
    code = "import collector.rulebook as r; p = r.shipped(); print(p); assert r.load(p).rules"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=installed, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert Path(answer.stdout.strip()).is_relative_to(installed)
