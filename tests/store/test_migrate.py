"""The schema arrives by migrations, the same on both engines, and a newer one is refused."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from collector.store import schema
from collector.store.engine import Store, insert
from collector.store.migrate import NewerSchema, migrate, newest


async def test_migrating_twice_changes_nothing(store: Store) -> None:
    assert await migrate(store) == await migrate(store)


async def test_the_last_migration_is_told_by_the_names_of_the_files(sqlite_store: Store) -> None:
    async with sqlite_store.read() as connection:
        made_by_alembic = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
    assert newest() == made_by_alembic


async def test_migrations_make_exactly_the_tables_of_the_schema(store: Store) -> None:
    async with store.read() as connection:
        for table in schema.metadata.sorted_tables:
            await connection.execute(table.select().limit(1))


async def test_a_schema_of_a_newer_program_is_refused(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerSchema, match="newer version"):
        await migrate(store)


async def test_a_transaction_that_raises_leaves_nothing(store: Store) -> None:
    async def half_a_transaction() -> None:
        async with store.write() as connection:
            await connection.execute(insert(connection, schema.setting).values(name="a", value="1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await half_a_transaction()
    async with store.read() as connection:
        assert (await connection.execute(schema.setting.select())).all() == []
