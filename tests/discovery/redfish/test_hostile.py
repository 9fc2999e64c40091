"""Services that lie, wander, never end or never answer: each costs what it may, and says what it was."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from discovery.failures import Failed
from discovery.redfish.document import Inflating
from discovery.redfish.trust import Trust
from discovery.redfish.visit import visit
from tests.discovery.redfish.service import (
    LOGIN,
    Heard,
    Reply,
    certificate,
    context,
    honest,
)
from tests.discovery.redfish.visits import ROOT, SHORT, SMALL, SYSTEM, instead, met, reasons, refusal

# --- links


async def test_pages_that_never_end_are_left_with_what_they_held(tmp_path: Path) -> None:
    plain, pages = honest(SMALL), iter(range(1_000_000))

    def endless(heard: Heard) -> Reply:
        if not heard.path.startswith("/redfish/v1/Systems?") and heard.path != "/redfish/v1/Systems":
            return plain(heard)
        number = next(pages)
        link = f"/redfish/v1/Systems?$skip={number}"
        return Reply(
            {"Members": [{**SYSTEM, "@odata.id": f"{link}/x", "Id": str(number)}], "Members@odata.nextLink": link}
        )

    found, service = await met(endless, tmp_path)
    assert reasons(found)["device"] == "budget"
    assert len(service.heard) <= SHORT.requests + 2


async def test_a_next_link_to_itself_is_followed_once(tmp_path: Path) -> None:
    page = {"Members": [SYSTEM], "Members@odata.nextLink": "/redfish/v1/Systems"}
    found, service = await met(instead("/redfish/v1/Systems", Reply(page)), tmp_path)
    assert found.identified.serial == "AB12345"
    assert reasons(found)["device"] == "budget"
    assert service.paths.count("/redfish/v1/Systems") == 1


async def test_an_empty_page_that_leads_to_itself_is_no_endless_walk(tmp_path: Path) -> None:
    page = {"Members": [], "Members@odata.nextLink": "/redfish/v1/Chassis"}
    found, _ = await met(instead("/redfish/v1/Chassis", Reply(page)), tmp_path)
    assert reasons(found)["components"] == "budget"


async def test_resources_that_lead_back_to_each_other_are_read_once(tmp_path: Path) -> None:
    looped = {**SYSTEM, "Storage": {"@odata.id": "/redfish/v1/Systems"}, "Memory": {"@odata.id": "/redfish/v1/Systems"}}
    _, service = await met(honest({**SMALL, "/redfish/v1/Systems/1": looped}), tmp_path)
    assert service.paths.count("/redfish/v1/Systems/1") == 1


@pytest.mark.parametrize("link", [
    "https://127.0.0.2/redfish/v1/Systems", "//127.0.0.2/redfish/v1/Systems", "http://127.0.0.1/redfish/v1/Systems",
    "/login", "/redfish/v1/\r\nX: y", "/redfish/v2/Systems", "redfish/v1/Systems", 7, None, {"@odata.id": {}},
    "/redfish/v1/" + "x" * 3000, "@127.0.0.2/redfish/v1", "/redfish/v1@127.0.0.2/",
])  # fmt: skip
async def test_a_link_that_leads_elsewhere_is_not_followed(link: object, tmp_path: Path) -> None:
    root = {**ROOT, "Managers": {"@odata.id": link}}
    found, service = await met(honest({**SMALL, "/redfish/v1": root}), tmp_path)
    assert found.identified.serial == "AB12345"
    assert {path.split("/")[3] for path in service.paths} == {"", "Systems", "Chassis", "SessionService"}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirection_to_another_host_is_not_followed(status: int, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.setblocking(False)
        place = f"https://127.0.0.1:{other.getsockname()[1]}/redfish/v1/Systems"
        cause, _ = await refusal(instead("/redfish/v1/Systems", Reply({}, status, {"Location": place})), tmp_path)
        with pytest.raises(BlockingIOError):
            other.accept()
    assert cause == "malformed"


async def test_a_redirection_within_the_service_is_followed_once(tmp_path: Path) -> None:
    moved = Reply({}, 308, {"Location": "/redfish/v1/Systems/"})
    found, _ = await met(instead("/redfish/v1/Systems", moved), tmp_path)
    assert found.identified.serial == "AB12345"
    circle = Reply({}, 308, {"Location": "/redfish/v1/Systems"})
    cause, service = await refusal(instead("/redfish/v1/Systems", circle), tmp_path)
    assert cause == "error_status"
    assert service.paths.count("/redfish/v1/Systems") == 2


# --- bodies


async def test_a_body_without_end_is_cut_off(tmp_path: Path) -> None:
    cause, _ = await refusal(instead("/redfish/v1/Systems", Reply({}, endless=True)), tmp_path)
    assert cause == "budget"


async def test_a_small_body_that_inflates_to_a_gigantic_one_is_cut_off(tmp_path: Path) -> None:
    bomb = gzip.compress(b"[" + b" " * 100_000_000, 9)
    began = time.monotonic()
    cause, _ = await refusal(
        instead("/redfish/v1/Systems", Reply(bomb, headers={"Content-Encoding": "gzip"})), tmp_path
    )
    assert cause == "budget"
    assert time.monotonic() - began < 3


def test_what_inflates_to_much_is_never_held_in_memory() -> None:
    bomb = gzip.compress(b" " * 60_000_000, 9)
    tracemalloc.start()
    try:
        with pytest.raises(Failed, match="budget"):
            Inflating("gzip", 100_000).add(bomb)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


async def test_a_compressed_body_is_read(tmp_path: Path) -> None:
    body = gzip.compress(json.dumps({"Members": [SYSTEM]}).encode())
    found, _ = await met(instead("/redfish/v1/Systems", Reply(body, headers={"Content-Encoding": "gzip"})), tmp_path)
    assert found.identified.serial == "AB12345"


@pytest.mark.parametrize("body", [
    b"", b"null", b"[]", b"7", b'{"Members": NaN}', b"{" * 100_000, b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}",
    b"\xff\xfe{}", b"<html>",
])  # fmt: skip
async def test_what_is_no_json_object_costs_its_kind_only(body: bytes, tmp_path: Path) -> None:
    found, _ = await met(instead("/redfish/v1/Chassis", Reply(body)), tmp_path)
    assert reasons(found)["components"] == "malformed"
    assert "device" not in reasons(found)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
async def test_an_encoding_that_is_a_lie_is_malformed(encoding: str, tmp_path: Path) -> None:
    reply = Reply(b"{}", headers={"Content-Encoding": encoding})
    found, _ = await met(instead("/redfish/v1/Chassis", reply), tmp_path)
    assert reasons(found)["components"] == "malformed"


async def test_much_in_all_is_cut_off_though_each_answer_is_small(tmp_path: Path) -> None:
    wide = {**SYSTEM, "Memory": {"@odata.id": "/redfish/v1/Systems/1/Memory"}, "Name": "x" * 150_000}
    answers: dict[str, Any] = {**SMALL, "/redfish/v1/Systems/1": wide}
    answers["/redfish/v1/Systems/1/Memory"] = {
        "Members": [{"@odata.id": f"/redfish/v1/Systems/1/Memory/{at}"} for at in range(30)]
    }
    for at in range(30):
        answers[f"/redfish/v1/Systems/1/Memory/{at}"] = {"Id": str(at), "CapacityMiB": 1024, "Name": "x" * 150_000}
    found, service = await met(honest(answers), tmp_path)
    assert reasons(found)["memory_modules"] == "budget"
    assert len(service.heard) < 15


# --- time


async def test_a_service_that_falls_silent_is_asked_three_times(tmp_path: Path) -> None:
    def silent(heard: Heard) -> Reply:
        return (
            plain(heard)
            if heard.path.rstrip("/") in ("/redfish/v1", "/redfish/v1/SessionService/Sessions")
            else Reply({}, seconds=9)
        )

    plain = honest({**SMALL, "/redfish/v1": {**ROOT, "Managers": ROOT["Systems"], "UpdateService": ROOT["Systems"]}})
    began = time.monotonic()
    cause, service = await refusal(silent, tmp_path)
    assert cause == "timeout"
    assert len(service.heard) == 6  # the root, a session, three that are not answered, the session's end
    assert time.monotonic() - began < 8


async def test_a_body_that_drips_is_given_up_in_time(tmp_path: Path) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.05)

    certificate(tmp_path, "bmc")
    server = await asyncio.start_server(drip, "127.0.0.1", 0, ssl=context(tmp_path, "bmc"))
    async with server:
        began = time.monotonic()
        with pytest.raises(Failed, match="timeout"):
            await visit("127.0.0.1", server.sockets[0].getsockname()[1], LOGIN, Trust(), SHORT)
        assert time.monotonic() - began < 3


async def test_a_connection_that_breaks_is_tried_once_more(tmp_path: Path) -> None:
    plain, breaks = honest(SMALL), iter([True])

    def once(heard: Heard) -> Reply:
        return (
            Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Le")
            if heard.path == "/redfish/v1/Systems" and next(breaks, False)
            else plain(heard)
        )

    found, service = await met(once, tmp_path)
    assert found.identified.serial == "AB12345"
    assert service.paths.count("/redfish/v1/Systems") == 2


async def test_what_speaks_no_http_is_malformed(tmp_path: Path) -> None:
    cause, _ = await refusal(lambda _: Reply(raw=b"220 ProFTPD ready\r\n"), tmp_path)
    assert cause == "malformed"


async def test_a_closed_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Failed, match="refused"):
        await visit("127.0.0.1", port, LOGIN, Trust(), SHORT)
