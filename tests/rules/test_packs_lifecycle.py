"""The tables of ends and of safe versions: a date nobody can read, or a version that sorts wrongly, would go unseen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

import pytest

from collector.language.texts import version_lt
from collector.language.times import timestamp
from collector.rulebook import load, shipped

BOOK = load(shipped())
ENDS = pytest.mark.parametrize(("rule", "name"), [("EOL-OS-001", "os_ends"), ("EOL-PRODUCT-001", "product_ends")])
OUT_OF_ORDER = ("centos", "windows")
"""CentOS 8 ended before 7, and Windows 10 ended before Server 2019, which is an older build."""


def table(rule: str, name: str) -> Mapping[str, str]:
    found = BOOK.rules[rule].params[name]
    assert isinstance(found, dict)
    return found


@ENDS
def test_every_end_is_a_time_and_of_one_version(rule: str, name: str) -> None:
    for version, end in table(rule, name).items():
        assert isinstance(timestamp(end), datetime), version
        assert re.fullmatch(r"[a-z0-9-]+ \d+(\.\d+)*", version), version


@ENDS
def test_a_later_version_never_ends_before_an_earlier_one(rule: str, name: str) -> None:
    told = [(*key.split(" "), end) for key, end in table(rule, name).items()]
    for product, version, end in told:
        if product not in OUT_OF_ORDER:
            later = [each for each in told if each[0] == product and version_lt(version, each[1])]
            assert all(end <= each[2] for each in later), (product, version)


def test_the_safe_version_of_a_branch_is_of_that_branch() -> None:
    for branch, version in table("VER-PRODUCT-001", "safe_products").items():
        assert version.startswith(f"{branch.rsplit(' ', 1)[1]}."), branch


def test_a_safe_version_comes_after_what_the_distribution_released_with() -> None:
    released = {
        "debian 12 openssh-server": "1:9.2p1-2", "debian 12 sudo": "1.9.13p3-1", "debian 12 libc6": "2.36-9",
        "debian 11 policykit-1": "0.105-31", "ubuntu 22.04 openssh-server": "1:8.9p1-3",
        "ubuntu 24.04 openssh-server": "1:9.6p1-3ubuntu13", "ubuntu 22.04 libc6": "2.35-0ubuntu3",
        "ubuntu 22.04 sudo": "1.9.9-1ubuntu2", "ubuntu 24.04 sudo": "1.9.15p5-3ubuntu5",
        "ubuntu 20.04 policykit-1": "0.105-26ubuntu1",
    }  # fmt: skip
    safe = table("VER-PACKAGE-001", "safe_versions")
    assert safe.keys() == released.keys()
    assert all(version_lt(released[name], version) for name, version in safe.items())


def test_the_packages_that_are_looked_at_are_those_that_have_a_safe_version() -> None:
    params = BOOK.rules["VER-PACKAGE-001"].params
    named = {key.rpartition(" ")[2] for key in table("VER-PACKAGE-001", "safe_versions")}
    assert named == set(params["patched"])  # type: ignore[arg-type]
