"""What an enrolled agent owns: its name, the collector's addresses and root, and its pairs of key and certificate.

    enrolment.json      everything below but the keys; replaced atomically, so it is always one consistent state
    instance.key        the long-lived key that proves who this is, PEM
    pairs/N/key.pem     a leaf key
    pairs/N/chain.pem   its certificate, up to and with the root

`pair` is in use. `candidate` is a renewed one that has not worked yet; the old one stays until it has.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from agent import durable


class NotEnrolled(Exception):
    """This state folder belongs to no collector; `muster-agent enroll` changes that."""


@dataclass(frozen=True, slots=True)
class Validity:
    """When a certificate may be used; milliseconds since 1970-01-01 UTC."""

    not_before_ms: int
    not_after_ms: int

    @property
    def half_ms(self) -> int:
        """Half the life time, milliseconds."""
        return (self.not_after_ms - self.not_before_ms) // 2


@dataclass(frozen=True, slots=True)
class Membership:
    """The content of `enrolment.json`. `root` is the pinned root certificate, PEM."""

    agent_id: str
    host: str
    enrol_port: int
    data_port: int
    root: str
    pair: int
    validity: Validity
    candidate: int = 0
    candidate_validity: Validity | None = None

    @property
    def enrol_target(self) -> str:
        return target(self.host, self.enrol_port)

    @property
    def data_target(self) -> str:
        return target(self.host, self.data_port)

    @property
    def newest_validity(self) -> Validity:
        """The validity of the pair the next connection is made with."""
        return self.candidate_validity or self.validity

    def promoted(self) -> Membership:
        """Return the membership after the candidate worked."""
        assert self.candidate_validity
        return replace(self, pair=self.candidate, validity=self.candidate_validity, candidate=0,
                       candidate_validity=None)  # fmt: skip

    def rejected(self) -> Membership:
        """Return the membership after the candidate was turned away."""
        return replace(self, candidate=0, candidate_validity=None)


def target(host: str, port: int) -> str:
    """Return `host:port` as gRPC wants it, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def load(state: Path) -> Membership:
    """Return the membership kept in the state folder; raise `NotEnrolled`."""
    path = state / "enrolment.json"
    data = durable.read_small(path)
    if data is None:
        raise NotEnrolled(f"{path} is not there: enrol this machine first")
    try:
        found = json.loads(data)
        return Membership(**{**found, "validity": _validity(found["validity"]),
                             "candidate_validity": _validity(found["candidate_validity"])})  # fmt: skip
    except (ValueError, TypeError, KeyError) as error:
        raise NotEnrolled(f"{path} cannot be read ({type(error).__name__}): enrol this machine again") from error


def _validity(found: dict[str, int] | None) -> Validity | None:
    return Validity(**found) if found else None


def save(state: Path, membership: Membership) -> None:
    """Write the membership, then remove the pairs it no longer names; raise OSError."""
    durable.write_file(state / "enrolment.json", json.dumps(asdict(membership), indent=1).encode())
    named = {str(membership.pair), str(membership.candidate)}
    for folder in (state / "pairs").iterdir():
        if folder.name not in named:
            _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a pair; what cannot be removed now goes with the next change."""
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def write_pair(state: Path, key: bytes, chain: bytes) -> int:
    """Keep a leaf key and its chain (PEM) and return the number of the pair; nothing uses it before `save` names it."""
    pairs = state / "pairs"
    durable.make_folder(pairs)
    number = 1 + max((int(each.name) for each in pairs.iterdir() if each.name.isdigit()), default=0)
    folder = pairs / str(number)
    durable.make_folder(folder)
    durable.write_file(folder / "key.pem", key)
    durable.write_file(folder / "chain.pem", chain)
    return number


def read_pair(state: Path, number: int) -> tuple[bytes, bytes]:
    """Return leaf key and chain (PEM) of a pair; raise `NotEnrolled`."""
    folder = state / "pairs" / str(number)
    key, chain = durable.read_small(folder / "key.pem"), durable.read_small(folder / "chain.pem")
    if not all(text and b"-----END " in text for text in (key, chain)):
        raise NotEnrolled(f"{folder} is damaged: enrol this machine again")
    return key or b"", chain or b""
