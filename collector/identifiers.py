"""Identifiers in their one comparable form, and the refusal of those that identify nothing.

Canonical forms: a MAC is lower case with colons; a UUID is the smaller of its two byte orders, so that what ESX and
its guest say of one machine is equal (SMBIOS 2.6 swaps the first three fields); a serial is `vendor|SERIAL`; an
instance is `product|place`. `normalise` is idempotent, so stored identifiers can be held against a newer policy.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from collector.identity_policy import BadPolicy, Policy, fold, load
from collector.model import Identifier

__all__ = [
    "PORT", "BadPolicy", "Policy", "instance_value", "load", "normalise", "ports", "refusal", "serial_value",
    "shown_name",
]  # fmt: skip

MAX_NAME = 200
PORT: Final = "port"
"""The kind of a place: the port of another device it is plugged into. It names nobody, and says who stood there."""
MAX_PORTS: Final = 32
"""Who has more cables than that stands in the middle of others, not at a place of one's own."""

_LEGAL_FORMS = frozenset({
    "inc", "incorporated", "corp", "corporation", "co", "company", "ltd", "limited", "llc",
    "gmbh", "ag", "plc", "bv", "kk", "sa",
})  # fmt: skip


def serial_value(vendor: str, serial: str) -> str:
    """Return what `normalise("serial", …)` takes: maker and serial in one text."""
    return f"{vendor.replace('|', ' ')}|{serial}"


def instance_value(product: str, place: str) -> str:
    """Return what `normalise("instance", …)` takes: product, and the path or port that tells two apart."""
    return f"{product.replace('|', ' ')}|{place}"


def qualified(hostname: str, domain: str) -> str:
    """Return a host's name with its domain, where it has one and the name does not say it itself."""
    short = hostname.rstrip(".")
    return f"{short}.{domain.strip('.')}" if short and domain.strip(".") and "." not in short else short


def ports(neighbours: Iterable[Mapping[str, Any]], policy: Policy) -> frozenset[Identifier]:
    """Return where a device is plugged in by its own word, rows of `lldp` or `neighbours`: chassis and port."""
    said = ((_plain(str(row.get(name) or ""), policy) for name in ("chassis_id", "port_id")) for row in neighbours)
    told = (f"{chassis}|{port}".casefold() for chassis, port in said if chassis and port)
    found = frozenset(Identifier(PORT, value) for value in told if len(value) <= policy.longest)
    return found if len(found) <= MAX_PORTS else frozenset()


def shown_name(text: str) -> str:
    """Return `text` fit for a page and a label: printable, blanks single, bounded."""
    kept = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(kept.split())[:MAX_NAME]


def normalise(kind: str, value: str, policy: Policy) -> Identifier | None:
    """Return `value` in its canonical form, or None where it is malformed, a placeholder or an address that floats.

    An unknown `kind` is the caller's mistake and raises `KeyError`.
    """
    canonical = _CANONICAL[kind](value, policy) if len(value) <= policy.longest else None
    if canonical is None or len(canonical) > policy.longest or refusal(kind, canonical, policy):
        return None
    return Identifier(kind, canonical)


def refusal(kind: str, canonical: str, policy: Policy) -> str:
    """Return why a canonical value identifies nothing; empty when it may."""
    if kind in ("mac", "virtual_mac"):
        return _mac_refusal(kind, canonical, policy)
    if kind != "serial":
        return _placeholder(kind, canonical, policy)
    vendor, _, serial = canonical.partition("|")
    if len(serial) < policy.shortest:
        return f"shorter than {policy.shortest} characters"
    return _placeholder("vendor", vendor, policy) or _placeholder("serial", serial, policy)


def _placeholder(kind: str, value: str, policy: Policy) -> str:
    folded = fold(value)
    known = policy.exact.get(kind, {}).get(folded)
    if known:
        return known
    return next((p.reason for p in policy.patterns if kind in p.kinds and p.regex.fullmatch(folded)), "")


def _mac_refusal(kind: str, mac: str, policy: Policy) -> str:
    first = int(mac[:2], 16)
    if first & 1:
        return "a group address"
    digits = mac.replace(":", "")
    for prefix in policy.macs:
        if kind in prefix.kinds and digits.startswith(prefix.digits):
            return prefix.reason
    return "locally administered" if first & 2 and kind == "mac" else ""


def _plain(text: str, policy: Policy) -> str | None:
    """Printable text without blanks at its ends; NULs at the end are what firmware pads with."""
    kept = text.strip(" \t\r\n\0")
    return kept if kept and kept.isprintable() else None


def _serial(text: str, policy: Policy) -> str | None:
    maker, _, number = text.partition("|")
    vendor, serial = _vendor(maker, policy), _plain(number, policy)
    # Serial plates are ASCII; other characters are erased flash (0xFF) read as text.
    if not vendor or not serial or not serial.isascii():
        return None
    return f"{vendor}|{' '.join(serial.upper().split())}"


def _vendor(text: str, policy: Policy) -> str:
    kept = _plain(text, policy) or ""
    if _placeholder("vendor", kept, policy):
        return ""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", kept).casefold())
    while words and words[-1] in _LEGAL_FORMS:
        words.pop()
    return policy.vendors.get(" ".join(words), " ".join(words))


def _uuid(text: str, policy: Policy) -> str | None:
    digits = _digits128(text.casefold().removeprefix("urn:uuid:"))
    if digits is None:
        return None
    value = uuid.UUID(digits)
    return min(str(value), str(uuid.UUID(bytes=value.bytes_le)))


def _machine_id(text: str, policy: Policy) -> str | None:
    return _digits128(text)


def _digits128(text: str) -> str | None:
    digits = text.strip(" \t\r\n\0{}").replace("-", "").lower()
    return digits if re.fullmatch(r"[0-9a-f]{32}", digits, re.ASCII) else None


def _mac(text: str, policy: Policy) -> str | None:
    digits = re.sub(r"[-:.\s]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits, re.ASCII):
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _hostname(text: str, policy: Policy) -> str | None:
    name = (_plain(text, policy) or "").rstrip(".").casefold()
    return name if name and not re.search(r"\s", name) else None


def _instance(text: str, policy: Policy) -> str | None:
    product, bar, place = text.partition("|")
    product = fold(_plain(product, policy) or "")
    kept = _plain(place, policy) or ""
    return f"{product}|{kept}" if product and bar and (kept or not place.strip()) else None


def _address(text: str, policy: Policy) -> str | None:
    try:
        address = ipaddress.ip_address(text.strip().partition("/")[0])
    except ValueError:
        return None
    floats = address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
    return None if floats else str(address)


def _hexadecimal(text: str, policy: Policy) -> str | None:
    digits = re.sub(r"[-:.\s]", "", text).lower().removeprefix("0x")
    return digits if re.fullmatch(r"(?:[0-9a-f]{2}){5,32}", digits, re.ASCII) else None


_CANONICAL: Mapping[str, Callable[[str, Policy], str | None]] = {
    "serial": _serial, "member": _serial, "uuid": _uuid, "mac": _mac, "virtual_mac": _mac, "machine_id": _machine_id,
    "hostname": _hostname, "instance": _instance, "address": _address, "engine_id": _hexadecimal, "wwn": _hexadecimal,
    "agent": _plain, "vendor_oid": _plain, "chassis_id": _plain, "product": _plain, "model": _plain,
    "label": _plain, "location": _plain, "licence": _plain,
}  # fmt: skip
