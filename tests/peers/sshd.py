"""OpenSSH's server with host keys and an authorised key of its own: how it is configured and started."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
KEYGEN = shutil.which("ssh-keygen")


@dataclass(frozen=True, slots=True)
class Sshd:
    """Its port, the private key that opens it, and the fingerprint of its RSA host key."""

    port: int
    private: str
    rsa: str


def configured(folder: Path, address: str, port: int, more: str = "") -> Sshd:
    """Make its keys, write its configuration, and return what a client needs."""
    for name, kind in (("host_ed25519", "ed25519"), ("host_rsa", "rsa"), ("user", "ed25519")):
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", kind, "-f", str(folder / name)], check=True, timeout=60)
    listed = ["ssh-keygen", "-lf", str(folder / "host_rsa.pub")]
    rsa = subprocess.run(listed, capture_output=True, check=True, text=True, timeout=20).stdout.split()[1]
    (folder / "config").write_text(
        f"ListenAddress {address}:{port}\nHostKey {folder}/host_ed25519\nHostKey {folder}/host_rsa\n"
        f"AuthorizedKeysFile {folder}/user.pub\nPidFile none\nStrictModes no\nUsePAM no\n"
        f"PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
        f"SetEnv HOME={folder}\n{more}"
    )
    return Sshd(port, (folder / "user").read_text(), rsa)


def command(folder: Path) -> list[str]:
    """Return what starts it, in the foreground."""
    assert SSHD is not None
    return [SSHD, "-D", "-e", "-f", str(folder / "config")]
