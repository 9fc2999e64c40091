"""The agent's own process stays small: what is heavy is loaded by its short-lived children only."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "asyncio", "cryptography", "multiprocessing", "psutil", "sqlite3", "concurrent.futures", "email",
    "http.client", "http.server", "unittest", "xml", "grpc.aio", "sqlalchemy", "pydantic", "fastapi", "yaml", "rich",
    "typer", "collector",
}  # fmt: skip
"""None of these is loaded by importing the agent's main modules; psutil and cryptography live in children."""


def loaded(module: str) -> set[str]:
    """Return what is in `sys.modules` of a new interpreter that has imported `module` and nothing else."""
    code = f"import sys; before = set(sys.modules); import {module}; print(*set(sys.modules) - before)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


def test_the_run_loop_loads_nothing_heavy_but_what_grpc_itself_brings() -> None:
    assert not (loaded("agent.run") - loaded("grpc")) & HEAVY


@pytest.mark.parametrize("module", ["agent.__main__", "agent.spool", "agent.worker", "agent.collectors", "wire.codec"])
def test_what_works_without_a_collector_loads_not_even_grpc(module: str) -> None:
    assert not loaded(module) & (HEAVY | {"grpc"})
