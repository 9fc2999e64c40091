"""A change of a watched file makes its section due, once it keeps still."""

from __future__ import annotations

import os
from pathlib import Path

from agent.stamps import Stamp, Stamps


class Watched:
    """Stamps over one imagined file, with a clock of its own."""

    def __init__(self) -> None:
        self.mtime, self.now = 1, 0.0
        self.stamps = Stamps({"packages": ["/var/lib/dpkg/status"], "os": []}, Path("/"), 0.0, self._look)

    def _look(self, path: Path) -> Stamp:
        assert path == Path("/var/lib/dpkg/status")
        return self.mtime, 0, 0

    def at(self, now: float) -> set[str]:
        return set(self.stamps.check(now))


def test_nothing_is_due_while_nothing_moves() -> None:
    watched = Watched()
    assert [watched.at(now) for now in (5.0, 10.0, 15.0)] == [set(), set(), set()]


def test_nobody_looks_more_often_than_every_five_seconds() -> None:
    watched = Watched()
    watched.mtime = 2
    assert watched.at(4.9) == set()
    assert watched.stamps.next_at == 5.0


def test_a_change_is_due_after_a_second_of_quiet() -> None:
    watched = Watched()
    watched.mtime = 2
    assert watched.at(5.0) == set()
    assert watched.stamps.next_at == 6.0
    assert watched.at(6.0) == {"packages"}
    assert watched.stamps.next_at == 11.0
    assert watched.at(11.0) == set()


def test_a_long_upgrade_is_waited_for_but_not_for_ever() -> None:
    watched = Watched()
    due: list[float] = []
    for second in range(5, 40):
        watched.mtime += second < 30  # something is written every second until then
        if watched.at(float(second)):
            due.append(second)
    assert due == [20, 30]


def test_real_files_are_seen_to_appear_to_change_and_to_go(tmp_path: Path) -> None:
    stamps = Stamps({"groups": ["etc/group"]}, tmp_path, 0.0)
    (tmp_path / "etc").mkdir()
    now = 5.0

    def is_due() -> bool:
        nonlocal now
        stamps.check(now)
        found = bool(stamps.check(now + 1.0))
        now += 10.0
        return found

    assert not is_due()
    (tmp_path / "etc/group").write_text("a")
    assert is_due()
    os.utime(tmp_path / "etc/group", ns=(1, 1))
    assert is_due()
    (tmp_path / "etc/new").write_text("b")
    os.replace(tmp_path / "etc/new", tmp_path / "etc/group")
    assert is_due()
    (tmp_path / "etc/group").unlink()
    assert is_due()
    assert not is_due()
