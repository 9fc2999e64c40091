"""A real Prometheus scrapes a real collector: every query of the dashboards and alert rules in `deploy/` is run."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from tests.conftest import free_port
from tests.listening import listening
from tests.peers.daemons import program
from tests.people import Template, World, copy_of, make_template, make_world

DEPLOY = Path(__file__).parents[2] / "deploy"
DASHBOARDS = sorted((DEPLOY / "grafana").glob("*.json"))
WITHIN_S = 60.0


def queries() -> list[tuple[str, str]]:
    """Return (where, query) of every panel and of every alert rule."""
    boards = [(path.stem, json.loads(path.read_text(encoding="utf-8"))) for path in DASHBOARDS]
    shown = [
        (f"{name}: {panel['title']}", target["expr"])
        for name, board in boards for panel in board["panels"] for target in panel["targets"]
    ]  # fmt: skip
    groups = yaml.safe_load((DEPLOY / "prometheus" / "muster.rules.yml").read_text(encoding="utf-8"))["groups"]
    return shown + [(rule["alert"], rule["expr"]) for group in groups for rule in group["rules"]]


@pytest.fixture
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
async def world(template: Template, tmp_path: Path) -> AsyncIterator[World]:
    store = copy_of(template, tmp_path)
    made = make_world(store, tmp_path, template.estate)
    meter = made.app.state.context.rule_meter
    meter.note("SRV-DISK-001", 0.001, 0)
    yield made
    await store.close()


@contextmanager
def prometheus(folder: Path, collector: int, token: str) -> Iterator[str]:
    """Run Prometheus over the collector, once a second, with the rules of `deploy/`."""
    path, port = program("prometheus", "prometheus"), free_port()
    target = [{"targets": [f"127.0.0.1:{collector}"]}]
    found = {"url": f"http://127.0.0.1:{collector}/api/v1/sd/prometheus", "authorization": {"credentials": token}}
    (folder / "prometheus.yml").write_text(json.dumps({
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [
            {"job_name": "muster", "static_configs": target},
            {"job_name": "muster-estate", "metrics_path": "/metrics/estate", "static_configs": target},
            {"job_name": "estate", "http_sd_configs": [found]},
        ],
        "rule_files": [str(DEPLOY / "prometheus" / "muster.rules.yml")],
    }))  # fmt: skip
    words = [path, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'tsdb'}",
             f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]  # fmt: skip
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


async def asked(client: httpx2.AsyncClient, query: str) -> list[Any]:
    answer = await client.get("/api/v1/query", params={"query": query})
    told = answer.json()
    assert told["status"] == "success", told
    return list(told["data"]["result"])


async def until_scraped(client: httpx2.AsyncClient) -> None:
    """Wait for two samples of each job: a rate needs them."""
    wanted = 'count(count_over_time(up{job=~"muster|muster-estate"}[1m]) >= 3) == 2'
    ends = time.monotonic() + WITHIN_S
    while time.monotonic() < ends:
        try:
            if await asked(client, wanted):
                return
        except (httpx2.HTTPError, ValueError):
            pass  # it starts: nobody answers yet, or with a line of text
        await asyncio.sleep(0.2)
    raise AssertionError(f"not scraped within {WITHIN_S:g} s")


async def test_every_query_of_the_dashboards_and_rules_has_an_answer(world: World, tmp_path: Path) -> None:
    async with listening(world.app) as port:
        with prometheus(tmp_path, port, await world.token("ops")) as url:
            async with httpx2.AsyncClient(base_url=url, trust_env=False) as client:
                await until_scraped(client)
                assert {each["value"][1] for each in await asked(client, 'up{job=~"muster.*"}')} == {"1"}
                empty = [where for where, query in queries() if not await asked(client, _unbound(query))]
                assert empty == []
                rules = (await client.get("/api/v1/rules")).json()["data"]["groups"][0]["rules"]
                assert {rule["health"] for rule in rules} <= {"ok", "unknown"}
                found = (await client.get("/api/v1/targets")).json()["data"]["activeTargets"]
                assert [each for each in found if each["labels"]["job"] == "estate"], "service discovery is read"


def _unbound(query: str) -> str:
    """Return a query without its limit: an alert rule answers only when something is wrong."""
    return re.split(r" (?:==|>|<)(?: ignoring\(\w+\))? ", query)[0]


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_asks_the_data_source_it_is_given(path: Path) -> None:
    board = json.loads(path.read_text(encoding="utf-8"))
    sources = {each["datasource"]["uid"] for panel in board["panels"] for each in (panel, *panel["targets"])}
    assert sources == {"${datasource}"}
    assert [each["type"] for each in board["templating"]["list"]] == ["datasource"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_the_alert_rules_are_right_and_keep_their_own_tests() -> None:
    promtool = program("promtool", "prometheus")
    for words in (("check", "rules", "muster.rules.yml"), ("test", "rules", "muster.rules.test.yml"),
                  ("check", "config", "--syntax-only", "prometheus.yml")):  # fmt: skip
        done = subprocess.run(
            [promtool, *words], cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_alertmanager_takes_the_example_of_how_it_tells_us() -> None:
    amtool = program("amtool", "prometheus-alertmanager")
    done = subprocess.run([amtool, "check-config", str(DEPLOY / "prometheus" / "alertmanager.yml")],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
