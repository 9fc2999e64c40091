"""What a device is asked with. Secrets stay out of every representation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Auth = Literal["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]
"""HMAC-MD5-96 and HMAC-SHA-96 (RFC 3414), HMAC-SHA-2 (RFC 7860)."""

Priv = Literal["des", "aes128", "aes192", "aes256", "aes192c", "aes256c"]
"""CBC-DES (RFC 3414), CFB128-AES-128 (RFC 3826); longer AES keys by Blumenthal's draft, with "c" by Reeder's."""


REEDER: Final[Mapping[Priv | None, Priv]] = {"aes192": "aes192c", "aes256": "aes256c"}
"""The other way to lengthen a key, for devices that follow it."""


@dataclass(frozen=True, slots=True)
class Community:
    """SNMPv1 (`version` 1) or v2c (2)."""

    name: str = field(repr=False)
    version: Literal[1, 2] = 2


@dataclass(frozen=True, slots=True)
class User:
    """SNMPv3 with the user-based security model. Without `auth` noAuthNoPriv, without `priv` authNoPriv.

    `engine_id` pins it: no other engine is shown anything made from the secrets. `localized`: they are no passphrases,
    but the keys of that engine already (`wire.localized`), hexadecimal.
    """

    name: str
    auth: Auth | None = None
    auth_secret: str = field(default="", repr=False)
    priv: Priv | None = None
    priv_secret: str = field(default="", repr=False)
    context: str = ""
    engine_id: bytes = b""
    localized: bool = False

    def __post_init__(self) -> None:
        if self.priv and not self.auth:
            raise ValueError("SNMPv3 has no privacy without authentication")
        if self.localized and not self.engine_id:
            raise ValueError("keys are of one engine")


Credential = Community | User
