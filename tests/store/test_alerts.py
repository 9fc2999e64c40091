"""Alerts are remembered exactly, on both engines."""

from __future__ import annotations

from dataclasses import replace

from collector.model import Alert, Outcome
from collector.store import alerts
from collector.store.engine import Store
from tests.store.ground import with_cis

FIRING = Alert(
    "SRV-DISK-001", 1, "/数据 'x'", "firing", Outcome.PROBLEM, 5, 6, {"fs.value": 0.93, "名": "\ud800é"}, "r",
    episode=3, samples=2, seen_at=4, keep_until=9, bits="0110", flapping=True, suppressed=("maintenance", "flapping"),
    held_by=("CHG-000001",), look_at=77, told=True, lowered="notice",
)  # fmt: skip
OTHER = Alert("SRV-NTP-001", 2, "", "ok", Outcome.PASS, 7, 8)


async def saved(store: Store, *given: Alert, at: int = 10) -> None:
    async with store.write() as connection:
        before = await alerts.load(connection, {each.ci_id for each in given})
        await alerts.save(connection, given, before, at)


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


async def test_only_alerts_that_are_told_are_causes(store: Store) -> None:
    await with_cis(store, 2)
    held = replace(FIRING, instance="held", told=False)
    await saved(store, FIRING, held, OTHER, replace(OTHER, ci_id=1, state="pending"))
    async with store.read() as connection:
        assert await alerts.firing(connection, [1, 2]) == [FIRING]
        assert await alerts.held_back(connection, [1, 2]) == [held]
        assert await alerts.firing(connection, [2]) == []
        standing = {("SRV-DISK-001", 1, "/数据 'x'"), ("SRV-DISK-001", 1, "held"), ("SRV-NTP-001", 1, "")}
        assert set(await alerts.standing(connection, {1: (), 2: ()})) == standing
        well = {("SRV-NTP-001", 2, "")}
        assert set(await alerts.standing(connection, {1: (), 2: ["SRV-NTP-001"]})) == standing | well


async def test_alerts_that_time_can_move_and_those_that_cannot_be_read_are_found_by_their_cis(store: Store) -> None:
    await with_cis(store, 2)
    pending, stale = (
        replace(OTHER, state="pending"),
        replace(OTHER, ci_id=1, outcome=Outcome.UNKNOWN, reason="stale: ntp"),
    )
    await saved(store, pending, stale, replace(OTHER, rule="T-OK"), replace(FIRING, bits="", flapping=False))
    async with store.read() as connection:
        assert await alerts.by_clock(connection, [1, 2]) == ({("SRV-NTP-001", 2)}, {("SRV-NTP-001", 1)})


async def test_alerts_to_be_looked_at_are_found_by_the_clock_and_by_hand(store: Store) -> None:
    await with_cis(store, 2)
    await saved(store, FIRING, OTHER, replace(FIRING, ci_id=2, look_at=0))
    async with store.write() as connection:
        assert await alerts.to_look_at(connection, 76, 9) == []
        assert await alerts.to_look_at(connection, 77, 9) == [1]
        await alerts.look_again(connection, 5, ci_ids=[2])
        assert await alerts.to_look_at(connection, 76, 9) == [2], "what is well is not looked at"
        await alerts.look_again(connection, 5, rules=["SRV-DISK-001"])
        assert sorted(await alerts.to_look_at(connection, 5, 9)) == [1, 2]


async def test_the_log_tells_what_moved_and_nothing_of_values_or_of_what_was_well_from_the_first(store: Store) -> None:
    await with_cis(store, 2)
    await saved(store, FIRING, OTHER, at=10)
    await saved(store, replace(FIRING, evidence={"fs.value": 0.94}), at=20)
    worse = replace(FIRING, evidence={"severity": "critical"}, lowered="", suppressed=())
    await saved(store, worse, at=30)
    await saved(store, replace(worse, state="ok", outcome=Outcome.PASS, evidence={}), replace(OTHER, since=9), at=40)
    async with store.write() as connection:
        told = await alerts.moves_between(connection, 0, 100)
        assert [(each.at, each.state, each.severity, each.suppressed, each.episode) for each in told] == [
            (10, "firing", "notice", ("maintenance", "flapping"), 3), (30, "firing", "critical", (), 3),
            (40, "ok", "", (), 3),
        ]  # fmt: skip
        assert await alerts.moves(connection, "SRV-DISK-001", 1, "/数据 'x'", 1) == told[-1:]
        assert await alerts.moves(connection, "SRV-NTP-001", 2, "") == []
        assert await alerts.forget_moves(connection, 30, 99) == 1
        assert await alerts.moves_between(connection, 0, 100) == told[1:]


async def test_a_thousand_alerts_are_one_write(store: Store) -> None:
    await with_cis(store, 1)
    many = [replace(FIRING, instance=f"/{at}") for at in range(1000)]
    await saved(store, *many)
    assert len(await loaded(store, 1)) == 1000
