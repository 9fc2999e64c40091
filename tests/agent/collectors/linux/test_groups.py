"""Groups come from /etc/group."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.bounded import Malformed
from agent.collectors.linux import groups
from tests.agent.collectors.catalogue import kept

CAPTURED = Path(__file__).parent / "captured"
GROUP = (CAPTURED / "etc/group").read_bytes()


def test_a_group_has_its_id_and_each_explicit_member_once() -> None:
    rows = {row["name"]: row for row in kept("groups", groups.collect(CAPTURED))}
    assert rows["sudo"] == {"name": "sudo", "gid": 27, "members": ["alice", "bob"]}
    assert rows["root"]["members"] == []
    assert "+" not in rows


def test_a_line_that_is_no_group_is_malformed() -> None:
    with pytest.raises(Malformed):
        groups.parse_group(b"sudo:x:27\n")


def test_this_machines_groups_are_among_the_c_librarys() -> None:
    import grp

    found = {(row["name"], row["gid"], tuple(row["members"])) for row in groups.collect(Path("/"))}
    assert found <= {(each.gr_name, each.gr_gid, tuple(sorted(set(each.gr_mem)))) for each in grp.getgrall()}


@given(st.binary() | st.lists(st.sampled_from(GROUP.split(b":"))).map(b":".join))
def test_any_bytes_are_groups_or_malformed(text: bytes) -> None:
    with suppress(Malformed):
        groups.parse_group(text)
