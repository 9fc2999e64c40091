"""What /proc tells of a process is read as the kernel writes it."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import processes

ROOT = Path("/")
CGROUPS = [json.loads(line) for line in (Path(__file__).parent / "captured/cgroups.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("case", CGROUPS, ids=lambda case: f"{case['unit']}-{case['container']}")
def test_the_control_group_names_the_service_and_the_container(case: dict[str, Any]) -> None:
    assert processes.parse_unit(case["text"]) == case["unit"]
    assert processes.parse_container(case["text"]) == case["container"]


def test_a_name_with_blanks_and_parentheses_is_read_whole() -> None:
    assert processes.parse_stat(b"7 (tmux: server) (x)) S 1 7 7 0 -1") == ("tmux: server) (x)", 1)


def test_a_title_is_one_argument_and_an_empty_command_line_none() -> None:
    assert processes.parse_cmdline(b"nginx: master process /usr/sbin/nginx\0\0\0") == [
        "nginx: master process /usr/sbin/nginx"
    ]
    assert processes.parse_cmdline(b"cat\0\0x\0") == ["cat", "", "x"]
    assert processes.parse_cmdline(b"") == []


def test_this_process_is_told_as_it_is() -> None:
    pid = os.getpid()
    assert pid in processes.pids(ROOT)
    known = processes.name_and_parent(ROOT, pid)
    assert known is not None
    assert known[1] == os.getppid()
    assert processes.executable(ROOT, pid) == os.path.realpath(sys.executable)
    assert len(processes.arguments(ROOT, pid)) == len(sys.orig_argv)


def test_a_process_that_has_ended_is_none(tmp_path: Path) -> None:
    assert processes.name_and_parent(tmp_path, 1) is None
    assert processes.arguments(tmp_path, 1) == []
    assert processes.executable(tmp_path, 1) is None
    assert processes.cgroup(tmp_path, 1) == ""


def test_a_program_replaced_on_the_disk_keeps_its_path(tmp_path: Path) -> None:
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/exe").symlink_to("/usr/sbin/sshd (deleted)")
    assert processes.executable(tmp_path, 7) == "/usr/sbin/sshd"


def test_a_machine_without_proc_is_unsupported(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        processes.pids(tmp_path)


@given(st.binary(), st.text())
def test_any_text_is_an_answer_or_malformed(data: bytes, text: str) -> None:
    with suppress(Malformed):
        processes.parse_stat(data)
    processes.parse_cmdline(data)
    processes.parse_unit(text)
    processes.parse_container(text)
