"""Incidents of a database of the version before the desk come through: open ones are new, those resolved are closed."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, select, text

from collector.store import channels, incidents, migrate, schema
from collector.store.engine import open_store, sqlite_url
from collector.store.migrate import _script

OLD = "0013"
ROWS = """
INSERT INTO ci (id, uid, ci_class, ci_type, name, state, created_at)
 VALUES (1, 'ci-1', 'server', 'pc_server', 'a', 'active', 0);
INSERT INTO incident (number, cause_key, ci_id, kind, severity, state, title, detail, opened_at, resolved_at) VALUES
 ('INC-000001', 'rule|A|ci-1|', 1, 'alert', 'critical', 'open', '{"en": "x"}', '{}', 1000, NULL),
 ('INC-000002', 'rule|B|ci-1|', 1, 'alert', 'warning', 'resolved', '{"en": "y"}', '{}', 1000, 2000)
"""


def _upgrade_to(connection: Connection, revision: str) -> None:
    from alembic.config import Config
    from alembic.operations import Operations
    from alembic.runtime.environment import EnvironmentContext

    script = _script()
    with EnvironmentContext(
        Config(), script, fn=lambda present, _: script._upgrade_revs(revision, present)
    ) as environment:
        environment.configure(connection=connection, transactional_ddl=True, transaction_per_migration=False)
        with Operations.context(environment.get_context()):
            environment.run_migrations()


async def test_incidents_of_the_version_before_come_through(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path / "muster.db"))
    async with store.write() as tx:
        await tx.run_sync(_upgrade_to, OLD)
        for statement in ROWS.strip().split(";\n"):
            await tx.execute(text(statement.replace(":", r"\:")))
    await migrate.migrate(store)
    async with store.read() as connection:
        first, second = (await connection.execute(select(schema.incident).order_by(schema.incident.c.id))).all()
        (member,) = (await connection.execute(select(schema.incident_cause))).all()
        (interval,) = (await connection.execute(select(schema.incident_interval))).all()
    assert (first.state, first.causes, first.wake_at is not None) == ("new", 1, True)
    assert (member.incident_id, member.cause_key, member.role, member.ended_at) == (1, "rule|A|ci-1|", "cause", None)
    assert (interval.incident_id, interval.state, interval.since, interval.until) == (1, "new", 1000, None)
    assert (second.state, second.closed_at, second.causes, second.wake_at) == ("closed", 2000, 0, None)
    await store.close()


HEARING = """
INSERT INTO channel (name, kind, scope, wants, sealed, key_id, changed_at)
 VALUES ('all', 'webhook', '', '{"severity": "notice", WHATEVER, "events": []}', x'00', '', 0),
 ('some', 'webhook', '', '{"severity": "error", WHATEVER, "events": ["opened", "updated"]}', x'00', '', 0),
 ('ends', 'webhook', '', '{"severity": "notice", WHATEVER, "events": ["resolved"]}', x'00', '', 0)
""".replace("WHATEVER", '"categories": [], "sources": [], "sites": []')


async def test_who_heard_that_incidents_are_taken_still_does(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path / "muster.db"))
    async with store.write() as tx:
        await tx.run_sync(_upgrade_to, "0020")
        for statement in HEARING.strip().split(";\n"):
            await tx.execute(text(statement.replace(":", r"\:")))
    await migrate.migrate(store)
    async with store.read() as connection:
        heard = {each.name: each.wants for each in await channels.enabled(connection)}
    assert {name: each.hears("acknowledged") for name, each in heard.items()} == {
        "all": True, "some": True, "ends": False,
    }  # fmt: skip
    assert heard["some"].severity == "error"
    await store.close()


def _told(category: str) -> str:
    return f'{{"category": "{category}"}}'


ALARMS = [  # number, key, CI, kind, state, category, resolved
    ("INC-000001", "rule|A|ci-1|", 1, "alert", "new", "server/storage", None),
    ("INC-000002", "rule|B|ci-1|/var", 1, "alert", "in_progress", "server/storage", None),
    ("INC-000003", "rule|A|ci-2|", 2, "alert", "new", "server/storage", None),
    ("INC-000004", "rule|A|ci-1|", 1, "alert", "closed", "server/storage", 2000),
    ("INC-000005", "rule|NET-UNREACH-001|ci-1|", 1, "alert", "new", "network/reachability", None),
    ("INC-000006", "group|C|East", 1, "alert", "new", "server/storage", None),
    ("INC-000007", "foreign|am|1", 2, "foreign_alert", "new", "", None),
    ("INC-000008", "foreign|am|*|Disk", None, "foreign_alert", "new", "", None),
    ("INC-000009", "finding|7", 1, "unapproved_change", "new", "", None),
]


async def test_incidents_of_single_alarms_take_the_key_they_share_from_now_on(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path / "muster.db"))
    insert = (
        "INSERT INTO incident (number, cause_key, ci_id, kind, state, detail, resolved_at, severity, title, opened_at)"
        " VALUES (:number, :key, :ci, :kind, :state, :detail, :resolved, 'warning', '{}', 1000)"
    )
    problem = (
        "INSERT INTO problem (number, cause_key, ci_id, state, title, raised_at, raised_by)"
        " VALUES (:number, :key, 1, 'open', '{}', 0, '')"
    )
    async with store.write() as tx:
        await tx.run_sync(_upgrade_to, "0026")
        for number in (1, 2):
            await tx.execute(text(
                "INSERT INTO ci (id, uid, ci_class, ci_type, name, state, created_at)"
                f" VALUES ({number}, 'ci-{number}', 'server', 'pc_server', 'a', 'active', 0)"
            ))  # fmt: skip
        for number, key, ci, kind, state, category, resolved in ALARMS:
            row = {"number": number, "key": key, "ci": ci, "kind": kind, "state": state, "resolved": resolved}
            await tx.execute(text(insert), {**row, "detail": _told(category)})
        for number, key in (("PRB-000001", "rule|A|ci-1|"), ("PRB-000002", "rule|B|ci-1|/var")):
            await tx.execute(text(problem), {"number": number, "key": key})
    await migrate.migrate(store)
    async with store.read() as connection:
        rows = await connection.execute(select(schema.incident.c.cause_key).order_by(schema.incident.c.id))
        keys = list(rows.scalars())
        rows = await connection.execute(select(schema.problem.c.cause_key).order_by(schema.problem.c.id))
        problems = list(rows.scalars())
    shared = "alarms|ci-1|server/storage"
    assert keys == [
        "rule|A|ci-1|", shared, "alarms|ci-2|server/storage", shared, "rule|NET-UNREACH-001|ci-1|", "group|C|East",
        "alarms|ci-2|", "foreign|am|*|Disk", "finding|7",
    ], "who works on one keeps it; another that stands joins it when its CI is looked at"  # fmt: skip
    assert problems == [shared, "rule|B|ci-1|/var"]
    await store.close()


MERGED = """
INSERT INTO incident
 (number, cause_key, kind, severity, state, title, detail, opened_at, resolved_at, reporter, merged_into)
 VALUES ('INC-000001', 'rule|A|ci-1|', 'alert', 'warning', 'new', '{"en": "x"}', '{}', 1000, NULL, '', ''),
 ('INC-000002', 'user|1', 'user', 'warning', 'merged', '{"en": "y"}', '{}', 1000, 2000, 'uma', 'INC-000001'),
 ('INC-000003', 'user|2', 'user', 'warning', 'merged', '{"en": "z"}', '{}', 1000, 2000, '张三', 'INC-000001')
"""


async def test_who_reported_what_was_merged_has_a_say_and_who_heard_of_warnings_still_does(tmp_path: Path) -> None:
    store = open_store(sqlite_url(tmp_path / "muster.db"))
    async with store.write() as tx:
        await tx.run_sync(_upgrade_to, "0029")
        for statement in (*HEARING.strip().split(";\n"), MERGED):
            await tx.execute(text(statement.replace(":", r"\:")))
    await migrate.migrate(store)
    async with store.read() as connection:
        its = await incidents.look(connection, "INC-000001")
        heard = {each.name: each.wants for each in await channels.enabled(connection)}
    assert its is not None
    assert its.reporters == {"uma", "张三"}
    assert {name: each.hears("warned") for name, each in heard.items()} == {"all": True, "some": True, "ends": False}
    await store.close()
