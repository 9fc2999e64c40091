"""What stands in Redfish's resources, in the form the section catalogue wants: None for what is absent or another type.

None of them raises, whatever a controller says; `discovery.plain` has the plain values.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any, Final

from discovery.plain import words

MAX_ITEMS: Final = 2000
_STATES: Final[Mapping[str, str]] = {"ok": "ok", "warning": "warning", "critical": "critical"}
_PRESENCES: Final[Mapping[str, str]] = {
    "absent": "absent", "disabled": "disabled", "standbyoffline": "standby", "standbyspare": "spare",
    "unavailableoffline": "offline", "intest": "test", "starting": "starting", "updating": "updating",
}  # fmt: skip


def inside(value: object, *keys: str) -> Any:
    """Return what stands under `keys`, each in the object of the one before, None when there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def objects(value: object) -> list[dict[str, Any]]:
    """Return the objects in a list."""
    return [each for each in value[:MAX_ITEMS] if isinstance(each, dict)] if isinstance(value, list) else []


def items(value: Iterable[object]) -> list[object]:
    """Return the first few of something."""
    return [each for _, each in zip(range(MAX_ITEMS), value, strict=False)]


def first(body: object, *names: str) -> str | None:
    """Return the first of some properties that says something."""
    return next((line for name in names if (line := words(inside(body, name)))), None)


def flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def state(body: object) -> str | None:
    """Return a word for Status: where it stands, when that is not simply enabled, else its health."""
    presence = words(inside(body, "Status", "State")) or ""
    health = words(inside(body, "Status", "Health")) or ""
    return _PRESENCES.get(presence.casefold()) or _STATES.get(health.casefold())


def is_there(body: object) -> bool:
    """Return whether a slot holds something."""
    return state(body) != "absent"


def addresses(body: object) -> list[str] | None:
    """Return the addresses of an interface with their prefix lengths, link-local ones left out."""
    listed = [(each.get("Address"), each.get("SubnetMask")) for each in objects(inside(body, "IPv4Addresses"))]
    listed += [(each.get("Address"), each.get("PrefixLength")) for each in objects(inside(body, "IPv6Addresses"))]
    found = {line for address, length in listed if (line := _address(address, length))}
    return sorted(found) or None


def _address(address: object, length: object) -> str | None:
    if not isinstance(address, str) or len(address) > 64:
        return None
    try:
        plain = ipaddress.ip_address(address.partition("/")[0].partition("%")[0])
        if plain.is_unspecified or plain.is_link_local or plain.is_loopback or plain.is_multicast:
            return None
        return ipaddress.ip_interface(f"{plain}/{length}").with_prefixlen if length else str(plain)
    except ValueError:
        return None
