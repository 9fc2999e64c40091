"""The user-based security model: keys against the RFC's examples and pysnmp, and answers that prove nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pysnmp.entity import config
from pysnmp.proto.rfc1902 import OctetString
from pysnmp.proto.secmod.rfc3414.service import SnmpUSMSecurityModel

from discovery.failures import Failed
from discovery.snmp import Malformed, User
from discovery.snmp.ber import encode_oid
from discovery.snmp.message import REPORT, RESPONSE, Pdu, Template, envelope, pdu
from discovery.snmp.peer import Peer
from discovery.snmp.secured import AUTH, PRIV
from discovery.snmp.user import Reported, UserMessage
from discovery.snmp.usm import decrypt, encrypt, keys_of
from tests.discovery.snmp.combinations import AUTH_SECRET, PRIV_SECRET
from wire.localized import localized_key, passphrase_digest

ENGINE = bytes.fromhex("800007db0300259e0a1b2c")
NUMBER = 0x2A5B6C7D
NAME = encode_oid("1.3.6.1.2.1.1.5.0")
USER = User("ops", "sha256", AUTH_SECRET, "aes128", PRIV_SECRET)


# --- keys


@pytest.mark.parametrize(
    ("algorithm", "digest", "key"),
    [
        ("md5", "9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b"),
        ("sha1", "9fb5cc0381497b3793528939ff788d5d79145211", "6695febc9288e36282235fc7151f128497b38f3f"),
    ],
)
def test_keys_are_those_of_rfc_3414_a_3(algorithm, digest, key):
    engine = bytes.fromhex("000000000000000000000002")
    assert passphrase_digest(algorithm, b"maplesyrup").hex() == digest
    assert localized_key(algorithm, b"maplesyrup", engine).hex() == key


AUTHS = {
    "md5": config.USM_AUTH_HMAC96_MD5, "sha1": config.USM_AUTH_HMAC96_SHA, "sha224": config.USM_AUTH_HMAC128_SHA224,
    "sha256": config.USM_AUTH_HMAC192_SHA256, "sha384": config.USM_AUTH_HMAC256_SHA384,
    "sha512": config.USM_AUTH_HMAC384_SHA512,
}  # fmt: skip
PRIVS = {
    "aes128": config.USM_PRIV_CFB128_AES, "aes192": config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    "aes256": config.USM_PRIV_CFB256_AES_BLUMENTHAL, "aes192c": config.USM_PRIV_CFB192_AES,
    "aes256c": config.USM_PRIV_CFB256_AES,
}  # fmt: skip


@pytest.mark.parametrize("auth", AUTHS)
def test_authentication_keys_are_those_of_pysnmp(auth):
    theirs = SnmpUSMSecurityModel.AUTH_SERVICES[AUTHS[auth]]
    expected = theirs.localize_key(theirs.hash_passphrase(AUTH_SECRET), OctetString(ENGINE))
    assert keys_of(User("ops", auth, AUTH_SECRET), ENGINE).auth == bytes(expected)


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("priv", [*PRIVS, "des", None])
def test_a_user_who_holds_an_engines_keys_has_the_keys_of_the_one_who_holds_the_passphrases(auth, priv):
    whole = User("ops", auth, AUTH_SECRET, priv, PRIV_SECRET if priv else "")
    own = {
        "auth_secret": localized_key(auth, AUTH_SECRET.encode(), ENGINE).hex(),
        "priv_secret": localized_key(auth, PRIV_SECRET.encode(), ENGINE).hex() if priv else "",
    }
    lent = replace(whole, **own, engine_id=ENGINE, localized=True)
    assert keys_of(lent, ENGINE) == keys_of(whole, ENGINE)


@pytest.mark.parametrize("auth", ["md5", "sha1", "sha224", "sha256"])
@pytest.mark.parametrize("priv", PRIVS)
def test_privacy_keys_of_every_length_are_those_of_pysnmp(auth, priv):
    theirs = SnmpUSMSecurityModel.PRIV_SERVICES[PRIVS[priv]]
    passphrase = theirs.hash_passphrase(AUTHS[auth], PRIV_SECRET)
    expected = theirs.localize_key(AUTHS[auth], passphrase, OctetString(ENGINE))
    assert keys_of(User("ops", auth, AUTH_SECRET, priv, PRIV_SECRET), ENGINE).priv == bytes(expected)


@pytest.mark.parametrize("priv", ["des", "aes128", "aes192", "aes256", "aes192c", "aes256c"])
def test_what_is_encrypted_comes_back_and_no_salt_comes_twice(priv):
    key = keys_of(replace(USER, priv=priv), ENGINE).priv
    once, salt = encrypt(priv, key, (3, 900), b"x" * 43)
    again, other = encrypt(priv, key, (3, 900), b"x" * 43)
    assert decrypt(priv, key, (3, 900), salt, once)[:43] == b"x" * 43
    assert (salt, once) != (other, again)
    with pytest.raises(Malformed):
        decrypt(priv, key, (3, 900), salt[:7], once)


def test_secrets_are_in_no_representation():
    shown = repr(USER) + repr(keys_of(USER, ENGINE)) + str(keys_of(USER, ENGINE))
    assert AUTH_SECRET not in shown
    assert PRIV_SECRET not in shown
    assert keys_of(USER, ENGINE).auth.hex() not in shown


# --- answers


def peer(boots: int = 3, seconds: int = 9000, engine_id: bytes = ENGINE) -> Peer:
    known = Peer(engine_id, boots, seconds)
    known.timely(boots, seconds)
    return known


def sealed(
    answer: Template, user: User = USER, level: int = AUTH | PRIV, by: Peer | None = None, number: int = NUMBER
) -> bytes:
    """Return a message as the device would make it."""
    return UserMessage(user, by or peer(), answer, level).seal(number)


def opened(data: bytes, level: int = AUTH | PRIV, by: Peer | None = None) -> Pdu | None:
    """Return what a question under NUMBER makes of `data`."""
    asked = UserMessage(USER, by or peer(), pdu(0xA0, [NAME]), level)
    asked.seal(NUMBER)
    return asked.open(data, envelope(data))


ANSWER = pdu(RESPONSE, [NAME])


@pytest.mark.parametrize("level", [0, AUTH, AUTH | PRIV])
def test_an_answer_at_the_level_of_the_question_is_taken(level):
    answer = opened(sealed(ANSWER, level=level), level)
    assert answer is not None
    assert answer.bindings == [(NAME, 0x05, None)]


@pytest.mark.parametrize("level", [0, AUTH])
def test_an_answer_below_the_level_of_the_question_proves_nothing(level):
    assert opened(sealed(ANSWER, level=level)) is None


@pytest.mark.parametrize("octet", range(0, 150, 7))
def test_an_answer_that_was_changed_on_the_way_proves_nothing(octet):
    data = bytearray(sealed(ANSWER))
    data[octet % len(data)] ^= 0x04
    try:
        assert opened(bytes(data)) is None
    except Malformed:
        return


def test_an_answer_under_another_key_proves_nothing():
    assert opened(sealed(ANSWER, replace(USER, auth_secret="larch-cedar-0000"))) is None


@pytest.mark.parametrize(("boots", "seconds"), [(2, 9000), (3, 9000 - 151)])
def test_an_old_answer_sent_again_proves_nothing(boots, seconds):
    assert opened(sealed(ANSWER, by=peer(boots, seconds))) is None


def test_an_engine_that_restarted_is_believed_when_it_is_authentic():
    assert opened(sealed(ANSWER, by=peer(4, 12))) is not None


def test_an_answer_of_another_engine_proves_nothing():
    assert opened(sealed(ANSWER, by=peer(engine_id=ENGINE + b"\x01"))) is None


def test_an_answer_to_another_question_is_malformed():
    with pytest.raises(Malformed):
        opened(sealed(ANSWER, number=NUMBER + 1))


@pytest.mark.parametrize(
    ("counter", "cause"),
    [
        ("1.3.6.1.6.3.15.1.1.1.0", "unsupported_security_level"), ("1.3.6.1.6.3.15.1.1.2.0", "not_in_time_window"),
        ("1.3.6.1.6.3.15.1.1.3.0", "unknown_user"), ("1.3.6.1.6.3.15.1.1.4.0", "engine_changed"),
        ("1.3.6.1.6.3.15.1.1.5.0", "wrong_auth"), ("1.3.6.1.6.3.15.1.1.6.0", "wrong_priv"),
        ("1.3.6.1.6.3.12.1.5.0", "error_status"),
    ],
)  # fmt: skip
def test_a_report_is_named(counter, cause):
    with pytest.raises(Reported) as reported:
        opened(sealed(pdu(REPORT, [encode_oid(counter)]), level=0))
    assert reported.value.cause == cause


@pytest.mark.parametrize("engine_id", [b"", b"1234", b"x" * 33])
def test_an_engine_id_of_an_impossible_length_is_malformed(engine_id):
    with pytest.raises(Failed, match="malformed"):
        Peer(engine_id, 1, 1)
