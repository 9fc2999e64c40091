"""Certificate policy: whatever a request asks for, what is issued is ours to say."""

from __future__ import annotations

import contextlib
import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.clock import now
from collector.security import ca, certificates
from collector.security.certificates import BadCertificate, BadRequest

UID = "5f0e8b1e-0000-4000-8000-000000000001"
KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> ca.Authority:
    return ca.open_or_create(tmp_path_factory.mktemp("authority"))


def der(builder: x509.CertificateSigningRequestBuilder, key: Any = KEY) -> bytes:
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


def bare() -> x509.CertificateSigningRequestBuilder:
    return x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))


REQUEST = der(bare())
names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=16)
hosts = st.from_regex(r"[a-z0-9]{1,20}(\.[a-z0-9]{1,20}){0,3}", fullmatch=True)
uris = hosts.map(lambda host: f"spiffe://muster/agent/{host}")
flags = st.booleans()
EXTRA = x509.ObjectIdentifier("1.3.6.1.4.1.99999.1")
PURPOSES = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]
other_names = st.one_of(hosts.map(x509.DNSName), uris.map(x509.UniformResourceIdentifier))
extensions = st.one_of(
    (st.none() | st.integers(0, 9)).map(lambda path: x509.BasicConstraints(True, path)),
    st.lists(other_names, min_size=1).map(x509.SubjectAlternativeName),
    st.tuples(flags, flags).map(lambda two: x509.KeyUsage(True, True, True, True, True, *two, False, False)),
    st.lists(st.sampled_from(PURPOSES), min_size=1).map(x509.ExtendedKeyUsage),
    st.binary(max_size=200).map(lambda text: x509.UnrecognizedExtension(EXTRA, text)),
    st.just(x509.InhibitAnyPolicy(0)),
)


@settings(max_examples=500, deadline=None)
@given(
    subject=st.lists(names, max_size=3),
    wanted=st.lists(st.tuples(extensions, flags), max_size=4, unique_by=lambda each: each[0].oid),
)
def test_whatever_a_request_asks_for_the_issued_extensions_are_the_policys(
    authority: ca.Authority, subject: list[str], wanted: list[tuple[x509.ExtensionType, bool]]
) -> None:
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each) for each in subject])
    )
    for extension, critical in wanted:
        builder = builder.add_extension(extension, critical)
    key = certificates.requested_key(der(builder))
    leaf = x509.load_pem_x509_certificate(authority.issue(key, UID, now(), 3600_000).chain)
    plain = x509.load_pem_x509_certificate(
        authority.issue(certificates.requested_key(der(bare())), UID, now(), 3600_000).chain
    )
    assert list(leaf.extensions) == list(plain.extensions)
    assert leaf.subject == plain.subject
    assert leaf.public_key() == KEY.public_key()


def test_the_policy_is_one_agents_name_client_use_and_no_ca(authority: ca.Authority) -> None:
    leaf = x509.load_pem_x509_certificate(authority.issue(KEY.public_key(), UID, now(), 3600_000).chain)
    found = {type(each.value): each.value for each in leaf.extensions}
    assert found[x509.BasicConstraints] == x509.BasicConstraints(ca=False, path_length=None)
    assert list(found[x509.ExtendedKeyUsage]) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert list(found[x509.SubjectAlternativeName]) == [x509.UniformResourceIdentifier(f"spiffe://muster/agent/{UID}")]
    usage = found[x509.KeyUsage]
    assert usage.digital_signature
    assert not usage.key_cert_sign
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == datetime.timedelta(hours=1, minutes=5)


def test_serials_are_random_and_at_most_128_bits(authority: ca.Authority) -> None:
    serials = {authority.issue(KEY.public_key(), UID, now(), 1000).serial for _ in range(50)}
    assert len(serials) == 50
    assert all(len(each) == 32 for each in serials)


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65_537, 2048),
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP256K1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["rsa", "p384", "k256", "ed25519"],
)
def test_only_p256_keys_are_certified(key: Any) -> None:
    with pytest.raises(BadRequest, match="P-256"):
        certificates.requested_key(der(bare(), key))
    with pytest.raises(BadRequest, match="P-256"):
        certificates.instance_key(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def test_a_request_its_key_did_not_sign_is_refused() -> None:
    mine, theirs = spki(KEY), spki(ec.generate_private_key(ec.SECP256R1()))
    stolen = der(bare()).replace(mine, theirs)
    assert theirs in stolen
    with pytest.raises(BadRequest, match="not signed"):
        certificates.requested_key(stolen)


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_a_damaged_request_is_refused_or_its_key_is_intact(data: st.DataObject) -> None:
    damaged = bytearray(REQUEST)
    for at, value in data.draw(st.lists(st.tuples(st.integers(0, len(damaged) - 1), st.integers(0, 255)), max_size=6)):
        damaged[at] = value
    cut = bytes(damaged)[: data.draw(st.integers(0, len(damaged)))] if data.draw(st.booleans()) else bytes(damaged)
    with contextlib.suppress(BadRequest):
        assert certificates.requested_key(cut) == KEY.public_key()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_as_request_or_key_are_refused_by_the_one_declared_error(noise: bytes) -> None:
    for read in (certificates.requested_key, certificates.instance_key):
        with pytest.raises(BadRequest):
            read(noise)


def test_a_huge_request_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(BadRequest, match="at most 8192"):
        certificates.requested_key(bytes(8193))


def test_an_instance_key_has_one_spelling_only() -> None:
    compressed = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    header = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    assert certificates.instance_key(spki(KEY)) == KEY.public_key()
    for other in (header + compressed, spki(KEY) + b"\0"):
        with pytest.raises(BadRequest):
            certificates.instance_key(other)


def test_a_servers_certificate_is_no_agents(authority: ca.Authority) -> None:
    with pytest.raises(BadCertificate, match="names no agent"):
        certificates.presented(authority.server_identity(["localhost"], now()).chain)
    with pytest.raises(BadCertificate, match="names no agent"):
        certificates.presented(authority.root_pem)
    with pytest.raises(BadCertificate, match="names no agent"):
        certificates.presented(b"nonsense")


def test_a_signature_of_another_key_or_over_another_message_is_none() -> None:
    signature = KEY.sign(b"message", ec.ECDSA(hashes.SHA256()))
    assert certificates.is_signed_by(KEY.public_key(), signature, b"message")
    assert not certificates.is_signed_by(KEY.public_key(), signature, b"massage")
    assert not certificates.is_signed_by(ec.generate_private_key(ec.SECP256R1()).public_key(), signature, b"message")
    assert not certificates.is_signed_by(KEY.public_key(), b"", b"message")
