"""Accounts come from passwd; from shadow only whether a password is locked."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.bounded import Malformed
from agent.collectors.linux import users
from tests.agent.collectors.catalogue import kept

CAPTURED = Path(__file__).parent / "captured"
PASSWD = (CAPTURED / "etc/passwd").read_bytes()
SHADOW = (CAPTURED / "etc/shadow").read_bytes()


def test_an_account_has_its_ids_home_and_shell() -> None:
    rows = {row["name"]: row for row in kept("users", users.collect(CAPTURED))}
    assert rows["root"] == {"name": "root", "uid": 0, "gid": 0, "home": "/root", "shell": "/bin/bash",
                            "locked": False, "can_log_in": True}  # fmt: skip
    assert rows["nobody"]["uid"] == 65534


@pytest.mark.parametrize(
    ("name", "locked"),
    [
        ("root", False),  # a yescrypt hash
        ("daemon", True),  # *
        ("sync", True),
        ("alice", True),  # usermod -L: "!" before the hash
        ("bob", False),  # sha-512
        ("carol", True),  # "!!": never set, Red Hat's useradd
        ("dave", False),  # an empty password
        ("old", True),  # "*" in passwd itself, no line in shadow
        ("older", False),  # a DES hash in passwd itself
    ],
)
def test_locked_is_what_passwd_s_status_calls_locked(name: str, locked: bool) -> None:
    assert {row["name"]: row["locked"] for row in users.collect(CAPTURED)}[name] is locked


def test_without_the_right_to_read_shadow_locked_is_absent(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_bytes(PASSWD)
    rows = {row["name"]: row for row in kept("users", users.collect(tmp_path))}
    assert "locked" not in rows["root"]
    assert rows["old"]["locked"] is True


def test_no_password_or_hash_leaves_the_machine() -> None:
    told = json.dumps(users.collect(CAPTURED))
    hashes = [line.split(":")[1].strip("!*") for line in SHADOW.decode().splitlines()]
    assert not [each for each in hashes if len(each) > 1 and each in told]


def test_a_shell_that_ends_at_once_is_no_login() -> None:
    rows = {row["name"]: row["can_log_in"] for row in users.collect(CAPTURED)}
    assert (rows["daemon"], rows["sync"], rows["bob"], rows["dave"]) == (False, False, True, True)


def test_lines_of_nis_are_no_accounts() -> None:
    assert "+" in PASSWD.decode()
    assert not [row for row in users.collect(CAPTURED) if row["name"].startswith(("+", "-"))]


def test_a_machine_without_passwd_is_unsupported(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        users.collect(tmp_path)


@pytest.mark.parametrize("line", [b"root:x:0:0:root:/root", b"root:x:zero:0::/root:/bin/sh", b":x:0:0::/:/bin/sh"])
def test_a_line_that_is_no_account_is_malformed(line: bytes) -> None:
    with pytest.raises(Malformed):
        users.parse_passwd(line)


def test_this_machines_accounts_are_among_the_c_librarys() -> None:
    import pwd

    found = {(row["name"], row["uid"], row["gid"], row["home"]) for row in users.collect(Path("/"))}
    assert found <= {(each.pw_name, each.pw_uid, each.pw_gid, each.pw_dir) for each in pwd.getpwall()}


@given(st.binary() | st.lists(st.sampled_from(PASSWD.split(b":"))).map(b":".join))
def test_any_bytes_are_accounts_or_malformed(text: bytes) -> None:
    for parse in (users.parse_passwd, users.parse_shadow):
        with suppress(Malformed):
            parse(text)
