"""The engine against net-snmp's agent: every version, every combination of algorithms, every way to be refused."""

from __future__ import annotations

import pytest

from discovery.failures import Failed
from discovery.snmp import Community, Credential, Engine, Session, User
from discovery.snmp.credential import Auth, Priv
from tests.discovery.snmp.combinations import AUTH_SECRET, AUTHS, PRIV_SECRET, PRIVS, user_name

SYS_DESCR = "1.3.6.1.2.1.1.1.0"
SYS_NAME = "1.3.6.1.2.1.1.5.0"
ABSENT = "1.3.6.1.2.1.1.77.0"
IF_DESCR = "1.3.6.1.2.1.2.2.1.2"
IF_TYPE = "1.3.6.1.2.1.2.2.1.3"


def session(engine: Engine, port: int, credential: Credential) -> Session:
    return Session(engine, ("127.0.0.1", port), credential)


def user(auth: Auth | None = "sha1", priv: Priv | None = "aes128", **changed: str) -> User:
    settings = {
        "name": user_name(auth, priv) if auth else "plain",
        "auth_secret": AUTH_SECRET,
        "priv_secret": PRIV_SECRET,
    }
    return User(auth=auth, priv=priv, **{**settings, **changed})


async def cause(asking: Session) -> str:
    with pytest.raises(Failed) as failed:
        await asking.get(SYS_NAME)
    return failed.value.cause


@pytest.mark.parametrize("version", [1, 2])
async def test_a_community_reads_what_is_there_and_leaves_out_what_is_not(snmpd, engine, version):
    told = await session(engine, snmpd, Community("roster", version)).get(SYS_NAME, ABSENT, SYS_DESCR)
    assert told[SYS_NAME] == b"sw-lab-07"
    assert set(told) == {SYS_NAME, SYS_DESCR}


@pytest.mark.parametrize("version", [1, 2])
async def test_columns_are_walked_together(snmpd, engine, version):
    answer = await session(engine, snmpd, Community("roster", version)).walk(IF_DESCR, IF_TYPE)
    assert answer.failure is None
    assert b"lo" in answer.columns[IF_DESCR].values()
    assert answer.columns[IF_DESCR].keys() == answer.columns[IF_TYPE].keys()


async def test_getnext_and_getbulk_read_the_same(snmpd, engine):
    where = ("127.0.0.1", snmpd)
    system = "1.3.6.1.2.1.1"
    bulk = await Session(engine, where, Community("roster")).walk(system)
    single = await Session(engine, where, Community("roster"), bulk=False).walk(system)
    moves = {(3, 0)}  # sysUpTime
    assert {k: v for k, v in bulk.columns[system].items() if k not in moves} == {
        k: v for k, v in single.columns[system].items() if k not in moves
    }


@pytest.mark.parametrize("priv", [None, *PRIVS])
@pytest.mark.parametrize("auth", AUTHS)
async def test_every_combination_of_authentication_and_privacy(snmpd, engine, auth, priv):
    asking = session(engine, snmpd, user(auth, priv))
    assert await asking.get(SYS_NAME) == {SYS_NAME: b"sw-lab-07"}
    answer = await asking.walk(IF_DESCR)
    assert answer.failure is None
    assert answer.columns[IF_DESCR]


async def test_a_user_without_authentication(snmpd, engine):
    assert await session(engine, snmpd, user(None, None)).get(SYS_NAME) == {SYS_NAME: b"sw-lab-07"}


async def test_a_wrong_community_is_told_from_a_dead_address(snmpd, engine):
    wrong = session(engine, snmpd, Community("guess"))
    assert await cause(wrong) == "no_answer"
    await session(engine, snmpd, Community("roster")).get(SYS_NAME)
    assert await cause(wrong) == "credential_refused"


async def test_a_wrong_user_is_named(snmpd, engine):
    assert await cause(session(engine, snmpd, user(name="nobody"))) == "unknown_user"


async def test_a_wrong_authentication_key_is_named(snmpd, engine):
    assert await cause(session(engine, snmpd, user(auth_secret="larch-cedar-0000"))) == "wrong_auth"


@pytest.mark.parametrize("changed", [user(priv_secret="birch-maple-0000"), user("sha1", "des", name="sha1-aes128")])
async def test_a_wrong_privacy_key_or_algorithm_is_named(snmpd, engine, changed):
    assert await cause(session(engine, snmpd, changed)) == "wrong_priv"


async def test_a_user_who_must_authenticate_and_does_not_is_named(snmpd, engine):
    assert await cause(session(engine, snmpd, user(None, None, name="sha1-aes128"))) == "authorization"


async def clock_set(asking: Session, boots: int, seconds: int) -> None:
    """Make the session believe in another clock of the engine."""
    await asking.get(SYS_NAME)
    peer = asking.target.peer
    assert peer is not None
    peer.proven = False
    peer.timely(peer.boots + boots, peer.clock[1] + seconds)


async def test_a_clock_that_is_behind_is_set_once_by_the_report(snmpd, engine):
    asking = session(engine, snmpd, user())
    await clock_set(asking, boots=-1, seconds=0)
    assert await asking.get(SYS_NAME) == {SYS_NAME: b"sw-lab-07"}


@pytest.mark.parametrize(("boots", "seconds"), [(3, 0), (0, 400)])
async def test_an_engine_whose_clock_went_backwards_is_named(snmpd, engine, boots, seconds):
    asking = session(engine, snmpd, user())
    await clock_set(asking, boots, seconds)
    assert await cause(asking) == "not_in_time_window"


async def test_nothing_made_from_a_secret_is_sent_to_an_engine_that_is_not_pinned(snmpd, engine):
    pinned = User(
        "sha1-aes128", "sha1", AUTH_SECRET, "aes128", PRIV_SECRET, engine_id=bytes.fromhex("80001f8803aabbccddeeff")
    )
    assert await cause(session(engine, snmpd, pinned)) == "engine_changed"
    assert engine.exchange.sent == 1  # the probe
