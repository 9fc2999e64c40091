"""Memory modules are read from SMBIOS type 17, and no table can make the parser do anything else than say so."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Denied, Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import memory_modules
from agent.collectors.linux.memory_modules import parse_memory_modules
from agent.collectors.linux.smbios import MAX_TABLE, structures
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import capture, plant

END = bytes((127, 4, 0xFE, 0xFF, 0, 0))


def structure(kind: int, formatted: bytes, *strings: str) -> bytes:
    """Return one structure: header, formatted area, strings."""
    texts = b"".join(text.encode() + b"\0" for text in strings) or b"\0"
    return bytes((kind, len(formatted) + 4, 0x10, 0x11)) + formatted + texts + b"\0"


def module(**told: Any) -> bytes:
    """Return a memory device of SMBIOS 3.3 (92 bytes long), with the fields that `told` names."""
    fields = {"size": 0x7FFF, "type": 0x1A, "speed": 3200, "extended_mib": 32768, "configured": 2933, "wide_speed": 0,
              "length": 92} | told  # fmt: skip
    area = bytearray(92)
    put = {0x0C: (fields["size"], 2), 0x12: (fields["type"], 1), 0x15: (fields["speed"], 2),
           0x1C: (fields["extended_mib"], 4), 0x20: (fields["configured"], 2), 0x54: (fields["wide_speed"], 4),
           0x58: (fields["wide_speed"], 4)}  # fmt: skip
    for offset, (value, size) in put.items():
        area[offset : offset + size] = value.to_bytes(size, "little")
    area[0x10], area[0x11], area[0x17], area[0x18], area[0x1A] = 1, 2, 3, 4, 5
    strings = (
        fields.get("locator", "A1"),
        fields.get("bank", "NODE 0"),
        "00CE063200CE",
        "4098F0E3",
        "M393A4K40CB2-CVF",
    )
    return structure(17, bytes(area[4 : fields["length"]]), *strings)


def test_the_firmware_table_of_a_machine_is_read(tmp_path: Path) -> None:
    body = kept("memory_modules", memory_modules.collect(plant(tmp_path, capture("server"))))
    assert body == [{"slot": "DIMM 0", "size_bytes": 2**30, "speed_mts": 2933, "vendor": "00CE063200CE",
                     "part": "M393A4K40CB2-CVF", "serial": "4098F0E3"}]  # fmt: skip


def test_a_module_larger_than_32_gib_has_its_size_in_the_wider_field() -> None:
    (row,) = parse_memory_modules(module() + END)
    assert row == {"slot": "A1", "size_bytes": 32 * 2**30, "type": "DDR4", "speed_mts": 2933, "vendor": "00CE063200CE",
                   "part": "M393A4K40CB2-CVF", "serial": "4098F0E3"}  # fmt: skip


@pytest.mark.parametrize(
    ("size", "expected"), [(16384, 16 * 2**30), (0x8000 | 512, 512 * 1024), (0xFFFF, None), (0x8000, None)]
)
def test_sizes_are_mebibytes_or_kibibytes_or_unknown(size: int, expected: int | None) -> None:
    (row,) = parse_memory_modules(module(size=size) + END)
    assert row["size_bytes"] == expected


def test_the_configured_speed_counts_then_the_rated_one_and_the_wide_field_above_65_gt() -> None:
    speeds = [
        module(),
        module(configured=0),
        module(configured=0xFFFF, wide_speed=70_400),
        module(configured=0, speed=0),
    ]
    rows = parse_memory_modules(b"".join(speeds) + END)
    assert [row["speed_mts"] for row in rows] == [2933, 3200, 70_400, None]


def test_a_structure_of_an_old_standard_lacks_the_newer_fields() -> None:
    (row,) = parse_memory_modules(module(length=0x1C, size=4096) + END)
    assert (row["size_bytes"], row["speed_mts"]) == (4 * 2**30, 3200)


def test_empty_slots_and_flash_chips_are_no_modules() -> None:
    assert parse_memory_modules(module(size=0) + module(type=0x09) + structure(0, b"\1\2", "BIOS") + END) == []


def test_slots_are_told_apart_where_the_board_uses_one_locator_twice() -> None:
    table = module(locator="DIMM 0", bank="BANK 0") + module(locator="DIMM 0", bank="BANK 1") + module(locator="DIMM 7")
    twice = module(locator=" ", bank=" ") * 2
    body = kept("memory_modules", parse_memory_modules(table + twice + END))
    assert [row["slot"] for row in body] == ["#1", "#2", "BANK 0 DIMM 0", "BANK 1 DIMM 0", "DIMM 7"]


def test_filling_a_slot_does_not_rename_its_neighbour() -> None:
    before = parse_memory_modules(module(locator="D", bank="B0", size=0) + module(locator="D", bank="B1") + END)
    after = parse_memory_modules(module(locator="D", bank="B0") + module(locator="D", bank="B1") + END)
    assert before[0]["slot"] == after[1]["slot"] == "B1 D"


@pytest.mark.parametrize(
    "table",
    [
        bytes((17, 3, 0, 0)) + b"\0\0",
        bytes((17, 200, 0, 0)) + b"\0\0",
        structure(1, b"abc", "no end")[:-2],
        b"\1\4\0\0\0\0" * 65_537,
        b"\0" * (MAX_TABLE + 1),
    ],
    ids=["shorter than its header", "longer than the table", "strings without end", "too many", "too large"],
)
def test_a_broken_table_is_malformed(table: bytes) -> None:
    with pytest.raises(Malformed):
        parse_memory_modules(table)


@pytest.mark.parametrize("end", [END, END[:5], END[:4], b""])
def test_the_end_of_the_table_may_be_cut_off(end: bytes) -> None:
    assert len(list(structures(module() + end))) == 1


@given(st.binary(max_size=400))
def test_any_bytes_give_a_body_or_malformed(noise: bytes) -> None:
    try:
        body = parse_memory_modules(noise)
    except Malformed:
        return
    kept("memory_modules", body)


@given(st.data())
def test_any_damage_to_a_real_table_gives_a_body_or_malformed(data: st.DataObject) -> None:
    table = bytearray.fromhex(capture("server")["sys/firmware/dmi/tables/DMI"]["hex"])
    for _ in range(data.draw(st.integers(1, 6))):
        table[data.draw(st.integers(0, len(table) - 1))] = data.draw(st.integers(0, 255))
    try:
        body = parse_memory_modules(bytes(table))
    except Malformed:
        return
    kept("memory_modules", body)


def test_without_smbios_there_is_no_such_thing(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        memory_modules.collect(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_table_not_for_us_to_read_is_denied(tmp_path: Path) -> None:
    plant(tmp_path, capture("server"))
    (tmp_path / memory_modules.TABLE).chmod(0)
    with pytest.raises(Denied):
        memory_modules.collect(tmp_path)
