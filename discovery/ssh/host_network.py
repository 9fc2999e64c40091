"""Interfaces and listening ports of a Linux host, from /sys/class/net, ip(8) and ss(8)."""

from __future__ import annotations

import re
from collections import defaultdict
from ipaddress import IPv6Address, ip_address, ip_interface
from typing import Final

from discovery.failures import Failed
from discovery.ssh.host_text import MARK, Row, parts, plain, rows_of, whole
from wire.sections import Body

FILES: Final = ("address", "mtu", "operstate", "speed", "duplex", "type", "ifindex", "iflink", "tun_flags")
INTERFACES: Final = (
    'for d in /sys/class/net/*; do [ -e "$d/ifindex" ] || continue; printf \'%s\\t\' "${d##*/}";'
    f' for f in {" ".join(FILES)}; do printf \'%s\\t\' "$(cat "$d/$f" 2>/dev/null)"; done;'
    ' for m in bonding bridge wireless phy80211 device; do [ ! -e "$d/$m" ] || printf \'%s \' "$m"; done;'
    ' for m in "$d"/lower_*; do [ ! -e "$m" ] || printf \'lower \'; done;'
    ' printf \'\\t%s\' "$(sed -n s/^DEVTYPE=//p "$d/uevent" 2>/dev/null)";'
    ' for l in master device/driver; do printf \'\\t%s\' "$(readlink "$d/$l" 2>/dev/null)"; done; echo; done;'
    f" {MARK}; ip -o address show; {MARK}; cat /proc/net/vlan/config 2>/dev/null"
)
PORTS: Final = (
    f"ss -lntupe; {MARK}; cat /etc/passwd; {MARK}; cat /proc/sys/net/ipv4/ip_local_port_range 2>/dev/null; {MARK}"
)
COLUMNS: Final = len(FILES) + 5

LOOPBACK, INFINIBAND, ETHER = "772", "32", "1"  # <linux/if_arp.h>
TUNNELS: Final = frozenset({"512", "768", "769", "776", "778", "823", "65534"})
TAP: Final = 0x2  # <linux/if_tun.h>
DEVTYPES: Final = {
    "bond": "bond", "bridge": "bridge", "vlan": "vlan", "wlan": "wireless", "wwan": "wireless", "vxlan": "tunnel",
    "geneve": "tunnel", "gre": "tunnel", "wireguard": "tunnel", "ppp": "tunnel", "macvlan": "virtual",
    "ipvlan": "virtual",
}  # fmt: skip
MARKS: Final = {"bonding": "bond", "bridge": "bridge", "wireless": "wireless", "phy80211": "wireless"}
PHYSICAL: Final = frozenset({"ethernet", "wireless", "infiniband"})
DOWN: Final = frozenset({"down", "lowerlayerdown", "notpresent"})

_MAC: Final = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_PROCESS: Final = re.compile(r'users:\(\("([^"]{1,255})"')
_UID: Final = re.compile(r"\buid:(\d{1,10})\b")
_UNIT: Final = re.compile(r"\bcgroup:\S*/([^/\s]{1,255}\.(?:service|scope|socket))")


def interfaces(output: str) -> Body:
    """Return the rows of `interfaces`. Raises Failed."""
    links, addresses, vlans = parts(output, 3)
    told, tagged = _addresses(addresses), _vlans(vlans)
    rows = rows_of((_interface(line.split("\t")) for line in links.splitlines()), "name")
    for row in rows:
        row["addresses"], row["vlan"] = sorted(told.get(row["name"], ())), tagged.get(row["name"])
    return rows


def _interface(columns: list[str]) -> Row:
    name = plain(columns[0])
    if len(columns) != COLUMNS or name is None:
        raise Failed("unparsed", "/sys/class/net")
    link = dict(zip(FILES, columns[1:], strict=False))
    marks, devtype, master, driver = columns[-4:]
    kind = _kind(link, marks.split(), devtype)
    carries = kind in PHYSICAL and link["operstate"] == "up"  # a virtual link makes its speed up
    mac = link["address"].lower()
    return {
        "name": name,
        "mac": mac if _MAC.fullmatch(mac) and mac.strip("0:") else None,
        "mtu": whole(link["mtu"]),
        "speed_mbps": (whole(link["speed"], (1 << 31) - 2) or None) if carries else None,
        "duplex": link["duplex"] if carries and link["duplex"] in ("full", "half") else None,
        "state": "down" if link["operstate"] in DOWN else "up" if link["operstate"] == "up" else "unknown",
        "kind": kind,
        "master": plain(master.rpartition("/")[2]),
        "driver": plain(driver.rpartition("/")[2]),
    }


def _kind(link: dict[str, str], marks: list[str], devtype: str) -> str:
    """Return the catalogue's word for what an interface is, as the agent says it."""
    if link["type"] == LOOPBACK:
        return "loopback"
    told = DEVTYPES.get(devtype) or next((MARKS[mark] for mark in marks if mark in MARKS), None)
    if flags := link["tun_flags"]:
        return "virtual" if re.fullmatch("0x[0-9a-f]{1,8}", flags) and int(flags, 16) & TAP else "tunnel"
    if told or link["type"] in TUNNELS:
        return told or "tunnel"
    if "device" in marks:
        return "infiniband" if link["type"] == INFINIBAND else "ethernet"
    paired = "lower" not in marks and link["iflink"] not in ("0", "", link["ifindex"])
    return "veth" if link["type"] == ETHER and paired else "virtual"


def _addresses(listing: str) -> dict[str, set[str]]:
    """Return interface → addresses of `ip -o address show`, without those that are link-local or passing."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for line in listing.splitlines():
        words = line.split()
        if len(words) < 4 or words[2] not in ("inet", "inet6"):
            continue
        if {"tentative", "dadfailed"} & set(words) or (words[2] == "inet6" and "temporary" in words):
            continue
        try:
            address = ip_interface(f"{words[3].partition('/')[0]}/{_prefix(words)}")
        except ValueError:
            raise Failed("unparsed", "ip address") from None
        if not address.ip.is_link_local:
            found[plain(words[1].partition("@")[0]) or ""].add(str(address))
    return found


def _prefix(words: list[str]) -> str:
    """Return the prefix length; of a point-to-point link it stands behind the far end."""
    prefix = words[3].partition("/")[2]
    if not prefix and len(words) > 5 and words[4] == "peer":
        prefix = words[5].partition("/")[2]
    return prefix or ("32" if words[2] == "inet" else "128")


def _vlans(table: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in table.splitlines()[:10_000]:
        words = [word.strip() for word in line.split("|")]
        number = whole(words[1], 4094) if len(words) == 3 else None
        if number:
            found[words[0]] = number
    return found


def listening_ports(output: str) -> Body:
    """Return the rows of `listening_ports`. Raises Failed."""
    listing, passwd, chosen, _ = parts(output, 4)
    names = {fields[2]: fields[0] for fields in (line.split(":") for line in passwd.splitlines()) if len(fields) == 7}
    if not listing.startswith("Netid"):
        raise Failed("unparsed", "ss")
    rows = (_port(line, names, _range(chosen)) for line in listing.splitlines()[1:])
    return rows_of(filter(None, rows), "protocol", "address", "port")


def _port(line: str, names: dict[str, str], chosen: range) -> Row | None:
    words = line.split()
    if len(words) < 6 or words[0] not in ("tcp", "udp"):
        return None
    where, _, number = words[4].rpartition(":")
    port = whole(number, 65_535)
    try:
        address = ip_address("::" if where == "*" else where.strip("[]").partition("%")[0].strip("[]"))
    except ValueError:
        raise Failed("unparsed", "ss") from None
    if not port:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    loopback = (mapped or address).is_loopback
    rest = " ".join(words[6:])
    uid, process, unit = _UID.search(rest), _PROCESS.search(rest), _UNIT.search(rest)
    owner = uid[1] if uid else "0"  # ss leaves root's out
    return {
        "protocol": words[0],
        "address": str(address),
        "port": port,
        "process": plain(process[1]) if process else None,
        "unit": plain(unit[1]) if unit else None,
        "user": plain(names.get(owner, owner)),
        "transient": True if port in chosen and (words[0] == "udp" or loopback) else None,
    }


def _range(words: str) -> range:
    numbers = [whole(word, 65_535) for word in words.split()]
    return range(numbers[0], numbers[1] + 1) if len(numbers) == 2 and numbers[0] and numbers[1] else range(0)
