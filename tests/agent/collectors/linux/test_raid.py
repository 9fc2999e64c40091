"""Arrays are told with their state, those of md as those of controllers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import raid, ssacli, storcli
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import CAPTURED, capture, plant

MDSTATS = {path.stem: path.read_text() for path in sorted((CAPTURED / "mdstat").glob("*.txt"))}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("none", []),
        ("optimal", [("md0", "raid1", "optimal", ("sdc", "sdd"))]),
        ("resync", [("md0", "raid1", "rebuilding", ("sdc", "sdd"))]),
        ("degraded", [("md0", "raid1", "degraded", ("sdc", "sdd"))]),
        ("recovery", [("md0", "raid1", "rebuilding", ("sdc", "sdd", "sde"))]),
        ("raid5_and_raid0", [("md127", "raid5", "degraded", ("nvme0n1", "sde")),
                             ("md0", "raid0", "optimal", ("sdc", "sdd"))]),
        ("inactive", [("md0", None, "failed", ("sdc",))]),
        ("ddf_container", [("md126", "raid1", "optimal", ("sdc", "sdd"))]),
    ],
)  # fmt: skip
def test_md_arrays_are_told_with_their_state(name: str, expected: list[tuple[object, ...]]) -> None:
    arrays = raid.parse_mdstat(MDSTATS[name])
    assert [(array.name, array.level, array.state, array.members) for array in arrays] == expected


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("md0 : broken raid0 sdb[1] sda[0]\n      2 blocks\n", "failed"),
        ("md0 : active raid0 sdb[1](F) sda[0]\n      2 blocks\n", "failed"),
        ("md0 : active raid1 sdb[1](F) sda[0](F)\n      2 blocks [2/0] [__]\n", "failed"),
        ("md0 : active (auto-read-only) raid1 sdb[1] sda[0]\n      2 blocks [2/2] [UU]\n      \tresync=PENDING\n",
         "rebuilding"),
        ("md0 : active (read-only) raid6 sdc[2] sdb[1] sda[0]\n      2 blocks [4/3] [UUU_]\n", "degraded"),
        ("md0 : active raid1 sdb[1] sda[0]\n      2 blocks [2/2] [UU]\n      [=>.]  check = 12.6% (1/8)\n", "optimal"),
    ],
)  # fmt: skip
def test_a_state_is_judged_by_what_works(text: str, state: str) -> None:
    (array,) = raid.parse_mdstat(f"Personalities : [raid1]\n{text}\nunused devices: <none>\n")
    assert array.state == state


def test_members_are_named_by_what_stays_with_them(tmp_path: Path) -> None:
    assert kept("raid", raid.collect(plant(tmp_path, capture("raid_degraded")))) == [
        {"name": "md0", "controller": "md", "level": "raid1", "state": "degraded", "size_bytes": 64512 * 1024,
         "members": ["0x5000c500a1b2c301", "0x5000c500a1b2c302"]},
    ]  # fmt: skip


def test_a_partition_is_named_by_its_disk_and_number(tmp_path: Path) -> None:
    files = capture("raid_degraded")
    disk = files["sys/block/sdc"]["link"].removeprefix("../")
    files[f"sys/{disk}/sdc3/partition"] = "3\n"
    files["sys/class/block/sdc3"] = {"link": f"../../{disk}/sdc3"}
    files["proc/mdstat"] = "md1 : active raid1 sdc3[0] sdz9[1]\n      2 blocks [2/2] [UU]\n"
    (row,) = kept("raid", raid.collect(plant(tmp_path, files)))
    assert row["members"] == ["0x5000c500a1b2c301-part3", "sdz9"]


def test_a_machine_with_the_driver_but_no_array_has_no_rows_and_without_it_no_such_thing(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        raid.collect(tmp_path)
    assert raid.collect(plant(tmp_path, {"proc/mdstat": MDSTATS["none"]})) == []


def test_a_container_does_not_claim_the_arrays_of_its_host(tmp_path: Path) -> None:
    files = {"proc/mdstat": MDSTATS["optimal"], "run/systemd/container": "lxc"}
    with pytest.raises(Unsupported, match="lxc"):
        raid.collect(plant(tmp_path, files))


NOISE = st.text(alphabet="md0[]()UF_:= \n", max_size=8)


@given(st.sampled_from(sorted(MDSTATS)), st.integers(0, 400), st.integers(0, 8), NOISE)
def test_any_damage_to_a_real_mdstat_gives_arrays_or_malformed(name: str, at: int, cut: int, noise: str) -> None:
    text = MDSTATS[name]
    try:
        arrays = raid.parse_mdstat(text[:at] + noise + text[at + cut :])
    except Malformed:
        return
    assert all(array.state in ("optimal", "degraded", "rebuilding", "failed") for array in arrays)


def test_volumes_of_a_megaraid_controller_are_told_to_the_byte() -> None:
    models = storcli.parse_models((CAPTURED / "storcli-show.json").read_text())
    rows = kept("raid", storcli.parse_volumes((CAPTURED / "storcli-volumes.json").read_text(), models))
    assert rows == [
        {"name": "c0/v0", "controller": "PERCH740PMini", "level": "raid1", "state": "optimal",
         "members": ["64:0", "64:1"], "size_bytes": 936640512 * 512},
        {"name": "c0/v1", "controller": "PERCH740PMini", "level": "raid5", "state": "rebuilding",
         "members": ["64:2", "64:3", "64:4"], "size_bytes": 878444544 * 4096},
        {"name": "c0/v2", "controller": "PERCH740PMini", "level": "raid0", "state": "failed", "members": []},
    ]  # fmt: skip


def test_logical_drives_of_a_smart_array_controller_are_told() -> None:
    rows = kept("raid", ssacli.parse_config((CAPTURED / "ssacli-config.txt").read_text()))
    first = ["1I:1:1", "1I:1:2", "1I:1:3", "1I:1:4", "2I:1:8"]
    assert [(row["name"], row["level"], row["state"], row["members"]) for row in rows] == [
        ("slot0/1", "raid1", "optimal", first),
        ("slot0/2", "raid10", "rebuilding", first),
        ("slot0/3", "raid6", "degraded", ["2I:1:5", "2I:1:6"]),
        ("slot12/1", "raid0", "failed", ["1I:3:1"]),
    ]
    assert {row["controller"] for row in rows} == {"Smart Array P440ar", "HPE Smart Array E208i-a SR Gen10"}


def test_a_tool_is_asked_only_where_its_controller_is_driven(tmp_path: Path) -> None:
    plant(tmp_path, {"sys/class/scsi_host/host0/proc_name": "ahci\n"})
    assert not storcli.is_present(tmp_path)
    assert not ssacli.is_present(tmp_path)


NAMES = ("Controllers", "Response Data", "/c0/v0", "PDs for VD 0", "VD0 Properties", "System Overview", "Ctl", "State")
JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
)


@given(JSON)
def test_any_json_gives_rows_or_malformed(told: object) -> None:
    answers = (json.dumps(told), json.dumps({"Controllers": [{"Response Data": told}]}), str(told))
    for answer in answers:
        try:
            kept("raid", storcli.parse_volumes(answer, storcli.parse_models(answer)))
        except Malformed:
            continue


@given(st.text(alphabet="Smart Array in Slot 0\n   logicaldrive 1 (GB, RAID 1, OK)physical", max_size=200))
def test_any_text_of_ssacli_gives_rows(text: str) -> None:
    ssacli.parse_config("Smart Array P440ar in Slot 0 (Embedded)\n" + text)
