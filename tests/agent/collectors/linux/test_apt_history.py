"""apt's history becomes transactions, with their time in UTC."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.linux.apt_history import LOCAL_TIME, parse_apt, zone_of
from agent.collectors.linux.transactions import MAX_TRANSACTIONS
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.sample_logs import APT
from tests.agent.collectors.linux.trees import plant

CHINA = timezone(timedelta(hours=8))


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


def test_the_zone_is_the_machines_own_and_utc_where_it_has_none(tmp_path: Path) -> None:
    assert zone_of(tmp_path) is UTC
    plant(tmp_path, {LOCAL_TIME: "TZif no such thing"})
    assert zone_of(tmp_path) is UTC


def test_only_the_last_transactions_are_told() -> None:
    stanza = "Start-Date: 2026-01-{:02d}  08:{:02d}:00\nInstall: a:amd64 (1)\n\n"
    text = "".join(stanza.format(day, minute) for day in range(1, 10) for minute in range(60))
    rows = parse_apt(text.encode(), UTC)
    assert (len(rows), rows[-1]["started"]) == (MAX_TRANSACTIONS, "2026-01-09T08:59:00Z")


PIECES = st.sampled_from([*APT.split(" "), "\n\n", "\x00", "9999-12-31  23:59:59", "Install: "])


@given(st.binary() | st.lists(PIECES).map(lambda parts: " ".join(parts).encode()))
def test_any_bytes_are_transactions_that_keep_to_the_catalogue(text: bytes) -> None:
    kept("package_log", parse_apt(text, CHINA))
