"""What is plugged in at the edge tells: storage, servers' controllers, power, printers, environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from discovery.lab.encoding import COUNTER, COUNTER64, GAUGE, TICKS, Facts, identifier, joined, number, rows, text
from discovery.lab.estate.parts import chassis, single, system
from discovery.lab.estate.plan import Node

_UPS: Final = "1.3.6.1.2.1.33.1."
_APC: Final = "1.3.6.1.4.1.318.1."
_IBMC: Final = "1.3.6.1.4.1.2011.2.235.1.1."
_IDRAC: Final = "1.3.6.1.4.1.674.10892.5."
_OCEANSTOR: Final = "1.3.6.1.4.1.34774.4.1."
_NETAPP: Final = "1.3.6.1.4.1.789.1."
_FABOS: Final = "1.3.6.1.4.1.1588.2.1.1.1."
_RARITAN: Final = "1.3.6.1.4.1.13742.6."
_PRINTER: Final = "1.3.6.1.2.1.43."


def facts(node: Node, arrays: Sequence[Node] = ()) -> Facts:
    """Return all that a device at the edge tells; `arrays` are logged in where it is a switch of a fabric."""
    product = node.product
    more = _logins(node, arrays) if product.type == "fc_switch" else {}
    return joined([system(node), single(node), _MAKES[product.vendor, product.type](node), more])


def _texts(said: Mapping[str, str]) -> Facts:
    return {instance: text(each) for instance, each in said.items()}


def _row(entry: str, values: Mapping[int, int]) -> Facts:
    """Return row 1 of a table: column → number."""
    return rows(entry, {column: {"1": number(value)} for column, value in values.items()})


# --- storage


def _oceanstor(node: Node) -> Facts:
    """ISM-HUAWEI-MIB: serial number, version; disks, one pool and its LUNs."""
    by = {_string_index(f"D{at}"): at for at in range(12)}
    luns = {_string_index(str(at)): at for at in range(6)}
    pool = _string_index("0")
    return {
        f"{_OCEANSTOR}1.1.0": text(node.serial), f"{_OCEANSTOR}1.6.0": text(node.product.version or ""),
        **rows(f"{_OCEANSTOR}23.5.1.1", {
            2: {at: number(1) for at in by}, 4: {at: text(f"CTE0.{each}") for at, each in by.items()},
            6: {at: number(3_662_830) for at in by}, 12: {at: text("HSSD-D7223DL3T8N") for at in by},
            14: {at: text("HUAWEI") for at in by},
            15: {at: text(f"0305{node.serial[-6:]}{10 + each}") for at, each in by.items()},
        }),
        **rows(f"{_OCEANSTOR}23.4.2.1", {
            1: {pool: text("0")}, 2: {pool: text("pool-1")}, 5: {pool: number(1)},
            7: {pool: number(36_000_000, COUNTER64)}, 8: {pool: number(21_000_000, COUNTER64)},
        }),
        **rows(f"{_OCEANSTOR}23.4.8.1", {
            1: {at: text(str(each)) for at, each in luns.items()},
            2: {at: text(f"lun-{each}") for at, each in luns.items()},
            4: {at: text("pool-1") for at in luns}, 5: {at: number(2_097_152, COUNTER64) for at in luns},
            6: {at: number(1_200_000, COUNTER64) for at in luns}, 9: {at: number(1) for at in luns},
        }),
    }  # fmt: skip


def _string_index(said: str) -> str:
    return ".".join(map(str, (len(said), *said.encode())))


def _netapp(node: Node) -> Facts:
    """NETWORK-APPLIANCE-MIB: product, nodes, volumes."""
    volumes = {str(at): f"/vol/data_{at}/" for at in range(1, 5)}
    return {
        f"{_NETAPP}1.2.0": text(node.description), f"{_NETAPP}1.5.0": text(node.product.model),
        f"{_NETAPP}1.9.0": text(node.serial),
        **rows(f"{_NETAPP}25.2.1", {
            1: {"1": text(f"{node.name}-a")}, 4: {"1": text(node.product.model)}, 5: {"1": text(node.serial)},
        }),
        **rows(f"{_NETAPP}5.4.1", {
            2: {at: text(each) for at, each in volumes.items()},
            29: {at: number(1_073_741_824, COUNTER64) for at in volumes},
            30: {at: number(402_653_184, COUNTER64) for at in volumes},
        }),
    }  # fmt: skip


def _fabric_os(node: Node) -> Facts:
    """SW-MIB: firmware, domain, ports."""
    ports = {str(at): at for at in range(1, 25)}
    return {
        **chassis(node),
        f"{_FABOS}1.6.0": text(f"v{node.product.version}"), f"{_FABOS}1.7.0": number(1),
        f"{_FABOS}1.10.0": text(node.serial), f"{_FABOS}2.1.0": number(1 + node.number % 200),
        **rows(f"{_FABOS}6.2.1", {
            4: {at: number(1 if each < 17 else 2) for at, each in ports.items()}, 5: {at: number(1) for at in ports},
            34: {at: text(b"\x20" + bytes((each - 1,)) + node.mac) for at, each in ports.items()},
            36: {at: text("") for at in ports},
        }),
    }  # fmt: skip


def _logins(node: Node, arrays: Sequence[Node]) -> Facts:
    """SW-MIB swNsLocalTable: each array by one port."""
    by = {str(at): each for at, each in enumerate(arrays[:16], 1)}
    domain = 1 + node.number % 200
    return rows(f"{_FABOS}7.2.1", {
        2: {at: number(domain << 16 | int(at) - 1 << 8) for at in by},
        4: {at: text(b"\x50\x01" + each.mac) for at, each in by.items()},
        5: {at: text(f"{each.product.vendor} {each.product.model}") for at, each in by.items()},
        6: {at: text(b"\x50\x00" + each.mac) for at, each in by.items()},
        7: {at: text(each.name) for at, each in by.items()},
    })  # fmt: skip


# --- servers


def _ibmc(node: Node) -> Facts:
    """HUAWEI-SERVER-IBMC-MIB: name and serial number of the server, firmware by name."""
    firmware = {_string_index(name): (name, version) for name, version in
                (("BMC", node.product.version or ""), ("BIOS", "3.87"), ("CPLD", "2.02"))}  # fmt: skip
    return {
        f"{_IBMC}1.6.0": text(node.product.model), f"{_IBMC}1.7.0": text(node.serial), f"{_IBMC}1.1.0": number(1),
        **rows(f"{_IBMC}11.50.1", {
            1: {at: text(each[0]) for at, each in firmware.items()},
            4: {at: text(each[1]) for at, each in firmware.items()},
        }),
    }  # fmt: skip


def _idrac(node: Node) -> Facts:
    """IDRAC-MIB-SMIv2: system, memory, power supplies, temperatures."""
    modules = {f"1.{at}": f"DIMM.Socket.A{at}" for at in range(1, 9)}
    supplies = {f"1.{at}": f"PS{at} Status" for at in (1, 2)}
    return {
        **_texts({
            f"{_IDRAC}1.1.8.0": node.product.version or "", f"{_IDRAC}1.3.1.0": f"srv-{node.number:04}",
            f"{_IDRAC}1.3.2.0": node.serial, f"{_IDRAC}1.3.6.0": "Red Hat Enterprise Linux",
            f"{_IDRAC}1.3.12.0": node.product.model, f"{_IDRAC}4.300.50.1.8.1.1": "2.17.1",
        }),
        **rows(f"{_IDRAC}4.1100.50.1", {
            7: {at: number(26) for at in modules}, 8: {at: text(each) for at, each in modules.items()},
            14: {at: number(33_554_432) for at in modules}, 15: {at: number(2933) for at in modules},
            21: {at: text("Hynix Semiconductor") for at in modules},
            23: {at: text(f"7A{node.number:04}{index:02}") for index, at in enumerate(modules, 11)},
        }),
        **rows(f"{_IDRAC}4.600.12.1", {
            5: {at: number(3) for at in supplies}, 8: {at: text(each) for at, each in supplies.items()},
        }),
        **rows(f"{_IDRAC}4.700.20.1", {
            5: {"1.1": number(3)}, 6: {"1.1": number(230)}, 8: {"1.1": text("System Board Inlet Temp")},
        }),
    }  # fmt: skip


# --- power and environment


def _smart_ups(node: Node) -> Facts:
    """PowerNet-MIB, and UPS-MIB beside it."""
    ups = f"{_APC}1.1."
    return {
        **_ups(node),
        f"{ups}1.1.1.0": text(node.product.model), f"{ups}1.1.2.0": text(node.name),
        f"{ups}1.2.1.0": text("UPS 09.3 (ID18)"), f"{ups}1.2.3.0": text(node.serial), f"{ups}2.1.1.0": number(2),
        f"{ups}2.1.3.0": text("06/12/2024"), f"{ups}2.2.1.0": number(100, GAUGE), f"{ups}2.2.2.0": number(26, GAUGE),
        f"{ups}2.2.3.0": number(252_000, TICKS), f"{ups}2.2.4.0": number(1),
        f"{ups}3.2.1.0": number(231, GAUGE), f"{ups}3.2.4.0": number(50, GAUGE),
        f"{ups}4.1.1.0": number(2), f"{ups}4.2.1.0": number(230, GAUGE), f"{ups}4.2.3.0": number(34, GAUGE),
        f"{ups}4.2.4.0": number(4, GAUGE), f"{ups}5.2.1.0": number(230), f"{ups}7.2.3.0": number(1),
    }  # fmt: skip


def _ups(node: Node) -> Facts:
    """UPS-MIB (RFC 1628)."""
    return {
        **_texts({
            f"{_UPS}1.1.0": node.product.vendor.upper(), f"{_UPS}1.2.0": node.product.model,
            f"{_UPS}1.3.0": node.product.version or "", f"{_UPS}1.4.0": "SNMP card 1.12", f"{_UPS}1.5.0": node.name,
        }),
        f"{_UPS}2.1.0": number(2), f"{_UPS}2.2.0": number(0), f"{_UPS}2.3.0": number(42), f"{_UPS}2.4.0": number(100),
        f"{_UPS}2.5.0": number(1640), f"{_UPS}2.7.0": number(26), f"{_UPS}3.2.0": number(1), f"{_UPS}4.1.0": number(3),
        f"{_UPS}4.2.0": number(500), f"{_UPS}4.3.0": number(1), f"{_UPS}6.1.0": number(0, GAUGE),
        f"{_UPS}7.3.0": number(1), f"{_UPS}9.1.0": number(230), f"{_UPS}9.3.0": number(230),
        f"{_UPS}9.5.0": number(6000), f"{_UPS}9.6.0": number(5400),
        **_row(f"{_UPS}3.3.1", {2: 500, 3: 231, 4: 41, 5: 910}), **_row(f"{_UPS}4.4.1", {2: 230, 3: 38, 4: 860, 5: 34}),
    }  # fmt: skip


def _rack_pdu(node: Node) -> Facts:
    """PowerNet-MIB rPDU2: identity, outlets, load."""
    pdu, outlets = f"{_APC}1.26.", {str(at): at for at in range(1, 25)}
    return {
        **_texts({
            f"{pdu}2.1.3.1": node.name, f"{pdu}2.1.6.1": "v6.5.0", f"{pdu}2.1.8.1": node.product.model,
            f"{pdu}2.1.9.1": node.serial,
        }),
        **rows(f"{pdu}9.2.3.1", {
            3: {at: text(f"rack {1 + node.number % 9} unit {each}") for at, each in outlets.items()},
            4: {at: number(each) for at, each in outlets.items()}, 5: {at: number(2) for at in outlets},
        }),
        **_row(f"{pdu}4.3.1", {4: 2, 5: 182, 9: 91_230}), **_row(f"{pdu}6.3.1", {4: 2, 5: 83, 6: 230, 7: 182}),
    }  # fmt: skip


def _raritan(node: Node) -> Facts:
    """PDU2-MIB: identity and the names of outlets."""
    outlets = {f"1.{at}": at for at in range(1, 25)}
    return {
        **_texts({
            f"{_RARITAN}3.2.1.1.3.1": node.product.model, f"{_RARITAN}3.2.1.1.4.1": node.serial,
            f"{_RARITAN}3.2.3.1.6.1.1.1": node.product.version or "",
        }),
        **rows(f"{_RARITAN}3.5.3.1", {
            2: {at: text(str(each)) for at, each in outlets.items()},
            3: {at: text(f"rack {1 + node.number % 9} feed {each}") for at, each in outlets.items()},
        }),
    }  # fmt: skip


def _netbotz(node: Node) -> Facts:
    """PowerNet-MIB: module 1 of the appliance and its firmware."""
    return _texts({
        f"{_APC}4.2.2.1.2.1": node.product.model, f"{_APC}4.2.2.1.3.1": node.serial,
        f"{_APC}4.2.4.1.4.1": node.product.version or "",
    })  # fmt: skip


def _nothing_more(_: Node) -> Facts:
    return {}


# --- printers (RFC 3805, RFC 2790)


def _printer(node: Node) -> Facts:
    name = f"{node.product.vendor} {node.product.model}"
    return {
        "1.3.6.1.2.1.25.3.2.1.1.1": number(1), "1.3.6.1.2.1.25.3.2.1.2.1": identifier("1.3.6.1.2.1.25.3.1.5"),
        "1.3.6.1.2.1.25.3.2.1.3.1": text(name), "1.3.6.1.2.1.25.3.2.1.5.1": number(2),
        "1.3.6.1.2.1.25.3.5.1.1.1": number(3),
        f"{_PRINTER}5.1.1.16.1": text(name), f"{_PRINTER}5.1.1.17.1": text(node.serial),
        f"{_PRINTER}10.2.1.4.1.1": number(10_000 + 137 * node.number, COUNTER),
        **rows(f"{_PRINTER}11.1.1", {
            3: {"1.1": number(1), "1.2": number(0)}, 4: {"1.1": number(3), "1.2": number(3)},
            5: {"1.1": number(3), "1.2": number(9)}, 6: {"1.1": text("Black toner"), "1.2": text("Drum")},
            7: {"1.1": number(7), "1.2": number(7)}, 8: {"1.1": number(11_000), "1.2": number(30_000)},
            9: {"1.1": number(110 * (3 + 41 * node.number % 97)), "1.2": number(21_000)},
        }),
        f"{_PRINTER}12.1.1.4.1.1": text("black"), f"{_PRINTER}15.1.1.5.1.1": text("PCL6"),
        f"{_PRINTER}15.1.1.5.1.2": text("PostScript 3"),
    }  # fmt: skip


def _hp(node: Node) -> Facts:
    settings = "1.3.6.1.4.1.11.2.3.9.4.2.1.1.3."
    said = {f"{settings}3.0": node.serial, f"{settings}6.0": node.product.version or ""}
    return {**_printer(node), **_texts(said)}


def _brother(node: Node) -> Facts:
    said = {
        "1.3.6.1.4.1.2435.2.3.9.4.2.1.5.5.1.0": node.serial,
        "1.3.6.1.4.1.2435.2.4.3.1240.6.5.0": f"Firmware Ver.{node.product.version}",
    }
    return {**_printer(node), **_texts(said)}


_MAKES: Final[Mapping[tuple[str, str], Callable[[Node], Facts]]] = {
    ("Huawei", "disk_array"): _oceanstor, ("NetApp", "disk_array"): _netapp, ("Brocade", "fc_switch"): _fabric_os,
    ("Huawei", "pc_server"): _ibmc, ("Dell", "pc_server"): _idrac, ("APC", "ups"): _smart_ups, ("Huawei", "ups"): _ups,
    ("APC", "pdu"): _rack_pdu, ("Raritan", "pdu"): _raritan, ("HP", "printer"): _hp, ("Brother", "printer"): _brother,
    ("APC", "power_environment_monitor"): _netbotz, ("AKCP", "power_environment_monitor"): _nothing_more,
}  # fmt: skip
"""Vendor and type → what it tells beside the common parts."""
