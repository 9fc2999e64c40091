"""Which CIs are called so, for many names at once; alerts of other systems taken, held, bound and ended with them."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import func, select, update

from collector.incident.foreign import FIRING, RESOLVED, ForeignAlert
from collector.pipeline import judging, settling
from collector.security.audit import Actor
from collector.services import maintenance_windows
from collector.services.inbound import assigning
from collector.services.inbound.inbox import Inbox, Taken
from collector.store import called, events, foreign_alerts, schema
from collector.store.browse.foreign_alerts import ForeignQuery, list_foreign
from collector.store.browse.page import Window
from collector.store.engine import Store, insert
from tests.acts import act
from tests.estate import HOUR, NOW, Estate
from tests.people import Clock, shipped_policies

ROBOT = Actor("robot", "token")


def told(
    fingerprint: str, state: str = FIRING, job: str = "erp", until: int | None = None, **names: str
) -> ForeignAlert:
    return ForeignAlert("am", fingerprint, state, "error", "Down", "it is down", NOW, labels={"job": job}, names=names,
                        until=until)  # fmt: skip


async def test_each_name_finds_the_cis_that_are_called_so_by_now(store: Store) -> None:
    async with store.write() as tx:
        estate = Estate(tx, NOW)
        web, db, old = [await estate.host(name) for name in ("Web-01", "db-01", "old-01")]
        for ci, kind, value in ((web, "serial", "dell|7XK9Q77"), (db, "serial", "hp|7XK9Q77"), (db, "uuid", "u-1")):
            row = {"ci_id": ci.id, "kind": kind, "value": value, "source_id": ci.source_id}
            await tx.execute(insert(tx, schema.identifier), [row | {"first_at": NOW, "last_at": NOW}])
        await tx.execute(update(schema.ci).where(schema.ci.c.id == old.id).values(state="retired"))
        assert await called.with_serials(tx, ["7XK9Q77", "NONE"]) == {"7XK9Q77": {web.id, db.id}}
        assert await called.identified(tx, "uuid", ["u-1", "u-2"]) == {"u-1": {db.id}}
        found = await called.named(tx, ["web-01", "WEB-01", "db-01", "old-01"])
        assert found == {"web-01": {web.id}, "WEB-01": {web.id}, "db-01": {db.id}}
        assert await called.holding(tx, "uuid", [web.id, db.id, old.id]) == {db.id}
        assert await called.there(tx, [web.id, old.id]) == {web.id: web.id}
        assert await events.speakers(tx, [("", "192.0.2.99"), ("dmz", "192.0.2.99")]) == {}


async def open_ones(store: Store) -> list[Any]:
    async with store.read() as connection:
        rows = select(schema.incident).where(schema.incident.c.resolved_at.is_(None)).order_by(schema.incident.c.id)
        return list(await connection.execute(rows))


async def test_alerts_of_other_systems_go_their_whole_way(store: Store) -> None:
    """Taken by hundreds, held by a window, told at its end, bound by a label, ended by the clock."""
    policies, clock = shipped_policies(), Clock()
    inbox = Inbox(store, clock, policies.identity, partial(settling.settle_of, policies=policies), policies.desk)
    async with store.write() as tx:
        web = await Estate(tx, NOW).host("web-01")
        asked = maintenance_windows.Asked("w", NOW, NOW + HOUR, cis=(web.uid,), rules=("am/Down",))
        await maintenance_windows.set_(act(tx, "ann", NOW), asked, policies.rulebook.rules)
    many = [told(f"u{at}", name=f"pod-{at}") for at in range(450)]
    assert await inbox.take([told("w", name="web-01"), *many], ROBOT) == Taken(451, 0, 450)
    assert [(each.ci_id, each.causes) for each in await open_ones(store)] == [(None, 450)]
    clock.at += HOUR
    async with store.write() as tx:
        assert await foreign_alerts.to_look_at(tx, clock.at, 10) == [web.id]
        await judging.decide_due(tx, policies, clock.at, 10)
        assert await foreign_alerts.to_look_at(tx, clock.at, 10) == []
    assert [(each.ci_id, each.causes) for each in await open_ones(store)] == [(None, 450), (web.id, 1)]
    async with store.write() as tx:
        page = await list_foreign(tx, ForeignQuery(bound=False, q="pod-7"), Window(2))
        assert (page.count, len(page.items)) == (11, 2)
        number = page.items[0].kept.id
        assert await assigning.bind_label(act(tx, "ann", clock.at), inbox, number, "job", web.uid) == 450
        [label] = await assigning.listed(tx)
        assert (label.binding.value, label.ci.uid) == ("erp", web.uid)
    assert None not in {each.ci_id for each in await open_ones(store)}
    assert await inbox.take([told("x", name="pod-9", until=clock.at + 5)], ROBOT) == Taken(1, 0, 0)
    over = [told(f"u{at}", RESOLVED) for at in range(450)]
    assert await inbox.take([*over, told("w", RESOLVED)], ROBOT) == Taken(451, 0, 0)
    clock.at += 5
    await inbox.expire()
    assert await open_ones(store) == []


async def test_what_is_of_no_account_is_of_the_first_that_speaks_of_it_and_its_incident_goes_on(store: Store) -> None:
    policies, clock = shipped_policies(), Clock()
    inbox = Inbox(store, clock, policies.identity, partial(settling.settle_of, policies=policies), policies.desk)
    async with store.write() as tx:
        await Estate(tx, NOW).host("web-01")
    await inbox.take([told(name, name="web-01") for name in "ab"], Actor("old", "token"))
    async with store.write() as tx:  # as the version before left it
        for table in (schema.foreign_alert, schema.incident_cause, schema.incident):
            key = func.replace(table.c.cause_key, "foreign|am|old|", "foreign|am|")
            await tx.execute(update(table).values(cause_key=key))
        await tx.execute(update(schema.foreign_alert).values(account=""))
    before = await open_ones(store)
    assert await inbox.take([told("a", name="web-01")], ROBOT) == Taken(0, 1, 0), "the same is told again"
    assert await inbox.take([told("a", RESOLVED)], Actor("another", "token")) == Taken(0, 1, 0), "of whoever spoke"
    assert await inbox.take([told("b", RESOLVED)], Actor("another", "token")) == Taken(1, 0, 0), "the first that does"
    assert [(each.number, each.causes) for each in await open_ones(store)] == [(each.number, 1) for each in before]
    assert await inbox.take([told("a", RESOLVED)], ROBOT) == Taken(1, 0, 0)
    assert await open_ones(store) == []
    assert await inbox.take([told("a", name="web-01")], ROBOT) == Taken(0, 1, 0), "what came late is old news"
