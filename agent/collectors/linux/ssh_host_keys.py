"""Public host keys of the SSH server, by type and fingerprint."""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import Path
from typing import Any

from agent.collectors.base import Collector, Denied, Unsupported
from agent.collectors.bounded import Malformed, read, read_if_allowed
from wire.sections import Body

FOLDER = "etc/ssh"
MAX_KEY_BYTES = 16 * 1024
MAX_KEYS = 64

_CURVE_BITS = {"ecdsa-sha2-nistp256": 256, "ecdsa-sha2-nistp384": 384, "ecdsa-sha2-nistp521": 521}
# Which number of the key's blob has the key's length: RFC 4253 §6.6 (ssh-rsa: e, n; ssh-dss: p, q, g, y).
_LENGTH_AT = {"ssh-rsa": 2, "ssh-dss": 1}


def collect(root: Path) -> Body:
    """Return the rows of `ssh_host_keys`; raise `Unsupported` where there is no /etc/ssh, `Denied`."""
    if not (root / FOLDER).is_dir():
        raise Unsupported("no /etc/ssh")
    rows: dict[str, dict[str, Any]] = {}
    for path in _public_keys(root):
        try:
            row = parse_public_key(read(path, MAX_KEY_BYTES))
        except (Unsupported, Denied):
            continue
        rows.setdefault(row["type"], row)
    return list(rows.values())


def _public_keys(root: Path) -> list[Path]:
    """Return the keys sshd is told to use, else the ones it uses by default; other .pub files are no host keys."""
    told: list[str] = []
    for path in [root / FOLDER / "sshd_config", *sorted((root / FOLDER / "sshd_config.d").glob("*.conf"))[:MAX_KEYS]]:
        told += parse_host_key_paths(read_if_allowed(path) or b"")
    if told:
        return [root / f"{path.lstrip('/')}.pub" for path in told[:MAX_KEYS]]
    return sorted((root / FOLDER).glob("ssh_host_*_key.pub"))[:MAX_KEYS]


def parse_host_key_paths(config: bytes) -> list[str]:
    """Return the paths of an sshd_config's HostKey lines."""
    words = [line.replace("=", " ", 1).split() for line in config.decode("utf-8", "replace").splitlines()]
    paths = [line[1].strip('"') for line in words if len(line) >= 2 and line[0].lower() == "hostkey"]
    return [path for path in paths if path.startswith("/")]


def parse_public_key(line: bytes) -> dict[str, Any]:
    """Return the row of one public key file ("type base64 comment"); raise `Malformed`."""
    words = line.split(None, 2)
    if len(words) < 2:
        raise Malformed("public key: no key in it")
    try:
        kind, blob = words[0].decode("ascii"), base64.b64decode(words[1], validate=True)
    except (UnicodeDecodeError, binascii.Error) as error:
        raise Malformed("public key: not base64") from error
    if _strings(blob, 1)[0] != words[0]:
        raise Malformed(f"public key: the blob is not of type {kind[:64]!r}")
    fingerprint = base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")
    return {"type": kind, "fingerprint": f"SHA256:{fingerprint}", "bits": _bits(kind, blob)}


def _bits(kind: str, blob: bytes) -> int | None:
    if kind not in _LENGTH_AT:
        return _CURVE_BITS.get(kind)
    at = _LENGTH_AT[kind]
    return int.from_bytes(_strings(blob, at + 1)[at], "big").bit_length()


def _strings(blob: bytes, count: int) -> list[bytes]:
    """Return the first `count` strings of a blob, each behind its 32-bit length (RFC 4251 §5); raise `Malformed`."""
    found: list[bytes] = []
    at = 0
    while len(found) < count:
        length = int.from_bytes(blob[at : at + 4], "big")
        if at + 4 + length > len(blob):
            raise Malformed("public key: cut short")
        found.append(blob[at + 4 : at + 4 + length])
        at += 4 + length
    return found


COLLECTOR = Collector("ssh_host_keys", collect, timeout_s=5.0, stamps=(FOLDER,))
