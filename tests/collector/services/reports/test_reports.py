"""The numbers of every report against a count by hand over what stands in the tables."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.config import shipped_rules
from collector.model import FOREVER
from collector.report import needs
from collector.report.value import Cell, Report, batches
from collector.security.audit import Actor, recorded
from collector.services import reports
from collector.services.missing import NotFound
from collector.services.reports.asked import Asked
from collector.store import audit, schema
from collector.store.browse.page import BadCursor
from collector.store.engine import Store
from tests.estate import DAY, HOUR, NOW, Estate, Seeded, Standard, standard

NEEDS = needs.load(shipped_rules() / "health.yaml")
Rows = list[dict[str, Cell]]


@pytest.fixture
async def estate(store: Store) -> Standard:
    """The standard estate, and a switch people have written a record of, whose disk was exchanged and text moved."""
    async with store.write() as connection:
        made = await standard(connection)
        more = Estate(connection)
        switch = await more.ci(
            "core-1", "network", "switch", await more.source("snmp//10.0.0.1", confirmed_at=NOW - DAY),
            created_at=NOW - 800 * DAY,
        )  # fmt: skip
        told = {"vendor": "Dell Inc.", "model": "S5248", "serial": "S1", "os": "OS10", "version": "10.5"}
        await more.say(switch, "device", told, NOW - 800 * DAY)
        await more.say(switch, "record", {"owner": "李伟", "place": "A03"}, NOW - 20 * DAY)
        await more.say(switch, "device", told | {"version": "10.6"}, NOW - 10 * DAY)
        await more.say(made.db, "disks", [{"name": "wwn-new", "serial": "NEW"}], NOW - 2 * DAY)
        moved = ("device", "version", "10.5", "10.6")
        closed = {"verdict": "verified", "closed_at": NOW - 9 * DAY}
        await more.finding(switch, [moved], NOW - 10 * DAY, **closed)
        await more.ci("old", "pc", "desktop", made.web.source_id, state="retired", role="x")
        await more.ci("gone", "pc", "desktop", made.web.source_id, state="archived", role="y")
        await more.ci("trial", "server", "pc_server", made.web.source_id, environment="test", role="z")
    return made


async def _rows(report: Report, table: str) -> Rows:
    found = report.table(table)
    assert found
    names = [column.name for column in found.columns]
    return [dict(zip(names, row, strict=True)) async for part in batches(found, 10_000) for row in part]


def _figures(report: Report) -> dict[str, Cell]:
    return {each.name: each.value for each in report.figures}


async def _cis(connection: AsyncConnection) -> list[Any]:
    return [row for row in await connection.execute(select(schema.ci)) if row.state != "archived"]


async def _facts(connection: AsyncConnection, at: int | None = None) -> dict[str, dict[str, Any]]:
    """Return uid → dotted path → value, everything read and sorted out here."""
    fact, path, val, ci = schema.fact, schema.path, schema.val, schema.ci
    read = select(ci.c.uid, path.c.section, path.c.key, val.c.text, fact.c.vf, fact.c.vt)
    joined = read.join_from(fact, path, path.c.id == fact.c.path_id).join(val, val.c.id == fact.c.val_id)
    found: dict[str, dict[str, Any]] = {}
    for uid, section, key, text, vf, vt in await connection.execute(joined.join(ci, ci.c.id == fact.c.ci_id)):
        if vt == FOREVER if at is None else vf <= at < vt:
            found.setdefault(uid, {})[f"{section}.{key}"] = json.loads(text)
    return found


async def test_status_tells_every_ci_with_what_it_says_of_itself(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        report = await reports.make(connection, "status", Asked(NOW, limit=2))
        rows = {row["ci"]: row for row in await _rows(report, "cis")}
        facts, cis = await _facts(connection), await _cis(connection)
    assert sorted(rows) == sorted(row.name for row in cis)
    assert _figures(report) == {"cis": len(cis), "moved": 3, "open": 1, "cis_before": 1, "open_before": 0}
    for row in rows.values():
        said = facts.get(row["id"], {})
        assert row["serial"] == said.get("hardware.serial", said.get("device.serial"))
        assert row["os"] == said.get("os.name", said.get("device.os", said.get("software.product")))
    assert rows["core-1"]["version"] == "10.6"
    assert rows["web-01"]["version"] == "12 · 6.1.0-28-amd64"
    assert (rows["web-01"]["firmware"], rows["web-01"]["software"]) == (("BIOS 2.21.2",), ("Debian GNU/Linux 12",))
    assert rows["db-01"]["software"] == ("PostgreSQL 15 (15.8)",)
    assert (rows["web-01"]["moved"], rows["web-01"]["open"], rows["core-1"]["moved"], rows["core-1"]["open"]) == (
        2,
        1,
        1,
        0,
    )


async def test_status_tells_what_moved_in_the_period_and_on_whose_word(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        whole = await reports.make(connection, "status", Asked(NOW, limit=1))
        late = await reports.make(connection, "status", Asked(NOW, since=NOW - DAY, until=NOW))
        moved, verdicts = await _rows(whole, "moved"), await _rows(whole, "verdicts")
        assert {row["ci"] for row in await _rows(late, "moved")} == {"web-01"}
    assert Counter(row["verdict"] for row in moved) == {row["verdict"]: row["items"] for row in verdicts}
    switch = next(row for row in moved if row["ci"] == "core-1")
    assert (switch["before"], switch["after"], switch["verdict"]) == ("10.5", "10.6", "verified")
    assert {row["finding"] for row in moved if row["ci"] == "web-01"} == {estate.finding}


async def test_status_says_what_is_otherwise_than_in_the_report_before(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        report = await reports.make(connection, "status", Asked(NOW, since=NOW - 15 * DAY, limit=2))
        found = [(row["ci"], row["what"], row["before"], row["after"]) for row in await _rows(report, "compared")]
        earlier = await reports.make(connection, "status", Asked(NOW, since=NOW - 30 * DAY))
        owned = [row for row in await _rows(earlier, "compared") if row["what"] == "owner"]
        fresh = await reports.make(connection, "status", Asked(NOW, since=NOW - 60 * DAY, limit=2))
        arrived = {row["ci"] for row in await _rows(fresh, "compared") if row["what"] == "arrived"}
    assert ("core-1", "version", "10.5", "10.6") in found
    assert not [row for row in found if row[1] == "owner"], "its owner was written before"
    assert [(row["ci"], row["before"], row["after"]) for row in owned] == [("core-1", None, "李伟")]
    assert "web-01" in arrived
    assert "core-1" not in arrived
    assert (_figures(fresh)["cis_before"], _figures(report)["cis_before"]) == (1, _figures(report)["cis"])


async def test_status_holds_the_head_of_the_audit_log(store: Store, estate: Standard) -> None:
    async with store.write() as tx:
        async with recorded(tx, Actor("ada", "page ::1"), NOW) as act:
            act.tell("plan.create", "plan/1", after={"n": 1})
        head = await audit.mark(tx, audit.HEAD)
    async with store.read() as connection:
        report = await reports.make(connection, "status", Asked(NOW))
    told = {each.name: each.value for each in report.parameters}
    assert (told["audit_seq"], told["audit_hash"], told["audit_at"]) == (1, head.hash.hex(), NOW)


async def test_status_is_as_of_any_moment(store: Store, estate: Standard) -> None:
    at = NOW - 9 * DAY - HOUR
    async with store.read() as connection:
        report = await reports.make(connection, "status", Asked(NOW, at=at))
        rows = {row["ci"]: row for row in await _rows(report, "cis")}
        before = await reports.make(connection, "status", Asked(NOW, at=NOW - 11 * DAY))
        older = {row["ci"]: row for row in await _rows(before, "cis")}
        long_ago = await reports.make(connection, "status", Asked(NOW, at=NOW - 500 * DAY))
        assert [row["ci"] for row in await _rows(long_ago, "cis")] == ["core-1"]
        waiting = await _rows(report, "open")
    assert (rows["core-1"]["version"], older["core-1"]["version"]) == ("10.6", "10.5")
    assert ([row["ci"] for row in waiting], rows["core-1"]["open"], older["core-1"]["open"]) == (["core-1"], 1, 0)
    assert (_figures(report)["open"], rows["web-01"]["open"]) == (1, 0)


async def test_statistics_count_what_a_count_by_hand_counts(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        report = await reports.make(connection, "statistics", Asked(NOW))
        facts, cis = await _facts(connection), await _cis(connection)
        for name, attribute in (("class", "ci_class"), ("type", "ci_type"), ("state", "state")):
            by_hand = Counter(getattr(row, attribute) for row in cis)
            assert {row[name]: row["count"] for row in await _rows(report, f"by_{name}")} == by_hand
        vendors = Counter(
            said.get("hardware.vendor") or said.get("device.vendor") or "(none)"
            for said in (facts.get(row.uid, {}) for row in cis)
        )
        assert {row["vendor"]: row["count"] for row in await _rows(report, "by_vendor")} == vendors
        ages = {row["age"]: row["count"] for row in await _rows(report, "by_age")}
        places = await _rows(report, "by_place")
        owners = await _rows(report, "by_owner")
    assert ages == {"month": 0, "year": len(cis) - 1, "years_3": 1, "years_5": 0, "longer": 0}
    assert places == [{"place": "A03", "count": 1}, {"place": "(none)", "count": len(cis) - 1}]
    assert owners[0] == {"owner": "李伟", "count": 1}


async def test_statistics_of_a_class_at_a_moment(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        asked = Asked(NOW, at=NOW - 30 * DAY, classes=("network",))
        report = await reports.make(connection, "statistics", asked)
        assert _figures(report) == {"cis": 1}
        assert await _rows(report, "by_owner") == [{"owner": "(none)", "count": 1}]  # written down ten days later
        assert await _rows(report, "by_vendor") == [{"vendor": "Dell Inc.", "count": 1}]


async def test_groups_beyond_the_most_are_added_up(store: Store) -> None:
    async with store.write() as connection:
        estate = Estate(connection)
        source = await estate.source("snmp//1")
        for number in range(103):
            ci = await estate.ci(f"d{number}", "network", "switch", source, role=str(number))
            await estate.say(Seeded(ci.id, ci.uid, ci.name, source), "device", {"vendor": f"v{number:03d}"})
    async with store.read() as connection:
        rows = await _rows(await reports.make(connection, "statistics", Asked(NOW)), "by_vendor")
    assert (len(rows), rows[-1]) == (101, {"vendor": "(others)", "count": 3})


async def test_health_scores_each_ci_as_the_rule_for_one_says(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        report = await reports.make(connection, "health", Asked(NOW, needs=NEEDS, limit=2))
        rows = {row["ci"]: row for row in await _rows(report, "cis")}
        facts, cis = await _facts(connection), await _cis(connection)
        classes = {row["class"]: row for row in await _rows(report, "classes")}
        lacking = {row["missing"]: row["count"] for row in await _rows(report, "lacking")}
        worst = await _rows(report, "worst")
    known = [row for row in cis if row.state != "retired" and row.environment == "production"]
    assert sorted(rows) == sorted(row.name for row in known)
    for ci in known:
        said = facts.get(ci.uid, {})
        has = {tuple(path.split(".", 1)) for path in said} | {(path.split(".")[0], "*") for path in said}
        asked = NEEDS.of(ci.ci_class, ci.ci_type)
        missing = [need.name for need in asked if not set(need.at) & has]
        assert list(rows[ci.name]["missing"] or ()) == missing
        assert rows[ci.name]["complete"] == pytest.approx(1 - len(missing) / len(asked))
    assert lacking == Counter(word for row in rows.values() for word in row["missing"] or ())
    servers = [row for row in rows.values() if row["class"] == "server"]
    assert classes["server"]["whole"] == pytest.approx(sum(row["whole"] for row in servers) / len(servers))
    scores = [row["whole"] for row in rows.values()]
    assert _figures(report)["whole"] == pytest.approx(sum(scores) / len(scores))
    assert [row["whole"] for row in worst] == sorted(row["whole"] for row in rows.values() if row["todo"])


async def test_health_says_what_is_stale_and_when_a_word_was_last_heard(store: Store) -> None:
    async with store.write() as connection:
        estate = Estate(connection, NOW - 70 * DAY)
        silent = await estate.host("silent")
        await estate.say(silent, "os", {"version": "12"})
    async with store.read() as connection:
        row = (await _rows(await reports.make(connection, "health", Asked(NOW, needs=NEEDS)), "cis"))[0]
    assert (row["fresh"], row["stale"], row["verified"]) == (0.0, ("os",), 0.0)
    assert (row["todo"], row["confirmed"]) == (("source", "verify", "fill"), NOW - 70 * DAY - 20_000)


@pytest.mark.parametrize(
    ("said", "verified"),
    [(["confirmed"], 1.0), (["moved"], 1.0), (["missing"], 0.0), (["confirmed", "withdrawn"], 0.0)],
)
async def test_health_takes_the_word_of_who_stood_before_it(store: Store, said: list[str], verified: float) -> None:
    async with store.write() as connection:
        estate = Estate(connection, NOW - 90 * DAY)
        silent = await estate.host("silent")
        about = {"kind": "round", "title": "", "scope": "{}", "blind": False, "opened_by": "li", "opened_at": NOW}
        taken = await estate._add(schema.stocktake, number="STK-1", **about)
        for key, outcome in enumerate(said):
            mark = {"stocktake_id": taken, "ci_id": silent.id, "outcome": outcome, "at": NOW - DAY + key, "who": "li"}
            await estate._add(schema.stocktake_mark, key=str(key), **mark)
    async with store.read() as connection:
        row = (await _rows(await reports.make(connection, "health", Asked(NOW, needs=NEEDS)), "cis"))[0]
    assert row["verified"] == verified


async def test_maintenance_is_one_line_of_all_that_was_done_and_befell(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        web = await reports.make(connection, "maintenance", Asked(NOW, ci=estate.web.uid))
        db = await reports.make(connection, "maintenance", Asked(NOW, ci=estate.db.uid))
        events, parts = await _rows(web, "events"), await _rows(db, "events")
    assert [(row["happened"], row["reference"]) for row in events] == [
        ("incident", "INC-000002"), ("incident", "INC-000001"), ("finding", str(estate.finding)),
    ]  # fmt: skip
    assert [row["at"] for row in parts] == sorted((row["at"] for row in parts), reverse=True)
    exchanged = {
        row["what"]: (row["before"] is None, row["after"] is None) for row in parts if row["section"] == "disks"
    }
    assert exchanged == {"wwn-new": (True, False), "wwn-0x5000c500a1b2c302": (False, True)}
    assert _figures(db) == {"incident": 1, "change": 0, "part": 2}


async def test_maintenance_of_a_period_leaves_out_the_rest(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        asked = Asked(NOW, ci=estate.web.uid, since=NOW - 2 * HOUR, until=NOW)
        events = await _rows(await reports.make(connection, "maintenance", asked), "events")
    assert {row["happened"] for row in events} == {"incident"}


@pytest.mark.parametrize(("name", "ci"), [("maintenance", ""), ("maintenance", "nobody"), ("wages", "")])
async def test_what_is_not_there_is_said(sqlite_store: Store, name: str, ci: str) -> None:
    async with sqlite_store.read() as connection:
        with pytest.raises(NotFound):
            await reports.make(connection, name, Asked(NOW, ci=ci))


@pytest.mark.parametrize("name", ["status", "statistics", "health"])
async def test_an_empty_estate_has_reports_of_nothing(store: Store, name: str) -> None:
    async with store.read() as connection:
        report = await reports.make(connection, name, Asked(NOW, needs=NEEDS))
        assert _figures(report)["cis"] == 0
        assert await _rows(report, report.tables[-1].name) in ([], [{"owner": "(none)", "count": 0}])


async def test_a_cursor_of_another_list_is_refused(sqlite_store: Store) -> None:
    async with sqlite_store.read() as connection:
        table = (await reports.make(connection, "status", Asked(NOW))).table("moved")
        assert table
        with pytest.raises(BadCursor):
            await table.fetch("nonsense")
