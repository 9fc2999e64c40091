"""`muster rules`: packs and their tests without a collector; back-test, health and explanation against one."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from collector.cli import app, client
from tests.collector.cli.typed import Said, served
from tests.people import World

PACK = """
pack: test
title: {zh: 试验, en: Test}
rules:
  - id: TST-OS-001
    kinds: [server]
    title: {zh: 旧系统, en: Old system}
    expr: ci.os.version == "11"
    summary: {zh: x, en: x}
    runbook: {zh: x, en: x}
    cases:
      - {fires: on the old one, ci: {os: {version: "11"}}}
      - {silent: on another, ci: {os: {version: "12"}}}
      - {unknown: when nobody told, ci: {}}
"""
DRAFT = """
pack: draft
title: {zh: 草稿, en: Draft}
rules:
  - id: TST-PKG-001
    kinds: [server]
    title: {zh: 软件包, en: Package}
    each: {var: p, in: ci.packages, key: p.name}
    expr: p.name != ""
    summary: {zh: x, en: x}
    runbook: {zh: x, en: x}
    cases: []
"""


def typed(*words: str) -> Said:
    done = CliRunner().invoke(app, ["rules", *words], prog_name="muster")
    return Said(done.exit_code, done.stdout, done.stderr)


def packs(folder: Path, text: str = PACK) -> str:
    (folder / "packs").mkdir(exist_ok=True)
    (folder / "packs" / "test.yaml").write_text(text, encoding="utf-8")
    return str(folder / "packs")


def test_what_is_shipped_can_be_used() -> None:
    told = json.loads(typed("check", "--json").stdout)
    assert told["rules"] >= 120
    assert told["cases"] >= 3 * told["rules"]


def test_a_mistake_is_named_with_its_file_and_line(tmp_path: Path) -> None:
    folder = packs(tmp_path, PACK.replace("ci.os.version", "ci.os.versoin"))
    said = typed("check", folder)
    assert said.returncode == 1
    assert f"{folder}/test.yaml:8: TST-OS-001: expr: no such fact: ci.os.versoin" in said.stderr
    assert "error" in json.loads(typed("check", folder, "--json").stdout)


def test_cases_that_hold_are_counted_and_one_that_does_not_is_told(tmp_path: Path) -> None:
    assert "3 tests of 1 rules" in typed("test", packs(tmp_path)).stdout
    said = typed("test", packs(tmp_path, PACK.replace('"11"}}', '"10"}}')))
    assert said.returncode == 1
    assert "TST-OS-001: fires: on the old one: PASS and nothing fires" in said.stderr


def test_mutants_nobody_notices_are_told_and_too_many_are_a_failure(tmp_path: Path) -> None:
    noticed = json.loads(typed("test", packs(tmp_path), "--mutants", "--json").stdout)
    assert (noticed["rate"], noticed["survived"]) == (1.0, [])
    weak = PACK.replace('expr: ci.os.version == "11"', 'expr: ci.os.version == "11" && ci.os.id != "x"').replace(
        '{os: {version: "11"}}', '{os: {version: "11", id: debian}}'
    )
    said = typed("test", packs(tmp_path, weak), "--mutants")
    assert said.returncode == 1
    assert 'survived: TST-OS-001: expr: "x" → "x~"' in said.stderr


async def test_a_collector_tells_how_its_rules_do(world: World, tmp_path: Path) -> None:
    async with served(world, tmp_path, await world.token("specialist")) as run:
        told = {row["rule"]: row for row in json.loads((await run("rules", "dead", "--all", "--json")).stdout)}
        assert (told["PRN-SUPPLY-001"]["dead"], told["PRN-SUPPLY-001"]["cis"]) == (True, 0)  # there is no printer
        servers = told["SEC-SW-001"]
        assert (servers["dead"], servers["cis"] > servers["blind"].get("packages", 0)) == (False, True)
        shown = await run("rules", "dead")
        assert "nobody reads" in shown.stdout


async def test_a_past_period_is_given_to_a_rule_that_does_not_run_yet(world: World, tmp_path: Path) -> None:
    async with served(world, tmp_path, await world.token("specialist")) as run:
        draft = tmp_path / "draft.yaml"
        draft.write_text(DRAFT, encoding="utf-8")
        (told,) = json.loads((await run("rules", "backtest", str(draft), "--since", "400d", "--json")).stdout)
        assert told["rule"] == "TST-PKG-001"
        assert told["opened"] > 0
        assert sum(row["opened"] for row in told["top"]) == told["opened"]
        shown = await run("rules", "backtest", "SRV-DISK-001")
        assert "no history is kept of health" in shown.stdout, shown.stderr
        draft.write_text(DRAFT.replace("p.name !=", "p.nmae !="), encoding="utf-8")
        mistaken = await run("rules", "backtest", str(draft))
        assert (mistaken.returncode, "pack:9: TST-PKG-001" in mistaken.stderr) == (client.Refused.exit_code, True)
        refused = await run("rules", "backtest", "NO-SUCH-001")
        assert refused.returncode == client.Refused.exit_code


async def test_why_a_rule_says_what_it_says_is_explained(world: World, tmp_path: Path) -> None:
    async with served(world, tmp_path, await world.token("specialist")) as run:
        uid = json.loads((await run("ci", "list", "--json")).stdout)[0]["id"]
        told = json.loads((await run("rules", "explain", "SRV-DISK-001", uid, "--json")).stdout)
        assert told["limits"]["disk_ratio"] == 0.9
        shown = await run("rules", "explain", "SRV-DISK-001", uid)
        assert "disk_ratio" in shown.stdout, shown.stderr
