"""Host keys are named by the fingerprint ssh-keygen prints."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import ssh_host_keys
from tests.agent.collectors.catalogue import kept

needs_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
KEY = (Path(__file__).parent / "captured/ssh_host_ed25519_key.pub").read_bytes()


def keygen(*arguments: str | Path) -> str:
    return subprocess.run(["ssh-keygen", *arguments], check=True, capture_output=True, text=True).stdout


@needs_keygen
def test_type_bits_and_fingerprint_equal_ssh_keygens(tmp_path: Path) -> None:
    folder = tmp_path / "etc/ssh"
    folder.mkdir(parents=True)
    expected = {}
    for kind, bits in (("rsa", "2048"), ("ecdsa", "384"), ("ed25519", "256")):
        path = folder / f"ssh_host_{kind}_key"
        keygen("-q", "-t", kind, "-b", bits, "-N", "", "-f", path)
        expected[keygen("-l", "-f", f"{path}.pub").split()[1]] = None if kind == "ed25519" else int(bits)
    rows = kept("ssh_host_keys", ssh_host_keys.collect(tmp_path))
    assert {row["fingerprint"]: row.get("bits") for row in rows} == expected
    assert [row["type"] for row in rows] == ["ecdsa-sha2-nistp384", "ssh-ed25519", "ssh-rsa"]


def test_only_host_keys_count_not_the_other_public_keys_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "etc/ssh"
    folder.mkdir(parents=True)
    (folder / "user_ca.pub").write_bytes(KEY)
    assert ssh_host_keys.collect(tmp_path) == []
    (folder / "ssh_host_ed25519_key.pub").write_bytes(KEY)
    assert len(ssh_host_keys.collect(tmp_path)) == 1


def test_the_keys_sshd_is_told_to_use_are_taken_from_where_it_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "etc/ssh"
    (folder / "sshd_config.d").mkdir(parents=True)
    (folder / "sshd_config").write_text("Include /etc/ssh/sshd_config.d/*.conf\n#HostKey /etc/ssh/no\nPort 22\n")
    (folder / "sshd_config.d/10-keys.conf").write_text("hostkey = /opt/keys/ed25519\n")
    (tmp_path / "opt/keys").mkdir(parents=True)
    (tmp_path / "opt/keys/ed25519.pub").write_bytes(KEY)
    (row,) = kept("ssh_host_keys", ssh_host_keys.collect(tmp_path))
    assert row["fingerprint"] == "SHA256:8Wb0iy6lKbMIMxPqowi9dYEEpyqhL0PXjZKptFcB+zU"


def test_a_machine_without_etc_ssh_is_unsupported(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        ssh_host_keys.collect(tmp_path)


@pytest.mark.parametrize(
    "line", [b"", b"ssh-rsa", b"ssh-rsa ####", b"ssh-rsa AAAA", KEY.replace(b"ssh-ed25519 ", b"ssh-rsa ")]
)
def test_a_line_that_is_no_key_is_malformed(line: bytes) -> None:
    with pytest.raises(Malformed):
        ssh_host_keys.parse_public_key(line)


@given(st.binary() | st.integers(0, len(KEY)).map(lambda end: KEY[:end]))
def test_any_bytes_are_a_key_or_malformed(line: bytes) -> None:
    ssh_host_keys.parse_host_key_paths(line)
    with suppress(Malformed):
        ssh_host_keys.parse_public_key(line)
