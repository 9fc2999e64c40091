"""Certificates of the machine's own are found; the distribution's authorities and all private keys are not."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import example, given
from hypothesis import strategies as st

from agent.collectors.bounded import Malformed
from agent.collectors.linux import certificate_files, certificates
from tests.agent.collectors.catalogue import kept

KEY = ec.generate_private_key(ec.SECP256R1())
KEY_PEM = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def issue(name: str, *alternatives: x509.GeneralName) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(
        issuer_name=subject, subject_name=subject, public_key=KEY.public_key(), serial_number=0xC0FFEE,
        not_valid_before=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), not_valid_after=datetime(2027, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(KEY, hashes.SHA256())


def pem(*names: str) -> bytes:
    return b"".join(issue(name).public_bytes(serialization.Encoding.PEM) for name in names)


def put(root: Path, path: str, content: bytes) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(content)


def paths(root: Path) -> list[str]:
    return [row["path"] for row in kept("certificates", certificates.collect(root))]


def test_a_certificate_is_told_by_names_dates_and_serial(tmp_path: Path) -> None:
    alternatives = x509.DNSName("www.example.org"), x509.IPAddress(ip_address("192.0.2.7"))
    certificate = issue("example.org", *alternatives)
    put(tmp_path, "etc/nginx/tls/site.crt", certificate.public_bytes(serialization.Encoding.PEM))
    assert kept("certificates", certificates.collect(tmp_path)) == [{
        "path": "/etc/nginx/tls/site.crt",
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(),
        "subject": "CN=example.org", "issuer": "CN=example.org", "names": ["192.0.2.7", "www.example.org"],
        "not_before": "2026-01-02T03:04:05Z", "not_after": "2027-01-01T00:00:00Z", "serial": "c0ffee",
    }]  # fmt: skip


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_fingerprint_is_openssls(tmp_path: Path) -> None:
    put(tmp_path, "etc/nginx/site.pem", pem("a"))
    command = ["openssl", "x509", "-in", tmp_path / "etc/nginx/site.pem", "-noout", "-fingerprint", "-sha256"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (row,) = certificates.collect(tmp_path)
    assert row["fingerprint"] == told.strip().partition("=")[2].replace(":", "").lower()


def test_a_der_file_and_every_certificate_of_a_chain_are_rows(tmp_path: Path) -> None:
    put(tmp_path, "etc/haproxy/a.der", issue("a").public_bytes(serialization.Encoding.DER))
    put(tmp_path, "etc/haproxy/chain.pem", pem("b", "c"))
    assert paths(tmp_path) == ["/etc/haproxy/a.der", "/etc/haproxy/chain.pem", "/etc/haproxy/chain.pem"]


def test_certificates_of_letsencrypt_are_told_under_their_live_names(tmp_path: Path) -> None:
    put(tmp_path, "etc/letsencrypt/archive/example.org/cert1.pem", pem("a"))
    put(tmp_path, "etc/letsencrypt/live/example.org/README", b"")
    (tmp_path / "etc/letsencrypt/live/example.org/cert.pem").symlink_to("../../archive/example.org/cert1.pem")
    assert paths(tmp_path) == ["/etc/letsencrypt/live/example.org/cert.pem"]


def test_the_distributions_authorities_are_left_out_and_local_ones_are_not(tmp_path: Path) -> None:
    put(tmp_path, "usr/share/ca-certificates/mozilla/Root.crt", pem("public"))
    put(tmp_path, "usr/local/share/ca-certificates/company.crt", pem("company"))
    store = tmp_path / "etc/ssl/certs"
    put(tmp_path, "etc/ssl/certs/ca-certificates.crt", pem("public", "company"))
    (store / "Root.pem").symlink_to("/usr/share/ca-certificates/mozilla/Root.crt")
    (store / "company.pem").symlink_to("../../../usr/local/share/ca-certificates/company.crt")
    (store / "0a1b2c3d.0").symlink_to("company.pem")
    put(tmp_path, "etc/pki/tls/certs/bundle.pem", pem(*"abcdefghijklmnopq"))
    assert paths(tmp_path) == ["/etc/ssl/certs/company.pem"]


def test_private_keys_are_neither_opened_nor_told(tmp_path: Path) -> None:
    for name in ("site.key", "privkey.pem", "private/site.pem", "server-key.pem"):
        put(tmp_path, f"etc/nginx/{name}", KEY_PEM + pem("secret"))
    put(tmp_path, "etc/haproxy/combined.pem", KEY_PEM + pem("site") + KEY_PEM)
    (row,) = certificates.collect(tmp_path)
    assert row["path"] == "/etc/haproxy/combined.pem"
    assert "PRIVATE" not in str(row)


def test_one_file_under_two_names_is_one_row(tmp_path: Path) -> None:
    put(tmp_path, "etc/nginx/a.crt", pem("a"))
    (tmp_path / "etc/nginx/b.crt").symlink_to("a.crt")
    assert paths(tmp_path) == ["/etc/nginx/a.crt"]


def test_a_file_that_is_no_certificate_costs_nothing_but_itself(tmp_path: Path) -> None:
    put(tmp_path, "etc/nginx/a.crt", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + pem("good"))
    put(tmp_path, "etc/nginx/b.crt", b"0\x82garbage")
    put(tmp_path, "etc/nginx/c.pem", b"x" * (certificates.MAX_FILE_BYTES + 1))
    (tmp_path / "etc/nginx/d.pem").symlink_to("/nowhere")
    (tmp_path / "etc/nginx/e.pem").mkdir()
    assert paths(tmp_path) == ["/etc/nginx/a.crt"]


def test_a_machine_without_certificates_has_none(tmp_path: Path) -> None:
    assert certificates.collect(tmp_path) == []


def test_the_look_ends_after_a_bounded_number_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate_files, "MAX_FILES", 3)
    for number in range(9):
        put(tmp_path, f"etc/nginx/{number}.crt", pem(str(number)))
    assert len(certificates.collect(tmp_path)) == 3


SAMPLE = pem("sample")


@given(st.binary() | st.tuples(st.integers(0, len(SAMPLE)), st.binary()).map(lambda at: SAMPLE[: at[0]] + at[1]))
def test_any_bytes_are_certificates_or_malformed(content: bytes) -> None:
    try:
        rows = [certificates.row(each) for each in certificates.parse_certificates(content)]
    except Malformed:
        return
    assert all(row["fingerprint"] for row in rows)


DER = issue("sample", x509.DNSName("a")).public_bytes(serialization.Encoding.DER)


@given(st.integers(0, len(DER) - 1), st.integers(0, 255))
@example(DER.index(b"\xa0\x03\x02\x01\x02") + 4, 7)  # a version that is none
def test_a_damaged_certificate_is_a_row_or_none(at: int, byte: int) -> None:
    content = DER[:at] + bytes([byte]) + DER[at + 1 :]
    for each in certificates.parse_certificates(content):
        certificates.row(each)
