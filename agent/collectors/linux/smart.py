"""SMART overall health of SATA and NVMe disks, asked through the kernel's pass-through ioctls; needs root."""

from __future__ import annotations

import ctypes
import fcntl
import os

ATA_TIMEOUT_MS = 2_000
NVME_TIMEOUT_MS = 2_000

_SG_IO = 0x2285  # <scsi/sg.h>
_NVME_IOCTL_ADMIN_CMD = 0xC0484E41  # <linux/nvme_ioctl.h>

_ATA_PASS_THROUGH_16 = 0x85  # SAT-4 §12.2.2
_ATA_CHECK_POWER_MODE = 0xE5
_ATA_SMART = 0xB0
_SMART_RETURN_STATUS = 0xDA
_STANDBY = 0x00

_NVME_GET_LOG_PAGE = 0x02
_NVME_HEALTH_LOG = 0x02
_NVME_HEALTH_BYTES = 512


class _SgIo(ctypes.Structure):
    """struct sg_io_hdr."""

    _fields_ = (
        ("interface_id", ctypes.c_int), ("dxfer_direction", ctypes.c_int), ("cmd_len", ctypes.c_ubyte),
        ("mx_sb_len", ctypes.c_ubyte), ("iovec_count", ctypes.c_ushort), ("dxfer_len", ctypes.c_uint),
        ("dxferp", ctypes.c_void_p), ("cmdp", ctypes.c_void_p), ("sbp", ctypes.c_void_p), ("timeout", ctypes.c_uint),
        ("flags", ctypes.c_uint), ("pack_id", ctypes.c_int), ("usr_ptr", ctypes.c_void_p), ("status", ctypes.c_ubyte),
        ("masked_status", ctypes.c_ubyte), ("msg_status", ctypes.c_ubyte), ("sb_len_wr", ctypes.c_ubyte),
        ("host_status", ctypes.c_ushort), ("driver_status", ctypes.c_ushort), ("resid", ctypes.c_int),
        ("duration", ctypes.c_uint), ("info", ctypes.c_uint),
    )  # fmt: skip


class _NvmeCommand(ctypes.Structure):
    """struct nvme_passthru_cmd."""

    _fields_ = (
        ("opcode", ctypes.c_uint8), ("flags", ctypes.c_uint8), ("rsvd1", ctypes.c_uint16), ("nsid", ctypes.c_uint32),
        ("cdw2", ctypes.c_uint32), ("cdw3", ctypes.c_uint32), ("metadata", ctypes.c_uint64), ("addr", ctypes.c_uint64),
        ("metadata_len", ctypes.c_uint32), ("data_len", ctypes.c_uint32), ("cdw10", ctypes.c_uint32),
        ("cdw11", ctypes.c_uint32), ("cdw12", ctypes.c_uint32), ("cdw13", ctypes.c_uint32), ("cdw14", ctypes.c_uint32),
        ("cdw15", ctypes.c_uint32), ("timeout_ms", ctypes.c_uint32), ("result", ctypes.c_uint32),
    )  # fmt: skip


def overall_health(device: str, transport: str | None) -> str | None:
    """Return "passed" or "failed" of a disk by its kernel name, or None where it does not tell.

    A disk that sleeps is left asleep. Disks behind USB bridges and RAID controllers are not asked:
    some of those take a command they do not know as a reason to reset.
    """
    ask = {"sata": _ata_health, "nvme": _nvme_health}.get(transport or "")
    if ask is None:
        return None
    try:
        fd = os.open(f"/dev/{device}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return ask(fd)
    except OSError:  # the driver has no such ioctl, or we no right to it
        return None
    finally:
        os.close(fd)


def _ata_health(fd: int) -> str | None:
    power = _ata(fd, _ATA_CHECK_POWER_MODE, 0, 0)
    if power is not None and power[0] == _STANDBY:
        return None
    return parse_return_status(_ata(fd, _ATA_SMART, _SMART_RETURN_STATUS, 0xC24F))


def parse_return_status(registers: tuple[int, int] | None) -> str | None:
    """Return the verdict of SMART RETURN STATUS from (count, LBA 23:8): ACS-4 turns 4Fh/C2h around for a failure."""
    return {0xC24F: "passed", 0x2CF4: "failed"}.get(registers[1]) if registers else None


def _ata(fd: int, ata_command: int, feature: int, lba_23_8: int) -> tuple[int, int] | None:
    """Send a command without data; return the registers (count, LBA 23:8) it leaves, or None."""
    # protocol 3 (no data), CK_COND: the registers come back as sense data even on success
    cdb = bytes((_ATA_PASS_THROUGH_16, 3 << 1, 1 << 5, 0, feature, 0, 0, 0, 0,
                 0, lba_23_8 & 0xFF, 0, lba_23_8 >> 8, 0, ata_command, 0))  # fmt: skip
    sense = ctypes.create_string_buffer(64)
    command = ctypes.create_string_buffer(cdb, len(cdb))
    request = _SgIo(
        interface_id=ord("S"), dxfer_direction=-1, cmd_len=len(cdb), mx_sb_len=len(sense), timeout=ATA_TIMEOUT_MS,
        cmdp=ctypes.addressof(command), sbp=ctypes.addressof(sense),
    )  # fmt: skip
    fcntl.ioctl(fd, _SG_IO, request)
    return parse_ata_return(sense.raw)


def parse_ata_return(sense: bytes) -> tuple[int, int] | None:
    """Return (count, LBA 23:8) of the ATA return descriptor in SCSI sense data (SAT-4 §12.2.2.6), or None."""
    if len(sense) < 8 or sense[0] & 0x7F != 0x72:  # the descriptor format alone carries it whole
        return None
    at, end = 8, min(8 + sense[7], len(sense))
    while at + 2 <= end:
        if sense[at] == 0x09 and sense[at + 1] >= 12 and at + 14 <= end:
            return sense[at + 5], sense[at + 11] << 8 | sense[at + 9]
        at += 2 + sense[at + 1]
    return None


def _nvme_health(fd: int) -> str | None:
    page = ctypes.create_string_buffer(_NVME_HEALTH_BYTES)
    request = _NvmeCommand(
        opcode=_NVME_GET_LOG_PAGE, nsid=0xFFFF_FFFF, addr=ctypes.addressof(page), data_len=len(page),
        cdw10=(len(page) // 4 - 1) << 16 | _NVME_HEALTH_LOG, timeout_ms=NVME_TIMEOUT_MS,
    )  # fmt: skip
    status = fcntl.ioctl(fd, _NVME_IOCTL_ADMIN_CMD, request)
    return parse_nvme_health(page.raw) if status == 0 else None


def parse_nvme_health(page: bytes) -> str:
    """Return the verdict of NVMe's health log (Base Specification §5.16.1.3), whose first byte is the warnings."""
    return "failed" if page[0] else "passed"
