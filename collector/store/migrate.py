"""Brings a database to this program's schema; refuses one that a newer program made."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from collector.store.engine import Store

MIGRATIONS = Path(__file__).parent / "migrations"


class NewerSchema(Exception):
    """The database was made by a newer version of Muster."""


def _script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


async def migrate(store: Store) -> str:
    """Apply the migrations that are missing, in one transaction; return the revision; raise `NewerSchema`."""
    async with store.write() as connection:
        return await connection.run_sync(_migrate)


def _migrate(connection: Connection) -> str:
    script = _script()
    present = MigrationContext.configure(connection).get_current_revision()
    known = {revision.revision for revision in script.walk_revisions()}
    if present is not None and present not in known:
        raise NewerSchema(f"the data was written by a newer version (schema {present})")
    head = script.get_current_head() or ""
    if present == head:
        return head
    with EnvironmentContext(
        Config(),
        script,
        fn=lambda revision, _: script._upgrade_revs(head, revision),
    ) as environment:
        environment.configure(connection=connection, transactional_ddl=True, transaction_per_migration=False)
        with Operations.context(environment.get_context()):
            environment.run_migrations()
    return head
