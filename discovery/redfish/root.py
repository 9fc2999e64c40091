"""The root of a Redfish service, which is open to all (DSP0266 §6.2): who made it, and where things are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from discovery.failures import Failed
from discovery.plain import uuid, words
from discovery.redfish.document import Json
from discovery.redfish.values import inside, items

PATH: Final = "/redfish/v1/"
SESSIONS: Final = "/redfish/v1/SessionService/Sessions"

_MAKERS: Final[Mapping[str, tuple[str, str]]] = {
    "dell": ("Dell", "iDRAC"),
    "hp": ("HPE", "iLO"),
    "hewlett": ("HPE", "iLO"),
    "lenovo": ("Lenovo", "XClarity Controller"),
    "huawei": ("Huawei", "iBMC"),
    "xfusion": ("xFusion", "iBMC"),
    "inspur": ("Inspur", "BMC"),
    "ieit": ("Inspur", "BMC"),
    "kaytus": ("Kaytus", "BMC"),
    "supermicro": ("Supermicro", "BMC"),
    "super micro": ("Supermicro", "BMC"),
    "smc": ("Supermicro", "BMC"),
    "cisco": ("Cisco", "CIMC"),
    "fujitsu": ("Fujitsu", "iRMC"),
    "ts_fujitsu": ("Fujitsu", "iRMC"),
    "h3c": ("H3C", "HDM"),
    "ami": ("AMI", "BMC"),
    "openbmc": ("OpenBMC", "OpenBMC"),
}
"""How a Vendor or a key of Oem begins, in small letters → maker, and what its controllers run."""


@dataclass(frozen=True, slots=True)
class Root:
    """`vendor`, `product`, `uuid`, `version` (of Redfish): None where it does not say. `family`: what controllers of
    that maker run. `expands`: collections can be asked for with their members (DSP0266 §7.3.1)."""

    body: Json
    version: str
    vendor: str | None
    family: str | None
    product: str | None
    uuid: str | None
    expands: bool

    @property
    def sessions(self) -> object:
        """The link to where a session is opened, None where the service has none."""
        return inside(self.body, "Links", "Sessions") or (SESSIONS if "SessionService" in self.body else None)


def root(body: Json) -> Root:
    """Read the root. Raises Failed when it is none."""
    version = words(body.get("RedfishVersion"))
    if version is None:
        raise Failed("malformed", "no root of Redfish")
    vendor, family = maker(body)
    expand = inside(body, "ProtocolFeaturesSupported", "ExpandQuery")
    expands = isinstance(expand, dict) and expand.get("NoLinks") is True and expand.get("Levels") is True
    product = words(body.get("Product"))
    return Root(body, version, vendor, family, product, uuid(body.get("UUID")), expands)


def maker(body: Json) -> tuple[str | None, str | None]:
    """Return who made a service and what its controllers run, from Vendor, else from whose extensions Oem holds."""
    vendor = words(body.get("Vendor"))
    oem = body.get("Oem")
    for told in (vendor, *(items(oem) if isinstance(oem, dict) else ()), words(body.get("Product"))):
        found = made_by(told)
        if found:
            return found
    return vendor, None


def made_by(told: object) -> tuple[str, str] | None:
    """Return maker and family by how a name begins."""
    name = told.casefold().lstrip("#") if isinstance(told, str) else ""
    return next((found for start, found in _MAKERS.items() if name.startswith(start)), None)
