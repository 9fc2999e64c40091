"""A login on a host whose key is the pinned one. Before that is certain, nothing of a credential leaves this machine.

paramiko 5 is the transport: no host key and no exchange that rests on SHA-1, no DSA (RFC 9142). A device that has
nothing else is told apart by its cause, and reached when its target says so (`discovery.ssh.legacy`).
"""

from __future__ import annotations

import hashlib
import hmac
import io
import logging
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import paramiko  # type: ignore[import-untyped]  # the package ships no types

from discovery.credentials import Credential, Login
from discovery.failures import Failed
from discovery.ssh.legacy import LegacyTransport
from discovery.ssh.watch import Watch
from discovery.text import shown

LOG: Final = "discovery.ssh.transport"
RSA: Final = frozenset({"rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"})
KEY_KINDS: Final = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)

logging.getLogger(LOG).addHandler(logging.NullHandler())
logging.getLogger(LOG).propagate = False  # what a device does wrong is in the result, not on a console


@dataclass(frozen=True, slots=True)
class Target:
    """`host_key`: the pin, `type SHA256:…` as in `discovery.fingerprint.ssh`; without one nobody logs in. `legacy`: it
    knows nothing better than SHA-1."""

    address: str
    host_key: str
    port: int = 22
    legacy: bool = False


def connect(target: Target, credential: Credential, watch: Watch) -> Any:
    """Return a paramiko Transport that is logged in. Raises Failed."""
    if not target.host_key:
        raise Failed("unpinned")
    holds = credential.holds
    assert isinstance(holds, Login), "a credential of SSH"
    key = _private_key(holds) if credential.kind == "ssh_key" else None
    transport = _transport(target, watch)
    try:
        _greet(transport, target, watch)
        _log_in(transport, holds, key, watch)
    except BaseException:
        close(transport, watch)
        raise
    return transport


def close(transport: Any, watch: Watch) -> None:
    """End a session for good: paramiko leaves the connection open where its thread has ended already."""
    transport.close()
    transport.join(1.0)
    watch.hang_up()


def fingerprint(key: Any) -> str:
    """Return a public key of paramiko as pins are written."""
    digest = b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return f"{key.get_name()} SHA256:{digest}"


def _transport(target: Target, watch: Watch) -> Any:
    kind = LegacyTransport if target.legacy else paramiko.Transport
    unwanted = _others(target.host_key, kind)
    connection = watch.dial(target.address, target.port)
    transport = kind(connection, disabled_algorithms={"keys": unwanted})
    transport.set_log_channel(LOG)
    transport.daemon = True
    return transport


def _others(pin: str, transport: Any) -> list[str]:
    """Return the kinds of host keys not to ask for: a server with several keys shall show the pinned one. Failed."""
    kind = pin.partition(" ")[0]
    wanted = RSA if kind == "ssh-rsa" else {kind}
    unwanted = [each for each in transport._preferred_keys if each not in wanted]
    if len(unwanted) == len(transport._preferred_keys):
        raise Failed("malformed", f"no algorithm in common: a pin of kind {shown(kind)}")
    return unwanted


def _greet(transport: Any, target: Target, watch: Watch) -> None:
    """Exchange keys and hold the host's against the pin; the exchange proves that the host has it (RFC 4253 §8)."""
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = watch.left
    try:
        transport.start_client(timeout=watch.left)
        seen = fingerprint(transport.get_remote_server_key())  # raises where the exchange has not come to its end
    except paramiko.IncompatiblePeer as error:
        watch.check()
        # An RSA key may still be the pinned one, on a host that signs with SHA-1 only.
        changed = "host key" in str(error) and not target.host_key.startswith("ssh-rsa ")
        cause = "host_key_changed" if changed else "malformed"
        raise Failed(cause, f"no algorithm in common: {shown(str(error))}") from None
    except (paramiko.SSHException, EOFError, OSError) as error:
        watch.check()
        if transport.is_active():
            raise Failed("timeout", "no end of the key exchange") from None
        raise Failed("malformed", shown(str(error) or "closed in the key exchange")) from None
    if not hmac.compare_digest(seen, target.host_key):
        raise Failed("host_key_changed", f"now {seen}")


def _log_in(transport: Any, holds: Login, key: Any, watch: Watch) -> None:
    """Send what the credential holds once, in the way the host takes it; asking which way tells it only the user."""
    watch.check()
    try:
        wanted = _authenticated(transport, holds, key)
    except paramiko.AuthenticationException as error:
        watch.check()
        if transport.is_active() and "imeout" not in str(error):
            raise Failed("login_refused") from None
        raise Failed("timeout", "no answer to the login") from None
    except (paramiko.SSHException, EOFError, OSError):
        watch.check()
        raise Failed("timeout", "closed in the login") from None
    if wanted:
        raise Failed("login_refused", f"it wants more: {shown(', '.join(wanted))}")


def _authenticated(transport: Any, holds: Login, key: Any) -> list[str]:
    """Return what a host wants beside the credential, nothing where it lets in (RFC 4252 §5)."""
    try:
        transport.auth_none(holds.user)
    except paramiko.BadAuthenticationType as error:
        ways = error.allowed_types
    else:
        return []
    wanted: list[str]
    if key is not None and "publickey" in ways:
        wanted = transport.auth_publickey(holds.user, key)
    elif key is None and "password" in ways:
        wanted = transport.auth_password(holds.user, holds.secret.reveal(), fallback=False)
    elif key is None and "keyboard-interactive" in ways:
        wanted = transport.auth_interactive(holds.user, _answers(holds))
    else:
        raise Failed("login_refused", f"it takes {shown(', '.join(ways))}")
    return wanted


def _answers(holds: Login) -> Callable[[str, str, list[tuple[str, bool]]], list[str]]:
    """Return what answers a dialogue (RFC 4256): the password to one hidden question, once; else nothing."""
    asked: list[bool] = []

    def answer(title: str, instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:
        hidden = len(prompts) == 1 and not prompts[0][1] and not asked
        if hidden:
            asked.append(True)
            return [holds.secret.reveal()]
        return [""] * len(prompts)

    return answer


def _private_key(holds: Login) -> Any:
    """Return a private key from its text, OpenSSH's or PEM. Raises Failed."""
    passphrase = holds.passphrase.reveal() if holds.passphrase else None
    for kind in KEY_KINDS:
        try:
            return kind.from_private_key(io.StringIO(holds.secret.reveal()), passphrase)
        except paramiko.PasswordRequiredException:
            raise Failed("no_credential", "the private key wants a passphrase") from None
        except (paramiko.SSHException, ValueError, IndexError, TypeError):
            continue
    raise Failed("no_credential", "the private key cannot be read: wrong passphrase, or a kind that is not known")
