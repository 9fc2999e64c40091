"""Joining a collector, renewing the certificate, and coming back after it ran out.

`enrol` serves the command line. `python -m agent.enrol renew|recover …` is what the running agent starts for
the other two, so that the agent itself never loads what makes and checks keys; see `agent.credentials`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import socket
import ssl
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from agent import keys, membership
from agent.keys import WrongCollector
from agent.membership import Membership, NotEnrolled
from agent.transport import CallFailed, Channel, Remedy
from wire import codec
from wire.enrolment import Begin, Challenge, Finish, Recover, Token, enrolment_proof, recovery_transcript

TIMEOUT_S = 15.0


class BadAddress(ValueError):
    """The text is no address of an enrolment listener."""


class Unreachable(Exception):
    """Nobody answered, or not in TLS."""


def parse_address(text: str) -> tuple[str, int]:
    """Return host and port of `https://HOST:PORT` or `HOST:PORT`; raise `BadAddress`."""
    try:
        found = urlsplit(text if "://" in text else f"https://{text}")
        host, port = found.hostname, found.port
    except ValueError as error:
        raise BadAddress(f"{text}: {error}") from error
    if found.scheme != "https" or not host or not port or found.path.strip("/") or found.query:
        raise BadAddress(f"{text}: https://HOST:PORT is expected")
    return host, port


def presented_chain(host: str, port: int) -> list[bytes]:
    """Return the certificates (DER, leaf first) a TLS server shows, saying nothing to it; raise `Unreachable`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent; the caller compares the chain with the token's pin
    context.set_alpn_protocols(["h2"])
    try:
        with socket.create_connection((host, port), TIMEOUT_S) as plain, context.wrap_socket(plain) as secure:
            return _unverified_chain(secure)
    except OSError as error:
        raise Unreachable(f"{membership.target(host, port)}: {error}") from error


def _unverified_chain(secure: ssl.SSLSocket) -> list[bytes]:
    if sys.version_info >= (3, 13):
        return list(secure.get_unverified_chain())
    shown = secure._sslobj.get_unverified_chain() or ()  # type: ignore[attr-defined]  # public from 3.13 on
    return [ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in shown]


def enrol(state: Path, address: str, token: Token) -> Membership:
    """Join the collector at `address` and return the membership, which is on the disk then.

    Raise `WrongCollector`, `Unreachable`, `CallFailed`, `BadAddress`, `BadKey` or OSError. Repeating it uses
    the same instance key, so the collector knows the machine again.
    """
    host, port = parse_address(address)
    instance = keys.instance_key(state)
    shown = presented_chain(host, port)
    root = keys.pinned_root(shown, token.root_pin)
    channel = Channel(membership.target(host, port), root)
    try:
        challenge = _begin(channel, Begin(token.token_id, keys.public_der(instance)))
        leaf = keys.new_key()
        csr, public = keys.request_der(leaf), keys.public_der(instance)
        proof = enrolment_proof(token.secret, challenge.nonce, csr, public, shown[0])
        finish = Finish(token.token_id, public, challenge.nonce, csr, proof, socket.gethostname())
        answer = channel.call(codec.ENROLMENT_SERVICE, "Finish", codec.encode_finish(finish), TIMEOUT_S)
    finally:
        channel.close()
    admission = codec.decode_admission(answer)
    validity = keys.admitted(admission.certificate_chain, leaf, root.decode())
    pair = membership.write_pair(state, keys.key_pem(leaf), admission.certificate_chain)
    joined = Membership(
        admission.agent_id, host, port, admission.data_port or port, root.decode(), pair, validity
    )  # fmt: skip
    membership.save(state, joined)
    return joined


def _begin(channel: Channel, begin: Begin) -> Challenge:
    answer = channel.call(codec.ENROLMENT_SERVICE, "Begin", codec.encode_begin(begin), TIMEOUT_S)
    return codec.decode_challenge(answer)


def renew(state: Path) -> None:
    """Ask for a certificate of a new key and keep both as the candidate; raise as `enrol` does, or `NotEnrolled`."""
    member = membership.load(state)
    leaf = keys.new_key()
    channel = Channel(member.data_target, member.root.encode(), *membership.read_pair(state, member.pair))
    try:
        request = codec.encode_renew(keys.request_der(leaf))
        chain = codec.decode_renewed(channel.call(codec.AGENT_SERVICE, "Renew", request, TIMEOUT_S))
    finally:
        channel.close()
    validity = keys.admitted(chain, leaf, member.root)
    pair = membership.write_pair(state, keys.key_pem(leaf), chain)
    membership.save(state, replace(member, candidate=pair, candidate_validity=validity))


def recover(state: Path, even_if_valid: bool) -> bool:
    """Get a certificate again by the instance key; return False when the present one is valid by the collector's clock.

    Raise as `enrol` does, or `NotEnrolled`. What fails here deletes nothing.
    """
    member = membership.load(state)
    instance, leaf = keys.instance_key(state), keys.new_key()
    shown = presented_chain(member.host, member.enrol_port)
    keys.pinned_root(shown, hashlib.sha256(keys.root_public_der(member.root)).digest())
    channel = Channel(member.enrol_target, member.root.encode())
    try:
        challenge = _begin(channel, Begin(b"", keys.public_der(instance)))
        if not even_if_valid and challenge.server_time_ms < member.newest_validity.not_after_ms:
            return False
        csr = keys.request_der(leaf)
        signature = keys.sign(instance, recovery_transcript(member.agent_id, challenge.nonce, csr, shown[0]))
        request = codec.encode_recover(Recover(member.agent_id, challenge.nonce, csr, signature))
        answer = channel.call(codec.ENROLMENT_SERVICE, "Recover", request, TIMEOUT_S)
    finally:
        channel.close()
    chain, data_port = codec.decode_recovered(answer)
    validity = keys.admitted(chain, leaf, member.root)
    pair = membership.write_pair(state, keys.key_pem(leaf), chain)
    data_port = data_port or member.data_port
    membership.save(
        state,
        replace(member, pair=pair, validity=validity, data_port=data_port, candidate=0, candidate_validity=None),
    )
    return True


def main() -> int:
    """Run one errand of the agent and tell its outcome as one JSON line on standard output."""
    parser = argparse.ArgumentParser(prog="agent.enrol")
    parser.add_argument("errand", choices=["renew", "recover", "recover-if-expired"])
    parser.add_argument("--state", type=Path, required=True)
    said = parser.parse_args()
    sys.stdout.write(json.dumps(_outcome(said.errand, said.state)) + "\n")
    return 0


def _outcome(errand: str, state: Path) -> dict[str, object]:
    try:
        if errand == "renew":
            renew(state)
            return {"remedy": None}
        return {"remedy": None, "is_new": recover(state, errand == "recover")}
    except CallFailed as error:
        return {"remedy": error.remedy.value, "message": str(error), "retry_after_s": error.retry_after_s}
    except Unreachable as error:
        return {"remedy": Remedy.RETRY.value, "message": str(error)}
    except (WrongCollector, NotEnrolled, codec.Undecodable, keys.BadKey, OSError) as error:
        return {"remedy": Remedy.READ_THE_LOG.value, "message": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    sys.exit(main())
