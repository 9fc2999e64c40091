"""What the services make of the estate."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from collector import rulebook
from collector.config import Settings
from collector.security.roles import Permission, permissions
from collector.services import (
    agents,
    cis,
    findings,
    inspections,
    overview,
    rules,
    search,
    statistics,
    targets,
    timeline,
)
from collector.services.missing import NotFound
from collector.services.targets import InDoubt
from collector.services.wiring import Wiring
from collector.store.browse.alerts import AlertQuery
from collector.store.browse.facts import Moment
from collector.store.browse.page import Window
from collector.store.browse.statistics import measurements
from collector.store.engine import Store
from tests.estate import DAY, HOUR, NOW, Estate, Standard
from tests.people import Template
from wire.observation import Status

RULES = rulebook.load(rulebook.shipped()).rules
BEFORE = NOW - HOUR


@pytest.fixture
def estate(template: Template) -> Standard:
    return template.estate


@pytest.fixture
async def connection(seeded_store: Store) -> AsyncIterator[AsyncConnection]:
    async with seeded_store.read() as opened:
        yield opened


async def test_a_ci_is_made_of_sections_in_the_order_of_the_catalogue(
    connection: AsyncConnection, estate: Standard
) -> None:
    ci = await cis.one(connection, estate.web.uid)
    made = {section.name: section for section in await cis.made_of(connection, ci)}
    assert list(made)[:4] == ["hardware", "os", "cpu", "memory"]
    assert [entry.key for entry in made["hardware"].entries][:3] == ["vendor", "model", "serial"]
    assert made["listening_ports"].entries[0].fields["port"] == 443
    assert made["packages"].columns == ("name", "arch", "version", "manager")
    assert made["os"].confirmed_at == NOW - 20_000


async def test_a_section_that_could_not_be_read_is_there_with_its_reason(
    connection: AsyncConnection, estate: Standard
) -> None:
    ci = await cis.one(connection, estate.laptop.uid)
    made = {section.name: section for section in await cis.made_of(connection, ci)}
    (state,) = made["memory_modules"].states
    assert (made["memory_modules"].entries, state.status, state.reason) == ((), Status.DENIED, "needs root")


async def test_a_ci_nobody_knows_is_not_found(connection: AsyncConnection) -> None:
    with pytest.raises(NotFound, match="no CI nope"):
        await cis.one(connection, "nope")


async def test_why_tells_fact_claims_authorised_value_and_past(connection: AsyncConnection, estate: Standard) -> None:
    ci = await cis.one(connection, estate.web.uid)
    why = await cis.why(connection, ci, "packages", "openssl|amd64")
    assert why.fact
    assert why.authorised
    assert (why.fact.value["version"], why.fact.why) == ("3.0.16-1~deb12u1", "rank")
    assert why.authorised.value["version"] == "3.0.15-1~deb12u1"
    assert [step.new["version"] for step in why.steps] == ["3.0.16-1~deb12u1", "3.0.15-1~deb12u1"]
    with pytest.raises(NotFound):
        await cis.why(connection, ci, "packages", "nope|amd64")


async def test_two_moments_differ_by_what_moved_between_them(connection: AsyncConnection, estate: Standard) -> None:
    ci = await cis.one(connection, estate.web.uid)
    differences = await cis.compare(connection, ci, NOW - DAY, NOW, NOW)
    assert [(each.key, each.old is None) for each in differences] == [("openssl|amd64", False), ("telnetd|amd64", True)]
    assert [change.field for change in differences[0].fields] == ["version"]
    back = await cis.compare(connection, ci, NOW, NOW - DAY, NOW)
    assert [(each.key, each.new is None) for each in back] == [("openssl|amd64", False), ("telnetd|amd64", True)]


async def test_a_past_view_has_the_sections_of_then(connection: AsyncConnection, estate: Standard) -> None:
    ci = await cis.one(connection, estate.web.uid)
    (then,) = await cis.made_of(connection, ci, Moment(NOW - DAY, NOW), "packages")
    assert len(then.entries) == 5


async def test_the_time_line_runs_backwards_and_ends_at_the_arrival(
    connection: AsyncConnection, estate: Standard
) -> None:
    told = await timeline.of_ci(connection, await cis.one(connection, estate.web.uid))
    assert [each.kind for each in told] == [
        "incident_opened", "incident_opened", "values", "finding_opened", "arrived",
    ]  # fmt: skip
    resolved = await timeline.of_ci(connection, await cis.one(connection, estate.db.uid))
    assert "incident_resolved" in {each.kind for each in resolved}


async def test_a_finding_knows_its_incident(connection: AsyncConnection, estate: Standard) -> None:
    one = await findings.one(connection, estate.finding)
    raised = await findings.incident_of(connection, one)
    assert raised
    assert raised.number == "INC-000002"
    assert [[change.field for change in row.fields] for row in findings.rows(one)] == [
        ["version"],
        ["version", "manager"],
    ]


async def test_a_problem_is_told_in_the_words_of_its_rule_and_unknown_is_not(connection: AsyncConnection) -> None:
    page = await inspections.listed(connection, RULES, AlertQuery(), Window())
    problem, unknown, *passed = page.items
    assert problem.sentence("en") == "File system /var of web-01 is 93% full"
    assert problem.sentence("zh") == "web-01 的文件系统 /var 已用 93%"
    assert problem.severity == "critical"
    assert (unknown.alert.outcome, unknown.sentence("en"), unknown.alert.reason) == ("UNKNOWN", "", "stale: ntp")
    assert {row.alert.outcome for row in passed} == {"PASS"}


async def test_a_rule_that_was_taken_out_still_shows_its_results(connection: AsyncConnection) -> None:
    page = await inspections.listed(connection, {}, AlertQuery(), Window())
    assert page.items[0].rule is None
    assert page.items[0].sentence("en") == ""


async def test_rules_tell_what_they_say_today(connection: AsyncConnection) -> None:
    listed = {row.rule.id: row for row in await rules.listed(connection, RULES)}
    assert set(listed) == set(RULES)
    assert listed["SRV-DISK-001"].outcomes == {"PROBLEM": 1, "PASS": 1}
    with pytest.raises(NotFound):
        await rules.one(connection, RULES, "NOPE-001")


async def test_the_overview_shows_this_host_and_the_worst_thing_first(
    connection: AsyncConnection, estate: Standard
) -> None:
    seen = await overview.overview(connection, RULES, "db-01", BEFORE)
    assert seen.host
    assert seen.host.uid == estate.db.uid
    assert seen.found["packages"] == 5
    assert seen.cis == {"server": 2, "pc": 1, "system_software": 2}
    assert (seen.agents, seen.findings, seen.cases) == ({"active": 2, "silent": 1}, 1, 1)
    assert seen.fix
    assert seen.fix.incident
    assert (seen.fix.kind, seen.fix.incident.number) == ("incident", "INC-000001")


async def test_an_overview_of_a_host_nobody_knows_shows_the_first_one(
    connection: AsyncConnection, estate: Standard
) -> None:
    seen = await overview.overview(connection, RULES, "elsewhere", BEFORE)
    assert seen.host
    assert seen.host.uid == estate.web.uid


async def test_the_overview_of_nothing_is_empty(sqlite_store: Store) -> None:
    async with sqlite_store.read() as connection:
        seen = await overview.overview(connection, RULES, "here", BEFORE)
    assert (seen.host, seen.fix, seen.found, seen.cis, seen.findings) == (None, None, {}, {}, 0)


async def test_search_shows_only_what_the_asker_may_read(connection: AsyncConnection) -> None:
    everything = await search.find(connection, "web-01", permissions(["viewer"]), BEFORE, Wiring())
    assert [len(everything.cis), len(everything.incidents), len(everything.agents)] == [1, 2, 1]
    nothing = await search.find(connection, "web-01", frozenset({Permission.OWN}), BEFORE, Wiring())
    assert nothing.is_empty
    assert (await search.find(connection, "   ", permissions(["viewer"]), BEFORE, Wiring())).is_empty
    assert (await search.find(connection, "#1", permissions(["viewer"]), BEFORE, Wiring())).finding == 1


async def test_figures_are_those_of_the_estate(seeded_store: Store) -> None:
    figures = await statistics.gather(seeded_store, BEFORE, NOW)
    assert figures.agents == {"active": 2, "silent": 1}
    assert figures.incidents == {"critical": 1, "warning": 1}
    assert figures.sections["memory_modules", Status.DENIED] == 1
    assert figures.store_bytes > 0


async def test_measurements_of_cis_in_service_are_shown_while_they_are_fresh(
    connection: AsyncConnection, estate: Standard
) -> None:
    known, measured = await statistics.estate(connection, NOW)
    assert len(known) == 5
    assert {(one.metric, one.instance): one.value for one in measured if one.uid == estate.web.uid} == {
        ("load1", ""): 0.42,
        ("memory_used_ratio", ""): 0.37,
        ("filesystem_used_ratio", "/"): 0.61,
        ("filesystem_used_ratio", "/var"): 0.93,
    }
    assert (await statistics.estate(connection, NOW + HOUR))[1] == ()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"{}", b"[1]", b'[{"metric":1,"value":2}]', b'[{"metric":"a","value":"2"}]',
     b'[{"metric":"a","value":true}]', b'[{"metric":"a"}]'],
)  # fmt: skip
def test_a_body_that_holds_no_measurement_yields_none(body: bytes) -> None:
    assert list(measurements([("ci", body)])) == []


async def test_targets_are_hosts_in_production_with_an_address(seeded_store: Store) -> None:
    async with seeded_store.write() as connection:
        builder = Estate(connection)
        test = await builder.host("test-01", environment="test")
        await builder.say(test, "interfaces", [{"name": "eth0", "addresses": ["10.9.0.1/24"], "kind": "ethernet"}])
        six = await builder.host("six")
        await builder.say(six, "interfaces", [{"name": "eth0", "addresses": ["2001:db8::5/64"], "kind": "ethernet"}])
        await builder.host("bare")
    async with seeded_store.read() as connection:
        found = await targets.targets(connection, (), 9100)
        assert [each.address for each in found] == [
            "10.20.0.11:9100", "10.20.0.12:9100", "10.20.0.13:9100", "[2001:db8::5]:9100",
        ]  # fmt: skip
        assert [each.ci.name for each in await targets.targets(connection, ("pc",), 80)] == ["pc-zhang"]


async def test_no_targets_is_told_only_when_there_are_none(sqlite_store: Store) -> None:
    async with sqlite_store.read() as connection:
        assert await targets.targets(connection, (), 9100) == ()
    async with sqlite_store.write() as connection:
        await Estate(connection).agent("just-enrolled")
    async with sqlite_store.read() as connection:
        with pytest.raises(InDoubt):
            await targets.targets(connection, (), 9100)
    async with sqlite_store.write() as connection:
        await Estate(connection).host("bare")
    async with sqlite_store.read() as connection:
        with pytest.raises(InDoubt):
            await targets.targets(connection, (), 9100)


def test_an_enrol_line_names_the_listener() -> None:
    assert agents.enrol_line(agents.enrol_url(Settings(host="10.0.0.1")), "T") == (
        "muster-agent enroll https://10.0.0.1:8444 --token T"
    )
    assert agents.enrol_url(Settings(host="2001:db8::1")) == "https://[2001:db8::1]:8444"
