"""The walls of the house stand: every contract holds, and each one catches the import it is there against."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.checkout import ROOT, project, sources

LINTER = Path(sys.prefix) / "bin" / "lint-imports"

BREAKS = {
    "agent, collector and discovery share only the wire": ("agent/spool.py", "import collector.clock"),
    "only the codec knows generated code": ("collector/ingest.py", "from wire.v1 import observation_pb2"),
    "the collector is built in layers, each knows only those below": (
        "collector/store/schema/base.py", "import collector.pipeline",
    ),
    "stages do not know each other": ("collector/drift.py", "import collector.change"),
    "stages know neither the store nor SQL": ("collector/history.py", "import collector.store.cis"),
    "pages and REST call the services, nothing below them": (
        "collector/web/__init__.py", "import collector.store.cis",
    ),
    "REST does not know the pages": ("collector/api/context.py", "import collector.web.render"),
    "the expression language stands alone": ("collector/language/tree.py", "import collector.model"),
    "platforms of the agent do not know each other": (
        "agent/collectors/macos/dns.py", "import agent.collectors.windows.dns",
    ),
    "collectors do not know spool and transport": ("agent/collectors/linux/dns.py", "import agent.spool"),
    "the agent is light": ("agent/spool.py", "import sqlite3"),
    "what asks a device knows no transport": ("discovery/steps.py", "import discovery.snmp.session"),
    "nothing but commands knows the lab": ("discovery/sweep.py", "import discovery.lab.responder"),
}  # fmt: skip
"""Contract → the file to break it in, and the import that does."""


def lint(where: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{where}:{where / 'proto'}", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [LINTER, "--no-cache"], cwd=where, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree to break."""
    folder = tmp_path_factory.mktemp("walls")
    for path in sources("agent", "collector", "discovery", "proto") + sorted(ROOT.glob("proto/wire/v1/*_pb2.py")):
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_every_contract_holds(copy: Path) -> None:
    answer = lint(copy)
    assert answer.returncode == 0, answer.stdout
    assert "0 broken" in answer.stdout


def test_every_contract_has_a_break_of_its_own() -> None:
    named = {contract["name"] for contract in project()["tool"]["importlinter"]["contracts"]}
    assert named == set(BREAKS)


@pytest.mark.parametrize("contract", BREAKS)
def test_a_broken_contract_is_caught(copy: Path, contract: str) -> None:
    name, line = BREAKS[contract]
    file = copy / name
    whole = file.read_text(encoding="utf-8")
    try:
        file.write_text(f"{whole}\n{line}\n", encoding="utf-8")
        answer = lint(copy)
    finally:
        file.write_text(whole, encoding="utf-8")
    assert answer.returncode != 0
    assert f"{contract} BROKEN" in answer.stdout, answer.stdout
