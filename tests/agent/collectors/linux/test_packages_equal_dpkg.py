"""On this machine the packages are those dpkg-query names, at a cost no one notices."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from agent.collectors.linux import packages

pytestmark = pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="dpkg is not installed")

FORMAT = "${Package}\t${Architecture}\t${Version}\t${db:Status-Status}\n"
ABSENT = {"not-installed", "config-files", "half-installed"}


def test_the_rows_equal_dpkg_query() -> None:
    for _ in range(5):  # another program may install something between the two looks
        rows = packages.collect(Path("/"))
        listing = subprocess.run(["dpkg-query", "-W", "-f", FORMAT], check=True, capture_output=True, text=True).stdout
        told = [line.split("\t") for line in listing.splitlines()]
        expected = {(name, arch, version) for name, arch, version, state in told if state not in ABSENT}
        if (found := {(row["name"], row["arch"], row["version"]) for row in rows}) == expected:
            break
    assert found == expected
