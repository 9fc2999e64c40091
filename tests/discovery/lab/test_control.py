"""Commands over the socket."""

from __future__ import annotations

import asyncio
import json
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.lab import Doors, Lab
from discovery.lab.control import MAX_LINE, answer, tell
from discovery.lab.estate import estate
from discovery.lab.running import simulated
from tests.discovery.lab.asking import CORE


@pytest.fixture
async def lab(tmp_path):
    async with Lab(simulated(estate(3)), Doors(control=tmp_path / "lab.sock")) as opened:
        yield opened


async def test_a_command_is_done_and_answered(lab):
    path = lab.doors.control
    told = await asyncio.to_thread(tell, path, json.dumps({"do": "delay", "address": CORE, "seconds": 0.25}))
    assert told == {"ok": True, "result": None}
    assert lab.devices[CORE].delay == 0.25


async def test_what_is_refused_says_why(lab):
    told = await asyncio.to_thread(tell, lab.doors.control, '{"do": "delay", "address": "127.9.9.9", "seconds": 1}')
    assert told == {"ok": False, "error": "no device at that address"}


async def test_only_the_owner_can_open_the_socket_and_it_goes_with_the_lab(tmp_path):
    path = tmp_path / "lab.sock"
    async with Lab([], Doors(control=path)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


async def test_a_second_lab_does_not_take_the_socket_of_the_first(lab):
    with pytest.raises(OSError, match="a lab listens there"):
        await Lab([], Doors(control=lab.doors.control)).__aenter__()
    assert (await asyncio.to_thread(tell, lab.doors.control, "{}"))["ok"] is False


async def test_a_line_without_an_end_is_hung_up_on_and_others_are_served(lab):
    reader, writer = await asyncio.open_unix_connection(lab.doors.control)
    writer.write(b"x" * (2 * MAX_LINE))
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    assert (await asyncio.to_thread(tell, lab.doors.control, "{}"))["ok"] is False


PLAIN = st.none() | st.booleans() | st.integers() | st.text()
JSON = st.recursive(PLAIN, lambda each: st.lists(each) | st.dictionaries(
    st.sampled_from(["do", "address", "seconds", "seed", "new", "value"]), each), max_leaves=8)  # fmt: skip


@given(st.binary(max_size=300) | JSON.map(lambda each: json.dumps(each).encode()))
def test_no_line_does_more_than_be_refused(line):
    assert answer({}, line)["ok"] is False
