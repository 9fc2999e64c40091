"""Alerts somebody has seen: for one episode, with a reason, taken back, and told where people are called."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from collector import rulebook
from collector.desk.flow import Deed
from collector.incident import alert_key
from collector.model import Alert, Cause, Outcome
from collector.security.audit import Actor, acting
from collector.services.alert_explained import explained
from collector.services.incidents import acknowledging
from collector.services.missing import NotFound
from collector.services.refused import Refused
from collector.store import alert_acks, alerts, schema
from collector.store.browse.alerts import AlertQuery, count_unseen, list_alerts
from collector.store.browse.page import Window
from collector.store.engine import Store
from tests.collector.services.servicing import Desk, alarm, opened

RULE = "SRV-DISK-001"
RULES = rulebook.load(rulebook.shipped()).rules
FIRING = Alert(RULE, 1, "/ a|b", "firing", Outcome.PROBLEM, 5, 6, {"severity": "error"}, episode=1, told=True)


@pytest.fixture
async def desk(store: Store) -> Desk:
    made = await opened(store)
    await judged(made, FIRING)
    return made


async def judged(desk: Desk, *some: Alert) -> None:
    """Let alerts be these from now on."""
    async with desk.store.write() as tx:
        await alerts.save(tx, some, await alerts.load(tx, [1, 2, 3]), desk.now)


def of(alert: Alert) -> Cause:
    return alarm(alert_key(alert.rule, f"ci-{alert.ci_id}", alert.instance), ci_id=alert.ci_id)


async def see(
    desk: Desk, alert: Alert = FIRING, by: str = "ann", reason: str = "cleaning up", back: bool = False
) -> None:
    do = acknowledging.withdraw if back else acknowledging.acknowledge
    async with acting(desk.store, Actor(by, "page"), lambda: desk.now) as act:
        await do(act, alert.rule, f"ci-{alert.ci_id}", alert.instance, reason)


async def unseen(desk: Desk) -> tuple[int, int, int]:
    """Return how many alerts nobody has seen, as counted and as listed, and how many somebody has."""
    async with desk.store.read() as connection:
        listed = [await list_alerts(connection, AlertQuery(is_seen=each), Window(10)) for each in (False, True)]
        return await count_unseen(connection), listed[0].count or 0, listed[1].count or 0


async def test_an_alert_is_seen_by_one_with_a_reason_and_that_is_told_in_the_audit_log(desk: Desk) -> None:
    assert await unseen(desk) == (1, 1, 0)
    await see(desk)
    assert await unseen(desk) == (0, 0, 1)
    async with desk.store.read() as connection:
        (row,) = (await list_alerts(connection, AlertQuery(), Window(10))).items
        (told,) = (await connection.execute(select(schema.audit))).all()
    assert row.ack is not None
    assert (row.ack.who, row.ack.reason, row.ack.at, row.ack.episode) == ("ann", "cleaning up", desk.now, 1)
    assert (told.actor, told.action, told.object) == (
        "ann",
        "alert.acknowledge",
        f"alert/{RULE}/ci-1/{FIRING.instance}",
    )


async def test_a_new_episode_nobody_has_seen_and_what_was_said_before_stays_on_record(desk: Desk) -> None:
    await see(desk)
    await judged(desk, replace(FIRING, state="recovering"))
    assert await unseen(desk) == (0, 0, 1)
    await judged(desk, replace(FIRING, state="ok", outcome=Outcome.PASS, told=False))
    assert await unseen(desk) == (0, 0, 0)
    await judged(desk, replace(FIRING, episode=2))
    assert await unseen(desk) == (1, 1, 0)
    await see(desk, by="bob", reason="again")
    async with desk.store.read() as connection:
        found = await alert_acks.history(connection, (RULE, 1, FIRING.instance), 10)
    assert [(each.who, each.episode, each.ended_at) for each in found] == [("bob", 2, None), ("ann", 1, desk.now)]


async def test_an_alert_that_is_forgotten_and_comes_back_as_its_first_episode_was_not_seen(desk: Desk) -> None:
    await see(desk)
    await judged(desk, replace(FIRING, outcome=Outcome.NOT_APPLICABLE))
    await judged(desk, FIRING)
    assert await unseen(desk) == (1, 1, 0)


async def test_it_is_taken_back_with_a_reason(desk: Desk) -> None:
    await see(desk)
    await see(desk, by="bob", reason="it was another disk", back=True)
    assert await unseen(desk) == (1, 1, 0)
    async with desk.store.read() as connection:
        (last,) = await alert_acks.history(connection, (RULE, 1, FIRING.instance), 10)
    assert (last.ended_by, last.ended_why) == ("bob", "it was another disk")


async def test_what_cannot_be_seen_is_refused(desk: Desk) -> None:
    quiet = Alert("SRV-NTP-001", 2, "", "pending", Outcome.PROBLEM, 5, 6)
    await judged(desk, quiet)
    for alert, reason in ((quiet, "x"), (FIRING, "  "), (FIRING, "x" * 5_000)):
        with pytest.raises(Refused):
            await see(desk, alert, reason=reason)
    with pytest.raises(NotFound):
        await see(desk, replace(FIRING, instance="/b"))
    with pytest.raises(Refused):
        await see(desk, back=True)
    await see(desk)
    with pytest.raises(Refused):
        await see(desk, by="bob")


async def test_channels_are_told_once_all_an_incident_is_made_of_is_seen(desk: Desk) -> None:
    second = replace(FIRING, ci_id=2)
    await judged(desk, second)
    await desk.settle(replace(of(FIRING), group="one"), replace(of(second), group="one"))
    await see(desk)
    assert await desk.told() == ["INC-000001|opened"]
    await see(desk, second, by="bob")
    assert await desk.told() == ["INC-000001|opened", "INC-000001|acknowledged"]
    assert [each.act for each in (await desk.look("INC-000001")).trail] == ["open", "acknowledge", "acknowledge"]
    desk.now += 1
    await see(desk, back=True)
    assert (await desk.told())[-1] == "INC-000001|updated"


async def test_an_alert_says_in_which_incident_it_stands_as_long_as_it_does(desk: Desk) -> None:
    async def stands_in() -> list[str]:
        async with desk.store.read() as connection:
            found = await explained(connection, RULES, RULE, "ci-1", desk.now)
        return [each.incident for each in found.instances]

    assert await stands_in() == [""]
    await desk.settle(of(FIRING))
    assert await stands_in() == ["INC-000001"]
    desk.now += 1
    await desk.settle()
    assert await stands_in() == [""]


async def test_who_takes_an_incident_has_seen_its_alerts_and_no_others(desk: Desk) -> None:
    other = replace(FIRING, ci_id=3)
    await judged(desk, other)
    await desk.settle(of(FIRING))
    await desk.do("ann", "INC-000001", Deed.TAKE)
    assert await unseen(desk) == (1, 1, 1)
    assert await desk.told() == ["INC-000001|opened", "INC-000001|acknowledged"]
    async with desk.store.read() as connection:
        found = await alert_acks.of(connection, [1, 2, 3])
    assert {key: (each.who, each.reason) for key, each in found.items()} == {of(FIRING).key: ("ann", "INC-000001")}


async def test_an_alert_something_holds_back_waits_for_nobody(desk: Desk) -> None:
    await judged(desk, replace(FIRING, suppressed=("waiver",), told=False))
    assert await unseen(desk) == (0, 0, 0)
