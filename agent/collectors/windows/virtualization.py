"""What this Windows runs on, and whether it hosts virtual machines (the Hyper-V role)."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.firmware import hypervisor
from agent.collectors.windows import powershell
from agent.collectors.windows.powershell import text
from wire.sections import Body

SCRIPT = """
$s=Get-CimInstance Win32_ComputerSystem; $p=Get-CimInstance Win32_ComputerSystemProduct;
[pscustomobject]@{ Manufacturer=$s.Manufacturer; Model=$s.Model; UUID=$p.UUID;
HyperV=[bool](Get-Service vmms -ErrorAction SilentlyContinue) }
"""


def collect(_root: Path) -> Body:
    """Return the record of `virtualization`; raise `CommandFailed`, `Malformed`."""
    return parse(powershell.ask(SCRIPT))


def parse(answer: str) -> Body:
    """Return the record of an answer to `SCRIPT`; raise `Malformed`."""
    row = powershell.record(answer)
    below = hypervisor(f"{row.get('Manufacturer')} {row.get('Model')}")
    return {
        "hypervisor": below or "none",
        "role": "host" if row.get("HyperV") is True else "guest" if below else "none",
        "guest_uuid": (text(row.get("UUID")) or "").lower() or None if below else None,
    }


COLLECTOR = Collector("virtualization", collect, timeout_s=70.0)
