"""The vault: what logs in somewhere, sealed with AES-256-GCM, so that the database alone gives nothing away.

Each secret has a key of its own (96-bit random nonce, NIST SP 800-38D §8.2.2), which is wrapped by the installation's
key. Both layers are bound to the row's uid, kind and scope: a blob that is moved to another row, and a scope that is
widened by editing the row, no longer open. A change of the installation's key wraps again and encrypts nothing again.

    sealed := 0x01 | nonce 12 | wrapped key 32+16 | nonce 12 | secret + 16

The installation's key, or keys, come from the first of these that is there:

    $MUSTER_VAULT_KEY_FILE, $CREDENTIALS_DIRECTORY/muster-vault (systemd), $MUSTER_VAULT_KEY, DATA/vault.key

One key a line, 64 hexadecimal digits. The first seals; the others open what was sealed before it came.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets as random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from collector.security import secrets

KEY_BYTES: Final = 32
MAX_KEYS: Final = 16
MAX_SECRET_BYTES: Final = 65_536
_VERSION: Final = b"\x01"
_NONCE: Final = 12
_WRAPPED: Final = KEY_BYTES + 16
_HEAD: Final = 1 + _NONCE + _WRAPPED
_NOT_OPENED: Final = "the vault cannot open this: its key is another one, or the row was changed behind its back"


class BadKey(Exception):
    """There is no usable key for the vault; the message says where it was looked for and holds nothing of it."""


class NotOpened(Exception):
    """A sealed secret was refused: sealed with an unknown key, for another row or scope, or damaged."""


class Row(Protocol):
    """What of a row a secret is bound to, and the sealed secret."""

    @property
    def uid(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def scope(self) -> str: ...
    @property
    def sealed(self) -> bytes: ...
    @property
    def key_id(self) -> str: ...


class Vault:
    """Seals under the first of its keys and opens what any of them sealed."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {_id_of(key): key for key in reversed(keys)}
        self.key_id = _id_of(keys[0])

    @classmethod
    def open(cls, data: Path, environ: Mapping[str, str]) -> Vault:
        """Return the installation's vault; its key is made at the first start. Raise `BadKey`, `UnsafeSecret`."""
        where, text = _source(data, environ)
        return cls(_keys(where, text))

    def __repr__(self) -> str:
        return f"Vault({self.key_id})"

    def derived(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for one purpose (HKDF-SHA-256, RFC 5869), from the installation's oldest key.

        It stays the same while keys come before that one; when the oldest goes, what was made with it begins anew.
        """
        oldest = next(iter(self._keys.values()))
        return HKDF(SHA256(), KEY_BYTES, None, f"muster {purpose}".encode()).derive(oldest)

    def seal(self, uid: str, kind: str, scope: str, secret: Mapping[str, str]) -> tuple[bytes, str]:
        """Return the secret sealed for the row with this uid, kind and scope (as stored), and the id of the key."""
        plain = json.dumps(dict(secret), ensure_ascii=False).encode()
        if len(plain) > MAX_SECRET_BYTES:
            raise ValueError(f"a secret has at most {MAX_SECRET_BYTES} bytes")
        bound, key = _bound(uid, kind, scope), random.token_bytes(KEY_BYTES)
        return _VERSION + self._wrap(key, bound) + _encrypt(key, plain, bound), self.key_id

    def unseal(self, row: Row) -> Mapping[str, str]:
        """Return the secret of a row; raise `NotOpened`."""
        bound = _bound(row.uid, row.kind, row.scope)
        plain = _decrypt(self._unwrap(row, bound), row.sealed[_HEAD:], bound)
        secret: dict[str, str] = json.loads(plain)
        return secret

    def rewrap(self, row: Row) -> tuple[bytes, str]:
        """Return the row's sealed secret and key id under the present key; raise `NotOpened`."""
        bound = _bound(row.uid, row.kind, row.scope)
        key = self._unwrap(row, bound)
        return _VERSION + self._wrap(key, bound) + row.sealed[_HEAD:], self.key_id

    def _wrap(self, key: bytes, bound: bytes) -> bytes:
        return _encrypt(self._keys[self.key_id], key, b"key" + bound)

    def _unwrap(self, row: Row, bound: bytes) -> bytes:
        known = self._keys.get(row.key_id)
        if known is None or row.sealed[:1] != _VERSION:
            raise NotOpened(_NOT_OPENED)
        return _decrypt(known, row.sealed[1:_HEAD], b"key" + bound)


def _bound(*texts: str) -> bytes:
    """Return what both layers authenticate beside the secret: no two different rows give the same bytes."""
    parts = [b"muster-vault-1", *(each.encode() for each in texts)]
    return b"".join(len(each).to_bytes(4, "big") + each for each in parts)


def _encrypt(key: bytes, plain: bytes, bound: bytes) -> bytes:
    nonce = random.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def _decrypt(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
    except (InvalidTag, ValueError):
        raise NotOpened(_NOT_OPENED) from None


def _id_of(key: bytes) -> str:
    """Return a name of the key that says nothing about it."""
    return hashlib.sha256(b"muster-vault key id" + key).hexdigest()[:16]


# --- where the keys are


def _source(data: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return where the keys stand, in words, and the text there."""
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    handed = Path(folder) / "muster-vault"
    if named := environ.get("MUSTER_VAULT_KEY_FILE", ""):
        return named, _text(Path(os.path.realpath(named)))
    if folder and handed.is_file():
        # systemd answers for its mode: readable through an ACL, it may look open to a group.
        return str(handed), _decoded(handed, handed.read_bytes())
    if text := environ.get("MUSTER_VAULT_KEY", ""):
        return "$MUSTER_VAULT_KEY", text
    made = data / "vault.key"
    if not made.exists():
        secrets.write(made, f"{random.token_hex(KEY_BYTES)}\n".encode())
    return str(made), _text(made)


def _text(path: Path) -> str:
    try:
        return _decoded(path, secrets.read(path))
    except FileNotFoundError:
        raise BadKey(f"{path}: the vault's key is not there") from None


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode("ascii")
    except UnicodeDecodeError:
        raise BadKey(f"{path}: {_FORM}") from None


_FORM: Final = f"one key a line is expected, {2 * KEY_BYTES} hexadecimal digits each (openssl rand -hex 32)"


def _keys(where: str, text: str) -> list[bytes]:
    """Return the keys in `text`; none of it is repeated in an error."""
    words = text.split()
    if not 0 < len(words) <= MAX_KEYS:
        raise BadKey(f"{where}: {_FORM}")
    try:
        keys = [bytes.fromhex(word) for word in words]
    except ValueError:
        raise BadKey(f"{where}: {_FORM}") from None
    if any(len(key) != KEY_BYTES for key in keys):
        raise BadKey(f"{where}: {_FORM}")
    return keys
