"""How often findings were nothing, by attribute and month: counted from what people answered, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.services import noise
from collector.services.noise import Noise
from collector.services.refused import Refused
from collector.store import acceptances, findings, schema
from collector.store.acceptances import Mark
from collector.store.engine import Store
from tests.estate import DAY, NOW, Estate, Seeded

LAST_MONTH = int(datetime(2026, 10, 15, tzinfo=UTC).timestamp() * 1000)


async def moved(estate: Estate, ci: Seeded, *keys: str, verdict: str = "accepted", flags: str = "[]") -> int:
    """Add a finding of packages whose version moved, closed yesterday."""
    items = [("packages", key, {"version": "1"}, {"version": "2"}) for key in keys]
    number = await estate.finding(ci, items, estate.now - 2 * DAY, verdict=verdict, closed_at=estate.now - DAY)
    its = schema.finding_item.c.finding_id == number
    await estate.connection.execute(update(schema.finding_item).where(its).values(field="version", flags=flags))
    return number


async def dismissed(connection: AsyncConnection, number: int, at: int) -> None:
    items = (await findings.of_findings(connection, [number]))[number]
    await acceptances.accept(connection, items, "sophia", at, f"finding/{number}")


async def counted(store: Store, month: str = "") -> Noise:
    async with store.read() as connection:
        return await noise.of_month(connection, month, NOW)


async def test_what_was_dismissed_and_what_was_confirmed_is_counted_by_attribute(store: Store) -> None:
    async with store.write() as tx:
        estate = Estate(tx, NOW)
        host = await estate.host("web-01")
        await dismissed(tx, await moved(estate, host, "bash|all", "curl|all"), NOW - DAY)
        await moved(estate, host, "nginx|all")  # accepted by a change made from it
        await moved(estate, host, "vim|all", verdict="verified", flags='["retrospective"]')
        put_back = await moved(estate, host, "sudo|all", verdict="reverted")
        await acceptances.mark(tx, put_back, Mark(NOW - DAY, "sophia", "undo", "nobody asked for it"))
        await moved(estate, host, "tzdata|all", verdict="reverted")  # nobody answered it
        await moved(estate, host, "rsync|all", verdict="verified")  # approved beforehand
        await dismissed(tx, await moved(estate, host, "less|all"), LAST_MONTH)
    found = await counted(store)
    (one,) = found.attributes
    assert (one.section, one.name) == ("packages", "version"), "whichever package it was"
    assert (one.answered.dismissed, one.answered.confirmed, one.is_for_review) == (2, 3, True)
    assert (found.month, found.cis) == ("2026-11", 1)
    before = await counted(store, "2026-10")
    assert [(each.answered.dismissed, each.answered.confirmed) for each in before.attributes] == [(1, 0)]


async def test_what_two_sources_show_is_dismissed_and_confirmed_once(store: Store) -> None:
    async with store.write() as tx:
        estate = Estate(tx, NOW)
        host = await estate.host("web-01")
        for place, verdict in enumerate(("accepted", "reverted")):
            number = await moved(estate, host, "bash|all", verdict=verdict)
            await estate.also_shown(number, f"redfish//192.0.2.{place}")
            if verdict == "accepted":
                await dismissed(tx, number, NOW - DAY)
            else:
                await acceptances.mark(tx, number, Mark(NOW - DAY, "sophia", "undo", "nobody asked for it"))
    (one,) = (await counted(store)).attributes
    assert (one.answered.dismissed, one.answered.confirmed) == (1, 1)


async def test_the_rate_is_of_what_was_dismissed_by_cis_and_weeks(store: Store) -> None:
    async with store.write() as tx:
        estate = Estate(tx, NOW)
        hosts = [await estate.host(f"web-{at:02}") for at in range(10)]
        await dismissed(tx, await moved(estate, hosts[0], "bash|all"), LAST_MONTH)
    found = await counted(store, "2026-10")
    assert found.rate == pytest.approx(1000 / 10 * 7 / 31)


async def test_an_empty_month_and_an_empty_estate_have_no_rate(store: Store) -> None:
    assert (await counted(store)).attributes == ()
    assert (await counted(store)).rate is None
    assert (await counted(store, "2999-12")).rate is None


@pytest.mark.parametrize("month", ["2026", "2026-13", "0001-01", "9999-12", "yesterday"])
async def test_a_month_that_is_none_is_refused(sqlite_store: Store, month: str) -> None:
    with pytest.raises(Refused, match="YYYY-MM"):
        await counted(sqlite_store, month)
