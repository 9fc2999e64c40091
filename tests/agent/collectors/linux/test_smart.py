"""SMART's verdict is read from what disks answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.linux import smart


def sense(lba_23_8: int, count: int = 0xFF) -> bytes:
    """Return descriptor sense data with an ATA return descriptor, as libata writes it."""
    descriptor = bytes((0x09, 0x0C, 0, 0, 0, count, 0, 0, 0, lba_23_8 & 0xFF, 0, lba_23_8 >> 8, 0, 0x50))
    return bytes((0x72, 0x01, 0x00, 0x1D, 0, 0, 0, len(descriptor))) + descriptor


@pytest.mark.parametrize(("registers", "verdict"), [(0xC24F, "passed"), (0x2CF4, "failed"), (0x0000, None)])
def test_return_status_turns_its_registers_around_for_a_failing_disk(registers: int, verdict: str | None) -> None:
    assert smart.parse_return_status(smart.parse_ata_return(sense(registers))) == verdict


def test_an_answer_without_registers_is_no_verdict() -> None:
    fixed_format = bytes((0x70, 0, 1)) + bytes(29)
    assert smart.parse_ata_return(fixed_format) is None
    assert smart.parse_return_status(None) is None


def test_the_power_mode_is_in_the_count() -> None:
    assert smart.parse_ata_return(sense(0, count=0x00)) == (0x00, 0)


@given(st.binary(max_size=80))
def test_any_sense_data_gives_registers_or_none(noise: bytes) -> None:
    smart.parse_ata_return(noise)
    smart.parse_ata_return(b"\x72" + noise)


def test_a_critical_warning_fails_an_nvme_disk() -> None:
    assert smart.parse_nvme_health(bytes(512)) == "passed"
    assert smart.parse_nvme_health(b"\4" + bytes(511)) == "failed"


def test_a_disk_that_is_not_there_or_not_to_be_asked_tells_nothing() -> None:
    assert smart.overall_health("nvme99n9", "nvme") is None
    assert smart.overall_health("null", "sata") is None  # no disk behind it: the ioctl is refused
    assert smart.overall_health("null", "nvme") is None
    assert smart.overall_health("sda", "usb") is None
