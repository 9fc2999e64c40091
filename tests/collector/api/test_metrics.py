"""Metrics keep to Prometheus' rules and tell the truth."""

from __future__ import annotations

import asyncio
import shutil
import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

from collector.services.statistics import Pipeline
from tests.estate import NOW, Estate
from tests.people import World


async def _text(world: World, path: str) -> str:
    async with world.nobody("127.0.0.1") as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


def _samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_the_collector_tells_how_it_is(world: World) -> None:
    world.pipeline = Pipeline(applied=7, rejected=1, parked=2, lag_ms=1500, refused=3)
    told = _samples(await _text(world, "/metrics"))
    assert told["muster_agents", (("state", "active"),)] == 2
    assert told["muster_agents", (("state", "banned"),)] == 0
    assert told["muster_observations_total", (("result", "applied"),)] == 7
    assert told["muster_observations_total", (("result", "refused"),)] == 3
    assert told["muster_ingest_lag_seconds", ()] == 1.5
    assert told["muster_pipeline_pending_observations", ()] == 0
    assert told["muster_section_failures", (("section", "memory_modules"), ("status", "denied"))] == 1
    assert told["muster_incidents_open", (("severity", "critical"),)] == 1
    assert told["muster_findings_open", (("verdict", "unapproved"),)] == 1
    assert told["muster_changes_unverified", ()] == 0
    assert told["muster_store_bytes", ()] > 0
    assert told["muster_outbox_lag_seconds", ()] == 0
    assert told["muster_pipeline_up", ()] == 1
    assert any(name == "muster_build_info" for name, _ in told)


async def test_the_lag_grows_with_the_oldest_that_waits(world: World) -> None:
    from collector.store import schema
    from collector.store.engine import insert

    async with world.store.write() as connection:
        row = {"agent_id": 1, "epoch": b"e", "seq": 1, "received_at": NOW - 90_000, "payload": b""}
        await connection.execute(insert(connection, schema.observation).values(row))
        await Estate(connection).deliver("INC-000009", "opened")
    told = _samples(await _text(world, "/metrics"))
    assert told["muster_ingest_lag_seconds", ()] == 90
    assert told["muster_pipeline_pending_observations", ()] == 1
    assert told["muster_outbox_lag_seconds", ()] == 3600


async def test_every_ci_has_its_gauges(world: World) -> None:
    told = _samples(await _text(world, "/metrics/estate"))
    uid = world.estate.web.uid
    assert told["muster_ci_filesystem_used_ratio", (("ci", uid), ("instance", "/var"))] == 0.93
    assert told["muster_ci_load1", (("ci", uid), ("instance", ""))] == 0.42
    assert told["muster_ci_info", (("ci", uid), ("class", "server"), ("name", "web-01"), ("type", "pc_server"))] == 1


@pytest.mark.parametrize(
    "metric", ["", "a b", "x\n} 1", "UPPER", "é", "x_total", "x_bucket", "x_info", "x_", "9x", "a" * 99, "x{}"]
)
async def test_a_metric_with_a_name_that_is_none_is_left_out(world: World, metric: str) -> None:
    async with world.store.write() as connection:
        good = {"metric": "good", "instance": '"}\n\\', "value": 2.0}
        rows = [{"metric": metric, "instance": "i", "value": 1.0}, good]
        await Estate(connection).say(world.estate.web, "health", rows)
    told = _samples(await _text(world, "/metrics/estate"))
    mine = [name for name, labels in told if dict(labels).get("ci") == world.estate.web.uid]
    assert mine == ["muster_ci_info", "muster_ci_good"]


@pytest.mark.parametrize("path", ["/metrics", "/metrics/estate"])
async def test_promtool_has_nothing_to_say(world: World, path: str) -> None:
    await _check(await _text(world, path))


@pytest.mark.parametrize("path", ["/metrics", "/metrics/estate"])
async def test_promtool_has_nothing_to_say_of_an_empty_collector(empty_world: World, path: str) -> None:
    await _check(await _text(empty_world, path))


async def _check(text: str) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    checking = await asyncio.create_subprocess_exec(
        promtool, "check", "metrics", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said, _ = await checking.communicate(text.encode())
    assert (checking.returncode, said.decode()) == (0, "")
