"""dpkg's and rpm's databases become rows; what is not on the disk does not."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import packages
from tests.agent.collectors.catalogue import kept

CAPTURED = Path(__file__).parent / "captured"
STATUS = (CAPTURED / "dpkg-status").read_bytes()
RPM = (CAPTURED / "rpm-qa.txt").read_text()


def test_every_package_whose_files_are_present_is_a_row_and_no_other() -> None:
    told = [line.split("\t") for line in (CAPTURED / "dpkg-query.txt").read_text().splitlines()]
    absent = {"config-files", "half-installed", "not-installed"}
    expected = {(name, arch, version) for name, arch, version, state in told if state not in absent}
    rows = kept("packages", packages.parse_dpkg(STATUS))
    assert {(row["name"], row["arch"], row["version"]) for row in rows} == expected


def test_a_library_of_two_architectures_is_two_rows() -> None:
    rows = packages.parse_dpkg(STATUS)
    assert [row["arch"] for row in rows if row["name"] == "zlib1g"] == ["amd64", "i386"]


def test_the_vendor_is_the_origin_else_the_maintainers_name() -> None:
    vendors = {row["name"]: row["vendor"] for row in packages.parse_dpkg(STATUS)}
    assert (vendors["docker-ce"], vendors["vendor-agent"], vendors["zlib1g"]) == ("Docker", "Example", "Mark Brown")


def test_a_stanza_without_a_name_is_malformed() -> None:
    with pytest.raises(Malformed):
        packages.parse_dpkg(b"Status: install ok installed\nVersion: 1\n")


def test_an_image_with_one_file_a_package_is_read(tmp_path: Path) -> None:
    folder = tmp_path / packages.DPKG_STATUS_PARTS
    folder.mkdir(parents=True)
    (folder / "base").write_text("Package: base-files\nArchitecture: amd64\nVersion: 12.4\n")
    (folder / "base.md5sums").write_text("0 etc/issue\n")
    assert packages.collect(tmp_path) == [
        {"name": "base-files", "arch": "amd64", "version": "12.4", "manager": "dpkg", "vendor": None}
    ]


def test_rpm_versions_carry_epoch_and_release() -> None:
    rows = {(row["name"], row["arch"]): row for row in kept("packages", packages.parse_rpm(RPM))}
    assert rows["bind-utils", "x86_64"]["version"] == "32:9.16.23-18.el9_4.6"
    assert rows["glibc", "i686"]["version"] == "2.34-100.el9_4.2"
    assert rows["bash", "x86_64"]["vendor"] == "Red Hat, Inc."
    assert "vendor" not in rows["local-tool", "noarch"]


def test_of_two_kernels_the_one_installed_last_speaks_whatever_the_order() -> None:
    for listing in (RPM, "\n".join(reversed(RPM.splitlines()))):
        kernels = [row["version"] for row in packages.parse_rpm(listing) if row["name"] == "kernel-core"]
        assert kernels == ["5.14.0-427.24.1.el9_4"]


def test_signing_keys_are_no_software() -> None:
    assert "gpg-pubkey" not in {row["name"] for row in packages.parse_rpm(RPM)}


def test_a_line_of_another_format_is_malformed() -> None:
    with pytest.raises(Malformed):
        packages.parse_rpm("error: cannot open Packages database\n")


def test_a_machine_without_either_database_is_unsupported(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        packages.collect(tmp_path)


@given(st.binary() | st.lists(st.sampled_from(STATUS.split(b"\n"))).map(b"\n".join))
def test_any_bytes_are_rows_or_malformed(status: bytes) -> None:
    with suppress(Malformed):
        packages.parse_dpkg(status)


@given(st.text() | st.lists(st.sampled_from(RPM.split("\t"))).map("\t".join))
def test_any_listing_is_rows_or_malformed(listing: str) -> None:
    with suppress(Malformed):
        packages.parse_rpm(listing)
