"""The chassis as SMBIOS names it, through CIM."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.base import Collector
from agent.collectors.firmware import chassis_type
from agent.collectors.windows import powershell
from agent.collectors.windows.powershell import text, whole
from wire.sections import Body

SCRIPT = """
$s=Get-CimInstance Win32_ComputerSystem; $p=Get-CimInstance Win32_ComputerSystemProduct;
$b=Get-CimInstance Win32_BIOS; $m=Get-CimInstance Win32_BaseBoard | Select-Object -First 1;
$e=Get-CimInstance Win32_SystemEnclosure | Select-Object -First 1;
[pscustomobject]@{ Manufacturer=$s.Manufacturer; Model=$s.Model; Serial=$b.SerialNumber; UUID=$p.UUID;
ChassisTypes=$e.ChassisTypes; AssetTag=$e.SMBIOSAssetTag; BiosVendor=$b.Manufacturer;
BiosVersion=$b.SMBIOSBIOSVersion; BiosDate=$(if ($b.ReleaseDate) { $b.ReleaseDate.ToString('MM/dd/yyyy') });
BoardVendor=$m.Manufacturer; BoardModel=$m.Product; BoardSerial=$m.SerialNumber }
"""


def collect(_root: Path) -> Body:
    """Return the record of `hardware`; raise `CommandFailed`, `Malformed`."""
    return parse(powershell.ask(SCRIPT))


def parse(answer: str) -> Body:
    """Return the record of an answer to `SCRIPT`; raise `Malformed`."""
    row = powershell.record(answer)
    chassis = powershell.listed(row.get("ChassisTypes"))
    return {
        "vendor": text(row.get("Manufacturer")),
        "model": text(row.get("Model")),
        "serial": text(row.get("Serial")),
        "uuid": (text(row.get("UUID")) or "").lower() or None,
        "chassis_type": chassis_type(whole(chassis[0])) if chassis else None,
        "bios_vendor": text(row.get("BiosVendor")),
        "bios_version": text(row.get("BiosVersion")),
        "bios_date": text(row.get("BiosDate")),
        "board_vendor": text(row.get("BoardVendor")),
        "board_model": text(row.get("BoardModel")),
        "board_serial": text(row.get("BoardSerial")),
        "asset_tag": text(row.get("AssetTag")),
    }


COLLECTOR = Collector("hardware", collect, timeout_s=70.0)
