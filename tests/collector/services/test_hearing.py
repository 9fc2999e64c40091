"""What people said in PagerDuty is so here: seen by them, resolved for them, once, and only where it is signed."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from collector.channel import Channel
from collector.delivery.kinds import make
from collector.desk.flow import Deed
from collector.incident import alert_key
from collector.model import Alert, Cause, Delivery, Outcome
from collector.security.vault import Vault
from collector.services.channels import setup
from collector.services.channels.hearing import Hearing, NotSigned
from collector.services.channels.resolving import Resolving
from collector.services.inbound.pagerduty_webhook import ACKNOWLEDGED, RESOLVED, is_signed, said_of
from collector.services.inbound.reading import BadAlert
from collector.store import alert_acks, alerts, correspondence, schema
from collector.store.engine import Store
from tests.collector.delivery.receiver import Receiver
from tests.collector.services.servicing import HOUR, Desk, alarm, opened

VAULT = Vault([bytes(32)])
SECRET = "larch-and-cedar"
LOGIN = {"routing_key": "r" * 32, "webhook_secret": SECRET}
PD = Channel("pd", "pagerduty", {"url": "http://127.0.0.1:9", "mark": "abc", "ca": ""})
ONE = "INC-000001"
FIRING = Alert("SRV-DISK-001", 1, "/", "firing", Outcome.PROBLEM, 5, 6, {"severity": "error"}, episode=1, told=True)
CAUSE = alarm(alert_key(FIRING.rule, "ci-1", FIRING.instance))


@pytest.fixture
async def desk(store: Store) -> Desk:
    """An incident of one alert, of which PagerDuty was told."""
    made = await opened(store)
    async with store.write() as tx:
        await setup.write(tx, VAULT, PD, LOGIN, 0)
        await alerts.save(tx, [FIRING], {}, made.now)
    await tells(made, CAUSE)
    return made


async def tells(desk: Desk, *causes: Cause) -> None:
    """Let incidents be settled, and what there is to tell be told to PagerDuty."""
    await desk.settle(*causes)
    async with desk.store.write() as tx:
        waiting = await tx.execute(select(schema.outbox).where(schema.outbox.c.destination == "pd"))
        told = [(row.id, row.subject, row.event, "") for row in waiting]
        await correspondence.note(tx, "pd", told, desk.now)


def message(
    desk: Desk, what: str, key: str = "MUSTER-abc-" + ONE, who: str | None = "Tenex Engineer", ago: int = 0
) -> bytes:
    at = dt.datetime.fromtimestamp((desk.now - ago) / 1000, dt.UTC).isoformat().replace("+00:00", "Z")
    agent = {"id": "PLH1HKV", "type": "user_reference", "summary": who} if who is not None else None
    data = {"id": "PGR0VU2", "type": "incident", "incident_key": key, "status": what.partition(".")[2]}
    return json.dumps(
        {"event": {"id": "1", "event_type": what, "occurred_at": at, "agent": agent, "data": data}}
    ).encode()


def sign(body: bytes, secret: str = SECRET) -> str:
    return "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def hears(desk: Desk, body: bytes, signature: str | None = None, name: str = "pd") -> bool:
    desk.now += 1
    hearing = Hearing(desk.store, VAULT, lambda: desk.now, Resolving(desk.service))
    return await hearing(name, body, sign(body) if signature is None else signature)


async def seen(desk: Desk) -> Mapping[str, tuple[str, str]]:
    async with desk.store.read() as connection:
        return {key: (each.who, each.reason) for key, each in (await alert_acks.of(connection, [1])).items()}


async def test_who_acknowledges_it_there_has_seen_its_alerts_here_once(desk: Desk) -> None:
    assert await hears(desk, message(desk, ACKNOWLEDGED))
    assert await seen(desk) == {CAUSE.key: ("Tenex Engineer", "PagerDuty · pd")}
    assert not await hears(desk, message(desk, ACKNOWLEDGED, who="somebody else"))
    found = await desk.look(ONE)
    assert [(each.who, each.act) for each in found.trail] == [("collector", "open"), ("Tenex Engineer", "acknowledge")]
    assert found.row.state == "new", "to have seen it is not to work on it"
    async with desk.store.read() as connection:
        (told,) = (await connection.execute(select(schema.audit))).all()
    assert (told.actor, told.action, told.object) == ("collector", "alert.acknowledge", f"incident/{ONE}")
    assert json.loads(told.details)["after"]["who"] == "Tenex Engineer"


async def test_what_is_resolved_there_is_resolved_here_in_their_name_and_pagerduty_is_not_told_so(desk: Desk) -> None:
    assert await hears(desk, message(desk, RESOLVED))
    found = await desk.look(ONE)
    said = "已在 pd 中由 Tenex Engineer 解决 / resolved in pd by Tenex Engineer"
    assert (found.row.state, found.row.resolution) == ("resolved", said)
    assert not await hears(desk, message(desk, RESOLVED))
    assert not await hears(desk, message(desk, ACKNOWLEDGED))
    async with desk.store.read() as connection:
        assert not await correspondence.is_open(connection, "pd", f"incident|{ONE}")


async def test_what_a_rule_did_there_has_nobody_s_name(desk: Desk) -> None:
    assert await hears(desk, message(desk, ACKNOWLEDGED, who=None))
    assert await seen(desk) == {CAUSE.key: ("pd", "PagerDuty · pd")}
    assert await hears(desk, message(desk, RESOLVED, who=None))
    assert (await desk.look(ONE)).row.resolution == "已在 pd 中解决 / resolved in pd"


async def test_a_name_of_theirs_stays_one_short_plain_line(desk: Desk) -> None:
    assert await hears(desk, message(desk, ACKNOWLEDGED, who="<b>\n\x1b[31m\u202e" + "x" * 999))
    ((who, _),) = (await seen(desk)).values()
    assert (len(who) <= 300, "\n" in who, "\x1b" in who, "\u202e" in who) == (True, False, False, False)


async def test_what_was_said_before_it_began_again_is_old_news(desk: Desk) -> None:
    desk.now += HOUR
    await desk.do("ann", ONE, Deed.TAKE)
    await desk.do("ann", ONE, Deed.RESOLVE, code="fixed", text="done")
    desk.now += HOUR
    await desk.do("ann", ONE, Deed.REOPEN, text="it is back")
    await tells(desk, CAUSE)
    assert not await hears(desk, message(desk, RESOLVED, ago=HOUR // 2))
    assert (await desk.look(ONE)).row.state == "assigned"
    assert await hears(desk, message(desk, RESOLVED))


async def test_what_is_none_of_ours_changes_nothing(desk: Desk) -> None:
    for body in (
        message(desk, "incident.escalated"), message(desk, "pagey.ping"), message(desk, RESOLVED, ""),
        message(desk, RESOLVED, "MUSTER-other-" + ONE), message(desk, RESOLVED, "MUSTER-abc-INC-000009"),
    ):  # fmt: skip
        assert not await hears(desk, body)
    async with desk.store.write() as tx:
        await correspondence.close(tx, "pd", f"incident|{ONE}")
    assert not await hears(desk, message(desk, RESOLVED)), "PagerDuty was not told of it"
    assert (await desk.look(ONE)).row.state == "new"


async def test_what_is_not_signed_with_the_secret_of_that_channel_is_refused(desk: Desk) -> None:
    body = message(desk, RESOLVED)
    for signature in ("", "v1=", sign(body, "another"), sign(b"x" + body), sign(body)[3:], "v1=\xff", "," * 5_000):
        with pytest.raises(NotSigned):
            await hears(desk, body, signature)
    for name in ("nobody", "webhook", ""):
        with pytest.raises(NotSigned):
            await hears(desk, body, name=name)
    async with desk.store.write() as tx:
        await setup.write(tx, VAULT, PD, {"routing_key": "r"}, 0)
    with pytest.raises(NotSigned):
        await hears(desk, body, sign(body, ""))
    assert (await desk.look(ONE)).row.state == "new"


async def test_while_a_secret_is_exchanged_one_of_several_signatures_is_enough(desk: Desk) -> None:
    body = message(desk, RESOLVED)
    assert await hears(desk, body, f"{sign(body, 'the old one')}, {sign(body)}")


async def test_what_cannot_be_read_is_one_declared_error(desk: Desk) -> None:
    empty = b'{"event": {"event_type": "incident.resolved"}}'
    for body in (b"", b"{", b"[]", b'{"event": 1}', b"\xff", b"[" * 9_000, empty):
        with pytest.raises(BadAlert):
            await hears(desk, body)


async def test_the_key_pagerduty_is_told_is_the_one_it_is_heard_by(desk: Desk) -> None:
    receiver = Receiver()
    destination: Any = make(replace(PD, settings={**PD.settings, "url": receiver.url}), LOGIN, lambda: desk.now)
    await destination(Delivery(f"incident|{ONE}|resolved", "pd", {"incident": {"number": ONE}}))
    await destination.aclose()
    receiver.close()
    key = json.loads(receiver.posted[0].body)["dedup_key"]
    assert await hears(desk, message(desk, RESOLVED, key))


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=8,
)


@given(_JSON, st.text(), st.binary())
@example(
    {"event": {"event_type": RESOLVED, "occurred_at": "2026-01-01T00:00:00Z", "data": {}, "agent": []}}, "v1=é", b""
)
def test_no_message_and_no_signature_breaks_the_reader(value: Any, header: str, body: bytes) -> None:
    assert not is_signed(body, header, SECRET)
    for told in (
        value,
        {"event": value},
        {"event": {"event_type": RESOLVED, "occurred_at": value, "data": value, "agent": value}},
    ):
        try:
            said = said_of(told)
        except BadAlert:
            continue
        assert said is None or len(said.key) + len(said.who) <= 600
