"""File systems that hold data are told, and none on another machine is ever asked for its size."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import filesystems
from agent.collectors.linux.mounts import Mount, holding_data, mounts, parse_known_types, parse_mountinfo, sizes
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import CAPTURED, capture, plant

KNOWN = capture("server")["proc/filesystems"] + "nodev\tautofs\nnodev\toverlay\n"
TABLE = (CAPTURED / "mountinfo.txt").read_text()


def found() -> dict[str, Mount]:
    mounted = holding_data(parse_mountinfo(TABLE), parse_known_types(KNOWN))
    return {mount.point: mount for mount in mounted}


def test_pseudo_file_systems_packages_layers_and_binds_are_left_out() -> None:
    assert set(found()) == {"/", "/boot", "/boot/efi", "/home", "/srv", "/mnt/my data\\x", "/mnt/share", "/tank",
                            "/media/remote", "/mnt/usb", "/data", "/media/cdrom"}  # fmt: skip


def test_the_last_mount_on_a_point_hides_the_others() -> None:
    assert (found()["/data"].type, found()["/data"].source) == ("ext4", "/dev/sdd1")


def test_only_local_file_systems_are_asked_for_their_size() -> None:
    remote = {"/mnt/my data\\x", "/mnt/share", "/media/remote"}
    assert {point for point, mount in found().items() if not mount.is_local} == remote
    assert all(sizes(Path("/"), found()[point]) is None for point in remote)


def test_rows_keep_to_the_catalogue_and_leave_out_default_options(tmp_path: Path) -> None:
    plant(tmp_path, {"proc/self/mountinfo": TABLE, "proc/filesystems": KNOWN})
    rows = {row["mount"]: row for row in kept("filesystems", filesystems.collect(tmp_path))}
    assert rows["/"]["options"] == []
    assert rows["/boot"]["options"] == ["errors=remount-ro", "nodev", "noexec", "nosuid"]
    assert (rows["/boot"]["readonly"], rows["/srv"]["readonly"]) == (True, False), "read-only by its superblock counts"
    assert rows["/"]["size_bytes"] == os.statvfs(tmp_path).f_blocks * os.statvfs(tmp_path).f_frsize
    assert "size_bytes" not in rows["/mnt/share"]
    assert rows["/mnt/my data\\x"]["device"] == "nas.example.net:/vol/data"


def test_a_pool_that_breathes_has_no_fixed_size(tmp_path: Path) -> None:
    (tmp_path / "tank").mkdir()
    plant(tmp_path, {"proc/self/mountinfo": TABLE, "proc/filesystems": KNOWN})
    rows = {row["mount"]: row for row in kept("filesystems", filesystems.collect(tmp_path))}
    assert "size_bytes" not in rows["/tank"]


def test_the_table_of_init_counts_for_a_service_has_its_own(tmp_path: Path) -> None:
    plant(tmp_path, capture("server") | {"proc/self/mountinfo": TABLE})
    assert {mount.point for mount in mounts(tmp_path)} == {"/", "/out", "/repo"}


def test_a_containers_root_is_told_though_it_is_a_layer(tmp_path: Path) -> None:
    table = "600 500 0:70 / / rw,relatime - overlay overlay rw,lowerdir=/l\n601 600 8:1 /e/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"  # noqa: E501
    plant(tmp_path, {"proc/self/mountinfo": table, "proc/filesystems": KNOWN})
    assert [mount.point for mount in mounts(tmp_path)] == ["/"]


def test_without_proc_there_is_no_such_thing(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        filesystems.collect(tmp_path)


@given(st.text(alphabet="1 0:/-rwx,ext4\\0479\n", max_size=200))
def test_any_text_gives_mounts_or_malformed(text: str) -> None:
    try:
        table = parse_mountinfo(text)
    except Malformed:
        return
    holding_data(table, frozenset())


@given(st.integers(0, len(TABLE)), st.text(max_size=5))
def test_any_damage_to_a_real_table_gives_mounts_or_malformed(at: int, noise: str) -> None:
    try:
        holding_data(parse_mountinfo(TABLE[:at] + noise + TABLE[at + 3 :]), frozenset({"proc"}))
    except Malformed:
        return
