"""Alerts are remembered exactly, on both engines."""

from __future__ import annotations

from dataclasses import replace

from collector.model import Alert, Outcome
from collector.store import alerts
from collector.store.engine import Store
from tests.store.ground import with_cis

FIRING = Alert(
    "SRV-DISK-001", 1, "/数据 'x'", "firing", Outcome.PROBLEM, 5, 6, {"fs.value": 0.93, "名": "\ud800é"}, "r"
)
OTHER = Alert("SRV-NTP-001", 2, "", "ok", Outcome.PASS, 7, 8)


async def saved(store: Store, *given: Alert) -> None:
    async with store.write() as connection:
        await alerts.save(connection, given)


async def loaded(store: Store, *ci_ids: int) -> dict[tuple[str, int, str], Alert]:
    async with store.read() as connection:
        return await alerts.load(connection, ci_ids)


async def test_an_alert_comes_back_as_it_was(store: Store) -> None:
    await with_cis(store, 2)
    await saved(store, FIRING, OTHER)
    assert await loaded(store, 1, 2) == {("SRV-DISK-001", 1, "/数据 'x'"): FIRING, ("SRV-NTP-001", 2, ""): OTHER}
    assert await loaded(store, 2) == {("SRV-NTP-001", 2, ""): OTHER}
    assert await loaded(store) == {}


async def test_saving_again_replaces_the_alert_and_only_it(store: Store) -> None:
    await with_cis(store, 2)
    await saved(store, FIRING, OTHER)
    moved = replace(FIRING, state="ok", outcome=Outcome.PASS, evidence={}, reason="", since=9, changed_at=9)
    await saved(store, moved)
    found = await loaded(store, 1, 2)
    assert found["SRV-DISK-001", 1, "/数据 'x'"] == moved
    assert found["SRV-NTP-001", 2, ""] == OTHER


async def test_an_alert_that_no_longer_applies_is_forgotten(store: Store) -> None:
    await with_cis(store, 2)
    await saved(store, FIRING, OTHER)
    await saved(store, replace(FIRING, state="ok", outcome=Outcome.NOT_APPLICABLE), replace(OTHER, since=9))
    assert list((await loaded(store, 1, 2)).values()) == [replace(OTHER, since=9)]


async def test_only_alerts_that_fire_are_found_as_such(store: Store) -> None:
    await with_cis(store, 2)
    await saved(store, FIRING, OTHER, replace(OTHER, ci_id=1, state="pending"))
    async with store.read() as connection:
        assert await alerts.firing(connection, [1, 2]) == [FIRING]
        assert await alerts.firing(connection, [2]) == []


async def test_a_thousand_alerts_are_one_write(store: Store) -> None:
    await with_cis(store, 1)
    many = [replace(FIRING, instance=f"/{at}") for at in range(1000)]
    await saved(store, *many)
    assert len(await loaded(store, 1)) == 1000
