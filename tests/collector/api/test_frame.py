"""What every answer passes: headers, limits, one log line without secrets, errors that tell nothing of the inside."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from collector.api.frame import MAX_BODY_BYTES
from collector.services import duplicates
from collector.services.statistics import Pipeline
from collector.store.browse import cis
from tests.people import World


@pytest.mark.parametrize("path", ["/login", "/", "/nope", "/api/v1/cis", "/healthz", "/static/muster.css", "/metrics"])
async def test_every_answer_keeps_a_browser_strict(world: World, path: str) -> None:
    async with world.nobody() as client:
        answer = await client.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    if not path.startswith("/static"):
        assert answer.headers["cache-control"] == "no-store"


async def test_a_body_that_says_it_is_too_large_is_refused_unread(world: World) -> None:
    async with await world.program("ops") as client:
        answer = await client.post("/api/v1/enrolment-tokens", content=b"x" * (MAX_BODY_BYTES + 1))
    assert answer.status_code == 413
    assert world.minted == []


async def test_a_body_that_grows_too_large_is_cut_off(world: World) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65_536

    async with await world.program("ops") as client:
        answer = await client.post("/api/v1/enrolment-tokens", content=endless())
    assert answer.status_code in (400, 413)
    assert world.minted == []


async def test_a_length_that_is_no_number_is_refused(world: World) -> None:
    async with world.nobody() as client:
        assert (await client.post("/login", headers={"content-length": "-1"})).status_code == 400


@pytest.mark.parametrize("path", ["/api/v1/cis", "/cis"])
async def test_what_nobody_foresaw_is_answered_without_telling_how(
    world: World, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(cis, "list_cis", broken)
    async with await world.person("viewer") as client:
        with structlog.testing.capture_logs() as logs:
            answer = await client.get(path)
    assert answer.status_code == 500
    assert "secret inside" not in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["request failed"]


async def test_a_login_link_never_stands_in_the_log(world: World) -> None:
    async with world.nobody() as client:
        with structlog.testing.capture_logs() as logs:
            await client.get("/login/top-secret-key?next=/secret")
    assert "secret" not in repr(logs)
    (line,) = [entry for entry in logs if entry["event"] == "request"]
    assert (line["route"], line["status"], line["method"]) == ("/login/{key}", 401, "GET")


async def test_a_request_is_logged_with_its_account(world: World) -> None:
    async with await world.person("viewer", name="li.wei") as client:
        with structlog.testing.capture_logs() as logs:
            await client.get("/api/v1/cis?q=private")
    (line,) = logs
    assert (line["account"], line["route"], line["status"]) == ("li.wei", "/cis", 200)
    assert "private" not in repr(logs)


async def test_the_process_tells_that_it_lives_and_whether_it_is_ready(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.nobody() as client:
        assert (await client.get("/healthz")).json() == {"status": "alive"}
        assert (await client.get("/readyz")).json() == {"status": "ready"}
        world.pipeline = Pipeline(alive=False)
        stopped = await client.get("/readyz")
        assert (stopped.status_code, stopped.json()["reasons"]) == (503, ["the pipeline does not run"])

        async def gone(_: object) -> int:
            raise OperationalError("select", {}, Exception("disk I/O error"))

        monkeypatch.setattr(duplicates, "count_open", gone)
        assert (await client.get("/readyz")).json()["reasons"][1] == "the database does not answer"
        assert (await client.get("/healthz")).status_code == 200
