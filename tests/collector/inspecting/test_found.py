"""What an inspection finds has its incidents once it is signed: each cause one, by whomever it is found."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from collector.services.inspecting import finding, reporting, signing
from collector.services.inspecting.finding import Fate
from collector.store import schema, waivers
from collector.store.engine import Store
from collector.waiver import ACCEPT, GRANTED, Waiver
from tests.collector.inspecting.hall import FIRST, JPEG, Hall, furnished
from tests.estate import DAY, HOUR, NOW, Estate
from tests.people import shipped_policies

SOFT: dict[str, Any] = {
    "mount": "/data", "device": "nas:/data", "type": "nfs", "readonly": False, "options": ["soft"], "size_bytes": 10,
}  # fmt: skip
RULES = {name: each.rule for name, each in shipped_policies().rulebook.rules.items()}


@pytest.fixture
async def hall(sqlite_store: Store) -> Hall:
    return await furnished(sqlite_store)


@pytest.fixture
async def halls(store: Store) -> Hall:
    """The same on each engine."""
    return await furnished(store)


async def mounts(hall: Hall, name: str, *options: str) -> None:
    """Let a server mount what it keeps elsewhere with these options."""
    async with hall.store.write() as tx:
        await Estate(tx, hall.at).say(
            hall.cis[name], "filesystems", [SOFT | {"options": list(options)}], hall.at - HOUR
        )  # fmt: skip


async def inspected(hall: Hall, temperature: str = "22", fire: str = "0") -> str:
    """Make the run that is due and fill it in."""
    (number,) = await hall.due()
    await hall.fill("ada", number, item="M-TEMP", value=temperature, note="at the third row")
    await hall.fill("bob", number, item="M-FIRE", value=fire, photo=JPEG)
    return number


async def children(hall: Hall, number: str) -> list[Any]:
    """Return the incidents that stand under that of a run."""
    parent = (await hall.seen(number)).run.incident
    async with hall.store.read() as connection:
        wanted = select(schema.incident).where(schema.incident.c.parent == parent).order_by(schema.incident.c.id)
        return list(await connection.execute(wanted))


async def steps(hall: Hall, incident: str) -> list[str]:
    joined = schema.incident_step.join(schema.incident, schema.incident.c.id == schema.incident_step.c.incident_id)
    wanted = select(schema.incident_step.c.act).select_from(joined).where(schema.incident.c.number == incident)
    async with hall.store.read() as connection:
        return list((await connection.execute(wanted.order_by(schema.incident_step.c.id))).scalars())


async def fates(hall: Hall, number: str) -> list[tuple[Fate, str]]:
    async with hall.store.read() as connection:
        found = await finding.foreseen(connection, hall.inspector.rules, await hall.seen(number), hall.at)
    return [(each.fate, each.incident) for each in found]


PLANNED = {"checks": ["SRV-DISK-001", "SRV-NFS-001"], "review": False}


async def test_what_only_an_inspection_finds_has_an_incident_under_that_of_the_run_when_it_is_signed(
    halls: Hall,
) -> None:
    await halls.plan(**PLANNED)
    halls.at = FIRST
    await mounts(halls, "srv-2", "soft")
    number = await inspected(halls, temperature="29.5", fire="1")
    assert await fates(halls, number) == [(Fate.OPENS, "")] * 3
    assert await children(halls, number) == []  # who signs sees it before; nothing is written until then
    await halls.sign("ada", number)
    made = {each.cause_key: each for each in await children(halls, number)}
    server, plan = halls.cis["srv-2"], (await halls.seen(number)).plan_number
    assert set(made) == {
        f"rule|SRV-NFS-001|{server.uid}|/data", f"inspection|{plan}|M-TEMP", f"inspection|{plan}|M-FIRE",
    }  # fmt: skip
    soft = made[f"rule|SRV-NFS-001|{server.uid}|/data"]
    assert (soft.ci_id, soft.source, soft.severity, soft.line) == (server.id, "maintenance", "notice", 2)
    assert soft.resolved_at is None
    assert '"runbook"' in soft.detail
    assert "nas:/data" in soft.title
    assert soft.reckoning != "{}"
    warm = made[f"inspection|{plan}|M-TEMP"]
    assert (warm.ci_id, warm.place) == (None, "机房A")
    assert "29.5 °C" in warm.title
    assert "18–27 °C" in warm.detail
    assert "third row" in warm.detail
    assert '"photos":[1]' in made[f"inspection|{plan}|M-FIRE"].detail
    parent = await halls.incident((await halls.seen(number)).run.incident)
    assert parent.resolution_code == "done"
    assert "4 项异常" in parent.title  # the full disk that monitoring watches, too


async def test_the_report_names_the_incidents_and_is_the_one_that_was_signed(hall: Hall) -> None:
    await hall.plan(**PLANNED)
    hall.at = FIRST
    await mounts(hall, "srv-2", "soft")
    number = await inspected(hall, fire="1")
    await hall.sign("ada", number)
    found = await hall.seen(number)
    assert found.is_intact
    report = reporting.report(found, RULES, hall.store, hall.at)
    (problems,) = [each for each in report.tables if each.name == "problems"]
    (items,) = [each for each in report.tables if each.name == "items"]
    at = [each.name for each in problems.columns].index("rule")
    by_rule = {row[at]: row[-1] for row in (await problems.fetch(None)).rows}
    numbers = {each.number for each in await children(hall, number)}
    assert by_rule["SRV-DISK-001"] is None  # monitoring opens that, when its time has passed
    assert {by_rule["SRV-NFS-001"], *(row[-1] for row in (await items.fetch(None)).rows)} == numbers | {None}


async def test_what_is_found_again_is_the_same_incident_and_what_is_well_again_is_said_there(halls: Hall) -> None:
    await halls.plan(**PLANNED)
    for day, (options, fire) in enumerate(((("soft",), "1"), (("soft",), "1"), (("hard",), "0"), (("hard",), "0"))):
        halls.at = FIRST + day * DAY
        await mounts(halls, "srv-2", *options)
        number = await inspected(halls, fire=fire)
        if day == 0:
            first = number
        elif day == 1:
            assert {each[0] for each in await fates(halls, number)} == {Fate.STANDS}
        await halls.sign("ada", number)
    incidents = [each.number for each in await children(halls, first)]
    assert len(incidents) == 2
    for each in incidents:
        assert await steps(halls, each) == ["open", "stays_open", "found_again", "seen_well", "seen_well"]
        assert (await halls.incident(each)).resolved_at is None


async def test_what_nobody_saw_is_not_well(hall: Hall) -> None:
    await hall.plan(**PLANNED)
    hall.at = FIRST
    await mounts(hall, "srv-2", "soft")
    number = await inspected(hall)
    await hall.sign("ada", number)
    (made,) = await children(hall, number)
    hall.at = FIRST + 3 * DAY  # what it mounts was not read for days
    await hall.sign("ada", await inspected(hall))
    assert await steps(hall, made.number) == ["open", "stays_open"]


async def test_what_monitoring_has_told_of_is_named_and_not_opened_again(halls: Hall) -> None:
    await halls.plan(checks=["SRV-DISK-001"], items=[], review=False)
    disk = halls.cis["srv-1"]
    key = f"rule|SRV-DISK-001|{disk.uid}|/"
    async with halls.store.write() as tx:
        its = await Estate(tx).incident(disk, "INC-000777", "storm|", {"zh": "x"}, kind="storm")
        await Estate(tx)._add(
            schema.incident_cause, incident_id=its, cause_key=key, ci_id=disk.id, role="cause", title="{}",
            severity="warning", since=NOW,
        )  # fmt: skip
    halls.at = FIRST
    (number,) = await halls.due()
    assert await fates(halls, number) == [(Fate.STANDS, "INC-000777")]
    await halls.sign("ada", number)
    found = await halls.seen(number)
    assert await children(halls, number) == []
    assert set(found.found.values()) == {"INC-000777"}
    assert "found_again" in await steps(halls, "INC-000777")
    assert await halls.count(schema.incident) == 2


async def test_what_was_mended_since_it_was_seen_opens_nothing_and_what_came_back_opens_again(hall: Hall) -> None:
    await hall.plan(**PLANNED)
    hall.at = FIRST
    await mounts(hall, "srv-2", "soft")
    number = await inspected(hall)
    await hall.sign("ada", number)
    (made,) = await children(hall, number)

    async def ended(at: int, state: str = "resolved") -> None:
        values = {"resolved_at": at, "state": state, "resolution_code": "fixed"}
        async with hall.store.write() as tx:
            its = schema.incident.c.number == made.number
            await tx.execute(update(schema.incident).where(its).values(values))

    hall.at = FIRST + DAY
    await mounts(hall, "srv-2", "soft")
    again = await inspected(hall)
    await ended(hall.at + 1)
    assert await fates(hall, again) == [(Fate.STANDS, made.number)]
    await ended(hall.at - HOUR, "cancelled")
    assert await fates(hall, again) == [(Fate.OPENS, "")]
    await ended(hall.at - 25 * HOUR)
    assert await fates(hall, again) == [(Fate.OPENS, "")]
    await ended(hall.at - HOUR)
    assert await fates(hall, again) == [(Fate.REOPENS, made.number)]
    await hall.sign("ada", again)
    back = await hall.incident(made.number)
    assert (back.state, back.reopened, back.resolved_at) == ("new", 1, None)


async def test_what_is_waived_opens_nothing(hall: Hall) -> None:
    await hall.plan(**PLANNED)
    hall.at = FIRST
    await mounts(hall, "srv-2", "soft")
    async with hall.store.write() as tx:
        accepted = Waiver("", "SRV-NFS-*", ACCEPT, "read twice", NOW, NOW + DAY, state=GRANTED, asked_at=NOW)
        await waivers.add(tx, accepted)
    number = await inspected(hall)
    assert await fates(hall, number) == []
    await hall.sign("ada", number)
    assert await children(hall, number) == []


async def test_a_rule_that_fails_on_many_is_one_incident_which_later_runs_join(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MOST_EACH", 1)
    await hall.plan(**PLANNED)
    for day, names in enumerate((("srv-1", "srv-2"), ("srv-2",))):
        hall.at = FIRST + day * DAY
        for name in ("srv-1", "srv-2"):
            await mounts(hall, name, "soft" if name in names else "hard")
        number = await inspected(hall)
        if not day:
            first = number
        await hall.sign("ada", number)
    (made,) = await children(hall, first)
    assert (made.ci_id, "2 个配置项" in made.title) == (None, True)
    assert '["srv-1","srv-2"]' in made.detail
    assert (await hall.seen(number)).found.popitem()[1] == made.number
    assert await steps(hall, made.number) == ["open", "stays_open", "found_again"]  # one of two is not well yet
    links = schema.incident_link.c
    async with hall.store.read() as connection:
        named = (await connection.execute(select(links.reference).where(links.kind == "ci"))).scalars()
        assert set(named) == {hall.cis["srv-1"].uid, hall.cis["srv-2"].uid}


async def test_sent_back_and_signed_again_opens_nothing_twice(halls: Hall) -> None:
    await halls.plan(checks=["SRV-NFS-001"])
    halls.at = FIRST
    await mounts(halls, "srv-2", "soft")
    number = await inspected(halls, fire="1")
    await halls.sign("ada", number)
    before = [each.number for each in await children(halls, number)]
    await halls.doing("eve", lambda a: signing.send_back(a, number, "which bottle?"))
    await halls.fill("bob", number, item="M-FIRE", value="0", key="again")
    await halls.sign("ada", number)
    assert [each.number for each in await children(halls, number)] == before
    soft, fire = before
    assert await steps(halls, soft) == ["open"]
    assert await steps(halls, fire) == ["open", "seen_well"]
    assert (await halls.seen(number)).found.keys() == {f"rule|SRV-NFS-001|{halls.cis['srv-2'].uid}|/data"}
