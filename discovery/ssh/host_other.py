"""What VMware ESXi and IBM AIX say over SSH of themselves: system and chassis; their other parts are told by SNMP."""

from __future__ import annotations

import re
from typing import Final

from discovery.failures import Failed
from discovery.ssh.host_text import MARK, parts, plain
from wire.sections import Body

ESXI: Final = f"esxcli system version get; {MARK}; uname -n; uname -r; uname -m"
ESXI_CHASSIS: Final = "esxcli hardware platform get"
AIX: Final = f"oslevel -s; {MARK}; uname -n; uname -v; uname -r; uname -p"
AIX_CHASSIS: Final = "uname -M; uname -u"

_OCTETS: Final = re.compile(r"(?:0x[0-9a-fA-F]{1,2} ?){16}")


def esxi(output: str) -> Body:
    """Return the record `os` of ESXi. Raises Failed."""
    told, names = parts(output, 2)
    said = _named(told)
    node, kernel, machine = (*names.splitlines(), "", "", "")[:3]
    if "Version" not in said:
        raise Failed("unparsed", "esxcli")
    build = said.get("Build", "").rpartition("-")[2]
    version = f"{said['Version']} build-{build}" if build else said["Version"]
    return _system("esxi", said.get("Product", "VMware ESXi"), version, node) | {
        "kernel": plain(kernel), "architecture": plain(machine),
    }  # fmt: skip


def esxi_chassis(output: str) -> Body:
    """Return the record `hardware` of ESXi. Raises Failed."""
    said = _named(output)
    if "Vendor Name" not in said:
        raise Failed("unparsed", "esxcli")
    return {
        "vendor": plain(said["Vendor Name"]),
        "model": plain(said.get("Product Name", "")),
        "serial": plain(said.get("Serial Number", "")),
        "uuid": _uuid(said.get("UUID", "")),
    }


def aix(output: str) -> Body:
    """Return the record `os` of AIX. Raises Failed."""
    level, names = parts(output, 2)
    node, version, release, machine = (*names.splitlines(), "", "", "", "")[:4]
    if not re.fullmatch(r"\d{4}-\d\d-\d\d-\d{4}", level.strip()):
        raise Failed("unparsed", "oslevel")
    said = _system("aix", f"AIX {version}.{release}", level.strip(), node)
    return said | {"kernel": plain(f"{version}.{release}"), "architecture": plain(machine)}


def aix_chassis(output: str) -> Body:
    """Return the record `hardware` of AIX: `IBM,9009-42A` and `IBM,0278ABCDE`, two digits of which are the plant's."""
    model, serial = (*output.splitlines(), "", "")[:2]
    if not model.startswith("IBM,"):
        raise Failed("unparsed", "uname")
    number = serial.partition(",")[2]
    return {"vendor": "IBM", "model": plain(model[4:]), "serial": plain(number[2:] if len(number) > 7 else number)}


def _system(family: str, name: str, version: str, node: str) -> dict[str, str | None]:
    host, _, domain = node.partition(".")
    told = {"family": family, "id": family, "name": name, "version": version, "hostname": host, "domain": domain}
    return {field: plain(value) for field, value in told.items()}


def _named(output: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in output.splitlines()[:100])
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


def _uuid(octets: str) -> str | None:
    """Return a UUID from the sixteen octets esxcli prints."""
    if not _OCTETS.fullmatch(octets.strip()):
        return None
    raw = bytes(int(each, 16) for each in octets.split()).hex()
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"
