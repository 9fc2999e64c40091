"""SNMPv3 notifications: of the engine that sends a trap, to ours for an inform; replayed, forged and damaged ones."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.receiver.notices import Notices, OwnEngine, Unheard
from discovery.snmp.ber import OCTETS, SEQUENCE, Malformed, tlv
from discovery.snmp.credential import User
from discovery.snmp.notification import envelope_of
from discovery.snmp.secured import AUTH, PRIV, REPORTABLE, Parameters, read_secured, secured_message
from discovery.snmp.usm import MAC_OCTETS, encrypt, keys_of, mac
from tests.discovery.receiver.listening import HERE, task, user
from tests.discovery.snmp.combinations import AUTH_SECRET, PRIV_SECRET
from tests.discovery.snmp.notices import LINK_DOWN, trap

ENGINE = bytes.fromhex("80001f888001020304")
OPS = User("ops", "sha256", AUTH_SECRET, "aes128", PRIV_SECRET)
FULL = AUTH | PRIV
LEASE = user("ops", "sha256", "aes128")


def message(
    who: User = OPS, clock: tuple[int, int] = (3, 900), engine: bytes = ENGINE, level: int = FULL, inform: bool = False
) -> bytes:
    """Return a v3 message as its sender makes it; `level`: AUTH, PRIV bits. An inform may be reported."""
    data = trap(inform=inform)
    _, _, at, stop = envelope_of(data)
    keys, salt = keys_of(who, engine), b""
    scoped = tlv(SEQUENCE, tlv(OCTETS, engine) + tlv(OCTETS, b"") + data[at:stop])
    if level & PRIV and who.priv:
        encrypted, salt = encrypt(who.priv, keys.priv, clock, scoped)
        scoped = tlv(OCTETS, encrypted)
    blank = bytes(MAC_OCTETS[who.auth]) if level & AUTH and who.auth else b""
    flags = level | (REPORTABLE if inform else 0)
    whole, at = secured_message(77, flags, Parameters(engine, *clock, who.name.encode(), blank, salt), scoped)
    return whole[:at] + mac(who.auth or "", keys.auth, whole) + whole[at + len(blank) :] if blank else whole


def notices(*leases: dict[str, object]) -> Notices:
    return Notices(task(leases=list(leases or (LEASE,))))


def cause(heard: Notices, data: bytes, address: str = HERE) -> str:
    with pytest.raises(Unheard) as unheard:
        heard.read(data, address)
    return unheard.value.cause


def test_a_trap_is_authentic_when_its_user_has_authentication() -> None:
    told = notices().read(message(), HERE)
    assert (told.notification.oid, told.authentic, told.answer) == (LINK_DOWN, True, b"")
    plain = notices(user("open")).read(message(User("open"), level=0), HERE)
    assert (plain.notification.oid, plain.authentic) == (LINK_DOWN, False)


def test_either_way_to_lengthen_a_privacy_key_is_understood() -> None:
    heard = notices(user("ops", "sha256", "aes256"))
    for priv in ("aes256", "aes256c"):
        assert heard.read(message(replace(OPS, priv=priv)), HERE).notification.oid == LINK_DOWN


@pytest.mark.parametrize(("data", "why"), [
    (message(User("nobody")), "unknown_user"),
    (message(replace(OPS, auth_secret="guessed-secret")), "not_authentic"),
    (message(level=0), "unsecured"),  # the right name, and nothing to prove it
    (message(level=AUTH), "unsecured"),
])  # fmt: skip
def test_who_cannot_prove_what_the_user_can_is_not_heard(data: bytes, why: str) -> None:
    assert cause(notices(), data) == why


def test_a_user_is_heard_from_its_addresses_and_its_pinned_engine_only() -> None:
    assert cause(notices(), message(), "198.51.100.1") == "unknown_user"


def test_a_wrong_privacy_key_leaves_nothing_that_can_be_read() -> None:
    with pytest.raises((Malformed, Unheard)):
        notices().read(message(replace(OPS, priv_secret="guessed-secret")), HERE)


def test_what_an_engine_said_before_is_not_heard_again() -> None:
    heard, old = notices(), message(clock=(3, 700))
    heard.read(old, HERE)
    heard.read(message(clock=(3, 900)), HERE)
    assert cause(heard, old) == "stale"
    assert cause(heard, message(clock=(2, 5_000))) == "stale"
    assert heard.read(message(clock=(4, 1)), HERE).authentic, "it has restarted"


def test_an_inform_is_told_who_we_are_then_heard_and_answered_under_its_user() -> None:
    heard, engine = notices(), OwnEngine("test")
    with pytest.raises(Unheard) as asked:
        heard.read(message(engine=b"", level=0, who=User(""), inform=True), HERE)
    assert asked.value.cause == "engine_asked"
    told = read_secured(asked.value.answer).parameters
    assert told.engine_id == engine.engine_id
    assert abs(told.time - engine.engine_time) < 60
    with pytest.raises(Unheard) as late:
        heard.read(message(engine=told.engine_id, clock=(0, 0), inform=True), HERE)
    assert late.value.cause == "stale"
    assert read_secured(late.value.answer).flags & AUTH, "the clock is told so that it can be believed"
    notice = heard.read(message(engine=told.engine_id, clock=(told.boots, told.time), inform=True), HERE)
    assert notice.authentic
    answer = read_secured(notice.answer)
    assert (answer.flags & FULL, answer.parameters.user) == (FULL, b"ops")


def test_a_trap_is_never_reported_so_nobody_is_answered_in_anothers_name() -> None:
    for data in (message(User("nobody")), message(level=0), message(engine=b"")):
        with pytest.raises(Unheard) as unheard:
            notices().read(data, HERE)
        assert unheard.value.answer == b""


def test_the_engine_keeps_its_identity_and_never_goes_back_in_time() -> None:
    before, after = OwnEngine("probe-1/zone"), OwnEngine("probe-1/zone")
    assert before.engine_id == after.engine_id != OwnEngine("probe-2/zone").engine_id
    assert after.engine_time >= before.engine_time > 0


MESSAGES = (message(), message(inform=True))


@given(st.randoms(use_true_random=False))
def test_damaged_messages_are_unheard_or_malformed(chance: random.Random) -> None:
    heard = notices()
    for _ in range(10):
        data = bytearray(chance.choice(MESSAGES))
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(4))
        try:
            heard.read(bytes(data), HERE)
        except (Unheard, Malformed):
            continue
