"""Debian's UPS server with its simulated device: how it is configured and started, wherever it is to run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

UPSD, DRIVER = Path("/lib/nut/upsd"), Path("/lib/nut/dummy-ups")
VARIABLES = {
    "device.type": "ups", "ups.mfr": "EATON", "ups.model": "9PX 3000i", "device.serial": "G117K12345",
    "ups.firmware": "01.14.2187", "ups.status": "OL CHRG", "ups.load": "37", "battery.charge": "88",
    "battery.runtime": "1260", "outlet.1.desc": "db-rack-04", "outlet.1.status": "on",
}  # fmt: skip
"""What the device `rack-a` says."""


def needed() -> None:
    """Skip where it is not installed."""
    if not (UPSD.exists() and DRIVER.exists()):
        pytest.skip("nut-server is not installed (Debian: apt-get install nut-server)")


def configured(folder: Path, address: str, port: int) -> None:
    """Write the files of a server with one device and one client of it, `monitor`."""
    device = folder / "rack-a.dev"
    device.write_text("".join(f"{name}: {value}\n" for name, value in VARIABLES.items()))
    said = '[rack-a]\n driver = dummy-ups\n port = {}\n desc = "UPS of \\"row A\\""\n'
    (folder / "ups.conf").write_text(said.format(device))
    (folder / "upsd.conf").write_text(f"LISTEN {address} {port}\n")
    (folder / "upsd.users").write_text("[monitor]\n password = roster\n upsmon secondary\n")
    for file in folder.iterdir():
        file.chmod(0o640)


def commands() -> list[list[str]]:
    """Return what starts the device's driver, and the server."""
    owner = ["-u", "root"] if os.geteuid() == 0 else []
    return [[str(DRIVER), "-a", "rack-a", *owner, "-D"], [str(UPSD), *owner, "-D"]]


def environment(folder: Path) -> Mapping[str, str]:
    """Return the variables that lead both to their files."""
    return {name: str(folder) for name in ("NUT_CONFPATH", "NUT_STATEPATH", "NUT_ALTPIDPATH", "NUT_PIDPATH")}
