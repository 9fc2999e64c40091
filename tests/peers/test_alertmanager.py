"""A real Alertmanager and a real Prometheus, both ways: incidents go out as alerts, alerts come in as incidents."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from collector.app import Collector, running
from collector.clock import now
from collector.config import Settings
from collector.security import accounts, sessions
from collector.security.audit import Actor, acting
from collector.security.roles import permissions
from collector.security.sessions import Principal
from tests.conftest import free_port
from tests.peers.daemons import program

WITHIN_S = 60.0


@dataclass
class Here:
    """A running collector, and a client that may report and manage incidents and channels."""

    collector: Collector
    client: httpx2.AsyncClient
    token: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.collector.http_port}"

    async def incidents(self) -> list[Any]:
        answer = await self.client.get("/api/v1/incidents")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Here]:
    roles = ("alert_source", "incident_manager")
    settings = Settings(data=tmp_path / "data", http_port=0, grpc_port=0, enroll_port=0)
    async with running(settings) as collector:
        async with acting(collector.store, Actor("up", "test"), now) as act:
            account = await accounts.create(act, "bridge", roles)
            owner = Principal(account.id, "bridge", roles, permissions(roles))
            token = await sessions.make_token(act, owner, "bridge", 1)
        url, headers = f"http://127.0.0.1:{collector.http_port}", {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
            yield Here(collector, client, token)


async def until(ask: Callable[[], Awaitable[Any]], what: str) -> Any:
    """Return the first answer that says something."""
    ends = time.monotonic() + WITHIN_S
    while time.monotonic() < ends:
        if answer := await ask():
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError(f"not within {WITHIN_S:g} s: {what}")


@contextmanager
def started(*words: str | Path) -> Iterator[None]:
    process = subprocess.Popen([str(each) for each in words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def alertmanager(folder: Path, here: Here) -> Iterator[str]:
    path, port = program("prometheus-alertmanager", "prometheus-alertmanager"), free_port()
    config = folder / "alertmanager.yml"
    config.write_text(json.dumps({
        "route": {"receiver": "muster", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s",
                  "repeat_interval": "1h"},
        "receivers": [{"name": "muster", "webhook_configs": [{
            "url": f"{here.url}/api/v1/in/alertmanager", "send_resolved": True,
            "http_config": {"authorization": {"credentials": here.token}}}]}],
    }))  # fmt: skip
    with started(path, f"--config.file={config}", f"--storage.path={folder / 'am'}", "--cluster.listen-address=",
                 f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"):  # fmt: skip
        yield f"http://127.0.0.1:{port}"


async def test_an_incident_is_an_alert_there_and_does_not_come_back_as_another_one(here: Here, tmp_path: Path) -> None:
    with alertmanager(tmp_path, here) as url:
        async with httpx2.AsyncClient(base_url=url, trust_env=False) as peer:

            async def alerts() -> list[Any]:
                try:
                    return list((await peer.get("/api/v2/alerts")).json())
                except httpx2.HTTPError:
                    return []

            async def notified() -> bool:
                text = (await peer.get("/metrics")).text
                counts = [line for line in text.splitlines() if 'integration="webhook"' in line]
                sent, failed = (
                    sum(float(line.split()[-1]) for line in counts if line.startswith(name))
                    for name in ("alertmanager_notifications_total", "alertmanager_notifications_failed_total")
                )
                assert not failed
                return sent > 0

            channel = {"kind": "alertmanager", "settings": {"url": url}, "language": "en"}
            saved = await here.client.put("/api/v1/channels/am", json=channel)
            assert saved.status_code == 200, saved.text
            told = {"id": "7", "status": "firing", "severity": "critical", "name": "disk", "title": "Disk is full"}
            taken = await here.client.post("/api/v1/in/webhook/generic", json=told)
            assert taken.json() == {"new": 1, "known": 0, "unbound": 1}
            [alert] = await until(alerts, "the alert")
            number = (await here.incidents())[0]["number"]
            assert alert["labels"]["incident"] == number
            assert (alert["labels"]["severity"], alert["annotations"]["summary"]) == (
                "critical", "disk: one alert of generic about no known CI",
            )  # fmt: skip
            await until(notified, "what it tells us of our own alert")
            assert len(await here.incidents()) == 1, "our own alert is no news"

            over = await here.client.post("/api/v1/in/webhook/generic", json=told | {"status": "resolved"})
            assert over.json()["new"] == 1

            async def ended() -> bool:
                return not await alerts()

            await until(ended, "the end of the alert")


async def test_what_alertmanager_tells_becomes_an_incident_and_its_end_resolves_it(here: Here, tmp_path: Path) -> None:
    with alertmanager(tmp_path, here) as url:
        async with httpx2.AsyncClient(base_url=url, trust_env=False) as peer:
            labels = {"alertname": "NodeDown", "instance": "web-77:9100", "severity": "page"}

            async def fire(**more: str) -> bool:
                alert = {"labels": labels, "annotations": {"summary": "web-77 is down"}, **more}
                try:
                    return (await peer.post("/api/v2/alerts", json=[alert])).status_code == 200
                except httpx2.HTTPError:
                    return False

            await until(fire, "Alertmanager takes an alert")
            [incident] = await until(here.incidents, "an incident")
            assert (incident["severity"], incident["title"]["en"]) == (
                "critical", "NodeDown: one alert of alertmanager about no known CI",
            )  # fmt: skip
            queue = (await here.client.get("/api/v1/in/alerts")).json()["items"]
            assert [(each["is_bound"], each["names"]) for each in queue] == [(False, {"name": "web-77"})]

            async def resolved() -> bool:
                await fire(endsAt=datetime.now(UTC).isoformat())
                return all(each["resolved_at"] for each in await here.incidents())

            await until(resolved, "the incident is resolved")


async def test_a_prometheus_takes_us_for_its_alertmanager(here: Here, tmp_path: Path) -> None:
    path, port = program("prometheus", "prometheus"), free_port()
    until_s = int(time.time()) + 12
    rule = {
        "alert": "Overheated", "expr": f"vector(1) and on() (vector(time()) < {until_s})",
        "labels": {"severity": "warning", "host": "rack-9"}, "annotations": {"summary": "Rack 9 is hot"},
    }  # fmt: skip
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "g", "rules": [rule]}]}))
    (tmp_path / "prometheus.yml").write_text(json.dumps({
        "global": {"evaluation_interval": "1s"}, "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{
            "authorization": {"credentials": here.token},
            "static_configs": [{"targets": [f"127.0.0.1:{here.collector.http_port}"]}]}]},
    }))  # fmt: skip
    flags = (
        f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}", "--rules.alert.resend-delay=1s", "--log.level=error",
    )  # fmt: skip
    with started(path, *flags):
        [incident] = await until(here.incidents, "an incident")
        assert (incident["severity"], incident["title"]["en"]) == (
            "warning", "Overheated: one alert of prometheus about no known CI",
        )  # fmt: skip

        async def resolved() -> bool:
            return all(each["resolved_at"] for each in await here.incidents())

        await until(resolved, "the incident is resolved")
        assert len(await here.incidents()) == 1, "told again and again, it is one"
