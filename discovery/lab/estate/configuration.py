"""Configurations of switches and firewalls in the words of their makers, agreeing with what SNMP tells."""

from __future__ import annotations

from collections.abc import Iterator

from discovery.lab.estate.parts import AGGREGATE, VLAN_INTERFACE, Interface
from discovery.lab.estate.plan import MANAGEMENT, OFFICE, VLANS, Node
from discovery.lab.estate.wiring import Wiring, gateway


def configuration(node: Node, wiring: Wiring) -> str:
    """Return the running configuration, lines ended by a newline."""
    is_huawei = node.product.style in ("huawei", "h3c")
    written = _comware if is_huawei else _ios
    return "\n".join(written(node, wiring)) + "\n"


def _addresses(node: Node, wiring: Wiring) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for address, index in wiring.addresses(node):
        found.setdefault(index, []).append(address)
    return found


def _vlan_of(node: Node, wiring: Wiring, at: int) -> int | None:
    """Return the VLAN of an edge port by its place, None for a trunk."""
    if any(link.port == at for link in wiring.links(node)):
        return None
    plugged = wiring.plan.edge.get(node.name, {}).get(at)
    return plugged.vlan if plugged else OFFICE


def _comware(node: Node, wiring: Wiring) -> Iterator[str]:
    """Yield the configuration of VRP and Comware: sections parted by `#`."""
    prefix = "!Software Version " if node.product.style == "huawei" else " version "
    yield from (f"{prefix}{node.product.version}", "#", f" sysname {node.name}", "#")
    yield from (f"vlan batch {' '.join(map(str, VLANS))}", "#")
    on = _addresses(node, wiring)
    for at, each in enumerate(wiring.interfaces(node)):
        yield from _comware_interface(node, each, _vlan_of(node, wiring, at), on)
        yield "#"
    yield f" ip route-static 0.0.0.0 0.0.0.0 {gateway(node.site, MANAGEMENT)}"
    yield from (
        "#",
        " snmp-agent sys-info version v2c v3",
        "#",
        " ntp-service unicast-server 10.16.0.10",
        "#",
        "return",
    )


def _comware_interface(node: Node, it: Interface, vlan: int | None, on: dict[int, list[str]]) -> Iterator[str]:
    yield f"interface {it.descr}"
    if it.alias:
        yield f" description {it.alias}"
    if it.kind == VLAN_INTERFACE:
        yield from (
            f" ip address {each} 255.255.0.0{' sub' * (nth > 0)}" for nth, each in enumerate(on.get(it.index, []))
        )
    elif node.role == "fw":
        return
    elif it.aggregate:
        join = "eth-trunk" if node.product.style == "huawei" else "port link-aggregation group"
        yield f" {join} {it.aggregate - 1000}"
    elif it.kind == AGGREGATE or vlan is None:
        yield from (" port link-type trunk", " port trunk allow-pass vlan " + " ".join(map(str, VLANS)))
    else:
        yield from (" port link-type access", f" port default vlan {vlan}")


def _ios(node: Node, wiring: Wiring) -> Iterator[str]:
    """Yield the configuration of IOS and RGOS: sections parted by `!`."""
    yield from (f"version {node.product.version}", "!", f"hostname {node.name}", "!")
    for vlan, name in VLANS.items():
        yield from (f"vlan {vlan}", f" name {name}", "!")
    on = _addresses(node, wiring)
    for at, each in enumerate(wiring.interfaces(node)):
        yield from _ios_interface(each, _vlan_of(node, wiring, at), on)
        yield "!"
    yield f"ip default-gateway {gateway(node.site, MANAGEMENT)}"
    yield from ("!", "ntp server 10.32.0.10", "!", "line vty 0 4", " login local", " transport input ssh", "!", "end")


def _ios_interface(it: Interface, vlan: int | None, on: dict[int, list[str]]) -> Iterator[str]:
    yield f"interface {it.descr}"
    if it.alias:
        yield f" description {it.alias}"
    if it.kind == VLAN_INTERFACE:
        yield from (f" ip address {each} 255.255.0.0{' secondary' * (nth > 0)}"
                    for nth, each in enumerate(on.get(it.index, [])))  # fmt: skip
    elif it.aggregate:
        yield from (" switchport mode trunk", f" channel-group {it.aggregate % 1000} mode active")
    elif it.kind == AGGREGATE or vlan is None:
        yield from (" switchport trunk allowed vlan " + ",".join(map(str, VLANS)), " switchport mode trunk")
    else:
        yield from (f" switchport access vlan {vlan}", " switchport mode access")
