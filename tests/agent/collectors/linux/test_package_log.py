"""The log of packages comes from apt's history and from dnf's log of RPM; the histories are as apt 2.6 writes them."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.base import Unsupported
from agent.collectors.linux import package_log
from agent.collectors.linux.package_log import MAX_TRANSACTIONS, parse_apt, parse_dnf, plain
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.trees import plant

CHINA = timezone(timedelta(hours=8))
APT = """
Start-Date: 2026-01-15  08:00:00
Commandline: apt-get install -y cowsay
Requested-By: wang (1000)
Install: cowsay:amd64 (3.03+dfsg2-8), libtext-charwidth-perl:amd64 (0.04-11, automatic)
Upgrade: openssl:amd64 (3.0.14-1~deb12u2, 3.0.15-1~deb12u1)
End-Date: 2026-01-15  08:00:04

Start-Date: 2026-01-16  06:31:10
Commandline: /usr/bin/unattended-upgrade
Remove: oldlib:amd64 (1.0)
Error: Sub-process /usr/bin/dpkg returned an error code (1)

Start-Date: 2026-01-17  09:00:00
Commandline: apt-get update
End-Date: 2026-01-17  09:00:01
"""
DNF = """\
2026-01-15T08:00:00+0800 INFO --- logging initialized ---
2026-01-15T08:00:02+0800 SUBDEBUG Upgrade: openssl-libs-1:3.0.7-28.el9.x86_64
2026-01-15T08:00:05+0800 SUBDEBUG Installed: python3-cow-say-3.03-1.el9.noarch
2026-01-16T08:00:00+0800 INFO --- logging initialized ---
"""


def test_a_transaction_has_its_time_in_utc_who_asked_and_what_moved() -> None:
    first, second = parse_apt(APT.encode(), CHINA)
    assert first == {
        "tool": "apt", "started": "2026-01-15T00:00:00Z", "ended": "2026-01-15T00:00:04Z", "actor": "wang",
        "command": "apt-get install -y cowsay", "packages": ["cowsay", "libtext-charwidth-perl", "openssl"],
    }  # fmt: skip
    assert second == {
        "tool": "apt", "started": "2026-01-15T22:31:10Z", "command": "/usr/bin/unattended-upgrade",
        "packages": ["oldlib"],
    }, "it was broken off, and nobody asked"  # fmt: skip


def test_dnf_tells_what_moved_between_two_of_its_starts() -> None:
    assert parse_dnf(DNF.encode()) == [{
        "tool": "dnf", "started": "2026-01-15T00:00:02Z", "ended": "2026-01-15T00:00:05Z",
        "packages": ["openssl-libs", "python3-cow-say"],
    }]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("apt -o Acquire::http::Proxy=http://li:s3cret@proxy:3128 install x",
         "apt -o Acquire::http::Proxy=http://…@proxy:3128 install x"),
        ("tool --password s3cret install x", "tool --password … install x"),
        ("env API_KEY=s3cret apt install x", "env API_KEY=… apt install x"),
        ("env 'token': s3cret apt", "env 'token': … apt"),
        ("apt install keyutils passwd", "apt install keyutils passwd"),
    ],
)  # fmt: skip
def test_a_command_line_is_told_without_what_is_secret_in_it(command: str, told: str) -> None:
    assert plain(command) == told


def test_the_machines_own_zone_counts_and_a_machine_without_a_log_is_unsupported(tmp_path: Path) -> None:
    with pytest.raises(Unsupported):
        package_log.collect(tmp_path)
    plant(tmp_path, {package_log.APT_HISTORY: APT, package_log.DNF_LOG: DNF})
    assert package_log.zone_of(tmp_path) is UTC
    rows = {row["started"] for row in kept("package_log", package_log.collect(tmp_path))}
    assert rows == {"2026-01-15T08:00:00Z", "2026-01-16T06:31:10Z", "2026-01-15T00:00:02Z"}
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/localtime").write_bytes(b"TZif no such thing")
    assert package_log.zone_of(tmp_path) is UTC


def test_only_the_last_transactions_are_told() -> None:
    stanza = "Start-Date: 2026-01-{:02d}  08:{:02d}:00\nInstall: a:amd64 (1)\n\n"
    text = "".join(stanza.format(day, minute) for day in range(1, 10) for minute in range(60))
    rows = parse_apt(text.encode(), UTC)
    assert (len(rows), rows[-1]["started"]) == (MAX_TRANSACTIONS, "2026-01-09T08:59:00Z")


PIECES = st.sampled_from([*APT.split(" "), *DNF.split(" "), "\n\n", "\x00", "9999-12-31  23:59:59", "Install: "])


@given(st.binary() | st.lists(PIECES).map(lambda parts: " ".join(parts).encode()))
def test_any_bytes_are_transactions_that_keep_to_the_catalogue(text: bytes) -> None:
    kept("package_log", [*parse_apt(text, CHINA), *parse_dnf(text)])
