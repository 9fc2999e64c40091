"""A sweep of a real net-snmp agent with SNMPv3 users, right and wrong ones."""

from __future__ import annotations

import pytest

from discovery.authenticate import Access
from discovery.credentials import Credential, SnmpUser, communities
from discovery.doors import DOORS
from discovery.knowledge import Knowledge
from discovery.library import SHIPPED, definitions_in
from discovery.limits import Limits, Profile
from discovery.outcome import Outcome
from discovery.plan import plan
from discovery.scope import scope_of
from discovery.secret import Secret
from discovery.snmp.credential import Priv
from discovery.sweep import sweep
from tests.discovery.snmp.combinations import AUTH_SECRET, PRIV_SECRET, user_name

HERE = "127.0.0.1"


def user(
    priv: Priv = "aes128", auth_secret: str = AUTH_SECRET, priv_secret: str = PRIV_SECRET, name: str = ""
) -> Credential:
    holds = SnmpUser(name or user_name("sha256", priv), "sha256", Secret(auth_secret), priv, Secret(priv_secret))
    return Credential("campus", "snmp_user", holds, scope_of([HERE]))


async def swept(port: int, *keys: Credential, knowledge: Knowledge | None = None) -> Outcome:
    access = Access(keys, DOORS, knowledge or Knowledge())
    limits = Limits(timeout=0.4)
    begun = sweep(plan([HERE]), access, definitions_in([SHIPPED]), limits, Profile(port=port))
    (outcome,) = [each async for each in begun]
    return outcome


async def test_a_user_is_let_in_and_the_engine_is_pinned(snmpd: int) -> None:
    knowledge = Knowledge()
    outcome = await swept(snmpd, user(), knowledge=knowledge)
    assert (outcome.row.cause, outcome.row.credential) in ((None, "campus"), ("unknown_model", "campus"))
    assert outcome.identified
    assert outcome.identified.name == "sw-lab-07"
    assert knowledge.of(HERE).engine_id.hex() == outcome.shown.engine_id


@pytest.mark.parametrize(
    ("credential", "cause"),
    [
        (user(name="nobody"), "unknown_user"),
        (user(auth_secret="not-the-right-one"), "wrong_auth"),
        (user(priv_secret="not-the-right-one"), "wrong_priv"),
    ],
)
async def test_a_wrong_user_key_or_privacy_key_is_named(snmpd: int, credential: Credential, cause: str) -> None:
    outcome = await swept(snmpd, credential)
    assert (outcome.row.cause, outcome.row.stage, outcome.row.credential) == (cause, "authenticate", None)


async def test_a_wrong_community_is_named_where_an_engine_answers(snmpd: int) -> None:
    outcome = await swept(snmpd, *communities(["not-it"], [HERE]))
    assert outcome.row.cause == "credential_refused"
