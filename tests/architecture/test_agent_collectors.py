"""A collector stands alone: it is in its platform's table, speaks the catalogue, and imports no other collector."""

from __future__ import annotations

import importlib
import re

import grimp
import pytest

from agent.collectors import PLATFORMS, portable
from agent.collectors.base import Collector
from tests.architecture.checkout import ROOT
from wire.sections import SECTIONS

SHARED_READERS = {
    ("databases_and_middleware", "packages"): "a product's version is that of the package that brings it",
    ("listening_ports", "users"): "a socket's owner is a number, its name stands in the account file",
    ("groups", "users"): "Windows: a RID is cut from a SID in one way",
}
"""Collector, the collector whose reader it uses → why."""


def collectors(platform: str) -> dict[str, Collector]:
    """Return module name → collector, for every file of the platform's folder that has one."""
    folder = ROOT / "agent/collectors" / platform
    names = (path.stem for path in folder.glob("[a-z]*.py"))
    modules = {name: importlib.import_module(f"agent.collectors.{platform}.{name}") for name in names}
    return {name: module.COLLECTOR for name, module in modules.items() if hasattr(module, "COLLECTOR")}


@pytest.mark.parametrize("platform", PLATFORMS.values())
def test_every_collector_is_in_the_table_of_its_platform_and_names_a_section(platform: str) -> None:
    table = importlib.import_module(f"agent.collectors.{platform}").TABLE
    assert table == {each.section: name for name, each in collectors(platform).items()}
    assert table.keys() <= SECTIONS.keys()


@pytest.mark.parametrize("platform", PLATFORMS.values())
def test_no_collector_imports_another(platform: str) -> None:
    package = f"agent.collectors.{platform}"
    graph = grimp.build_graph("agent", cache_dir=None)
    names = collectors(platform).keys()
    found = {
        (name, other)
        for name in names
        for imported in graph.find_modules_directly_imported_by(f"{package}.{name}")
        if (other := imported.removeprefix(f"{package}.")) in names
    }
    assert not found - SHARED_READERS.keys(), "put what both read into a reader of its own"


@pytest.mark.parametrize("platform", PLATFORMS.values())
def test_every_collector_is_tested_on_captured_input(platform: str) -> None:
    folder = ROOT / "tests/agent/collectors" / platform
    tests = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("test_*.py"))
    tested = set(re.findall(r"\w+", tests)) | {path.stem for path in folder.glob("captured/*")}
    own = {name for name, each in collectors(platform).items() if each.collect.__module__ != portable.__name__}
    assert not own - tested
