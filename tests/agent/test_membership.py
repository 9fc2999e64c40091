"""What an enrolled agent owns survives damage with one clear word, and is never half there."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from agent import membership
from agent.membership import Membership, NotEnrolled, Validity, target
from tests.agent.power import Disk, PowerCut

PEM = b"-----BEGIN X-----\n-----END X-----\n"
MEMBER = Membership("id", "host", 1, 2, "root", 1, Validity(0, 10))


def test_a_membership_comes_back_as_it_was_saved(state: Path) -> None:
    membership.write_pair(state, PEM, PEM)
    renewed = replace(MEMBER, candidate=2, candidate_validity=Validity(5, 20))
    membership.save(state, renewed)
    assert membership.load(state) == renewed
    assert renewed.newest_validity == Validity(5, 20)
    assert renewed.rejected() == MEMBER
    assert renewed.promoted() == replace(MEMBER, pair=2, validity=Validity(5, 20))


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"{}", b'{"agent_id": 1}', b"\xff"])
def test_a_damaged_membership_says_to_enrol_again(state: Path, damage: bytes) -> None:
    state.mkdir()
    (state / "enrolment.json").write_bytes(damage)
    with pytest.raises(NotEnrolled, match="enrol this machine again"):
        membership.load(state)


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_damaged_pair_is_not_used(state: Path, damage: bytes | None) -> None:
    membership.write_pair(state, PEM, PEM)
    path = state / "pairs" / "1" / "chain.pem"
    path.unlink() if damage is None else path.write_bytes(damage)
    with pytest.raises(NotEnrolled, match="damaged"):
        membership.read_pair(state, 1)


def test_when_the_power_goes_the_membership_is_the_old_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set()
    for cut_at in range(1, 10):
        state = tmp_path / f"state{cut_at}"
        disk = Disk(state, monkeypatch)
        membership.write_pair(state, PEM, PEM)
        membership.save(state, MEMBER)
        disk.cut_at = disk.syncs + cut_at
        with contextlib.suppress(PowerCut):
            membership.save(state, replace(MEMBER, host="moved"))
        monkeypatch.undo()
        seen.add(membership.load(disk.after_cut(tmp_path / f"after{cut_at}")).host)
    assert seen == {"host", "moved"}


def test_an_ipv6_address_is_put_in_brackets() -> None:
    assert (target("::1", 7), target("host", 7)) == ("[::1]:7", "host:7")
