"""The collector's disk is full: nothing is promised that is not there, and all goes on when there is room again."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.campaign import Campaign, Plan

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mount") is None, reason="only root mounts a small disk"
)
SIZE, FULL_S = "24m", 4.0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(disk: Path) -> Path:
    """Take every byte that is left; return the file that took them."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
    return filler


def test_what_does_not_fit_is_refused_and_arrives_when_there_is_room(tmp_path: Path, small_disk: Path) -> None:
    with Campaign(tmp_path, Plan(data=small_disk / "data")) as campaign:
        time.sleep(1.5)
        before = campaign.check()
        filler = fill(small_disk)
        time.sleep(FULL_S)
        full = campaign.check()
        said = [line for line in campaign.shipper_log() if line["says"] == "a call failed"]
        waiting = campaign.waiting()
        print(f"\nbefore: {before}\nfull: {full}\nwaiting: {waiting}; told {[line['because'] for line in said][-2:]}")
        assert full.is_clean, full
        assert full.appended > before.appended + 20
        assert waiting["in spools"] > 20
        assert {(line["code"], line["because"]) for line in said} == {
            ("RESOURCE_EXHAUSTED", "the collector's disk is full")
        }
        assert len(campaign.rest("agents")["items"]) == 3, "what is there can be read meanwhile"
        filler.unlink()
        campaign.drain(delivered=False)
        assert campaign.stop() == {"collector": 0, "shipper": 0}
        after = campaign.check(deep=True)
        print(f"after: {after}")
        assert after.is_clean, after
        assert after.stored >= after.appended
