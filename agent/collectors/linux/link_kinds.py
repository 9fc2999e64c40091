"""What kind of network interface this is: ethernet, wireless, bond, bridge, vlan, veth, tunnel, loopback, virtual."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.linux import sysfs

# <linux/if_arp.h>
_ETHER = 1
_INFINIBAND = 32
_LOOPBACK = 772
_TUNNELS = frozenset({512, 768, 769, 776, 778, 823, 65534})  # PPP, IPIP, IP6IP6, SIT, GRE, GRE6, no header (tun)

_IFF_TAP = 0x2  # <linux/if_tun.h>

# The DEVTYPE that a driver writes in its interface's uevent.
_DEVTYPES = {
    "bond": "bond", "bridge": "bridge", "vlan": "vlan", "wlan": "wireless", "wwan": "wireless", "vxlan": "tunnel",
    "geneve": "tunnel", "gre": "tunnel", "wireguard": "tunnel", "ppp": "tunnel", "macvlan": "virtual",
    "ipvlan": "virtual",
}  # fmt: skip


def kind_of(folder: Path) -> str:
    """Return the kind of the interface at /sys/class/net/NAME; "virtual" for what has no word of its own."""
    arp_type = sysfs.whole(folder / "type")
    if arp_type == _LOOPBACK:
        return "loopback"
    told = _DEVTYPES.get(devtype(sysfs.text(folder / "uevent") or "")) or _by_attributes(folder)
    if told:
        return told
    if arp_type in _TUNNELS:
        return "tunnel"
    if (folder / "device").exists():
        return "infiniband" if arp_type == _INFINIBAND else "ethernet"
    return "veth" if arp_type == _ETHER and _has_peer(folder) else "virtual"


def is_physical(kind: str) -> bool:
    """Return whether links of this kind have a wire, an antenna or a hypervisor's card behind them."""
    return kind in ("ethernet", "wireless", "infiniband")


def devtype(uevent: str) -> str:
    """Return the value of DEVTYPE in a uevent file, empty where there is none."""
    values = (line.partition("=")[2] for line in uevent.splitlines() if line.startswith("DEVTYPE="))
    return next(values, "")


def _by_attributes(folder: Path) -> str | None:
    if flags := sysfs.text(folder / "tun_flags"):
        return "virtual" if int(flags, 16) & _IFF_TAP else "tunnel"  # a tap is a port of a virtual machine
    marks = (("bonding", "bond"), ("bridge", "bridge"), ("wireless", "wireless"), ("phy80211", "wireless"))
    return next((kind for mark, kind in marks if (folder / mark).exists()), None)


def _has_peer(folder: Path) -> bool:
    """Return whether its link is another interface, and not one it is stacked upon as macvlan is: a veth pair."""
    is_stacked = any(name.startswith("lower_") for name in sysfs.names(folder))
    return not is_stacked and sysfs.whole(folder / "iflink") not in (0, sysfs.whole(folder / "ifindex"))
