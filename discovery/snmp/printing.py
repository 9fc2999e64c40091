"""Variables as `snmpbulkwalk -On` prints them without MIBs: `.1.3.6… = TYPE: value`; and as JSON."""

from __future__ import annotations

import json
from typing import Final

from discovery.asking import Address, Value
from discovery.snmp.ber import oid_text
from discovery.snmp.variables import Binding

TYPES: Final = {
    0x02: "INTEGER", 0x04: "STRING", 0x06: "OID", 0x40: "IpAddress", 0x41: "Counter32", 0x42: "Gauge32",
    0x43: "Timeticks", 0x44: "OPAQUE", 0x46: "Counter64", 0x47: "UInteger32",
}  # fmt: skip
SPACES: Final = b"\t\n\v\f\r "
HEX_OCTETS_A_LINE: Final = 16


def line(binding: Binding) -> str:
    """Return a variable as net-snmp prints it. Raises Malformed when its name is none."""
    name, tag, value = binding
    kind, shown = _shown(TYPES.get(tag, ""), value)
    return f".{oid_text(name)} = {kind}: {shown}" if kind else f".{oid_text(name)} = {shown}"


def json_line(binding: Binding) -> str:
    """Return a variable as one JSON object: `oid`, `type`, `value`; octets that are no text as hexadecimal digits."""
    name, tag, value = binding
    kind = TYPES.get(tag, "NULL")
    told: object = value
    if isinstance(value, Address):
        told = ".".join(map(str, value))
    elif isinstance(value, bytes):
        kind, told = ("STRING", value.decode("ascii")) if _is_text(value) else (f"Hex-{kind}", value.hex())
    return json.dumps({"oid": oid_text(name), "type": kind, "value": told})


def _shown(kind: str, value: Value | None) -> tuple[str, str]:
    """Return the type and the value as text; no type where net-snmp prints none."""
    if value is None:
        return "", "NULL"
    if isinstance(value, Address):
        return kind, ".".join(map(str, value))
    if isinstance(value, bytes):
        return _octets(kind, value)
    if kind == "Timeticks" and isinstance(value, int):
        return kind, f"({value}) {_duration(value)}"
    return kind, f".{value}" if kind == "OID" else str(value)


def _octets(kind: str, value: bytes) -> tuple[str, str]:
    if kind == "STRING" and not value:
        return "", '""'
    if kind == "STRING" and _is_text(value):
        escaped = value.decode("ascii").replace("\\", "\\\\").replace('"', '\\"')
        return kind, f'"{escaped}"'
    lines = (value[at : at + HEX_OCTETS_A_LINE] for at in range(0, len(value), HEX_OCTETS_A_LINE))
    return "OPAQUE" if kind == "OPAQUE" else "Hex-STRING", "\n".join(each.hex(" ").upper() + " " for each in lines)


def _is_text(value: bytes) -> bool:
    return all(0x20 <= octet < 0x7F or octet in SPACES for octet in value)


def _duration(hundredths: int) -> str:
    seconds, rest = divmod(hundredths, 100)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock = f"{hours}:{minutes:02}:{seconds:02}.{rest:02}"
    if not days:
        return clock
    return f"{days} day{'s' if days > 1 else ''}, {clock}"
