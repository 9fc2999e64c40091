"""The operating system is told by its own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.collectors.linux import os_release
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import capture, plant

KYLIN = """NAME="Kylin Linux Advanced Server"
VERSION="V10 (Lance)"
ID="kylin"
VERSION_ID="V10"
PRETTY_NAME="Kylin Linux Advanced Server V10 (Lance)"
ANSI_COLOR="0;31"
"""


def test_the_system_is_told_from_its_files(tmp_path: Path) -> None:
    body = kept("os", os_release.collect(plant(tmp_path, capture("server"))))
    del body["architecture"]  # this kernel is too old to have it in /proc: it is asked of the system itself
    assert body == {
        "family": "linux",
        "id": "debian",
        "name": "Debian GNU/Linux 12 (bookworm)",
        "version": "12",
        "codename": "bookworm",
        "kernel": "6.1.0-50-amd64",
        "hostname": "web-07",
        "domain": "example.net",
        "machine_id": "89c9d37d9f8b4792910d3e1ca9232572",
        "timezone": "Etc/UTC",
        "booted_at": "2026-11-24T02:28:40Z",
        "boot_id": "c0dc548e-d0e8-447b-afb8-13a3f1f2df4d",
    }


def test_a_system_that_tells_nothing_still_has_a_family(tmp_path: Path) -> None:
    assert kept("os", os_release.collect(tmp_path)).keys() == {"family", "architecture"}


def test_quotes_comments_and_odd_lines_of_os_release_are_understood() -> None:
    assert os_release.parse_os_release(KYLIN)["PRETTY_NAME"] == "Kylin Linux Advanced Server V10 (Lance)"
    odd = "# a comment\nID=fedora\nNAME='it'\\''s'\nVERSION_ID=\"41\nno assignment\nBLANK=\nA=\"a \\\"b\\\"\"\n"
    assert os_release.parse_os_release(odd) == {"ID": "fedora", "NAME": "it's", "A": 'a "b"'}


@pytest.mark.parametrize(
    ("node", "hosts", "resolv", "expected"),
    [
        ("db1.corp.example", "", "", ("db1", "corp.example")),
        ("db1", "10.0.0.1 db1.corp.example db1 # main\n", "", ("db1", "corp.example")),
        ("db1", "10.0.0.1 db1 db1.corp.example\n", "", ("db1", "corp.example")),
        ("db1", "127.0.1.1 db1\n", "domain lan.example\nnameserver 10.0.0.2\n", ("db1", "lan.example")),
        ("db1", "127.0.0.1 localhost\n", "search a.example b.example\n", ("db1", None)),
        ("", "", "", ("", None)),
    ],
)
def test_the_domain_comes_from_name_hosts_or_resolver(
    node: str, hosts: str, resolv: str, expected: tuple[str, str | None]
) -> None:
    assert os_release.host_and_domain(node, hosts, resolv) == expected


@pytest.mark.parametrize(
    ("target", "zone"),
    [("../usr/share/zoneinfo/Asia/Shanghai", "Asia/Shanghai"), ("/usr/share/zoneinfo/posix/UTC", "UTC"), (None, "UTC")],
)
def test_the_zone_is_what_localtime_points_to_else_what_timezone_says(
    tmp_path: Path, target: str | None, zone: str
) -> None:
    link: dict[str, object] = {"etc/localtime": {"link": target}} if target else {"etc/localtime": "TZif2"}
    body = os_release.collect(plant(tmp_path, {**link, "etc/timezone": "UTC\n"}))
    assert isinstance(body, dict)
    assert body["timezone"] == zone


def test_a_machine_id_that_the_first_boot_has_yet_to_make_is_none(tmp_path: Path) -> None:
    body = os_release.collect(plant(tmp_path, {"etc/machine-id": "uninitialized\n"}))
    assert isinstance(body, dict)
    assert body["machine_id"] is None


@pytest.mark.parametrize("stat", ["", "btime\n", "btime x\n", "btime 999999999999999\n", "cpu 1 2 3\n"])
def test_a_boot_time_that_is_none_is_left_out(stat: str) -> None:
    assert os_release.parse_boot_time(stat) is None
