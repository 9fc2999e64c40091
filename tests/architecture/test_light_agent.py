"""The agent's own process stays small: what is heavy is loaded by its short-lived children only."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "asyncio", "cryptography", "multiprocessing", "psutil", "sqlite3", "concurrent.futures", "ctypes", "email",
    "http.client", "http.server", "unittest", "xml", "grpc.aio", "sqlalchemy", "pydantic", "fastapi", "yaml", "rich",
    "typer", "collector",
}  # fmt: skip
"""None of these is loaded by importing the agent's main modules. `grpc` itself imports asyncio; see below."""


def loaded(module: str) -> set[str]:
    """Return what is in `sys.modules` of a new interpreter that has imported `module` and nothing else."""
    code = f"import sys; before = set(sys.modules); import {module}; print(*set(sys.modules) - before)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


@pytest.mark.parametrize("module", ["agent.__main__", "agent.run"])
def test_importing_it_loads_nothing_heavy(module: str) -> None:
    assert not loaded(module) & HEAVY


@pytest.mark.parametrize("module", ["agent.spool", "agent.worker", "agent.collectors", "wire.codec"])
def test_its_parts_load_nothing_heavy_either(module: str) -> None:
    assert not loaded(module) & (HEAVY | {"grpc"})
