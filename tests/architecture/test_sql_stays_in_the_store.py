"""SQL lives in `collector/store` only; elsewhere a connection is a handle that is passed along."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.checkout import ROOT, sources

HANDLES = {"AsyncConnection", "AsyncEngine", "SQLAlchemyError", "DBAPIError"}
"""What those outside may name of SQLAlchemy: the handle, and that it failed."""

OWN_ROWS = {"collector.store.accounts", "collector.store.sessions"}
"""The rows of one's own account have no service in between."""

CURSORS = {"collector.store.browse.page.encode", "collector.store.browse.page.decode"}
"""A cursor is a text: these two read nothing."""

OTHERS = {ROOT / "agent/collectors/linux" / name for name in ("dnf_history.py", "sqlite_copy.py")}
"""They read a database of another program, which no store of ours is."""

PAGES = ("collector/api", "collector/web")

STATEMENT = re.compile(
    r"\s*(select\s.+\sfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|pragma\s)",
    re.IGNORECASE | re.DOTALL,
)


def outside() -> list[Path]:
    paths = (path for path in sources("agent", "collector") if path not in OTHERS)
    return [path for path in paths if not path.is_relative_to(ROOT / "collector/store")]


def names_of_sqlalchemy(tree: ast.Module) -> Iterator[str]:
    """Yield what `tree` imports of SQLAlchemy and its drivers; a whole module by its own name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"sqlalchemy", "alembic"}:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            drivers = {"sqlalchemy", "alembic", "sqlite3", "aiosqlite", "asyncpg", "apsw"}
            yield from (module for module in modules if module.split(".")[0] in drivers)


def test_outside_the_store_a_connection_is_only_a_handle() -> None:
    found = {path: set(names_of_sqlalchemy(ast.parse(path.read_text("utf-8")))) - HANDLES for path in outside()}
    assert not {path: names for path, names in found.items() if names}


def called_of_the_store(path: Path) -> Iterator[str]:
    """Yield what `path` imports of the store that is no value: modules and functions; types and limits are values."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("collector.store"):
            yield from (f"{node.module}.{each.name}" for each in node.names if not each.name[0].isupper())
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name.startswith("collector.store"))


def test_pages_and_rest_call_nothing_of_the_store() -> None:
    called = {(path.name, name) for path in sources(*PAGES) for name in called_of_the_store(path)}
    assert not {(page, name) for page, name in called if name not in OWN_ROWS | CURSORS}


def statements(path: Path) -> Iterator[str]:
    """Yield where `path` holds a text that begins like SQL."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and STATEMENT.match(node.value):
            yield f"{path}:{node.lineno}: {node.value[:60]}"


def test_outside_the_store_no_text_is_a_statement() -> None:
    assert not [found for path in outside() for found in statements(path)]


def test_a_statement_is_recognised(tmp_path: Path) -> None:
    sample = tmp_path / "sample.py"
    sample.write_text("A = 'SELECT name FROM ci WHERE id = 1'\nB = 'select one of these'\n")
    assert [found.partition(":")[2] for found in statements(sample)] == ["1: SELECT name FROM ci WHERE id = 1"]
