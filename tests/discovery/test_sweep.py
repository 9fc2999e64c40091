"""The sweep against devices on loopback addresses, over real sockets."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from discovery.authenticate import Access
from discovery.blackout import Calendar, Closed
from discovery.breaker import Breaker
from discovery.credentials import Community, Credential, SnmpUser, communities
from discovery.doors import DOORS
from discovery.failures import Failed
from discovery.knowledge import Knowledge, Known
from discovery.library import SHIPPED, Definitions, definitions_in
from discovery.limits import Limits, Profile
from discovery.liveness import Life
from discovery.outcome import Outcome
from discovery.pace import Rooms
from discovery.plan import Plan, plan
from discovery.scope import Scope, scope_of
from discovery.secret import Secret
from discovery.snmp import Engine
from discovery.snmp.ber import OCTETS, encode_integer, tlv
from discovery.snmp.secured import read_secured
from discovery.stages import Course, Setting, Tools
from discovery.sweep import Progress, sweep
from tests.discovery.network import (
    ENGINE_ID,
    WRONG_DIGEST,
    Device,
    Network,
    addressed,
    addresses,
    both,
    engine,
    speaker,
    switch,
)
from tests.discovery.snmp import hostile
from tests.discovery.snmp.hostile import read
from wire.ranges import ranges

ALL = ["127.8.0.0/16"]
QUICK = Limits(timeout=0.3, seconds=3)


@cache
def shipped() -> Definitions:
    return definitions_in([SHIPPED])


@pytest.fixture(autouse=True, scope="module")
def definitions() -> Definitions:
    """Load them before any time is taken."""
    return shipped()


def switches(count: int, first: int = 1) -> dict[str, Device]:
    return {
        address: speaker(switch(number))
        for number, address in enumerate(addresses(first + count - 1)[first - 1 :], start=first)
    }


def access(*credentials: Credential, knowledge: Knowledge | None = None, breaker: Breaker | None = None) -> Access:
    return Access(credentials, DOORS, knowledge or Knowledge(), breaker or Breaker())


def roster() -> Access:
    return access(*communities(["roster"], ALL))


def named(name: str, identity: str, scope: Scope | None = None) -> Credential:
    return Credential(identity, "snmp_community", Community(Secret(name), 2), scope or scope_of(ALL, silent=True))


def user(identity: str = "campus", scope: Scope | None = None) -> Credential:
    holds = SnmpUser("auditor", "sha256", Secret("first-canary-secret"), "aes128", Secret("second-canary-secret"))
    return Credential(identity, "snmp_user", holds, scope or scope_of(ALL))


async def swept(
    hosts: Iterable[str] | Plan, port: int, keys: Access, limits: Limits = QUICK, until: str = "identify",
    watch: Callable[[Progress], None] | None = None,
) -> dict[str, Outcome]:  # fmt: skip
    """Sweep, and return every outcome by address; none may come twice."""
    planned = hosts if isinstance(hosts, Plan) else plan(hosts)
    profile = Profile(until=until, port=port)  # type: ignore[arg-type]
    found: dict[str, Outcome] = {}
    async for outcome in sweep(planned, keys, shipped(), limits, profile, watch):
        assert outcome.row.address not in found
        found[outcome.row.address] = outcome
    return found


def causes(found: dict[str, Outcome]) -> Counter[str | None]:
    return Counter(outcome.row.cause for outcome in found.values())


async def test_every_address_has_an_outcome_and_what_answers_is_identified() -> None:
    with Network(switches(40)) as network:
        seen: list[Progress] = []
        found = await swept(["127.8.0.0/25"], network.port, roster(), watch=seen.append)
    assert found.keys() == set(plan(["127.8.0.0/25"]).addresses())
    assert causes(found) == {None: 40, "no_answer": 86}
    target = found["127.8.0.7"].target()
    assert {key: target[key] for key in ("address", "state", "class", "type", "vendor", "serial", "name", "error")} == {
        "address": "127.8.0.7", "state": "identified", "class": "network", "type": "switch", "vendor": "Arista",
        "serial": "JPE00000007", "name": "sw-00007", "error": None,
    }  # fmt: skip
    assert (target["credential"], target["stage"]) == ("community-1", "identify")
    assert seen[-1] == Progress(planned=126, swept=126, alive=40, admitted=40, identified=40)


async def test_until_alive_asks_nothing_further() -> None:
    with Network({address: engine() for address in addresses(5)}) as network:
        found = await swept(["127.8.0.0/28"], network.port, access(), until="alive")
        assert {len(network.heard[address]) for address in addresses(5)} == {1}
    assert [found[address].target()["state"] for address in addresses(5)] == ["alive"] * 5
    assert causes(found) == {None: 5, "no_answer": 9}


async def test_until_explore_reads_the_tables() -> None:
    with Network(switches(3)) as network:
        found = await swept(addresses(3), network.port, roster(), until="explore")
    sections = found["127.8.0.2"].target()["sections"]
    assert len(sections["interfaces"]["body"]) == 24
    assert sections["interfaces"]["complete"]
    assert found["127.8.0.2"].row.stage == "explore"


async def test_the_ledger_counts_by_subnet() -> None:
    with Network({**switches(3), "127.8.1.1": engine(), "127.8.1.2": engine()}) as network:
        begun = sweep(plan(["127.8.0.0/23"]), roster(), shipped(), QUICK, Profile(port=network.port))
        async for _ in begun:
            pass
    first, second = begun.ledger.subnets["127.8.0.0/24"], begun.ledger.subnets["127.8.1.0/24"]
    assert (first.swept, first.alive, first.admitted, first.share) == (255, 3, 3, 1.0)
    assert (second.alive, second.admitted, second.share) == (2, 0, 0.0)
    assert second.causes == {"credential_refused": 2, "no_answer": 253}
    assert begun.ledger.total.swept == 510


# --- wrong credentials (reference list, items 1 and 2)


async def test_wrong_credentials_take_no_longer_than_absence_and_are_named() -> None:
    subnet = ["127.8.3.0/24"]
    hosts = list(plan(subnet).addresses())
    with Network({}) as nobody:
        began = time.monotonic()
        assert causes(await swept(subnet, nobody.port, roster(), Limits())) == {"no_answer": 254}
        absent = time.monotonic() - began
    with Network(dict.fromkeys(hosts, engine())) as everybody:
        began = time.monotonic()
        assert causes(await swept(subnet, everybody.port, roster(), Limits())) == {"credential_refused": 254}
        wrong = time.monotonic() - began
        began = time.monotonic()
        assert causes(await swept(subnet, everybody.port, access(user()), Limits())) == {"unknown_user": 254}
        unknown = time.monotonic() - began
    assert wrong <= absent * 1.2
    assert unknown <= absent * 1.2


async def test_an_account_fails_five_times_and_no_more() -> None:
    hosts = addresses(300)
    breaker = Breaker()
    with Network(dict.fromkeys(hosts, engine(to_users=WRONG_DIGEST))) as network:
        found = await swept(hosts, network.port, access(user(), breaker=breaker))
        asked = [address for address in hosts for data in network.heard[address] if as_user(data)]
        assert causes(found) == {"wrong_auth": 5, "budget_of_account": 295}
        assert len(asked) == 5
        again = await swept(hosts, network.port, access(user(), breaker=breaker))
        assert causes(again) == {"budget_of_account": 300}
        assert sum(as_user(data) for address in hosts for data in network.heard[address]) == 5


async def test_a_refused_account_rests_on_that_device_for_a_day() -> None:
    with Network({"127.8.0.1": engine(to_users=WRONG_DIGEST)}) as network:
        breaker = Breaker()
        await swept(["127.8.0.1"], network.port, access(user(), breaker=breaker))
        past = [replace(each, at=each.at - 3600) for each in breaker.failures]
        found = await swept(["127.8.0.1"], network.port, access(user(), breaker=Breaker(past=past)))
        assert causes(found) == {"budget_of_account": 1}
        past = [replace(each, at=each.at - 90_000) for each in breaker.failures]
        found = await swept(["127.8.0.1"], network.port, access(user(), breaker=Breaker(past=past)))
        assert causes(found) == {"wrong_auth": 1}


def as_user(data: bytes) -> bool:
    return addressed(data)[0] == 3 and bool(read_secured(data).parameters.user)


# --- which credential


async def test_at_most_three_communities_are_tried_on_one_address() -> None:
    names = ["one", "two", "three", "four", "roster"]
    with Network({**switches(1), "127.8.0.2": engine()}) as network:
        found = await swept(["127.8.0.1", "127.8.0.2"], network.port, access(*communities(names, ALL)))
        tried = {name: {addressed(data)[1] for data in network.heard[name]} - {b""} for name in found}
    assert tried == {name: {b"one", b"two", b"three"} for name in found}


async def test_the_last_good_credential_is_the_first_and_the_only_one_a_device_sees() -> None:
    keys = [named("one", "a"), named("two", "b"), named("roster", "c")]
    knowledge = Knowledge({"127.8.0.1": Known("c")})
    with Network(switches(1)) as network:
        found = await swept(["127.8.0.1"], network.port, access(*keys, knowledge=knowledge))
        assert {addressed(data)[1] for data in network.heard["127.8.0.1"]} - {b""} == {b"roster"}
    assert found["127.8.0.1"].row.credential == "c"


async def test_what_one_device_took_is_tried_first_on_its_neighbours_of_the_next_sweep() -> None:
    keys = access(named("one", "a"), named("roster", "b"))
    with Network(switches(9)) as network:
        await swept(["127.8.0.1"], network.port, keys)
        await swept(["127.8.0.9"], network.port, keys)
        assert {addressed(data)[1] for data in network.heard["127.8.0.9"]} - {b""} == {b"roster"}


async def test_a_credential_of_one_vendor_is_not_shown_to_another() -> None:
    theirs = named("canary", "cisco", scope_of(ALL, vendors=["Cisco"]))
    cisco = bytes.fromhex("80000009030011223344aa")
    with Network({"127.8.0.1": engine(engine_id=cisco), "127.8.0.2": engine()}) as network:
        found = await swept(["127.8.0.1", "127.8.0.2"], network.port, access(theirs))
        heard = {name: any(b"canary" in data for data in network.heard[name]) for name in found}
    assert heard == {"127.8.0.1": True, "127.8.0.2": False}
    assert found["127.8.0.2"].row.cause == "no_credential"
    assert found["127.8.0.1"].target()["vendor"] == "Cisco"


async def test_an_engine_that_is_not_the_pinned_one_is_shown_nothing() -> None:
    knowledge = Knowledge({"127.8.0.1": Known("campus", engine_id=b"\x80\x00\x1f\x88\x80other")})
    with Network({"127.8.0.1": engine()}) as network:
        found = await swept(["127.8.0.1"], network.port, access(user(), knowledge=knowledge))
        assert not any(as_user(data) for data in network.heard["127.8.0.1"])
    assert found["127.8.0.1"].row.cause == "engine_changed"
    assert found["127.8.0.1"].target()["fingerprint"]["engine_id"] == ENGINE_ID.hex()


async def test_v1_is_tried_where_nothing_speaks_v3_or_v2c() -> None:
    old = speaker(switch(1))

    def only_v1(data: bytes) -> Iterable[bytes]:
        return old(data) if addressed(data)[0] == 0 else ()

    alive = both(only_v1, lambda data: engine()(data) if addressed(data)[0] == 3 else ())
    with Network({"127.8.0.1": only_v1, "127.8.0.2": alive}) as network:
        keys = access(Credential("old", "snmp_community", Community(Secret("roster"), 1), scope_of(ALL)))
        found = await swept(["127.8.0.1", "127.8.0.2"], network.port, keys)
    assert [found[each].row.cause for each in sorted(found)] == [None, None]


# --- targets that do harm


def turning(behaviour: Callable[[hostile.Asked], Iterable[bytes]], number: int) -> Device:
    """A device that answers the first question and then behaves."""
    honest = speaker({oid: value for oid, value in switch(number).items() if oid.startswith("1.3.6.1.2.1.1.")})
    asked = 0

    def answer(data: bytes) -> Iterable[bytes]:
        nonlocal asked
        if addressed(data)[0] == 3:
            return ()
        asked += 1
        return honest(data) if asked == 1 else behaviour(read(data))

    return answer


def wrong_number(asked: hostile.Asked) -> list[bytes]:
    return [hostile.response(asked.number ^ 1, [(asked.names[0], encode_integer(1))])]


def cut_off(asked: hostile.Asked) -> list[bytes]:
    return [hostile.response(asked.number, [(asked.names[0], encode_integer(1))])[:-3]]


def enormous(asked: hostile.Asked) -> list[bytes]:
    return [hostile.response(asked.number, [(asked.names[0], tlv(OCTETS, b"A" * 65_000))])]


BEHAVIOURS = (
    hostile.mute, hostile.garbage, hostile.same, hostile.backwards, wrong_number, cut_off, hostile.without_variables,
    hostile.too_big, enormous,
)  # fmt: skip


async def test_targets_that_do_harm_end_in_their_time_and_do_not_slow_the_others() -> None:
    healthy = switches(60)
    harmful = {
        address: turning(BEHAVIOURS[number % len(BEHAVIOURS)], number)
        for number, address in enumerate(addresses(60, "127.8.1.1"))
    }
    ends: dict[str, float] = {}
    with Network({**healthy, **harmful}) as network:
        began = time.monotonic()
        async for outcome in sweep(
            plan([*healthy, *harmful]), roster(), shipped(), replace(QUICK, seconds=4), Profile(port=network.port)
        ):
            ends[outcome.row.address] = time.monotonic() - began
            assert outcome.row.alive
            assert outcome.row.seconds < 5
            assert (outcome.row.cause is None) or outcome.row.address in harmful
    assert ends.keys() == healthy.keys() | harmful.keys()
    assert max(ends[address] for address in healthy) < 3
    assert max(ends.values()) < 8


async def test_a_device_that_never_comes_to_an_end_is_cut_off_in_exploration_and_keeps_what_it_told() -> None:
    honest = speaker(switch(1))

    def endless(data: bytes) -> Iterable[bytes]:
        asked = read(data) if addressed(data)[0] != 3 else None
        if asked and asked.kind != 0xA0 and asked.names[0].startswith(bytes.fromhex("2b06010201310101")[:5]):
            return hostile.mute(asked)
        return honest(data)

    with Network({"127.8.0.1": endless}) as network:
        limits = replace(QUICK, explore_seconds=2)
        began = time.monotonic()
        found = await swept(["127.8.0.1"], network.port, roster(), limits, until="explore")
    assert time.monotonic() - began < 8
    sections = found["127.8.0.1"].target()["sections"]
    assert sections["device"]["body"]
    assert any(not each["complete"] for each in sections.values())


# --- ended early


async def test_a_cancelled_sweep_ends_at_once_with_an_outcome_for_what_was_under_way() -> None:
    hosts = addresses(200)
    with Network({address: turning(hostile.mute, 1) for address in hosts}) as network:
        begun = sweep(plan(hosts), roster(), shipped(), Limits(), Profile(port=network.port))
        found: dict[str, Outcome] = {}
        asyncio.get_running_loop().call_later(1.0, begun.cancel)
        began = time.monotonic()
        async for outcome in begun:
            found[outcome.row.address] = outcome
    assert time.monotonic() - began < 3
    assert causes(found) == {"cancelled": 200}
    assert Counter(outcome.row.stage for outcome in found.values()) == {"identify": 64, "sweep": 136}


async def test_a_sweep_cancelled_while_it_looks_for_signs_of_life_says_so_of_each_address_and_can_go_on() -> None:
    planned = plan(["127.8.0.0/20"])
    limits = Limits(rate=1000)
    with Network(switches(1)) as network:
        begun = sweep(planned, access(), shipped(), limits, Profile(port=network.port))
        asyncio.get_running_loop().call_later(0.5, begun.cancel)
        found = {outcome.row.address: outcome async for outcome in begun}
    assert causes(found) == {"cancelled": min(planned.size, limits.batch)}
    assert begun.ended == "cancelled"
    assert begun.cursor == 0


async def test_who_stops_listening_ends_the_sweep() -> None:
    with Network(switches(50)) as network:
        begun = aiter(sweep(plan(["127.8.0.0/24"]), roster(), shipped(), QUICK, Profile(port=network.port)))
        assert (await anext(begun)).row.address
        await begun.aclose()
    assert len(asyncio.all_tasks()) == 1


def closing(after_s: float, where: Sequence[str] | None = None) -> Calendar:
    begins = datetime.now(UTC) + timedelta(seconds=after_s)
    return Calendar((Closed(begins, begins + timedelta(hours=1), "freeze", ranges(where) if where else None),))


async def test_nothing_is_sent_during_a_blackout() -> None:
    with Network(switches(5)) as network:
        begun = sweep(plan(addresses(5), calendar=closing(-1)), roster(), shipped(), QUICK, Profile(port=network.port))
        assert [outcome async for outcome in begun] == []
        assert not network.heard
    assert (begun.ended, begun.cursor) == ("blackout", 0)


async def test_a_blackout_of_some_addresses_leaves_the_others_alone() -> None:
    with Network(switches(5)) as network:
        found = await swept(plan(addresses(5), calendar=closing(-1, ["127.8.0.2/31"])), network.port, roster())
        assert network.heard.keys() == {"127.8.0.1", "127.8.0.4", "127.8.0.5"}
    assert causes(found) == {None: 3, "blackout": 2}


@pytest.mark.parametrize(("stages", "reached"), [(0, "sweep"), (1, "fingerprint"), (2, "authenticate")])
async def test_a_blackout_that_begins_in_between_keeps_a_target_from_its_next_stage(stages: int, reached: str) -> None:
    left = iter(range(stages))

    def check(address: str) -> None:
        if next(left, None) is None:
            raise Failed("blackout")

    with Network(switches(1)) as network:
        traffic = Engine()
        setting = Setting(plan(["127.8.0.1"]), roster(), shipped(), QUICK, Profile(port=network.port))
        life = Life("127.8.0.1", ("snmp",), accepted=setting.access.credentials[0])
        course = Course(life, setting, Tools(traffic, Rooms(9, 9, 9), check))
        with pytest.raises(Failed, match="blackout"):
            await course.run()
        traffic.close()
        assert not network.heard
    assert course.outcome(Failed("blackout")).row.stage == reached


@pytest.mark.parametrize("rate", [2000])
async def test_the_rate_is_kept(rate: int) -> None:
    with Network({}) as network:
        began = time.monotonic()
        await swept(["127.8.0.0/22"], network.port, access(), Limits(rate=rate, timeout=0.1))
        took = time.monotonic() - began
        sent = sum(map(len, network.heard.values()))
    assert sent == 2 * 1022
    assert sent / took <= rate * 1.05
