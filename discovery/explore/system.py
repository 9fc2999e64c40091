"""The device itself: what identification found, and the scalars beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from discovery.asking import Script
from discovery.device import SYS_CONTACT, SYS_DESCR, SYS_LOCATION, SYS_NAME, SYS_UP_TIME
from discovery.entity import COLUMNS, chassis_rows
from discovery.explore.stamps import ENGINE_TIME
from discovery.explore.values import mac, prose, uuid, whole
from discovery.explore.visit import Visit

_BASE_MAC: Final = "1.3.6.1.2.1.17.1.1.0"  # dot1dBaseBridgeAddress
_ENGINE_ID: Final = "1.3.6.1.6.3.10.2.1.1.0"  # snmpEngineID
_CLASS: Final = "1.3.6.1.2.1.47.1.1.1.1.5"  # entPhysicalClass
_UUID: Final = "1.3.6.1.2.1.47.1.1.1.1.19"  # entPhysicalUUID


def system(visit: Visit) -> Script[None]:
    """Find `device`."""
    found, failure = yield from visit.values({
        "name": SYS_NAME, "description": (SYS_DESCR, prose), "location": SYS_LOCATION, "contact": SYS_CONTACT,
        "base_mac": (_BASE_MAC, mac), "engine_id": (_ENGINE_ID, _hexadecimal),
    })  # fmt: skip
    chassis = yield from _chassis(visit)
    visit.findings.add("device", [{**_identity(visit), **chassis, **found, "booted_at": _booted_at(visit)}])
    visit.findings.failed("device", failure)


def _identity(visit: Visit) -> dict[str, Any]:
    it = visit.identified
    said = {
        "class": it.class_, "type": it.type, "vendor": it.vendor, "model": it.model, "serial": it.serial, "os": it.os,
        "version": it.version, "name": it.name, "definition": it.matched_by, "state": it.state,
        "object_id": visit.device.sysobjectid or None, "address": visit.profile.address,
    }  # fmt: skip
    return {name: value for name, value in said.items() if value is not None}


def _chassis(visit: Visit) -> Script[dict[str, Any]]:
    """Return what the chassis' own row adds; identification has read its serial and model."""
    if visit.silent or visit.memory.is_absent(_CLASS):
        return {}
    rows = yield from chassis_rows(visit.device)
    if not rows:
        return {}
    at = ".".join(map(str, rows[0]))
    found, _ = yield from visit.values({
        "hardware_version": f"{COLUMNS['hw']}.{at}", "asset_tag": f"{COLUMNS['asset']}.{at}",
        "uuid": (f"{_UUID}.{at}", uuid),
    })  # fmt: skip
    return found


def _booted_at(visit: Visit) -> str | None:
    """Return the start to the minute: snmpEngineTime does not wrap after 497 days, sysUpTime does."""
    now, seconds = visit.profile.now, whole(visit.told(ENGINE_TIME) or 0)
    if not seconds:
        seconds = (whole(visit.told(SYS_UP_TIME) or 0) or 0) // 100
    if now is None or not 0 < seconds < 2**31:
        return None
    start = datetime.fromtimestamp(visit.stamps.started(now - seconds), UTC)
    return start.replace(second=0, microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")


def _hexadecimal(value: object) -> str | None:
    return value.hex() if isinstance(value, bytes) and 5 <= len(value) <= 32 else None  # RFC 3411 SnmpEngineID
