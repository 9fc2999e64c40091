"""Rule packs: what stands in the file is what runs, and every mistake is an error with file and line."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.rulebook import load, shipped
from collector.rulepack import DEFAULT_MATCH
from collector.yamlfile import MAX_BYTES, BadFile, read

PACK = """\
pack: server
title: {zh: 服务器, en: Servers}
params:
  limit: {type: double, default: 0.9}
rules:
  - id: SRV-TEST-001
    kinds: [server]
    title: {zh: 测试, en: Test}
    each: {var: fs, in: ci.health, key: fs.instance}
    where: fs.metric == "used"
    expr: fs.value > param.limit
    recover: fs.value < 0.8
    for: 10m
    max_age: 26h
    severity:
      default: notice
      when:
        - {if: fs.value > 0.97, level: critical}
    incident: {category: server/storage}
    summary: {zh: '{{ci.name}} {{fs.value|pct}}', en: '{{ci.name}} {{fs.value|pct}}'}
    runbook: {zh: 清理, en: clear}
    cases:
      - fires: at once
        ci: {health: [{metric: used, instance: no, value: 0.99}]}
        age: {health: 1h}
        status: {ntp: failed}
        now: '2026-01-15T08:00:00Z'
        was: firing
        severity: critical
"""


def folder_with(path: Path, text: str) -> Path:
    (path / "pack.yaml").write_text(text, encoding="utf-8")
    return path


def test_a_pack_becomes_rules_and_cases(tmp_path: Path) -> None:
    book = load(folder_with(tmp_path, PACK))
    compiled = book.rules["SRV-TEST-001"]
    rule = compiled.rule
    assert rule.kinds == {"server"}
    assert rule.each == ("fs", "ci.health", "fs.instance")
    assert (rule.hold_ms, rule.max_age_ms) == (600_000, 26 * 3_600_000)
    assert (rule.severity, rule.category, rule.pack) == ("notice", "server/storage", "server")
    assert rule.params == {"limit": 0.9}
    assert rule.title == {"zh": "测试", "en": "Test"}
    assert rule.match == DEFAULT_MATCH
    assert compiled.recover is not None
    assert [level for _, level in compiled.levels] == ["critical"]
    assert compiled.sections == {"health"}
    assert set(compiled.evidence) == {"fs.value", "param.limit"}
    [case] = book.cases["SRV-TEST-001"]
    assert (case.expect, case.name, case.was, case.severity) == ("fires", "at once", "firing", "critical")
    assert (case.ages_ms, case.statuses) == ({"health": 3_600_000}, {"ntp": "failed"})
    assert case.ci["health"][0]["instance"] == "no", "YAML 1.2: no is a text"
    assert case.now == 1_768_464_000_000


def test_what_a_rule_keeps_and_whose_word_it_takes_are_read(tmp_path: Path) -> None:
    more = "storage, impact_from: topology.power_feeds, attach: [ci.os.version, fs.metric], related: fs.instance}"
    shared = PACK.replace("storage}", more).replace("rules:\n", "defaults: {waivable: false}\nrules:\n")
    compiled = load(folder_with(tmp_path, shared)).rules["SRV-TEST-001"]
    rule = compiled.rule
    assert (rule.waivable, rule.impact_from) == (False, ("topology.power_feeds",))
    assert (rule.attach, rule.related) == (("ci.os.version", "fs.metric"), ("fs.instance",))
    assert (compiled.sections, compiled.beside) == ({"health"}, {"os"}), "what is kept is not gone by"
    assert {"ci.os.version", "fs.metric", "fs.instance"} <= compiled.evidence.keys()


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("    where:", "    were:", 10, "unknown key were"),
        ("pack: server", "pak: server", 1, "unknown key pak"),
        ("type: double", "typ: double", 4, "unknown key typ"),
        ("{var: fs, in:", "{vars: fs, in:", 9, "unknown key vars"),
        ("level: critical", "lvl: critical", 18, "unknown key lvl"),
        ("{category:", "{categories:", 19, "unknown key categories"),
        ("{zh: 清理, en: clear}", "{zh: 清理}", 21, "en is missing"),
        ("{zh: 清理, en: clear}", "{zh: 清理, en: ''}", 21, "text expected"),
        ("    expr: fs.value > param.limit\n", "", 6, "expr is missing"),
        ("    recover:", "    expr:", 12, "expr stands twice"),
        ("fs.value > param.limit", "fs.valeu > param.limit", 11, "no such fact: fs.valeu"),
        ("fs.value > param.limit", "fs.value > param.limt", 11, "no such fact: param.limt"),
        ("fs.value > param.limit", "ci.memory.used > 1", 11, "no such fact: ci.memory.used"),
        ("fs.value > param.limit", "ci.fs.used > 1", 11, "no such fact: ci.fs"),
        ("fs.value > param.limit", "fs.value >", 11, "unexpected end"),
        ("fs.value > param.limit", "fs.value > '0.9'", 11, "cannot order real number and text"),
        ("fs.value > param.limit", "fs.value", 11, "true or false expected, real number found"),
        ("fs.value > param.limit", "f.value > 1", 11, "unknown name f"),
        ("recover: fs.value", "recover: fs.val", 12, "no such fact"),
        ("if: fs.value", "if: fs.val", 15, "no such fact"),
        ("{{fs.value|pct}}', en", "{{fs.valeu|pct}}', en", 20, "no such fact"),
        ("{{fs.value|pct}}', en", "{{fs.value|percent}}', en", 20, "unknown form percent"),
        ("{{fs.value|pct}}', en", "{{fs.value', en", 20, "not closed"),
        ("in: ci.health", "in: ci.ntp", 9, "no section of rows"),
        ("var: fs", "var: ci", 9, "cannot name an element"),
        ("default: notice", "default: bad", 15, "bad is none of notice"),
        ("for: 10m", "for: 10 minutes", 13, "a duration such as 10m"),
        ("for: 10m", "for: -10m", 13, "a duration such as 10m"),
        ("type: double, default: 0.9", "type: double, default: high", 4, "no double: 'high'"),
        ("type: double, default: 0.9", "type: double, default: true", 4, "no double: True"),
        ("type: double, default: 0.9", "type: duration, default: soon", 4, "a duration such as"),
        ("SRV-TEST-001", "srv1", 6, "id: words of A-Z"),
        ("kinds: [server]", "kinds: server", 7, "a list expected"),
        ("kinds: [server]", "kinds: []", 7, "classes or types"),
        ("kinds: [server]", "kinds: [sevrer]", 7, "classes or types"),
        ("kinds: [server]", "kinds: [7]", 7, "classes or types"),
        ("storage}", "storage, group_by: [nonsense]}", 19, "group_by: nonsense is no place"),
        ("storage}", "storage, kb: NOPE}", 19, "the number of an article"),
        ("storage}", "storage, impact_from: children}", 19, "some of topology, topology.children"),
        ("storage}", "storage, attach: [fs.size]}", 19, "no such fact: fs.size"),
        ("storage}", "storage, attach: ci.health}", 19, "ci.health is no value of a section"),
        ("storage}", "storage, related: ci.agent.version}", 19, "ci.agent.version is no value of a section"),
        ("storage}", "storage, type: unapproved_change}", 19, "unknown key type"),
        ("    for: 10m", "    waivable: maybe\n    for: 10m", 13, "true or false expected"),
        ("    for: 10m", "    parent_grace: 90s\n    for: 10m", 13, "waits for them"),
        ("    for: 10m", "    parent_grace: 2h\n    for: 10m", 13, "at most 1h"),
        ("      - fires: at once", "      - burns: at once", 23, "a case says one of"),
        ("now: '2026-01-15T08:00:00Z'", "now: today", 27, "an RFC 3339 time"),
        ("health: 1h", "health: old", 25, "a duration such as"),
        ("kinds: [server]", "kinds: [server", 8, "expected ',' or ']'"),
        ("kinds: [server]", "kinds: &a [server]\n    other: *a", 8, "aliases are not allowed"),
        ("kinds: [server]", "kinds: " + "[" * 40 + "]" * 40, 7, "nested deeper"),
        ("pack: server", "pack: !!python/name:os.system server", 1, "could not determine a constructor"),
    ],
)
def test_a_mistake_is_refused_with_file_and_line(tmp_path: Path, old: str, new: str, line: int, why: str) -> None:
    assert old in PACK
    with pytest.raises(BadFile, match=why) as caught:
        load(folder_with(tmp_path, PACK.replace(old, new, 1)))
    assert str(caught.value).startswith(f"{tmp_path / 'pack.yaml'}:{line}:")


KEYS = """\
    min_samples: 3
    keep_firing_for: 5m
    on_unknown: fire
    flap: {window: 10, high: 50}
    depends: [parents, collector_health]
    mode: inspect
    cadence: weekly
    shadow: true
"""
HISTORY = """\
        history:
          health[used|no].value: [["-15m", 0], ["0s", 900]]
          ntp.offset: [["1h", 2]]
"""
INCIDENT, KB = "    incident: {category: server/storage", "kb: KB-000012"
FULL = (
    PACK.replace("    for: 10m\n", KEYS + "    for: 10m\n")
    .replace(INCIDENT, f"{INCIDENT}, urgency: high, line: 2, group: full, group_by: [site], create: digest_daily, {KB}")
    .replace("default: 0.9}", "default: 0.9, overrides: [{match: 'ci.owner == \"dba\"', value: 0.95}]}")
    + HISTORY
)


def test_every_key_of_a_rule_is_what_it_becomes(tmp_path: Path) -> None:
    book = load(folder_with(tmp_path, FULL))
    rule = book.rules["SRV-TEST-001"].rule
    assert (rule.min_samples, rule.keep_ms, rule.on_unknown, rule.flap) == (3, 300_000, "fire", (10, 50, 25))
    assert (rule.depends, rule.modes, rule.cadence) == (("parents", "collector_health"), {"inspect"}, "weekly")
    assert (rule.shadow, rule.raises) == (True, False)
    assert (rule.urgency, rule.line, rule.group, rule.group_by, rule.create, rule.kb) == (
        "high", 2, "full", ("site",), "digest_daily", "KB-000012",
    )  # fmt: skip
    assert rule.overrides == {"limit": (('ci.owner == "dba"', 0.95),)}
    [case] = book.cases["SRV-TEST-001"]
    assert case.history == {
        ("health", "used|no", "value"): ((case.now - 900_000, 0), (case.now, 900)),
        ("ntp", "", "offset"): ((case.now - 3_600_000, 2),),
    }


def test_what_a_rule_leaves_out_its_pack_says_and_else_the_format(tmp_path: Path) -> None:
    plain = load(folder_with(tmp_path, PACK)).rules["SRV-TEST-001"].rule
    assert (plain.min_samples, plain.keep_ms, plain.on_unknown, plain.flap) == (1, 0, "keep", (20, 30, 25))
    assert (plain.depends, plain.modes, plain.raises) == (("reachability",), {"monitor", "inspect"}, True)
    shared = "defaults: {keep_firing_for: 5m, for: 1h, flap: off, match: 'true'}\n"
    theirs = load(folder_with(tmp_path, shared + PACK)).rules["SRV-TEST-001"].rule
    assert (theirs.keep_ms, theirs.hold_ms, theirs.flap, theirs.match) == (300_000, 600_000, None, "true")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("min_samples: 3", "min_samples: 0", "a number from 1 to 100"),
        ("min_samples: 3", "min_samples: true", "a number from 1 to 100"),
        ("keep_firing_for: 5m", "keep_firing_for: soon", "a duration such as 10m"),
        ("on_unknown: fire", "on_unknown: burn", "one of keep, ok, fire"),
        ("{window: 10, high: 50}", "{window: 10, high: 20, low: 25}", "low is not above high"),
        ("{window: 10, high: 50}", "{window: 900}", "a number from 3 to 64"),
        ("{window: 10, high: 50}", "{windows: 10}", "unknown key windows"),
        ("{window: 10, high: 50}", "none", "a mapping expected"),
        ("[parents, collector_health]", "[parents, NO-SUCH-001]", "NO-SUCH-001 is no other rule"),
        ("[parents, collector_health]", "[SRV-TEST-001]", "SRV-TEST-001 is no other rule"),
        ("[parents, collector_health]", "[1]", "texts expected"),
        ("mode: inspect", "mode: [inspect, watch]", "some of monitor, inspect"),
        ("cadence: weekly", "cadence: yearly", "one of daily, weekly, monthly"),
        ("shadow: true", "shadow: maybe", "true or false expected"),
        ("urgency: high", "urgency: now", "one of low, medium, high, critical"),
        ("line: 2", "line: 4", "a number from 1 to 3"),
        ("create: digest_daily", "create: nothing", "one of incident, digest_daily, record_only"),
        ("value: 0.95}]", "value: high}]", "no double: 'high'"),
        ('ci.owner == "dba"', 'ci.health == "dba"', "match: "),
        ('ci.owner == "dba"', "param.limit > 1.0", "match: "),
        ("value: 0.95}]", "value: 0.95, to: 1}]", "unknown key to"),
        ("ntp.offset:", "ntp/offset:", "section.field or"),
        ('["-15m", 0]', '["-15m"]', "pairs of an age and a value"),
        ('["-15m", 0], ["0s", 900]', '["0s", 900], ["-15m", 0]', "the oldest first"),
        ("pack: server", "defaults: {expr: 'true'}\npack: server", "unknown key expr"),
    ],
)
def test_a_mistake_in_a_key_is_refused_with_file_and_line(tmp_path: Path, old: str, new: str, why: str) -> None:
    assert old in FULL
    with pytest.raises(BadFile, match=why) as caught:
        load(folder_with(tmp_path, FULL.replace(old, new, 1)))
    assert re.match(rf"{tmp_path}/pack\.yaml:[1-9]\d*: ", str(caught.value))


def test_a_rule_that_stands_in_two_packs_is_refused(tmp_path: Path) -> None:
    folder_with(tmp_path, PACK)
    (tmp_path / "other.yaml").write_text(PACK, encoding="utf-8")
    with pytest.raises(BadFile, match=r"pack.yaml:6: the rule SRV-TEST-001 stands twice"):
        load(tmp_path)


def test_a_folder_without_packs_and_a_file_too_large_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="0 rule packs"):
        load(tmp_path)
    with pytest.raises(BadFile, match="larger than"):
        load(folder_with(tmp_path, PACK + "#" * MAX_BYTES))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_bytes(b"pack: \xff\xfe")
    with pytest.raises(BadFile):
        load(tmp_path)


@pytest.mark.parametrize("text", ["", "- a list", "just text", "a: 1\n---\nb: 2", "? [a]\n: 1", "1: 2", "\x07"])
def test_a_file_that_is_no_mapping_of_texts_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadFile):
        load(folder_with(tmp_path, text))


@given(st.integers(0, len(PACK) - 1), st.text("{}[]:,'\"|>&*!%@`-#? \n\tabc1", max_size=3))
@settings(max_examples=400, deadline=None)
def test_any_damage_to_a_pack_loads_or_is_one_error(damaged: Path, at: int, text: str) -> None:
    with suppress(BadFile):
        load(folder_with(damaged, PACK[:at] + text + PACK[at + len(text) :]))


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


def test_the_packs_that_are_shipped_are_found_and_load() -> None:
    assert len(load(shipped()).rules) > 9


def test_the_texts_of_the_shipped_packs_are_what_yaml_says(tmp_path: Path) -> None:
    for file in sorted(shipped().glob("*.yaml")):
        plain = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert read(file)["pack"] == plain["pack"]
        assert [each["id"] for each in read(file)["rules"]] == [each["id"] for each in plain["rules"]]


def test_the_rules_that_read_what_moved_are_found_in_the_order_of_the_packs() -> None:
    book = load(shipped())
    for names in ({"health"}, {"software", "os", "record"}, {"no such section"}):
        by_hand = [
            each for each in book.rules.values() if each.sections & names or ("record" in names and each.reads_record)
        ]
        assert book.reading(names) == by_hand
    assert book.reading({"health"})
