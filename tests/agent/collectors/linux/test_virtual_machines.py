"""Virtual machines are told as libvirt lists them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import virtual_machines
from agent.collectors.linux.virtual_machines import parse_domstats, parse_machines
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import CAPTURED, plant

LIST = (CAPTURED / "virsh-list.txt").read_text()
STATS = (CAPTURED / "virsh-domstats.txt").read_text()


def test_machines_are_told_as_libvirt_lists_them() -> None:
    assert kept("virtual_machines", parse_machines(LIST, STATS)) == [
        {"uuid": "56447ea1-fe55-4ce6-afd8-0e2d9cbe054a", "name": "db-01", "state": "shut_off", "vcpus": 2,
         "memory_bytes": 128 * 2**20},
        {"uuid": "8061ca1d-d0c2-4db4-9c15-f59835b20f4a", "name": "build box", "state": "shut_off", "vcpus": 2,
         "memory_bytes": 128 * 2**20},
    ]  # fmt: skip


@pytest.mark.parametrize(("number", "state"), [("1", "running"), ("3", "paused"), ("4", "running"), ("6", "crashed")])
def test_a_state_has_a_word(number: str, state: str) -> None:
    (row, _) = parse_machines(LIST, STATS.replace("state.state=5", f"state.state={number}"))
    assert row["state"] == state


def test_a_machine_that_went_between_the_two_questions_keeps_its_row() -> None:
    rows = kept("virtual_machines", parse_machines(LIST, ""))
    assert [row.keys() for row in rows] == [{"uuid", "name"}, {"uuid", "name"}]


def test_an_error_message_is_no_list() -> None:
    with pytest.raises(Malformed):
        parse_machines("error: failed to connect to the hypervisor\n", "")


@pytest.mark.parametrize(
    ("socket", "files", "address"),
    [
        ("virtqemud-sock-ro", {}, "qemu:///system"),
        ("libvirt-sock-ro", {}, "qemu:///system"),
        ("libvirt-sock-ro", {"proc/xen/capabilities": "control_d"}, "xen:///system"),
        ("virtnetworkd-sock-ro", {}, None),
    ],
)
def test_the_daemon_that_serves_is_asked(
    tmp_path: Path, socket: str, files: dict[str, str], address: str | None
) -> None:
    plant(tmp_path, {f"run/libvirt/{socket}": ""} | files)
    assert virtual_machines.connection_of(tmp_path) == address


def test_without_libvirt_there_is_no_such_thing(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        virtual_machines.collect(tmp_path)


@given(st.text(max_size=100), st.text(alphabet="Domain: 'x'\n balloon.maximum=1", max_size=100))
def test_any_text_gives_machines_or_malformed(listed: str, stats: str) -> None:
    parse_domstats(stats)
    try:
        kept("virtual_machines", parse_machines(listed, stats))
    except Malformed:
        return
