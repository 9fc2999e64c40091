"""What the estate is made of: products as their makers number and describe them. Serial numbers are of their form only.

sysObjectIDs: HUAWEI-MIB, HH3C-PRODUCT-ID-MIB, CISCO-PRODUCTS-MIB, RUIJIE-PRODUCTS-MIB, PowerNet-MIB, SW-MIB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Ports:
    """A row of ports: `pattern` of ifDescr and of ifName, numbers, speed in Mbit/s, ifIndex of the first."""

    descr: str
    name: str
    numbers: range
    speed: int
    index: int


@dataclass(frozen=True, slots=True)
class Product:
    """`serial`: its form, `#` a digit, `?` a letter. `style`: whose commands and interface names it has."""

    class_: str
    type: str
    vendor: str
    model: str
    os: str | None
    version: str | None
    object_id: str
    description: str
    serial: str
    oui: str
    style: str = ""
    ports: tuple[Ports, ...] = ()


def _huawei(
    model: str, object_id: str, software: tuple[str, str, str], ports: tuple[Ports, ...], **more: str
) -> Product:
    platform, family, release = software
    said = f"Huawei Versatile Routing Platform Software\nVRP (R) software, Version {platform} ({family} {release})\n"
    rights = "Copyright (C) 2007-2020 Huawei Technologies Co., Ltd."
    return Product(
        more.get("class_", "network"), more.get("type", "switch"), "Huawei", model, "VRP", f"{platform} ({release})",
        f"1.3.6.1.4.1.2011.2.{object_id}",
        f"{said}{rights}\nHUAWEI {model}" if platform.startswith("8") else f"{model}\n{said}{rights}",
        "2102350???10#?00####", "00:e0:fc", "huawei", ports,
    )  # fmt: skip


def _h3c(model: str, object_id: str, software: str, ports: tuple[Ports, ...], **more: str) -> Product:
    release = software.replace(" ", ", ", 1)
    said = f"H3C Comware Platform Software, Software Version {release}\r\nH3C {model}\r\n"
    return Product(
        more.get("class_", "network"), more.get("type", "switch"), "H3C", model, "Comware", software,
        f"1.3.6.1.4.1.25506.1.{object_id}",
        f"{said}Copyright (c) 2004-2017 New H3C Technologies Co., Ltd. All rights reserved.",
        "210235A1??H1##00####", "3c:e5:a6", "h3c", ports,
    )  # fmt: skip


def _same(pattern: str, numbers: range, speed: int, index: int) -> Ports:
    return Ports(pattern, pattern, numbers, speed, index)


_CISCO: Final = (
    "\r\nTechnical Support: http://www.cisco.com/techsupport\r\nCopyright (c) 1986-2024 by Cisco Systems, Inc.\r\n"
    "Compiled Tue 23-Jul-24 09:43 by prod_rel_team"
)

CORES: Final = (
    _huawei("CE12804", "239.1", ("8.150", "CE12800", "V200R002C50SPC800"),
            (_same("10GE1/0/{}", range(1, 49), 10_000, 5), _same("10GE2/0/{}", range(1, 49), 10_000, 60),
             _same("10GE3/0/{}", range(1, 49), 10_000, 115), _same("10GE4/0/{}", range(1, 49), 10_000, 170))),
    Product("network", "switch", "Cisco", "C9500-48Y4C", "IOS XE", "17.12.4", "1.3.6.1.4.1.9.1.2688",
            "Cisco IOS Software [Dublin], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 17.12.4, RELEASE SOFTWARE "
            f"(fc3){_CISCO}", "FDO2####?#?", "00:1e:f7", "cisco",
            tuple(Ports(f"TwentyFiveGigE{unit}/0/{{}}", f"Twe{unit}/0/{{}}", range(1, 49), 25_000, 10 + 100 * unit)
                  for unit in (1, 2, 3))),
)  # fmt: skip
"""By site, and so are those after it."""

DISTRIBUTIONS: Final = (
    _huawei("S5720-32X-EI-24S-AC", "23.294", ("5.170", "S5720", "V200R010C00SPC600"),
            (_same("GigabitEthernet0/0/{}", range(1, 25), 1000, 6),
             _same("XGigabitEthernet0/0/{}", range(1, 9), 10_000, 40))),
    Product("network", "switch", "Ruijie", "S6150-24VS8CQ-X", "RGOS",
            "S6150-X_RGOS 12.6(3)B1303P1, Release(12192209)", "1.3.6.1.4.1.4881.1.1.10.1.863",
            "Ruijie Full 25G Routing Switch(S6150-24VS8CQ-X) By Ruijie Networks", "G1R#####0####", "00:d0:f8", "ruijie",
            (_same("TFGigabitEthernet 0/{}", range(1, 25), 25_000, 1),
             _same("HundredGigabitEthernet 0/{}", range(25, 33), 100_000, 25))),
)  # fmt: skip

_H3C_ACCESS: Final = _h3c(
    "S5560-30C-EI", "1466", "7.1.045 Release 2418P06",
    (_same("GigabitEthernet1/0/{}", range(1, 25), 1000, 1),
     _same("Ten-GigabitEthernet1/0/{}", range(25, 29), 10_000, 25)),
)  # fmt: skip
ACCESS: Final = (
    (_huawei("S5720-56C-PWR-EI-AC", "23.291", ("5.170", "S5720", "V200R019C10SPC500"),
             (_same("GigabitEthernet0/0/{}", range(1, 49), 1000, 6),
              _same("XGigabitEthernet0/0/{}", range(1, 5), 10_000, 60))), _H3C_ACCESS),
    (Product("network", "switch", "Cisco", "WS-C2960X-48FPS-L", "IOS", "15.2(7)E9", "1.3.6.1.4.1.9.1.1208",
             "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E9, RELEASE SOFTWARE (fc4)"
             f"{_CISCO}", "FOC2####?#?", "00:1b:54", "cisco",
             (Ports("GigabitEthernet1/0/{}", "Gi1/0/{}", range(1, 53), 1000, 10_101),)), _H3C_ACCESS),
)  # fmt: skip

FIREWALLS: Final = (
    _h3c("SecPath F1060", "1171", "7.1.064 Release 9536P0701",
         (_same("GigabitEthernet1/0/{}", range(24), 1000, 1),), class_="security", type="firewall"),
    _huawei("USG6320", "321.12", ("5.160", "USG6300", "V500R001C60SPC500"),
            (_same("GigabitEthernet0/0/{}", range(8), 1000, 5),), class_="security", type="firewall"),
)  # fmt: skip

_DELL: Final = "1.3.6.1.4.1.674.10892.5"
ENDS: Final = {
    "stor": (
        Product("storage", "disk_array", "Huawei", "OceanStor 5300 V5", "OceanStor", "V500R007C61SPC300",
                "1.3.6.1.4.1.34774.4.1", "OceanStor 5300 V5", "2102350BVB10H#00####", "00:e0:fc"),
        Product("storage", "disk_array", "NetApp", "AFF-A300", "ONTAP", "9.8P4", "1.3.6.1.4.1.789.2.5",
                "NetApp Release 9.8P4: Wed May 12 05:49:30 UTC 2021", "72180#######", "00:a0:98"),
    ),
    "san": (
        Product("storage", "fc_switch", "Brocade", "Brocade G620", "Fabric OS", "8.2.3c", "1.3.6.1.4.1.1588.2.1.1.162",
                "Fibre Channel Switch.", "EZL#####?##", "00:27:f8"),
    ),
    "bmc": (
        Product("server", "pc_server", "Huawei", "RH2288H V3", "iBMC", "3.26", "1.3.6.1.4.1.2011.2.235.1.1",
                "Hardware management system", "2102310YJA10H#00####", "00:e0:fc"),
        Product("server", "pc_server", "Dell", "PowerEdge R740", "iDRAC", "6.10.30.00", _DELL,
                "Dell Out-of-band SNMP Agent for Remote Access Controller", "#?#??#3", "d4:ae:52"),
    ),
    "ups": (
        Product("environment", "ups", "APC", "Smart-UPS 3000 RM", "AOS", "AOS v6.8.2 / App v6.8.2",
                "1.3.6.1.4.1.318.1.3.27",
                "APC Web/SNMP Management Card (MB:v4.1.0 PF:v6.8.2 PN:apc_hw05_aos_682.bin AF1:v6.8.2 "
                "AN1:apc_hw05_sumx_682.bin MN:AP9630 HR:05 SN: ZA15110#####  MD:03/14/2015)", "AS1512######",
                "00:c0:b7"),
        Product("environment", "ups", "Huawei", "UPS2000 6kVA", "Huawei UPS", "V100R001C00SPC602",
                "1.3.6.1.4.1.2011.6.174.4.1.2.4", "SNMP Card for HUAWEI UPS2000", "", "00:e0:fc"),
    ),
    "pdu": (
        Product("environment", "pdu", "APC", "AP8853", "AOS", "AOS v6.5.0 / App v6.5.0", "1.3.6.1.4.1.318.1.3.4.6",
                "APC Web/SNMP Management Card (MB:v4.1.0 PF:v6.5.0 PN:apc_hw05_aos_650.bin AF1:v6.5.0 "
                "AN1:apc_hw05_rpdu2g_650.bin MN:AP8853 HR:02 MD:01/06/2015)", "5A15##E#####", "00:c0:b7"),
        Product("environment", "pdu", "Raritan", "PX4-5730-E8V2", None, "4.2.10.5-50400", "1.3.6.1.4.1.13742.6",
                "Raritan PDU, MD:PX4-5730-E8V2 HW:0x1D FW:4.2.10.5-50400", "1FD#######", "00:0d:5d"),
    ),
    "prn": (
        Product("auxiliary", "printer", "HP", "LaserJet M608", None, "2411097_059293", "1.3.6.1.4.1.11.2.3.9.1",
                "HP ETHERNET MULTI-ENVIRONMENT,ROM none,JETDIRECT,JD153,EEPROM JDI24110018,CIDATE 06/12/2022",
                "CNB?K#####", "00:1b:78"),
        Product("auxiliary", "printer", "Brother", "MFC-L5750DW", None, "1.04", "1.3.6.1.4.1.2435.2.3.9.1",
                "Brother NC-8600h, Firmware Ver.1.04  (16.02.24),MID 8CA-C05-001", "E73891H#N######", "00:80:77"),
    ),
    "env": (
        Product("environment", "power_environment_monitor", "APC", "NetBotz Rack Monitor 750", "NetBotz", "5.4.0.11",
                "1.3.6.1.4.1.52674.500", "Schneider Electric NetBotz 750 5.4.0.11", "RK19########", "00:c0:b7"),
        Product("environment", "power_environment_monitor", "AKCP", "sensorProbe4", None, "SP4470 161014",
                "1.3.6.1.4.1.3854.1", "sensorProbe4 SP4470 161014", "", "00:0b:dc"),
    ),
}  # fmt: skip
"""What is plugged in at an edge port, by role."""
