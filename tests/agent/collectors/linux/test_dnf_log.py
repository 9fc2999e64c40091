"""dnf's log of RPM becomes transactions of which nobody is known to have asked for them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.collectors.linux.dnf_log import parse_dnf
from tests.agent.collectors.catalogue import kept
from tests.agent.collectors.linux.sample_logs import DNF


def test_dnf_tells_what_moved_between_two_of_its_starts() -> None:
    assert parse_dnf(DNF.encode()) == [{
        "tool": "dnf", "started": "2026-01-15T00:00:02Z", "ended": "2026-01-15T00:00:05Z",
        "packages": ["openssl-libs", "python3-cow-say"],
    }]  # fmt: skip


PIECES = st.sampled_from([*DNF.split(" "), "\n\n", "\x00", "9999-12-31T23:59:59-1200", "Installed: "])


@given(st.binary() | st.lists(PIECES).map(lambda parts: " ".join(parts).encode()))
def test_any_bytes_are_transactions_that_keep_to_the_catalogue(text: bytes) -> None:
    kept("package_log", parse_dnf(text))
