"""Brings a database to this program's schema; refuses one that a newer program made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from collector.store.engine import Store

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent / "migrations"


class NewerSchema(Exception):
    """The database was made by a newer version of Muster."""


async def migrate(store: Store) -> str:
    """Apply the migrations that are missing, in one transaction; return the revision; raise `NewerSchema`."""
    async with store.write() as connection:
        return await connection.run_sync(_migrate)


def _migrate(connection: Connection) -> str:
    present, head = _present(connection), newest()
    if present == head:
        return head  # nearly every start: alembic is not even loaded
    return _upgrade(connection, present)


def newest() -> str:
    """Return the revision this program brings a database to: the files of migrations begin with theirs."""
    return max(each.name for each in (MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]


def _present(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection, present: str | None) -> str:
    from alembic.config import Config
    from alembic.operations import Operations
    from alembic.runtime.environment import EnvironmentContext

    script = _script()
    known = {revision.revision for revision in script.walk_revisions()}
    if present is not None and present not in known:
        raise NewerSchema(f"the data was written by a newer version (schema {present})")
    head = script.get_current_head() or ""
    with EnvironmentContext(
        Config(),
        script,
        fn=lambda revision, _: script._upgrade_revs(head, revision),
    ) as environment:
        environment.configure(connection=connection, transactional_ddl=True, transaction_per_migration=False)
        with Operations.context(environment.get_context()):
            environment.run_migrations()
    return head


def _script() -> ScriptDirectory:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)
