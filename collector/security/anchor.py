"""Anchors: the head of the audit log as a signed file, to be kept where whoever owns the database has no say."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Final

from collector.security.ca import Authority
from collector.store.audit import Mark
from collector.store.audit_anchors import Daily

KIND: Final = "muster audit anchor"


class BadAnchor(ValueError):
    """Not an anchor of this installation; the message says why."""


def daily(authority: Authority, day: str, head: Mark) -> Daily:
    """Return the anchor of a day, signed."""
    return Daily(day, head, authority.sign(_message(head)))


def told(kept: Daily) -> dict[str, Any]:
    """Return the anchor of a day as it is exported."""
    head = kept.head
    signature = base64.b64encode(kept.signature).decode()
    return {"kind": KIND, "seq": head.seq, "hash": head.hash.hex(), "at": head.at, "signature": signature}


def is_genuine(authority: Authority, kept: Daily) -> bool:
    """Return whether this installation signed that."""
    return authority.has_signed(kept.signature, _message(kept.head))


def signed(authority: Authority, head: Mark) -> dict[str, Any]:
    """Return an anchor of `head`: number, hash (hex), time (epoch ms), signature (base64) by the root of the CA."""
    return told(daily(authority, "", head))


def opened(authority: Authority, said: Mapping[str, Any]) -> Mark:
    """Return the head an anchor speaks of; raise `BadAnchor`."""
    seq, at = said.get("seq"), said.get("at")
    if said.get("kind") != KIND or type(seq) is not int or type(at) is not int or not (0 <= seq < 2**63 > at >= 0):
        raise BadAnchor("this is no anchor of an audit log")
    try:
        head = Mark(seq, bytes.fromhex(str(said.get("hash"))), at)
        signature = base64.b64decode(str(said.get("signature")), validate=True)
    except (ValueError, binascii.Error):
        raise BadAnchor("the anchor is damaged") from None
    if not authority.has_signed(signature, _message(head)):
        raise BadAnchor("the anchor was not signed by this installation, or was changed")
    return head


def _message(head: Mark) -> bytes:
    """Return what is signed. It begins as no certificate does, so that a signature of one is never one of the other."""
    return f"{KIND} 1\n".encode() + json.dumps([head.seq, head.hash.hex(), head.at]).encode()
