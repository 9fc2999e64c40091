"""A command whose answer is lost on the way asks again under the same key: it is done once, and told as done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from collector.cli import client
from collector.cli.client import Client, CollectorUnreachable
from tests.listening import listening
from tests.people import World


class Line:
    """A line to a port that breaks off as often as it is told, once the request has been answered at the other end."""

    def __init__(self, port: int, breaks: int) -> None:
        self.port, self.breaks, self.asked = port, breaks, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, theirs = await asyncio.open_connection("127.0.0.1", self.port)
        forth = asyncio.create_task(self._forth(reader, theirs))
        while answer := await there.read(65_536):
            self.asked += answer.startswith(b"HTTP/")
            if self.breaks:
                self.breaks -= 1
                break
            writer.write(answer)
        forth.cancel()
        theirs.close()
        writer.close()

    async def _forth(self, reader: asyncio.StreamReader, theirs: asyncio.StreamWriter) -> None:
        while asked := await reader.read(65_536):
            theirs.write(asked)
        theirs.close()


@asynccontextmanager
async def broken(world: World, data: Path, breaks: int) -> AsyncIterator[tuple[Client, Line]]:
    """Yield a client of `world` over a line that breaks so often."""
    token = await world.token("engineer", "service_desk")
    async with listening(world.app) as port:
        line = Line(port, breaks)
        server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
        client.write_local(data, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", token)
        yield Client(data), line
        server.close()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "AGAIN_S", (0.0, 0.0, 0.0))


REPORT = {"title": "the printer is on fire", "text": "room 3"}


async def test_what_was_posted_and_not_answered_is_asked_again_and_done_once(world: World, tmp_path: Path) -> None:
    async with broken(world, tmp_path, breaks=2) as (ours, line):
        made = await asyncio.to_thread(ours.post, "my/reports", REPORT)
        listed = await asyncio.to_thread(ours.get, "my/reports")
    assert [each["number"] for each in listed["items"]] == [made["number"]]
    assert line.asked == 4


async def test_where_nobody_answers_any_more_the_command_says_so(world: World, tmp_path: Path) -> None:
    async with broken(world, tmp_path, breaks=99) as (ours, line):
        with pytest.raises(CollectorUnreachable):
            await asyncio.to_thread(ours.post, "my/reports", REPORT)
        assert line.asked == 4
        line.breaks = 0
        listed = await asyncio.to_thread(ours.get, "my/reports")
    assert len(listed["items"]) == 1


async def test_two_commands_are_two_requests_however_alike(world: World, tmp_path: Path) -> None:
    async with broken(world, tmp_path, breaks=0) as (ours, _):
        first, second = [await asyncio.to_thread(ours.post, "my/reports", REPORT) for _ in range(2)]
    assert first["number"] != second["number"]


async def test_a_form_with_a_photo_is_the_same_when_it_is_sent_again(world: World, tmp_path: Path) -> None:
    """Its boundary is drawn once: under one key there is one body."""
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"\xff\xd8 no picture")
    async with broken(world, tmp_path, breaks=1) as (ours, line):
        with pytest.raises(client.Refused, match=r"permission|there"):
            await asyncio.to_thread(ours.post_form, "inspections/INS-1/answers", {"item": "1"}, photo)
    assert line.asked == 2
