"""SNMPv3 at the lab: every algorithm, an identity for each device, and a Report for every way to be refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.failures import Failed
from discovery.lab import Doors, Lab
from discovery.lab.encoding import text
from discovery.lab.responder import Responder
from discovery.lab.tree import Tree
from discovery.snmp import Malformed, Session, User
from discovery.snmp.ber import encode_oid
from discovery.snmp.message import GET, pdu
from discovery.snmp.peer import Peer
from discovery.snmp.user import ENGINE_PROBE, UserMessage
from tests.discovery.lab.asking import ACCESS, CORE, SYSTEM, USER, device
from tests.discovery.snmp.combinations import AUTH_SECRET, AUTHS, PRIV_SECRET, PRIVS, user_name

NAME = f"{SYSTEM}5.0"
TREE = Tree.of({NAME: text("sw-1")})
USERS = (
    User("plain"),
    *(User(user_name(auth, priv), auth, AUTH_SECRET, priv, PRIV_SECRET if priv else "")
      for auth in AUTHS for priv in (None, *PRIVS)),
)  # fmt: skip


async def cause(engine, lab, user):
    with pytest.raises(Failed) as failed:
        await Session(engine, (CORE, lab.port), user).get(NAME)
    return failed.value.cause


async def test_every_combination_of_authentication_and_privacy(engine):
    async with Lab([device(TREE)], Doors(users=USERS)) as lab:
        for user in USERS:
            assert await Session(engine, (CORE, lab.port), user).get(NAME) == {NAME: b"sw-1"}, user.name


@pytest.mark.parametrize(("user", "named"), [
    (User("nobody", "sha256", AUTH_SECRET), "unknown_user"),
    (User(USER.name, USER.auth, "larch-cedar-0000", USER.priv, USER.priv_secret), "wrong_auth"),
    (User(USER.name, USER.auth, USER.auth_secret, USER.priv, "birch-maple-0000"), "wrong_priv"),
    (User(USER.name, USER.auth, USER.auth_secret), "authorization"),
    (User("plain", "sha1", AUTH_SECRET), "unsupported_security_level"),
])  # fmt: skip
async def test_who_is_refused_is_told_why(engine, user, named):
    async with Lab([device(TREE)], Doors(users=(USER, User("plain")))) as lab:
        assert await cause(engine, lab, user) == named


async def test_every_device_has_an_identity_of_its_own(lab, engine):
    seen = set()
    for address in lab.devices:
        asking = Session(engine, (address, lab.port), USER)
        await asking.get(NAME)
        seen.add(asking.target.peer.engine_id)
    assert len(seen) == len(lab.devices)


async def test_a_restart_counts_a_boot_and_the_time_begins_again(lab, engine):
    asking = Session(engine, (CORE, lab.port), USER)
    await asking.get(NAME)
    before = asking.target.peer.boots
    lab.devices[CORE].reboot()
    assert await asking.get(NAME) == {NAME: b"bj-core-01"}
    boots, seconds = asking.target.peer.clock
    assert (boots, seconds < 60) == (before + 1, True)
    assert lab.devices[ACCESS].boots < before or lab.devices[ACCESS].up_time > 6000


def sealed():
    it = device(TREE)
    peer = Peer(it.engine_id, it.boots, it.engine_time)
    return UserMessage(USER, peer, pdu(GET, [encode_oid(NAME)]), 3).seal(77_777_777)


SEEDS = [ENGINE_PROBE.numbered(77_777_777), sealed()]


@given(st.builds(lambda whole, at, octet: whole[: at % len(whole)] + bytes((octet,)) + whole[at % len(whole) + 1 :],
                 st.sampled_from(SEEDS), st.integers(0, 999), st.integers(0, 255)))  # fmt: skip
def test_no_message_does_more_than_be_malformed(data):
    try:
        found = Responder({}, users=(USER,)).told(device(TREE), data)
    except Malformed:
        return
    assert found is None or b"sw-1" not in found
