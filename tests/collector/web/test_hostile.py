"""Any text from a device is hostile; in pages and CSV it is inert, and it changes nothing."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from sqlalchemy import func, select

from collector.store import schema
from tests.collector.web.reading import read
from tests.estate import HOUR, NOW, Estate
from tests.people import World
from wire.sections import SECTIONS, Field, Shape

POLYGLOTS = (
    """<script>alert(1)</script><img src=x onerror=alert(1)>"'><svg/onload=alert(1)>""",
    "javascript:alert(1)//';DROP TABLE ci;--\" OR 1=1 {{7*7}} {% raw %} ${7*7} {0.__class__}",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "name\u202egnp.exe\u2066\u200b\u2028end",
    "</td></tr></table></main><!-- --><h1 id=content>owned</h1>",
    "-1+1\t\r\n＝1+1",
)
MARKUP = ("<script>alert", "<img src=x", "<svg/onload", "<h1 id=content>", "<!-- -->", "\x1b", "\x07", "\x9b", "\u202e",
          "\u2066", "\u200b", "\u2028", "49")  # fmt: skip
FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def _value(field: Field, poison: str) -> Any:
    return {"whole": 1, "real": 1.5, "flag": True, "texts": [poison, f"{poison}2"], "sequence": [poison]}.get(
        field.kind, poison
    )


def _body(shape: Shape, poison: str) -> Any:
    row = {name: _value(field, poison) for name, field in shape.fields.items()}
    return row if shape.is_record else [row]


async def _poison(world: World, poison: str) -> tuple[str, str]:
    """Put `poison` wherever a device can speak; return the CI's and the agent's ids."""
    async with world.store.write() as connection:
        estate = Estate(connection)
        agent = {"version": poison, "address": poison, "failing_sections": f'["{len(poison)}", "os"]'}
        host = await estate.host(poison, agent=agent | {"state_reason": poison}, label=poison)
        for shape in SECTIONS.values():
            await estate.say(host, shape.name, _body(shape, poison))
        await estate.say(host, "of a newer agent", {poison: poison})
        await estate.say(host, "os", {"name": poison, "hostname": f"{poison} moved", poison: poison}, NOW - HOUR)
        child = await estate.ci(poison, "system_software", "database", host.source_id, role="software:x")
        await estate.relate(child, "runs_on", host)
        await estate.finding(host, [("packages", f"{poison}|x", {poison: poison}, {poison: f"{poison} new"}),
                                    ("os", "name", poison, f"{poison} new")], NOW)  # fmt: skip
        detail = {"rule": poison, "rule_title": {"en": poison}, "instance": poison, "category": poison,
                  "evidence": {poison: poison}, "runbook": {"en": poison}, "finding": 2, "more": 3,
                  "items": [{"section": "os", "key": poison, "old": poison, "new": {poison: poison}}]}  # fmt: skip
        await estate.incident(host, "INC-000666", "finding|2", {"en": poison, "zh": poison}, kind=poison, detail=detail)
        await estate.deliver("INC-000666", poison, error=poison, state="dead", attempts=3)
        for rule in ("SRV-DISK-001", poison):
            evidence = {"fs.instance": poison, "fs.value": poison, "severity": poison}
            await estate.alert(host, rule, "PROBLEM", poison, evidence=evidence, reason=poison)
        await estate.case("clone", poison, host, child)
    return host.uid, host.agent_uid


def _pages(ci: str, agent: str) -> list[str]:
    return [
        "/", "/cis", "/relations", f"/cis/{ci}", f"/cis/{ci}/history?arrival=yes", f"/cis/{ci}/why?section=os&key=name",
        f"/cis/{ci}/compare?from=2020-01-01T00:00:00", *(f"/cis/{ci}/sections/{name}" for name in SECTIONS),
        "/findings", "/findings/2", "/incidents", "/incidents/INC-000666", "/results", "/rules/SRV-DISK-001",
        "/duplicates", "/agents", f"/agents/{agent}", f"/agents/{agent}/ban", "/search?q=666",
    ]  # fmt: skip


@pytest.mark.parametrize("poison", POLYGLOTS, ids=range(len(POLYGLOTS)))
async def test_no_text_of_a_device_becomes_markup_in_any_page(world: World, poison: str) -> None:
    ci, agent = await _poison(world, poison)
    async with await world.person("ops") as client:
        for address in _pages(ci, agent):
            answer = await client.get(address)
            assert answer.status_code == 200, address
            for mark in MARKUP[:-1]:
                assert mark not in answer.text, (address, mark)
            page = read(answer.text)
            assert not page.inline, address
            assert not page.all("img"), address
            assert not [name for element in page.elements for name in element.attributes if name.startswith("on")]
            assert not [link for link in page.links if not link.startswith(("/", "#"))], address
            assert {each.attributes["src"].partition("?")[0] for each in page.all("script")} <= {
                "/static/muster.js", "/static/vendor/htmx.min.js",
            }  # fmt: skip


@pytest.mark.parametrize("poison", POLYGLOTS, ids=range(len(POLYGLOTS)))
async def test_no_text_of_a_device_is_run_by_a_spreadsheet_or_a_terminal(world: World, poison: str) -> None:
    await _poison(world, poison)
    async with await world.person("viewer") as client:
        for name in ("cis", "relations", "agents", "findings", "incidents", "inspections"):
            answer = await client.get(f"/{name}.csv")
            assert answer.status_code == 200
            text = answer.text.removeprefix("\ufeff")
            assert not [
                mark for mark in ("\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u200b", "\ufeff") if mark in text
            ]
            for row in csv.reader(io.StringIO(text, newline="")):
                for cell in row:
                    assert not cell.startswith(FORMULA) or cell.lstrip("-").isdecimal(), (name, cell)


@pytest.mark.parametrize("poison", POLYGLOTS, ids=range(len(POLYGLOTS)))
async def test_no_question_becomes_a_statement_or_markup(world: World, poison: str) -> None:
    async with await world.person("ops", "system_admin") as client:
        for address in ("/cis", "/relations", "/agents", "/findings", "/incidents", "/results", "/search"):
            for name in ("q", "sort", "column", "state", "class", "rule", "outcome"):
                answer = await client.get(address, params={name: poison}, follow_redirects=True)
                assert answer.status_code == 200, (address, name)
                assert "<script>alert" not in answer.text
                assert "\x1b" not in answer.text
        for address in ("/cis", "/relations", "/agents", "/findings", "/incidents", "/results", "/search"):
            answer = await client.get(f"/api/v1{address}", params={"q": poison})
            assert answer.status_code in (200, 422)
    async with world.store.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(schema.ci))).scalar_one() == 5


async def test_no_template_of_a_device_is_evaluated(world: World) -> None:
    ci, _ = await _poison(world, POLYGLOTS[1])
    async with await world.person("viewer") as client:
        html = (await client.get(f"/cis/{ci}/sections/os")).text
    assert "{{7*7}}" in read(html).text
