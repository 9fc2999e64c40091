"""The spool keeps its promises: numbers, order, bounds, damage, a full disk, a cut of the power."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import textwrap
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import durable, segment
from agent.spool import Spool, SpoolBusy, SpoolFailed, SpoolFull
from agent.tail import Tail
from tests.agent.power import Disk, PowerCut
from wire.observation import Drop


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def texts(spool: Spool) -> list[bytes]:
    return [envelope.observation for envelope in spool.peek()]


def seqs(spool: Spool) -> list[int]:
    return [envelope.seq for envelope in spool.peek()]


def dropped(spool: Spool) -> set[int]:
    return {seq for drop in spool.pending_drops() for seq in range(drop.first_seq, drop.last_seq + 1)}


def reopened(spool: Spool, **limits: float) -> Spool:
    spool.close()
    return Spool.open(spool._folder, **limits)  # type: ignore[arg-type]


# --- numbers and order


def test_numbers_start_at_one_and_have_no_gap(folder: Path) -> None:
    spool = Spool.open(folder)
    assert [spool.append(b"x") for _ in range(5)] == [1, 2, 3, 4, 5]


def test_what_was_appended_comes_back_in_order_after_a_restart(folder: Path) -> None:
    spool = Spool.open(folder)
    spool.append(b"first")
    spool.append(b"second")
    again = reopened(spool)
    assert texts(again) == [b"first", b"second"]
    assert again.append(b"third") == 3
    assert again.epoch == spool.epoch


def test_a_number_is_never_used_again_after_everything_was_acknowledged(folder: Path) -> None:
    spool = Spool.open(folder)
    spool.ack([spool.append(b"x"), spool.append(b"y")])
    assert not list(folder.glob("*.seg"))
    again = reopened(spool)
    assert (again.depth, again.acked_through, again.append(b"z")) == (0, 2, 3)


def test_peek_keeps_to_both_limits_but_always_gives_one(folder: Path) -> None:
    spool = Spool.open(folder)
    for size in (900, 300, 300, 300):
        spool.append(b"x" * size)
    assert [len(each.observation) for each in spool.peek(max_bytes=100)] == [900]
    assert len(spool.peek(max_bytes=1_250)) == 2
    assert len(spool.peek(max_count=3)) == 3


def test_an_envelope_carries_the_sum_of_its_bytes(folder: Path) -> None:
    spool = Spool.open(folder)
    spool.append(b"observation")
    assert spool.peek()[0].crc == zlib.crc32(b"observation")


def test_acknowledging_in_any_order_keeps_what_was_not(folder: Path) -> None:
    spool = Spool.open(folder)
    for number in range(4):
        spool.append(b"%d" % number)
    spool.ack([2, 4, 99])
    assert (seqs(spool), spool.acked_through) == ([1, 3], 0)
    assert seqs(reopened(spool)) == [1, 2, 3, 4]  # the cursor is cumulative: sent again rather than lost


def test_a_segment_goes_only_when_all_in_it_is_acknowledged(folder: Path) -> None:
    spool = Spool.open(folder, max_bytes=128 * 1024)
    for _ in range(10):
        spool.append(b"x" * 3_000)
    names = sorted(folder.glob("*.seg"))
    assert len(names) > 2
    first_of_third = int(names[2].stem)
    spool.ack(range(1, first_of_third))
    assert sorted(folder.glob("*.seg")) == names[2:]


def test_a_second_agent_on_the_same_spool_is_refused(folder: Path) -> None:
    spool = Spool.open(folder)
    code = "import sys; from pathlib import Path; from agent.spool import Spool; Spool.open(Path(sys.argv[1]))"
    other = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=False)
    assert "SpoolBusy" in other.stderr
    with pytest.raises(SpoolBusy):
        Spool.open(folder)
    spool.close()
    Spool.open(folder).close()


def test_a_lost_folder_starts_a_new_epoch(folder: Path) -> None:
    spool = Spool.open(folder)
    spool.append(b"x")
    spool.close()
    shutil.rmtree(folder)
    again = Spool.open(folder)
    assert again.epoch != spool.epoch
    assert again.append(b"y") == 1


def test_only_the_owner_can_read_it(folder: Path) -> None:
    spool = Spool.open(folder)
    spool.append(b"x")
    spool.ack([1])
    spool.append(b"y")
    modes = {each.name: each.stat().st_mode & 0o077 for each in [folder, *folder.iterdir()]}
    assert set(modes.values()) == {0}, modes


# --- bounds


def test_the_oldest_superseded_inventory_goes_first(folder: Path) -> None:
    spool = Spool.open(folder, max_bytes=9_000)
    spool.append(b"event" * 400)
    spool.append(b"inventory" * 200, superseding=True)
    spool.append(b"inventory" * 200, superseding=True)
    spool.append(b"event" * 400)
    assert spool.append(b"inventory" * 200, superseding=True) == 5
    assert spool.pending_drops() == (Drop(2, 2, 1, "superseded"),)
    assert seqs(spool) == [1, 3, 4, 5]
    assert spool.bytes <= 9_000


def test_snapshots_of_one_stream_do_not_supersede_another_stream(folder: Path) -> None:
    spool = Spool.open(folder, max_bytes=7_500)
    spool.append(b"i" * 3_000, superseding=True, stream=0)
    spool.append(b"h" * 1_500, superseding=True, stream=1)
    spool.append(b"h" * 1_500, superseding=True, stream=1)
    spool.append(b"h" * 1_500, superseding=True, stream=1)
    assert 1 in seqs(spool)
    assert dropped(spool) == {2}


def test_when_nothing_is_superseded_the_oldest_go(folder: Path) -> None:
    spool = Spool.open(folder, max_bytes=10_000)
    for _ in range(8):
        spool.append(b"x" * 2_000)
    assert seqs(spool) == [5, 6, 7, 8]
    assert spool.pending_drops() == tuple(Drop(n, n, 1, "quota") for n in (1, 2, 3, 4))
    assert spool.dropped_total == 4


def test_too_old_is_dropped_and_counted(folder: Path) -> None:
    now = [1_000_000.0]
    spool = Spool.open(folder, max_age_s=3_600, clock=lambda: now[0])
    spool.append(b"old")
    now[0] += 1_800
    spool.append(b"younger")
    now[0] += 1_801
    spool.append(b"new")
    assert texts(spool) == [b"younger", b"new"]
    assert spool.pending_drops() == (Drop(1, 1, 1, "age"),)


def test_a_clock_that_jumps_ten_years_drops_nothing(folder: Path) -> None:
    now = [1_000_000.0]
    spool = Spool.open(folder, clock=lambda: now[0])
    for jump in (0.0, 10 * 365 * 86_400, -20 * 365 * 86_400, 10 * 365 * 86_400):
        now[0] += jump
        spool.append(b"x")
    assert seqs(spool) == [1, 2, 3, 4]
    spool.close()
    again = Spool.open(folder, clock=lambda: now[0])
    again.append(b"x")
    assert again.depth == 5


def test_an_observation_larger_than_the_whole_spool_is_turned_away(folder: Path) -> None:
    spool = Spool.open(folder, max_bytes=5_000)
    spool.append(b"kept")
    with pytest.raises(SpoolFull):
        spool.append(b"x" * 6_000)
    assert texts(spool) == [b"kept"]


# --- drops


def test_drops_are_told_until_the_observation_that_carries_them_is_acknowledged(folder: Path) -> None:
    spool = Spool.open(folder)
    spool.append(b"poison")
    spool.refuse(1, "beyond limits")
    drops = spool.pending_drops()
    assert drops == (Drop(1, 1, 1, "refused"),)
    carrier = spool.append(b"tells", tells=len(drops))
    assert spool.pending_drops() == drops
    spool = reopened(spool)
    assert spool.pending_drops() == drops
    spool.ack([carrier])  # after a restart nobody knows which observation told them: told once more
    assert spool.pending_drops() == drops
    spool.ack([spool.append(b"tells", tells=1)])
    assert spool.pending_drops() == ()
    assert reopened(spool).pending_drops() == ()


def test_a_drop_told_by_an_observation_that_was_dropped_itself_is_told_again(folder: Path) -> None:
    spool = Spool.open(folder)
    spool.refuse(spool.append(b"a"), "no")
    carrier = spool.append(b"b", tells=1)
    spool.refuse(carrier, "no")
    assert spool.pending_drops() == (Drop(1, 1, 1, "refused"), Drop(2, 2, 1, "refused"))


def test_a_long_drop_journal_is_compacted_and_its_total_kept(folder: Path) -> None:
    spool = Spool.open(folder)
    for _ in range(30):
        spool._journal_drops([Drop(10**9, 10**9, 1, "quota")] * 100)
    spool._journal_drops([Drop(1, 1, 1, "quota")])
    while spool.pending_drops():
        spool.ack([spool.append(b"x", tells=len(spool.pending_drops()))])
    assert (folder / "drops").stat().st_size > 256 * 1024
    spool._journal.forget(spool._told, 2 * 10**9)
    assert (folder / "drops").stat().st_size < 200
    again = reopened(spool)
    assert again.dropped_total == 3_001
    again.refuse(again.append(b"x"), "no")
    assert len(again.pending_drops()) == 1


# --- damage


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 0xFF
    path.write_bytes(data)


def test_a_corrupt_segment_is_quarantined_and_the_rest_is_served(folder: Path) -> None:
    spool = Spool.open(folder)
    for text in (b"first", b"second", b"third"):
        spool.append(text)
    spool.close()
    (path,) = folder.glob("*.seg")
    flip(path, path.read_bytes().index(b"second"))
    again = Spool.open(folder)
    assert texts(again) == [b"first", b"third"]
    assert again.pending_drops() == (Drop(2, 2, 1, "corrupt"),)
    assert len(list(folder.glob("*.bad"))) == 1
    assert again.append(b"fourth") == 4


def test_a_torn_tail_is_cut_off_and_its_number_is_used_again(folder: Path) -> None:
    spool = Spool.open(folder)
    spool.append(b"whole")
    spool.append(b"torn" * 20)
    spool.close()
    (path,) = folder.glob("*.seg")
    os.truncate(path, path.stat().st_size - 3)
    again = Spool.open(folder)
    assert texts(again) == [b"whole"]
    assert again.pending_drops() == ()
    assert again.append(b"again") == 2


def test_a_damaged_last_record_spends_its_number(folder: Path) -> None:
    spool = Spool.open(folder)
    spool.append(b"whole")
    spool.append(b"rotten")
    spool.close()
    (path,) = folder.glob("*.seg")
    flip(path, path.stat().st_size - 1)
    again = Spool.open(folder)
    assert again.pending_drops() == (Drop(2, 2, 1, "corrupt"),)
    assert again.append(b"new") == 3


def test_a_damaged_record_behind_one_that_was_refused_is_told(folder: Path) -> None:
    spool = Spool.open(folder)
    spool.append(b"refused")
    spool.append(b"rotten")
    spool.refuse(1, "beyond limits")
    spool.close()
    (path,) = folder.glob("*.seg")
    flip(path, segment.HEAD.size)
    again = Spool.open(folder)
    assert [(drop.first_seq, drop.last_seq, drop.reason) for drop in again.pending_drops()] == [
        (1, 1, "refused"), (2, 2, "corrupt"),
    ]  # fmt: skip
    assert again.append(b"new") == 3


def test_a_damaged_last_header_spends_every_number_that_may_have_stood_there(folder: Path) -> None:
    spool = Spool.open(folder)
    spool.append(b"whole")
    spool.append(b"a" * 200)
    spool.append(b"b" * 200)
    spool.close()
    (path,) = folder.glob("*.seg")
    data = path.read_bytes()
    for seq in (2, 3):
        flip(path, data.index(seq.to_bytes(8, "little"), segment.HEAD.size))
    again = Spool.open(folder)
    (drop,) = again.pending_drops()
    assert (drop.first_seq, drop.count, drop.reason) == (2, 1, "corrupt")
    assert drop.last_seq >= 3
    assert again.append(b"new") == drop.last_seq + 1


def test_a_record_forged_inside_a_payload_is_never_served(folder: Path) -> None:
    spool = Spool.open(folder)
    record = segment.Record(7, 0, 0, 0, 6, zlib.crc32(b"forged"))
    spool.append(b"prefix" + segment.encode_record(b"\0" * 16, record, b"forged") + b"suffix")
    spool.append(b"after")
    spool.close()
    (path,) = folder.glob("*.seg")
    flip(path, segment.HEAD.size)
    again = Spool.open(folder)
    assert texts(again) == [b"after"]
    assert dropped(again) == {1}


def test_a_missing_segment_is_a_counted_gap(folder: Path) -> None:
    spool = Spool.open(folder, max_bytes=128 * 1024)
    for _ in range(9):
        spool.append(b"x" * 3_000)
    spool.close()
    middle = sorted(folder.glob("*.seg"))[1]
    middle.unlink()
    again = Spool.open(folder)
    assert dropped(again) | set(seqs(again)) == set(range(1, 10))
    assert all(drop.reason == "corrupt" for drop in again.pending_drops())


def test_a_segment_of_another_spool_is_not_served(folder: Path, tmp_path: Path) -> None:
    other = Spool.open(tmp_path / "other")
    other.append(b"foreign")
    spool = Spool.open(folder)
    spool.append(b"own")
    spool.close()
    (path,) = (tmp_path / "other").glob("*.seg")
    shutil.copy(path, folder / f"{77:020d}.seg")
    again = Spool.open(folder)
    assert texts(again) == [b"own"]
    assert again.pending_drops() == ()


@pytest.mark.parametrize("name", ["epoch", "cursor", "drops"])
@pytest.mark.parametrize("damage", [b"", b"garbage that is not it", None])
def test_a_damaged_small_file_loses_nothing_and_no_number_is_used_twice(
    folder: Path, name: str, damage: bytes | None
) -> None:
    spool = Spool.open(folder)
    spool.refuse(spool.append(b"a"), "no")
    spool.ack([spool.append(b"b")])
    spool.append(b"c")
    spool.close()
    if damage is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(damage)
    again = Spool.open(folder)
    assert (again.epoch, texts(again)) == (spool.epoch, [b"c"])
    assert again.append(b"d") == 4


def test_an_empty_spool_that_lost_its_cursor_starts_a_new_epoch(folder: Path) -> None:
    spool = Spool.open(folder)
    spool.ack([spool.append(b"a")])
    spool.close()
    (folder / "cursor").unlink()
    assert Spool.open(folder).epoch != spool.epoch


def test_any_flipped_byte_costs_at_most_its_record_and_is_counted(folder: Path, tmp_path: Path) -> None:
    spool = Spool.open(folder, max_bytes=128 * 1024)
    chance = random.Random(20_241_124)
    for number in range(1, 31):
        spool.append(b"%06d" % number + chance.randbytes(chance.randrange(10, 1_500)))
    spool.close()
    paths = sorted(folder.glob("*.seg"))
    for attempt in range(300):
        copy = tmp_path / f"copy{attempt}"
        shutil.copytree(folder, copy)
        path = copy / chance.choice(paths).name
        flip(path, chance.randrange(path.stat().st_size))
        again = Spool.open(copy)
        served = {envelope.seq: int(envelope.observation[:6]) for envelope in again.peek()}
        assert all(seq == number for seq, number in served.items())
        assert set(served) | dropped(again) >= set(range(1, 31))
        assert len(served) >= 29
        assert sum(drop.count for drop in again.pending_drops()) == 30 - len(served)
        again.close()
        shutil.rmtree(copy)


def test_rot_found_while_serving_is_counted_and_does_not_stop_the_others(folder: Path) -> None:
    spool = Spool.open(folder)
    for text in (b"first", b"second", b"third"):
        spool.append(text)
    (path,) = folder.glob("*.seg")
    flip(path, path.read_bytes().index(b"second"))
    assert texts(spool) == [b"first", b"third"]
    assert spool.pending_drops() == (Drop(2, 2, 1, "corrupt"),)
    assert texts(spool) == [b"first", b"third"]
    assert texts(reopened(spool)) == [b"first", b"third"]


def test_quarantined_files_do_not_pile_up(folder: Path) -> None:
    for _ in range(12):
        spool = Spool.open(folder)
        spool.append(b"text")
        spool.close()
        path = max(folder.glob("*.seg"))
        flip(path, path.stat().st_size - 1)
    Spool.open(folder).close()
    assert 1 <= len(list(folder.glob("*.bad"))) <= 8


# --- a full disk, a failing disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    mount = tmp_path / "small"
    mount.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("mounting a tmpfs is not allowed here")
    yield mount
    subprocess.run(["umount", mount], check=True)


def test_on_a_full_disk_appends_fail_whole_and_acknowledging_makes_room_again(small_disk: Path) -> None:
    spool = Spool.open(small_disk / "spool")
    appended: list[int] = []
    with pytest.raises(SpoolFull):
        appended.extend(spool.append(b"%04d" % number + b"x" * 20_000) for number in range(1_000))
    assert len(appended) > 30
    with pytest.raises(SpoolFull):
        spool.append(b"y" * 20_000)
    assert spool.depth == len(appended)
    assert seqs(reopened(spool)) == appended[: len(spool.peek())]
    spool.close()
    spool = Spool.open(small_disk / "spool")
    spool.ack(appended)
    assert not list((small_disk / "spool").glob("*.seg"))
    assert spool.append(b"z" * 20_000) == appended[-1] + 1
    assert spool.pending_drops() == ()
    spool.close()


def test_a_disk_filled_by_others_to_the_last_byte_still_lets_the_spool_empty(small_disk: Path) -> None:
    spool = Spool.open(small_disk / "spool")
    appended = [spool.append(b"x" * 10_000) for _ in range(10)]
    with pytest.raises(OSError, match="No space"):
        (small_disk / "ballast").write_bytes(b"b" * 2_000_000)
    spool.refuse(appended[0], "no")
    spool.ack(appended[1:])
    assert (spool.depth, dropped(spool)) == (0, {1})
    again = reopened(spool)
    assert (again.depth, again.acked_through, dropped(again)) == (0, 10, {1})
    again.close()


def test_when_the_disk_is_full_superseded_inventories_make_room(small_disk: Path) -> None:
    spool = Spool.open(small_disk / "spool")
    for number in range(1_000):
        spool.append(b"%04d" % number + b"x" * 30_000, superseding=True)
        if spool.dropped_total:
            break
    assert spool.dropped_total > 0
    assert {drop.reason for drop in spool.pending_drops()} == {"superseded"}
    assert dropped(spool) | set(seqs(spool)) == set(range(1, number + 2))
    spool.close()


def test_a_file_size_limit_keeps_nothing_of_a_half_written_append(folder: Path) -> None:
    code = textwrap.dedent("""
        import resource, sys
        from pathlib import Path
        from agent.spool import Spool, SpoolFull
        spool = Spool.open(Path(sys.argv[1]))
        spool.append(b"kept")
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
        try:
            spool.append(b"x" * 200_000)
        except SpoolFull:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            print(spool.append(b"after"))
    """)
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2"
    spool = Spool.open(folder)
    assert (texts(spool), spool.pending_drops()) == ([b"kept", b"after"], ())


def test_after_a_failed_sync_the_number_is_never_used_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool.open(folder)
    spool.append(b"kept")
    real = durable.sync
    failures = [OSError(5, "Input/output error")]

    def fail_once(fd: int) -> None:
        if failures:
            raise failures.pop()
        real(fd)

    monkeypatch.setattr(durable, "sync", fail_once)
    with pytest.raises(SpoolFailed):
        spool.append(b"unknown")
    assert spool.append(b"next") == 3
    assert texts(spool) == [b"kept", b"next"]
    again = reopened(spool)
    assert (texts(again), dropped(again)) == ([b"kept", b"next"], {2})


# --- a cut of the power


def _workload(spool: Spool, returned: list[int], acked: list[int]) -> None:
    for number in range(30):
        returned.append(spool.append(b"%02d" % number + b"x" * 1_900, superseding=number % 3 == 0))
        if number % 7 == 6:
            batch = [envelope.seq for envelope in spool.peek(max_count=3)]
            acked += batch  # the collector has them, whatever becomes of this ack
            spool.ack(batch)
        if number == 11:
            spool.refuse(spool.peek()[0].seq, "no")


def _run_until_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_at: int, outcome: str) -> set[int] | None:
    """Return the numbers lost when the power goes at sync `cut_at` of the workload; None when it ends before."""
    folder = tmp_path / f"run{cut_at}"
    disk = Disk(folder, monkeypatch)
    spool = Spool.open(folder, max_bytes=20_000)
    disk.cut_at = disk.syncs + cut_at
    returned: list[int] = []
    acked: list[int] = []
    try:
        _workload(spool, returned, acked)
    except PowerCut:
        pass
    else:
        return None
    finally:
        monkeypatch.undo()
        spool.close()
    chance = random.Random(cut_at) if outcome == "some unsynced bytes survive" else None
    after = Spool.open(folder if outcome == "killed" else disk.after_cut(tmp_path / f"after{cut_at}", chance))
    assert after.epoch == spool.epoch
    assert seqs(after) == sorted(seqs(after))
    lost = set(returned) - set(seqs(after)) - set(acked) - dropped(after)
    assert lost or after.append(b"new") > max([0, *returned])
    after.close()
    return lost


OUTCOMES = ["killed", "power cut", "some unsynced bytes survive"]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_whenever_it_ends_what_append_returned_is_there_or_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    cut_at = 1
    while (lost := _run_until_cut(tmp_path, monkeypatch, cut_at, outcome)) is not None:
        assert lost == set(), f"at sync {cut_at}"
        cut_at += 1
    assert cut_at > 80


def test_the_power_cut_test_has_teeth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A spool that forgets to sync its segments fails the same check."""
    lost: set[int] = set()
    for cut_at in range(1, 12):
        monkeypatch.setattr(Tail, "append", _append_without_sync)
        lost |= _run_until_cut(tmp_path, monkeypatch, cut_at, "power cut") or set()
    assert lost


def _append_without_sync(tail: Tail, seq: int, record: bytes) -> tuple[Path, int, int]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(durable, "sync", lambda fd: None)
        return _APPEND(tail, seq, record)


_APPEND = Tail.append


def test_the_cursor_is_on_the_disk_before_a_segment_goes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool.open(folder)
    spool.append(b"x")
    order: list[str] = []
    sync, unlink = durable.sync, Path.unlink

    def synced(fd: int) -> None:
        order.append(f"sync {Path(os.readlink(f'/proc/self/fd/{fd}')).name}")
        sync(fd)

    def unlinked(path: Path, missing_ok: bool = False) -> None:
        order.append(f"unlink {path.suffix}")
        unlink(path, missing_ok)

    monkeypatch.setattr(durable, "sync", synced)
    monkeypatch.setattr(Path, "unlink", unlinked)
    spool.ack([1])
    assert order == ["sync cursor.tmp", "sync spool", "unlink .seg", "sync spool"]
