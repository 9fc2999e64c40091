"""Which drivers of SCSI host adapters, RAID controllers among them, are at work."""

from __future__ import annotations

from pathlib import Path

from agent.collectors.linux import sysfs

SCSI_HOSTS = "sys/class/scsi_host"


def scsi_drivers(root: Path) -> set[str]:
    """Return the drivers' names (ahci, megaraid_sas, smartpqi …)."""
    folder = root / SCSI_HOSTS
    return {sysfs.text(folder / host / "proc_name") or "" for host in sysfs.names(folder)} - {""}
