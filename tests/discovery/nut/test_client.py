"""The UPS management protocol: servers that keep to it, and those that do not, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.failures import Failed
from discovery.nut.client import Limits, Ups, read
from discovery.nut.line import MAX_LINE, BadLine, is_name, words

SHORT = Limits(seconds=1.0, devices=4, lines=50)
GOOD = {
    "LIST UPS": 'BEGIN LIST UPS\nUPS rack-a "UPS of \\"row A\\""\nUPS rack-b "b"\nEND LIST UPS\n',
    "LIST VAR rack-a": (
        'BEGIN LIST VAR rack-a\nVAR rack-a ups.status "OL"\nVAR rack-a ups.id "C:\\\\a"\nEND LIST VAR rack-a\n'
    ),
    "LIST CLIENT rack-a": "BEGIN LIST CLIENT rack-a\nCLIENT rack-a 10.2.0.7\nEND LIST CLIENT rack-a\n",
    "LIST VAR rack-b": "ERR DRIVER-NOT-CONNECTED\n",
    "LIST CLIENT rack-b": "ERR UNKNOWN-COMMAND\n",
}


@contextlib.asynccontextmanager
async def serving(answers: Mapping[str, str], endless: bytes = b"") -> AsyncIterator[tuple[int, list[str]]]:
    """Serve answers by question, then close; `endless` is sent for ever instead."""
    heard: list[str] = []
    tasks: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
            while line := (await reader.readline()).decode().strip():
                heard.append(line)
                while endless and not writer.is_closing():
                    writer.write(endless)
                    await writer.drain()
                    await asyncio.sleep(0)
                writer.write(answers.get(line, "").encode())
                if line not in answers:
                    break
        writer.transport.abort()
        tasks.discard(task)

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_devices_variables_and_clients_are_read_and_nobody_logs_in() -> None:
    async with serving(GOOD) as (port, heard):
        found = await read("127.0.0.1", port, SHORT)
    assert found == [
        Ups("rack-a", 'UPS of "row A"', {"ups.status": "OL", "ups.id": "C:\\a"}, ("10.2.0.7",)),
        Ups("rack-b", "b", failure="timeout"),
    ]
    assert all(line.startswith("LIST ") for line in heard)


@pytest.mark.parametrize(("word", "cause"), [
    ("ACCESS-DENIED", "authorization"), ("DATA-STALE", "timeout"), ("SOMETHING-ELSE", "error_status"),
    ("", "error_status"),
])  # fmt: skip
async def test_a_refusal_is_told_by_its_cause(word: str, cause: str) -> None:
    async with serving({"LIST UPS": f"ERR {word}\n"}) as (port, _):
        with pytest.raises(Failed) as failed:
            await read("127.0.0.1", port, SHORT)
    assert failed.value.cause == cause


@pytest.mark.parametrize("answer", [
    "220 ProFTPD ready\n", "BEGIN LIST VAR x\n", "BEGIN LIST UPS\nVAR a b c\nEND LIST UPS\n",
    'BEGIN LIST UPS\nUPS a "b\n', "BEGIN LIST UPS\n" + "UPS a b\n" * 60 + "END LIST UPS\n", "BEGIN LIST UPS\n",
    "x" * 20_000, "BEGIN LIST UPS\nUPS " + "x" * 9000 + "\n", "\n",
])  # fmt: skip
async def test_what_is_no_answer_is_malformed(answer: str) -> None:
    async with serving({"LIST UPS": answer}) as (port, _):
        with pytest.raises(Failed) as failed:
            await read("127.0.0.1", port, SHORT)
    assert failed.value.cause in ("malformed", "timeout")


async def test_a_list_longer_than_its_bound_is_left() -> None:
    rows = "".join(f'VAR rack-a ups.x{at} "1"\n' for at in range(SHORT.lines + 1))
    long = {**GOOD, "LIST VAR rack-a": f"BEGIN LIST VAR rack-a\n{rows}END LIST VAR rack-a\n"}
    async with serving(long) as (port, _):
        with pytest.raises(Failed, match="malformed"):
            await read("127.0.0.1", port, SHORT)


@pytest.mark.parametrize("endless", [b"x" * 1000, b"UPS a b\n" * 100, b"\n"])
async def test_a_server_that_never_ends_is_left_in_time(endless: bytes) -> None:
    began = time.monotonic()
    async with serving({}, endless) as (port, _):
        with pytest.raises(Failed, match="malformed"):
            await read("127.0.0.1", port, SHORT)
    assert time.monotonic() - began < 3


async def test_a_name_that_could_be_a_command_is_not_sent_back() -> None:
    listed = 'BEGIN LIST UPS\nUPS "a b" x\nUPS "a\tFSD" x\nUPS "" x\nEND LIST UPS\n'
    async with serving({"LIST UPS": listed}) as (port, heard):
        assert await read("127.0.0.1", port, SHORT) == []
    assert heard == ["LIST UPS"]


async def test_a_closed_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Failed, match="refused"):
        await read("127.0.0.1", port, SHORT)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text('ab "\\\t', max_size=40).map(str.encode))
def test_any_line_is_words_or_a_bad_line(line: bytes) -> None:
    with contextlib.suppress(BadLine):
        assert all(isinstance(word, str) for word in words(line))


@given(
    st.lists(
        st.text(min_size=1, max_size=20).filter(lambda word: word == word.strip() and word.isprintable()), max_size=8
    )
)
def test_words_that_are_quoted_come_back_as_they_were(listed: list[str]) -> None:
    quoted = " ".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in listed)
    assert words(quoted.encode()) == listed


def test_a_line_has_a_bound() -> None:
    with pytest.raises(BadLine):
        words(b"x" * (MAX_LINE + 1))
    with pytest.raises(BadLine):
        words(b"x " * 40)
    assert not is_name("a\nb")
