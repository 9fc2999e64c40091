"""What can happen in an estate, by name; each device knows its own part of it.

upgrade   the first firewall runs another release, after a restart
mains     every other UPS loses its feed and runs on battery
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from discovery.lab.encoding import GAUGE, TICKS, Facts, identifier, number
from discovery.lab.estate.plan import Node, Plan
from discovery.lab.story import Story

UPGRADE, MAINS = "upgrade", "mains"

_RELEASE: Final = {"9536P0701": "9536P0809"}
_UPS: Final = "1.3.6.1.2.1.33.1."  # UPS-MIB, RFC 1628
_APC: Final = "1.3.6.1.4.1.318.1.1.1."  # PowerNet-MIB


def stories(node: Node, plan: Plan) -> Mapping[str, Story]:
    """Return what can happen to a device."""
    if node.role == "fw" and node is plan.of(0, "fw")[0]:
        return {UPGRADE: Story(retold=_RELEASE, restarts=True)}
    if node.role == "ups" and node in [each for each in plan.nodes if each.role == "ups"][::2]:
        return {MAINS: Story(told=_on_battery() | (_apc_on_battery() if node.product.vendor == "APC" else {}))}
    return {}


def _on_battery() -> Facts:
    """No input voltage, output from the battery for five minutes, the alarm for it."""
    return {
        f"{_UPS}2.2.0": number(300), f"{_UPS}2.3.0": number(31), f"{_UPS}2.4.0": number(88),
        f"{_UPS}3.3.1.3.1": number(0), f"{_UPS}4.1.0": number(5), f"{_UPS}6.1.0": number(1, GAUGE),
        f"{_UPS}6.2.1.2.1": identifier(f"{_UPS}6.3.2"),
    }  # fmt: skip


def _apc_on_battery() -> Facts:
    return {
        f"{_APC}2.1.2.0": number(30_000, TICKS), f"{_APC}2.2.1.0": number(88, GAUGE),
        f"{_APC}3.2.1.0": number(0, GAUGE), f"{_APC}4.1.1.0": number(3),
    }  # fmt: skip
