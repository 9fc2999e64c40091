"""Photos are made small by a process that has nothing to lose, and is lost for one photo at most."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from collector.services.exports.darkroom import MAX_LOST, PHOTO_S, Darkroom
from collector.thumbnail import BadPicture
from tests.collector.services.reports.camera import SECRET, taken


def children() -> set[int]:
    """Return the processes we have started and that still run."""
    listed = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text(encoding="ascii")
    return set(map(int, listed.split()))


async def started(room: Darkroom) -> int:
    """Let a room begin and return its process."""
    before = children()
    assert (await room.small(taken())).startswith(b"\xff\xd8")
    (process,) = children() - before
    return process


async def test_photos_are_made_small_one_after_the_other_by_one_process_that_ends() -> None:
    async with Darkroom() as room:
        process = await started(room)
        for bad in (b"", taken()[:500], os.urandom(70_000)):
            with pytest.raises(BadPicture):
                await room.small(bad)
        assert SECRET not in await room.small(taken("PNG"))
        assert process in children()
    assert process not in children()


async def test_its_process_knows_no_secret_and_has_little_memory_and_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_DATABASE", "postgresql://muster:secret@localhost/muster")
    async with Darkroom() as room:
        process = Path(f"/proc/{await started(room)}")
        assert b"secret" not in (process / "environ").read_bytes()
        limits = (process / "limits").read_text(encoding="ascii")
    told = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
    assert told["Max address space"] == [str(1 << 30)] * 2
    assert told["Max file size"] == ["0", "0"]
    assert told["Max cpu time"] == ["120", "120"]


async def test_a_photo_its_process_is_lost_over_costs_nothing_but_itself() -> None:
    async with Darkroom() as room:
        for _ in range(MAX_LOST):
            os.kill(await started(room), signal.SIGKILL)
            with pytest.raises(BadPicture):
                await room.small(taken(size=(3000, 3000)))
        with pytest.raises(BadPicture, match="too many"):
            await room.small(taken())


async def test_a_photo_that_takes_too_long_is_given_up() -> None:
    async with Darkroom() as room:
        process = await started(room)
        os.kill(process, signal.SIGSTOP)
        room.photo_s = 0.1
        with pytest.raises(BadPicture):
            await room.small(taken())
        assert process not in children()
        room.photo_s = PHOTO_S
        assert await started(room) != process


@pytest.mark.parametrize("answer", ["huge", "other"])
async def test_an_answer_that_is_no_small_jpeg_is_not_taken(answer: str) -> None:
    async with Darkroom(f"{__package__}.{answer}_answer") as room:
        with pytest.raises(BadPicture) as refused:
            await room.small(taken())
        assert "no answer of ours" in str(refused.value.__cause__)


async def test_a_third_report_waits_until_one_of_two_is_done() -> None:
    async with Darkroom():
        async with Darkroom():
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01), Darkroom():
                    pass
        async with asyncio.timeout(PHOTO_S), Darkroom() as third:
            assert await third.small(taken())
