"""What a probe is lent: until when, as keys of one engine, and what it remembers of how a device takes it."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from discovery.authenticate import Access
from discovery.credentials import Credential, SnmpUser, communities
from discovery.doors import DOORS
from discovery.knowledge import Knowledge, Known
from discovery.lab import Lab
from discovery.lab.estate import estate
from discovery.lab.running import Doors, simulated
from discovery.limits import Limits, Profile
from discovery.outcome import Outcome
from discovery.plan import plan
from discovery.scope import scope_of
from discovery.secret import Secret
from discovery.snmp import User
from discovery.sweep import sweep
from tests.discovery.test_again import shipped
from wire.localized import localized_key

ADDRESS, AUTH, PRIV = "127.75.0.1", "larch and cedar", "birch and maple"
USER = User("ops", "sha1", AUTH, "aes256c", PRIV)
QUICK = Limits(timeout=0.5, seconds=60)


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    doors = Doors(communities=frozenset({"larch"}), users=(USER,))
    async with Lab(simulated(estate(1, 0), ADDRESS), doors) as running:
        yield running


def user(priv: str = "aes256c", **other: object) -> Credential:
    holds = SnmpUser("ops", "sha1", Secret(AUTH), priv, Secret(PRIV))  # type: ignore[arg-type]
    return Credential("v3", "snmp_user", replace(holds, **other), scope_of([ADDRESS]))  # type: ignore[arg-type]


async def swept(lab: Lab, access: Access) -> Outcome:
    begun = sweep(plan([ADDRESS]), access, shipped(), QUICK, Profile("identify", lab.port))
    (outcome,) = [each async for each in begun]
    return outcome


async def test_after_the_end_of_its_lease_no_credential_is_sent_and_the_sweep_says_so(lab: Lab) -> None:
    lent = communities(["larch"], [ADDRESS])
    access = Access(lent, DOORS, ends_at=time.monotonic() - 1)
    begun = sweep(plan([ADDRESS, "127.75.0.9"]), access, shipped(), QUICK, Profile("identify", lab.port))
    assert [each async for each in begun] == []
    assert (begun.ended, begun.cursor) == ("lease_ended", 0)
    assert (await swept(lab, Access(lent, DOORS, ends_at=math.inf))).row.cause is None


async def test_a_target_that_is_under_way_when_the_lease_ends_waits_for_another_sweep(lab: Lab) -> None:
    lab.devices[ADDRESS].delay = 0.3
    access = Access([user()], DOORS, ends_at=time.monotonic() + 0.1)  # over before the engine has said who it is
    begun = sweep(plan([ADDRESS]), access, shipped(), QUICK, Profile("identify", lab.port))
    assert [each.row.cause for each in [one async for one in begun]] in (["lease_ended"], [])


async def test_a_user_with_keys_of_the_engine_alone_is_let_in(lab: Lab) -> None:
    engine = lab.devices[ADDRESS].engine_id
    keys = {
        "auth_secret": Secret(localized_key("sha1", AUTH.encode(), engine).hex()),
        "priv_secret": Secret(localized_key("sha1", PRIV.encode(), engine).hex()),
        "engine_id": engine, "localized": True,
    }  # fmt: skip
    assert (await swept(lab, Access([user(**keys)], DOORS))).row.cause is None
    other = {**keys, "engine_id": bytes(reversed(engine))}
    assert (await swept(lab, Access([user(**other)], DOORS))).row.cause == "engine_changed"


async def test_the_other_way_to_lengthen_a_key_is_found_and_tried_first_the_next_time(lab: Lab) -> None:
    knowledge = Knowledge()
    first = await swept(lab, Access([user("aes256")], DOORS, knowledge))
    asked = lab.devices[ADDRESS].asked
    assert (first.row.cause, first.known.dialect) == (None, "aes256c")
    second = await swept(lab, Access([user("aes256")], DOORS, Knowledge({ADDRESS: first.known})))
    assert second.row.cause is None
    assert second.known.dialect == "aes256c"
    assert lab.devices[ADDRESS].asked - asked < asked, "the wrong way was tried again"


async def test_a_device_that_is_known_by_another_credential_is_asked_with_it_first(lab: Lab) -> None:
    community = communities(["larch"], [ADDRESS])[0]
    known = Knowledge({ADDRESS: Known(community.id)})
    assert (await swept(lab, Access([user(), community], DOORS, known))).row.credential == community.id
    known = Knowledge({ADDRESS: Known("v3")})
    assert (await swept(lab, Access([community, user()], DOORS, known))).row.credential == "v3"
    known = Knowledge({ADDRESS: Known("long gone")})
    assert (await swept(lab, Access([community], DOORS, known))).row.credential == community.id
