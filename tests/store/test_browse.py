"""What people look at is read right, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select, update

from collector.store import schema
from collector.store.asof import Moment
from collector.store.browse import (
    agents,
    alerts,
    cis,
    duplicates,
    facts,
    findings,
    incidents,
    relations,
    search,
    statistics,
    steps,
)
from collector.store.browse.incident_query import IncidentQuery
from collector.store.browse.page import BadCursor, Window, decode, encode
from collector.store.engine import Store, insert
from tests.estate import DAY, HOUR, NOW, Estate, Standard, standard
from wire.observation import Status


@pytest.fixture
async def estate(store: Store) -> Standard:
    async with store.write() as connection:
        return await standard(connection)


async def test_a_list_shows_what_people_call_a_host_by(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        page = await cis.list_cis(connection, cis.CiQuery(classes=("server",)), Window())
    web = {row.name: row for row in page.items}["web-01"]
    assert page.count == 2
    assert (web.values["address"], web.values["hardware.serial"]) == ("10.20.0.11", "7XK9Q01")
    assert (web.findings, web.incidents, web.problems) == (1, 2, 1)
    assert web.last_seen == NOW - 20_000


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("WEB", {"web-01"}),
        ("7xk9q02", {"db-01"}),
        ("F402.70AA.0003", {"pc-zhang"}),
        ("10.20.0.12", {"db-01"}),
        ("10.20.0.1", {"web-01", "db-01", "pc-zhang"}),
        ("%", set()),
        ("_eb-01", set()),
        ("' OR 1=1 --", set()),
    ],
)
async def test_a_ci_is_found_by_name_serial_mac_or_address(
    store: Store, estate: Standard, q: str, found: set[str]
) -> None:
    async with store.read() as connection:
        page = await cis.list_cis(connection, cis.CiQuery(q=q), Window())
    assert {row.name for row in page.items} == found


async def test_what_is_called_just_so_is_found_first_however_many_others_have_it_in_their_names(
    store: Store, estate: Standard
) -> None:
    """And then what begins so: a search shows a few of many."""
    async with store.write() as tx:
        uids = list((await tx.execute(select(schema.ci.c.uid).order_by(schema.ci.c.id))).scalars())[:4]
        for uid, name in zip(uids, ("db on vm", "VM", "vm-02", "app on vm"), strict=True):
            await tx.execute(update(schema.ci).where(schema.ci.c.uid == uid).values(name=name))
    async with store.read() as connection:
        page = await cis.list_cis(connection, cis.CiQuery(q="vm", sort=cis.NEAREST), Window())
    assert [row.name for row in page.items] == ["VM", "vm-02", "app on vm", "db on vm"]


@pytest.mark.parametrize("sort", [cis.NEAREST, *cis.SORTS, *(f"-{each}" for each in cis.SORTS)])
async def test_pages_forward_and_back_show_every_ci_once(store: Store, estate: Standard, sort: str) -> None:
    query, cursor = cis.CiQuery(sort=sort), None
    seen: list[str] = []
    back: list[str] = []
    async with store.read() as connection:
        while True:
            page = await cis.list_cis(connection, query, Window(2, cursor))
            seen += [row.uid for row in page.items]
            if page.next is None:
                break
            cursor = page.next
        assert page.previous is not None
        cursor = page.previous
        while cursor:
            page = await cis.list_cis(connection, query, Window(2, cursor))
            back = [row.uid for row in page.items] + back
            cursor = page.previous
    assert len(seen) == len(set(seen)) == page.count == 5
    assert back == seen[: len(back)]
    assert len(back) == 4


@pytest.mark.parametrize("cursor", ["x", "====", "WzAsMV0x", "é", "W10", "e30", "A" * 9000])
async def test_a_cursor_that_was_not_given_out_is_refused(store: Store, cursor: str) -> None:
    async with store.read() as connection:
        with pytest.raises(BadCursor):
            await cis.list_cis(connection, cis.CiQuery(), Window(cursor=cursor))


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(BadCursor, match="another list"):
        decode(encode(False, ("a", 1)), (int,))
    with pytest.raises(BadCursor):
        decode(encode(False, (2**63,)), (int,))


async def test_merged_and_archived_cis_are_not_listed_but_found_by_their_id(store: Store, estate: Standard) -> None:
    async with store.write() as connection:
        builder = Estate(connection)
        old = await builder.ci("old", "server", "pc_server", estate.web.source_id, state="archived", role="r1")
        merged = await builder.ci(
            "twin", "server", "pc_server", estate.web.source_id, role="r2", merged_into=estate.web.id
        )
    async with store.read() as connection:
        names = {row.name for row in (await cis.list_cis(connection, cis.CiQuery(), Window())).items}
        archived = await cis.list_cis(connection, cis.CiQuery(states=("archived",)), Window())
        assert await cis.one(connection, merged.uid)
    assert names.isdisjoint({"old", "twin"})
    assert [row.uid for row in archived.items] == [old.uid]


async def test_a_past_moment_shows_the_values_of_then(store: Store, estate: Standard) -> None:
    then = facts.Moment(NOW - DAY, NOW)
    async with store.read() as connection:
        now = {f.key: f.value for f in await facts.facts(connection, estate.web.id, None, "packages")}
        was = {f.key: f.value for f in await facts.facts(connection, estate.web.id, then, "packages")}
    assert now["openssl|amd64"]["version"] == "3.0.16-1~deb12u1"
    assert was["openssl|amd64"]["version"] == "3.0.15-1~deb12u1"
    assert "telnetd|amd64" in now
    assert "telnetd|amd64" not in was


async def test_nothing_was_known_before_a_ci_was(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        assert await facts.facts(connection, estate.web.id, facts.Moment(NOW - 100 * DAY, NOW)) == ()
        assert await facts.facts(connection, estate.web.id, facts.Moment(NOW, NOW - 100 * DAY)) == ()


async def test_history_tells_before_and_after_and_the_last_word_on_the_old(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        page = await steps.list_steps(connection, steps.StepQuery(estate.web.id, arrival=False), Window())
        arrived = await steps.arrived_at(connection, estate.web.id)
        assert arrived == NOW - 40 * DAY
        assert (await steps.arrival(connection, estate.web.id, arrived))["packages"] == 5
        assert await steps.moments(connection, estate.web.id, 5) == ((NOW - 3 * HOUR, 2),)
    told = {step.key: step for step in page.items}
    assert page.count == 2
    assert told["openssl|amd64"].old["version"] == "3.0.15-1~deb12u1"
    assert told["openssl|amd64"].new["version"] == "3.0.16-1~deb12u1"
    assert told["openssl|amd64"].last_old == NOW - 3 * HOUR - 15 * 60_000
    assert told["telnetd|amd64"].old is None


async def test_a_value_that_is_gone_is_a_step_too(store: Store, estate: Standard) -> None:
    async with store.write() as connection:
        await Estate(connection).say(estate.db, "dns", {"servers": ["10.20.0.2"]}, NOW - HOUR)
    async with store.read() as connection:
        page = await steps.list_steps(connection, steps.StepQuery(estate.db.id, "dns", arrival=False), Window())
    gone = {step.key: (step.old, step.new) for step in page.items}
    assert gone == {
        "search": (["example.test"], None),
        "servers": (["10.20.0.2", "10.20.0.3"], ["10.20.0.2"]),
    }


async def test_two_moments_compare_by_value(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        was = await steps.values_at(connection, estate.web.id, NOW - DAY, NOW)
        now = await steps.values_at(connection, estate.web.id, NOW, NOW)
        changed = {path for path in was.keys() | now.keys() if was.get(path) != now.get(path)}
        values = await steps.texts(connection, {now[path] for path in changed if path in now})
    assert changed == {("packages", "openssl|amd64"), ("packages", "telnetd|amd64")}
    assert {value["version"] for value in values.values()} == {"3.0.16-1~deb12u1", "0.17"}


async def test_why_a_value_is_so_names_every_source_and_the_authorised_one(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        claims = await facts.claims(connection, estate.web.id, "packages", "openssl|amd64")
        allowed = await facts.authorised(connection, estate.web.id, "packages", "openssl|amd64")
        assert await facts.authorised(connection, estate.web.id, "packages", "telnetd|amd64") is None
    assert [(claim.source, claim.value["version"]) for claim in claims] == [
        (f"agent/{estate.web.agent_uid}", "3.0.16-1~deb12u1")
    ]
    assert claims[0].confirmed_at == NOW - 20_000
    assert allowed
    assert (allowed.value["version"], allowed.basis) == ("3.0.15-1~deb12u1", "arrival")


async def test_a_section_that_failed_says_why_and_when_it_last_spoke(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        stand = {row.name: row for row in await facts.sections(connection, estate.laptop.id)}
        bodies, at = await facts.health(connection, estate.laptop.id)
    assert (stand["memory_modules"].status, stand["memory_modules"].reason) == (Status.DENIED, "needs root")
    assert stand["memory_modules"].last_ok == 0
    assert stand["os"].last_ok == NOW - 20_000
    assert (len(bodies), at) == (4, NOW - 20_000)


async def test_relations_are_seen_from_both_ends(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        for ci_id in (estate.web.id, estate.web_os.id):
            page = await relations.list_relations(connection, relations.RelationQuery(ci_id), Window())
            assert [(r.a.name, r.kind, r.b.name) for r in page.items] == [
                ("Debian GNU/Linux 12", "installed_on", "web-01")
            ]
        before = relations.RelationQuery(estate.web.id, moment=Moment(NOW - 50 * DAY, NOW))
        assert (await relations.list_relations(connection, before, Window())).count == 0
        first = await relations.list_relations(connection, relations.RelationQuery(), Window(1))
        second = await relations.list_relations(connection, relations.RelationQuery(), Window(1, first.next))
    assert [r.kind for r in (*first.items, *second.items)] == ["installed_on", "runs_on"]


async def test_an_agent_that_is_not_heard_is_silent(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        silent_before = NOW - HOUR
        assert await agents.by_state(connection, silent_before) == {"active": 2, "silent": 1}
        query = agents.AgentQuery(silent_before, states=("silent",))
        page = await agents.list_agents(connection, query, Window())
        one = await agents.one_agent(connection, estate.web.agent_uid, silent_before)
        assert await agents.agent_of(connection, estate.web.id) == estate.web.agent_uid
        assert await agents.one_agent(connection, "none", silent_before) is None
        host = await agents.host_of(connection, "web-01")
    assert [row.hostname for row in page.items] == ["pc-zhang"]
    assert one
    assert one.host
    assert (one.state, one.host.uid) == ("active", estate.web.uid)
    assert host
    assert host.uid == estate.web.uid


async def test_a_finding_carries_authorised_old_and_new(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        one = await findings.one_finding(connection, estate.finding)
        page = await findings.list_findings(connection, findings.FindingQuery(states=("open",), q="web"), Window())
        none = await findings.list_findings(connection, findings.FindingQuery(states=("closed",)), Window())
        assert await findings.count_open(connection) == {"unapproved": 1}
    assert one
    assert [(item.key, item.old is None) for item in one.items] == [("openssl|amd64", False), ("telnetd|amd64", True)]
    assert one.items[0].authorised["version"] == "3.0.15-1~deb12u1"
    assert (page.count, none.count) == (1, 0)


async def test_incidents_are_filtered_and_read_by_number(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        shut = await incidents.list_incidents(connection, IncidentQuery(states=("resolved",)), Window())
        bad = await incidents.list_incidents(connection, IncidentQuery(severities=("critical",)), Window())
        one = await incidents.one_incident(connection, "INC-000001")
        assert await incidents.count_open(connection) == {"critical": 1, "warning": 1}
    assert [row.number for row in shut.items] == ["INC-000003"]
    assert [row.number for row in bad.items] == ["INC-000001"]
    assert one
    assert (one.title["zh"], one.detail["instance"]) == ("web-01 的文件系统 /var 已用 93%", "/var")


async def test_results_are_counted_by_outcome_and_paged(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        assert await alerts.by_outcome(connection) == {
            ("SRV-DISK-001", "PROBLEM"): 1,
            ("SRV-DISK-001", "PASS"): 1,
            ("SRV-NTP-001", "PASS"): 1,
            ("SRV-NTP-001", "UNKNOWN"): 1,
        }
        seen, cursor = [], None
        while True:
            page = await alerts.list_alerts(connection, alerts.AlertQuery(), Window(1, cursor))
            seen += [(row.rule, row.instance) for row in page.items]
            cursor = page.next
            if cursor is None:
                break
    assert len(seen) == page.count == 4


async def test_a_case_shows_its_members(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        page = await duplicates.list_cases(connection, ("open",), Window())
        assert await duplicates.count_open(connection) == 1
    assert [member.ci.name for member in page.items[0].members] == ["web-01", "db-01"]


async def test_a_finding_is_found_by_its_number(store: Store, estate: Standard) -> None:
    async with store.read() as connection:
        assert await search.finding_numbered(connection, f"#{estate.finding}") == estate.finding
        assert await search.finding_numbered(connection, "999999999999") is None


async def test_what_waits_for_the_pipeline_is_counted(store: Store, estate: Standard) -> None:
    async with store.write() as connection:
        for seq in (1, 2, 3):
            await connection.execute(
                insert(connection, schema.observation).values(
                    agent_id=1, epoch=b"e", seq=seq, received_at=NOW + seq, payload=b""
                )
            )
        await connection.execute(schema.source.update().where(schema.source.c.agent_id == 1).values(applied_id=1))
    async with store.read() as connection:
        assert await statistics.backlog(connection) == statistics.Backlog(2, NOW + 2)
        assert await statistics.waiting(connection) == statistics.Waiting(0, 0, 0)
        by_status = await statistics.sections_by_status(connection)
    assert by_status["memory_modules", Status.DENIED] == 1


async def test_a_list_of_cis_takes_the_same_number_of_statements_whatever_its_length(sqlite_store: Store) -> None:
    async with sqlite_store.write() as connection:
        await standard(connection)
        for number in range(20):
            await Estate(connection, NOW + number).host(f"more-{number}")
    counts = []
    for limit in (2, 20):
        asked: list[str] = []
        engine = sqlite_store._reader.sync_engine

        def note(*args: object, asked: list[str] = asked) -> None:
            asked.append(str(args[2]))

        event.listen(engine, "before_cursor_execute", note)
        async with sqlite_store.read() as connection:
            await cis.list_cis(connection, cis.CiQuery(), Window(limit))
        event.remove(engine, "before_cursor_execute", note)
        counts.append(len([each for each in asked if each.startswith("SELECT")]))
    assert counts[0] == counts[1]
