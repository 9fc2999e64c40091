"""The authority: made once, found again, told apart from every other installation's."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from collector.clock import now
from collector.security import ca, certificates
from collector.security.ca import BadAuthority
from wire.enrolment import SERVER_NAME

DAY_MS = 86_400_000


def leaf_key() -> ec.EllipticCurvePublicKey:
    return ec.generate_private_key(ec.SECP256R1()).public_key()


def test_the_authority_is_the_same_after_a_restart(tmp_path: Path) -> None:
    first, again = ca.open_or_create(tmp_path), ca.open_or_create(tmp_path)
    assert first.root_pem == again.root_pem
    assert first.root_pin == again.root_pin
    assert first.token_key == again.token_key
    assert {each.name: each.stat().st_mode & 0o777 for each in (tmp_path / "ca").iterdir()} == {
        "root.pem": 0o600,
        "token.key": 0o600,
    }


def test_two_installations_differ_in_every_secret(tmp_path: Path) -> None:
    one, two = ca.open_or_create(tmp_path / "one"), ca.open_or_create(tmp_path / "two")
    for name in ("root.pem", "token.key"):
        assert (tmp_path / "one/ca" / name).read_bytes() != (tmp_path / "two/ca" / name).read_bytes()
    assert one.root_pin != two.root_pin
    assert one.token_key != two.token_key
    assert one.server_identity([], now()).key != two.server_identity([], now()).key
    roots = [x509.load_pem_x509_certificate(each.root_pem) for each in (one, two)]
    assert roots[0].subject != roots[1].subject
    assert roots[0].serial_number != roots[1].serial_number


def test_the_pin_is_the_sha256_of_the_roots_public_key(tmp_path: Path) -> None:
    authority = ca.open_or_create(tmp_path)
    root = x509.load_pem_x509_certificate(authority.root_pem)
    key = root.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP384R1)
    assert hashlib.sha256(certificates.spki(key)).digest() == authority.root_pin
    assert root.not_valid_after_utc - root.not_valid_before_utc > datetime.timedelta(days=20 * 365)
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value == x509.BasicConstraints(True, 0)


def test_every_start_makes_a_new_server_key_with_all_names(tmp_path: Path) -> None:
    authority = ca.open_or_create(tmp_path)
    one, two = (authority.server_identity(["localhost", "192.0.2.7", "::1", SERVER_NAME], now()) for _ in range(2))
    assert one.key != two.key
    leaf, root = x509.load_pem_x509_certificates(one.chain)
    leaf.verify_directly_issued_by(root)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [SERVER_NAME, "localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("192.0.2.7"), ipaddress.ip_address("::1")]
    uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert load_pem_private_key(one.key, None).public_key() == leaf.public_key()
    assert b"PRIVATE" not in repr(one).encode()


def test_an_agents_leaf_starts_five_minutes_ago_and_lives_as_long_as_set(tmp_path: Path) -> None:
    at = 1_800_000_000_000
    leaf = ca.open_or_create(tmp_path).issue(leaf_key(), "some-agent", at, DAY_MS)
    shown = certificates.presented(leaf.chain)
    assert shown.valid_from == at - 5 * 60_000
    assert shown.valid_to == leaf.valid_to == at + DAY_MS
    assert (shown.uid, shown.serial) == ("some-agent", leaf.serial)


@pytest.mark.parametrize("damage", [b"", b"-----BEGIN CERTIFICATE-----\nAA\n", b"\xff" * 2000])
def test_a_damaged_root_is_named_and_never_replaced(tmp_path: Path, damage: bytes) -> None:
    ca.open_or_create(tmp_path)
    file = tmp_path / "ca" / "root.pem"
    file.write_bytes(damage)
    with pytest.raises(BadAuthority, match="restore it from a backup"):
        ca.open_or_create(tmp_path)
    assert file.read_bytes() == damage


def test_a_key_that_is_not_the_certificates_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        ca.open_or_create(tmp_path / name)
    one, two = ((tmp_path / name / "ca" / "root.pem").read_bytes() for name in ("one", "two"))
    at = b"-----BEGIN CERTIFICATE-----"
    (tmp_path / "one/ca/root.pem").write_bytes(one[: one.index(at)] + two[two.index(at) :])
    with pytest.raises(BadAuthority, match="do not belong together"):
        ca.open_or_create(tmp_path / "one")


def test_a_cut_token_key_is_refused(tmp_path: Path) -> None:
    ca.open_or_create(tmp_path)
    (tmp_path / "ca" / "token.key").write_bytes(b"short")
    with pytest.raises(BadAuthority, match="32 bytes"):
        ca.open_or_create(tmp_path)
